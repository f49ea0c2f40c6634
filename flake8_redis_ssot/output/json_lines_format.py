"""One JSON object a line."""

from __future__ import annotations

import json

from flake8_redis_ssot.output.json_format import as_object
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.statistics import counts


def _render(report: Report) -> str:
    return "".join(json.dumps(as_object(d)) + "\n" for d in report.diagnostics)


def _count(report: Report) -> str:
    return "".join(json.dumps(row) + "\n" for row in counts(report))


FORMAT = Format(_render, shows_fixes=True, count=_count)
