"""What names mean in one file."""
