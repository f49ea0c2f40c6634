"""Workflow commands that GitHub shows as annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic


def _encoded(text: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c == "%" or c in more or c < " " or c == "\x7f" else c for c in text)


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(
        f"::error title={_encoded(f'redis-ssot ({d.code})', ':,')},"
        f"file={_encoded(os.path.relpath(d.path), ':,')},"
        f"line={d.range.start.line},col={d.range.start.column},"
        f"endLine={d.range.end.line},endColumn={d.range.end.column}::"
        f"{_encoded(f'{d.code} {d.message}')}\n"
        for d in diagnostics
    )
