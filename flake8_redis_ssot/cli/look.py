"""How output is to look; asked before anything else is loaded, since the words kept of a run depend on it."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # `typing` takes long to import
if TYPE_CHECKING:
    from typing import TextIO


def look(stream: TextIO, choice: str = "auto") -> tuple[bool, int, bool]:
    """Whether to use colours, the width of the terminal or 0, and whether a person looks at it."""
    is_terminal = stream.isatty()
    given = os.environ
    if choice != "auto":
        color = choice == "always"
    elif given.get("NO_COLOR"):
        color = False
    elif given.get("FORCE_COLOR", "0") != "0":
        color = True
    else:
        color = is_terminal and given.get("TERM") != "dumb"
    return color, _columns(stream) if is_terminal else 0, is_terminal or color


def _columns(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 80
