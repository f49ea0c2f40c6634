"""GitLab's report on code quality, which knows a diagnostic again by its fingerprint."""

from __future__ import annotations

from flake8_redis_ssot.output import json_text, relative
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.sources import fingerprints
from flake8_redis_ssot.source import Position


def _render(report: Report) -> str:
    def place(position: Position) -> dict[str, int]:
        return {"line": position.line, "column": position.column}

    found = [
        {
            "check_name": d.code,
            "description": f"{d.code}: {d.message}",
            "severity": "major",
            "fingerprint": fingerprint,
            "location": {
                "path": relative(d.path),
                "positions": {"begin": place(d.range.start), "end": place(d.range.end)},
            },
        }
        for d, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    return json_text(found) + "\n"


FORMAT = Format(_render)
