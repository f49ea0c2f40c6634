"""ruff's JSON: a list of objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import DOCUMENTATION
from flake8_redis_ssot.source import Position


def as_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic in ruff's shape."""

    def place(position: Position) -> dict[str, int]:
        return {"row": position.line, "column": position.column}

    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "filename": diagnostic.path,
        "location": place(diagnostic.range.start),
        "end_location": place(diagnostic.range.end),
        "fix": fix
        and {
            "applicability": fix.applicability,
            "message": fix.message,
            "edits": [
                {"content": e.content, "location": place(e.range.start), "end_location": place(e.range.end)}
                for e in fix.edits
            ],
        },
        "noqa_row": diagnostic.noqa_row,
        "url": DOCUMENTATION.format(diagnostic.code),
    }


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return json.dumps([as_object(d) for d in diagnostics], indent=2) + "\n"
