"""path:line:column: CODE message."""

from __future__ import annotations

from flake8_redis_ssot.output import Format, Report, escaped, shown
from flake8_redis_ssot.output.statistics import table
from flake8_redis_ssot.output.summary import mark
from flake8_redis_ssot.output.terminal import painted


def _render(report: Report) -> str:
    look = report.look
    colon = painted(":", "cyan", look)
    return "".join(
        f"{painted(shown(d.path), 'bold', look)}{colon}{d.range.start.line}{colon}{d.range.start.column}"
        f"{colon} {painted(d.code, 'red', look)} {mark(d, report)}{escaped(d.message)}\n"
        for d in report.diagnostics
    )


FORMAT = Format(_render, is_text=True, count=table)
