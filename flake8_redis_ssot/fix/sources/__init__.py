"""What files say that fixes go by: names and what they stand for, how things are called, what is read of a file."""
