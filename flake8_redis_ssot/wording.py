"""How messages say what is counted."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number with what it is of: `1 file`, `2 files`."""
    return f"{number} {what}{'s' * (number != 1)}"
