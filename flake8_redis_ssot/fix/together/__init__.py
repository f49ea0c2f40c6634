"""What has to move together or not at all, and why something stays."""
