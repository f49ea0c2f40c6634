"""path:line:column: CODE message."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output import escaped, shown


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(
        f"{shown(d.path)}:{d.range.start.line}:{d.range.start.column}: {d.code} {escaped(d.message)}\n"
        for d in diagnostics
    )
