"""path:line:column: CODE message."""

from __future__ import annotations

from flake8_redis_ssot.output import shown
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.statistics import table
from flake8_redis_ssot.output.summary import headline
from flake8_redis_ssot.output.terminal import painted


def _render(report: Report) -> str:
    look = report.look
    colon = painted(":", "cyan", look)
    parts = []
    for d in report.diagnostics:
        path, row, column = shown(d.path), str(d.range.start.line), str(d.range.start.column)
        first = len(path) + len(row) + len(column) + 4
        place = colon.join([painted(path, "bold", look), row, column, ""])
        parts.append(f"{place} {headline(d, report, first)}\n")
    return "".join(parts)


FORMAT = Format(_render, is_text=True, count=table)
