"""The diagnostics of each file below its name, as ruff groups them."""

from __future__ import annotations

from itertools import groupby

from flake8_redis_ssot.output import shown
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.summary import headline
from flake8_redis_ssot.output.terminal import painted


def _render(report: Report) -> str:
    look = report.look
    parts = []
    for path, of_path in groupby(report.diagnostics, lambda d: d.path):
        found = list(of_path)
        row_width = max(len(str(d.range.start.line)) for d in found)
        column_width = max(len(str(d.range.start.column)) for d in found)
        parts.append(f"{painted(shown(path), 'bold', look)}:\n")
        for d in found:
            row, column = d.range.start.line, d.range.start.column
            place = f"{row:>{row_width}}:{column:<{column_width}}"
            parts.append(f"  {place} {headline(d, report, len(place) + 3)}\n")
        parts.append("\n")
    return "".join(parts)


FORMAT = Format(_render, is_text=True)
