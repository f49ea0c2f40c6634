"""How many diagnostics there are of each rule: in a table, or in ruff's JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic

STYLES = ("concise", "full", "json", "json-lines")
"""The output formats that can count."""


def statistics(style: str, diagnostics: Sequence[Diagnostic], *, unsafe: bool) -> str:
    """The counts, the highest first; in JSON also of those that have a fix, safe or `unsafe` if wanted."""
    counted = ("safe", "unsafe") if unsafe else ("safe",)
    rows: dict[str, dict[str, Any]] = {}
    for d in sorted(diagnostics, key=lambda d: d.code):
        new = {"code": d.code, "name": d.name, "count": 0, "fixable": False, "fixable_count": 0}
        row = rows.setdefault(d.code, new)
        row["count"] += 1
        row["fixable_count"] += d.fix is not None and d.fix.applicability in counted
        row["fixable"] = row["fixable_count"] == row["count"]
    ordered = sorted(rows.values(), key=lambda row: -row["count"])
    if style == "json":
        return json.dumps(ordered, indent=2) + "\n"
    if style == "json-lines":
        return "".join(json.dumps(row) + "\n" for row in ordered)
    return "".join(f"{row['count']}\t{row['code']}\t{row['name']}\n" for row in ordered)
