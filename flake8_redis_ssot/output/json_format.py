"""ruff's JSON: a list of objects."""

from __future__ import annotations

from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output import DOCUMENTATION, json_text
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.statistics import counts
from flake8_redis_ssot.source import Position


def as_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic in ruff's shape and order."""

    def place(position: Position) -> dict[str, int]:
        return {"column": position.column, "row": position.line}

    fix = diagnostic.fix
    return {
        "cell": None,
        "code": diagnostic.code,
        "end_location": place(diagnostic.range.end),
        "filename": diagnostic.path,
        "fix": fix
        and {
            "applicability": fix.applicability,
            "edits": [
                {"content": e.content, "end_location": place(e.range.end), "location": place(e.range.start)}
                for e in fix.edits
            ],
            "message": fix.message,
        },
        "location": place(diagnostic.range.start),
        "message": diagnostic.message,
        "name": diagnostic.name,
        "noqa_row": diagnostic.noqa_row,
        "severity": "error",
        "url": DOCUMENTATION.format(diagnostic.code),
    }


def _render(report: Report) -> str:
    return json_text([as_object(d) for d in report.diagnostics]) + "\n"


def _count(report: Report) -> str:
    return json_text(counts(report)) + "\n"


FORMAT = Format(_render, shows_fixes=True, count=_count)
