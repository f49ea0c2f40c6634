"""The output formats, one a file: `render` gives the whole text."""

from __future__ import annotations

import importlib
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_redis_ssot.diagnostic import Diagnostic
    from flake8_redis_ssot.source import SourceFile

FORMATS = ("concise", "full", "json", "json-lines", "github")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def render(name: str, diagnostics: Sequence[Diagnostic], given: SourceFile | None = None) -> str:
    """`diagnostics` in the format `name`, with a final line end unless empty.

    `given` is a source that does not stand on disk, as standard input.
    """
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}_format")
    text: str = module.render(diagnostics, given) if name == "full" else module.render(diagnostics)
    return text


def shown(path: str) -> str:
    """A path relative to the working directory where it lies below it, safe on a terminal."""
    relative = os.path.relpath(path)
    return escaped(path if relative.startswith("..") else relative)


def escaped(text: str) -> str:
    """`text` with control characters written as escapes."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
