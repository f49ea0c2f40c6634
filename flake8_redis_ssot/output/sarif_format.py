"""SARIF 2.1.0: with the pages of the rules, fixes, and fingerprints by which a diagnostic is known again."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from flake8_redis_ssot import __version__
from flake8_redis_ssot.diagnostic import Diagnostic, Fix
from flake8_redis_ssot.output import DOCUMENTATION, json_text, relative
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.sources import fingerprints
from flake8_redis_ssot.source import Range


def _render(report: Report) -> str:
    codes = sorted({d.code for d in report.diagnostics})
    results = [
        _result(d, codes.index(d.code), fingerprint)
        for d, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    driver = {
        "name": "redis-ssot",
        "informationUri": DOCUMENTATION.partition("/blob/")[0],
        "version": __version__,
        "rules": _rules(codes),
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not report.failed}],
        "results": results,
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json_text({"$schema": schema, "version": "2.1.0", "runs": [run]}) + "\n"


def _rules(codes: list[str]) -> list[dict[str, Any]]:
    if not codes:
        return []
    from flake8_redis_ssot.output.rule_page import page, section
    from flake8_redis_ssot.rules import all_rules

    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.documentation().partition("\n")[0]},
            "fullDescription": {"text": section(rule, "What it does")},
            "help": {"text": rule.documentation(), "markdown": page(rule)},
            "helpUri": DOCUMENTATION.format(rule.code),
            "defaultConfiguration": {"level": "error", "enabled": rule.default},
        }
        for rule in all_rules()
        if rule.code in codes
    ]


def _result(diagnostic: Diagnostic, index: int, fingerprint: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": diagnostic.message},
        "locations": [_location(diagnostic.path, diagnostic.range)],
        "partialFingerprints": {"redisSsotLine/v1": fingerprint},
    }
    if diagnostic.related:
        found["relatedLocations"] = [
            {"id": number, "message": {"text": one.message}, **_location(one.path, one.range)}
            for number, one in enumerate(diagnostic.related, 1)
        ]
    if diagnostic.fix is not None and diagnostic.fix.applicability != "display-only":
        found["fixes"] = [_fix(diagnostic.path, diagnostic.fix)]
    return found


def _location(path: str, where: Range) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(where)}}


def _artifact(path: str) -> dict[str, str]:
    found = relative(path)
    uri = quote(os.fsencode(found))
    if os.path.isabs(found):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(where: Range) -> dict[str, int]:
    start, end = where.start, where.end
    return {
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
    }  # fmt: skip


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.content}}
        for edit in fix.edits
    ]
    return {
        "description": {"text": fix.message},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
    }


FORMAT = Format(_render, shows_fixes=True)
