"""One JSON object a line."""

from __future__ import annotations

from flake8_redis_ssot.output import json_text
from flake8_redis_ssot.output.json_format import as_object
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.statistics import counts


def _render(report: Report) -> str:
    return "".join(json_text(as_object(d), None) + "\n" for d in report.diagnostics)


def _count(report: Report) -> str:
    return "".join(json_text(row, None) + "\n" for row in counts(report))


FORMAT = Format(_render, shows_fixes=True, count=_count)
