"""What is kept of a file when its tree is gone."""
