"""Whether one object can take the place of another, and what speaks against it."""
