"""Changes of many files at once: carried out whole, written down, and undone."""
