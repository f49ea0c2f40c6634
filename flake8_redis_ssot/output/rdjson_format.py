"""reviewdog's diagnostic format, whose columns count bytes of utf-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic, Edit
from flake8_redis_ssot.output import DOCUMENTATION, json_text, relative
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.sources import with_sources
from flake8_redis_ssot.source import Position, Range, SourceFile


def _render(report: Report) -> str:
    found = [_as_object(diagnostic, source) for diagnostic, source in with_sources(report)]
    source = {"name": "redis-ssot", "url": DOCUMENTATION.partition("/blob/")[0]}
    return json_text({"source": source, "severity": "ERROR", "diagnostics": found}) + "\n"


def _as_object(diagnostic: Diagnostic, source: SourceFile) -> dict[str, Any]:
    def place(position: Position) -> dict[str, int]:
        return {"line": position.line, "column": source.utf8_column(position)}

    def span(where: Range) -> dict[str, Any]:
        return {"start": place(where.start), "end": place(where.end)}

    found: dict[str, Any] = {
        "message": diagnostic.message,
        "location": {"path": relative(diagnostic.path), "range": span(diagnostic.range)},
        "code": {"value": diagnostic.code, "url": DOCUMENTATION.format(diagnostic.code)},
    }
    if diagnostic.fix is not None and diagnostic.fix.applicability != "display-only":
        where, text = _as_one(diagnostic.fix.edits, source)
        found["suggestions"] = [{"range": span(where), "text": text}]
    return found


def _as_one(edits: Sequence[Edit], source: SourceFile) -> tuple[Range, str]:
    """All edits as one, with what stands between them: reviewdog offers suggestions one by one."""
    parts: list[str] = []
    at = source.offset(edits[0].range.start)
    for edit in edits:
        parts += source.text[at : source.offset(edit.range.start)], edit.content
        at = source.offset(edit.range.end)
    return Range(edits[0].range.start, edits[-1].range.end), "".join(parts)


FORMAT = Format(_render, shows_fixes=True)
