"""How many diagnostics there are of each rule."""

from __future__ import annotations

from typing import Any

from flake8_redis_ssot.output.report import Report
from flake8_redis_ssot.output.terminal import painted


def counts(report: Report) -> list[dict[str, Any]]:
    """A row for each rule as in ruff's JSON, the highest count first."""
    rows: dict[str, dict[str, Any]] = {}
    for d in sorted(report.diagnostics, key=lambda d: d.code):
        new = {"code": d.code, "name": d.name, "count": 0, "fixable": False, "fixable_count": 0}
        row = rows.setdefault(d.code, new)
        row["count"] += 1
        row["fixable_count"] += report.is_fixable(d)
        row["fixable"] = row["fixable_count"] == row["count"]
    if report.mended:
        rows[""] = {
            "code": None, "name": "mended-baseline-entry", "count": report.mended, "fixable": False, "fixable_count": 0,
        }  # fmt: skip
    return sorted(rows.values(), key=lambda row: -row["count"])


def table(report: Report) -> str:
    """The counts for people."""
    look = report.look
    return "".join(
        f"{painted(str(row['count']), 'bold', look)}\t{painted(row['code'] or '-', 'red', look)}\t{_mark(row, report)}{row['name']}\n"
        for row in counts(report)
    )


def _mark(row: dict[str, Any], report: Report) -> str:
    if not report.look.is_person:
        return ""
    return f"[{'*' if row['fixable'] else '-' if row['fixable_count'] else ' '}] "
