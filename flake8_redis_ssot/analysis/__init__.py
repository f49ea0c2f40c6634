"""What rules ask of one file, through inference."""
