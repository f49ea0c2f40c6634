"""The nearest valid name, for messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...`, or the known names where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1, 0.7)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(names)}" if names else ""


def nearest_code(code: str, known: Iterable[str]) -> str:
    """As `nearest`, for rule codes: the code of another tool is near none, whatever its number."""
    letters = code.upper().rstrip("0123456789")
    if letters and not difflib.get_close_matches(letters, ["RED", "ALL"], 1, 0.7):
        return "; the codes of redis-ssot begin with `RED`"
    return nearest(code.upper(), known)
