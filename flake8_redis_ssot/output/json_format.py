"""ruff's JSON: a list of objects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.source import Position

_DOCUMENTATION = "https://github.com/flake8-redis-ssot/flake8-redis-ssot/blob/main/docs/rules/{}.md"


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
        "url": _DOCUMENTATION.format(diagnostic.code),
    }


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return json.dumps([as_object(d) for d in diagnostics], indent=2) + "\n"
