"""Changes to files: whether they may be made, what they are, and whether they hold."""
