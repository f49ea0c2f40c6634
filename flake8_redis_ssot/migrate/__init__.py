"""From many managers to one: what is to be done, doing it, and undoing it."""
