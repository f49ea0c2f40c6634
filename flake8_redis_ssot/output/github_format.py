"""Workflow commands that GitHub shows as annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic


def _encoded(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(
        f"::error title={_encoded(f'redis-ssot ({d.code})', ':,')},"
        f"file={_encoded(os.path.relpath(d.path), ':,')},"
        f"line={d.range.start.line},col={d.range.start.column},"
        f"endLine={d.range.end.line},endColumn={d.range.end.column}::"
        f"{_encoded(f'{d.code} {d.message}')}\n"
        for d in diagnostics
    )
