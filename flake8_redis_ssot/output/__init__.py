"""The output formats, one a file, each registering itself by its name."""

from __future__ import annotations

import os
import re

FORMATS = tuple(
    sorted(
        name.removesuffix("_format.py").replace("_", "-")
        for name in os.listdir(os.path.dirname(__file__))
        if name.endswith("_format.py")
    )
)
"""The names of the formats: of each file NAME_format.py, which binds its `Format` to FORMAT."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
DOCUMENTATION = "https://github.com/flake8-redis-ssot/flake8-redis-ssot/blob/main/docs/rules/{}.md"


def shown(path: str) -> str:
    """A path relative to the working directory where it lies below it, safe on a terminal."""
    return escaped(relative(path))


def relative(path: str) -> str:
    """A path relative to the working directory where it lies below it, else as it is."""
    found = os.path.relpath(path)
    return path if found.startswith("..") else found


def escaped(text: str) -> str:
    """`text` with control characters written as escapes."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def json_text(value: object, indent: int | None = 2) -> str:
    """`value` as JSON in ASCII.

    A byte in a file's name that is no utf-8 is, as in ruff, the replacement character: Python's own form of it is
    half of a surrogate pair, which is no JSON.
    """
    import json

    text = _HALF_OF_A_PAIR.sub("\ufffd", json.dumps(value, ensure_ascii=False, indent=indent))
    return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
