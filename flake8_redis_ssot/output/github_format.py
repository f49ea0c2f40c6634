"""Workflow commands that GitHub shows as annotations."""

from __future__ import annotations

import os

from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.source import Range

_ENCODED = {code: f"%{code:02X}" for code in (*range(32), ord("%"), 0x7F)}
_IN_PROPERTIES = _ENCODED | {ord(c): f"%{ord(c):02X}" for c in ":,"}


def _encoded(text: str) -> str:
    return escaped(text.translate(_ENCODED))


def _property(text: str) -> str:
    return escaped(text.translate(_IN_PROPERTIES))


def _place(where: Range) -> str:
    start, end = where.start, where.end
    # the runner refuses a command with columns of several lines
    column = f",col={start.column}" if start.line == end.line else ""
    end_column = f",endColumn={end.column}" if start.line == end.line else ""
    return f"line={start.line}{column},endLine={end.line}{end_column}"


def _render(report: Report) -> str:
    return "".join(
        f"::error title={_property(f'redis-ssot ({d.code})')},"
        f"file={_property(os.path.relpath(d.path))},{_place(d.range)}::"
        f"{_encoded(f'{d.code} {d.message}')}\n"
        for d in report.diagnostics
    )


FORMAT = Format(_render)
