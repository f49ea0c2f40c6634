"""Syntax of Pythons newer than the running one, as the line shows it on which the parser stopped."""

from __future__ import annotations

import re
import sys

_DEFINITION = r"\s*(?:async\s+def|def|class)\s+\w+\s*\["
_ROWS = (
    ((3, 12), "has `type` statements", "invalid syntax", r"\s*type\s+\w+\s*[\[=]"),
    ((3, 13), "has defaults of type parameters", r"invalid syntax|expected '\('", rf"{_DEFINITION}[^\]]*="),
    ((3, 12), "has type parameters", r"invalid syntax|expected '\('", _DEFINITION),
    ((3, 12), "is freer in f-strings", "f-string", ""),
    ((3, 12), "is freer in f-strings", "unterminated string", r".*\b(?:[fF][rR]?|[rR][fF])[\"']"),
    ((3, 14), "wants no parentheses after `except`", "multiple exception types", ""),
    ((3, 14), "has t-strings", "invalid syntax", r".*\b(?:[tT][rR]?|[rR][tT])[\"']"),
    ((3, 15), "has lazy imports", "invalid syntax", r"\s*lazy\s+(?:from|import)\b"),
    ((3, 15), "can unpack in comprehensions", ".*unpacking cannot be used in .*comprehension", ""),
)  # fmt: skip
"""The version that has it first, what that does, and how the message and the line begin where an older one meets it."""


def newer(message: str, line: str) -> tuple[str, str] | None:
    """The version that may parse the `line` of which the running one says `message`, and what that version does; None for none."""
    for version, what, said, shown in _ROWS:
        if version > sys.version_info[:2] and re.match(said, message) and re.match(shown, line):
            return f"{version[0]}.{version[1]}", what
    return None
