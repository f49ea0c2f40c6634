"""A language server: the same checks, fixes and words in an editor."""
