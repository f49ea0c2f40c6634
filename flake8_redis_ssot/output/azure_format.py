"""Logging commands that Azure Pipelines shows as issues."""

from __future__ import annotations

from flake8_redis_ssot.output import escaped, relative
from flake8_redis_ssot.output.report import Format, Report

_ENCODED = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A", ";": "%3B", "]": "%5D"})


def _property(text: str) -> str:
    return text.translate(_ENCODED)


def _render(report: Report) -> str:
    return "".join(
        f"##vso[task.logissue type=error;sourcepath={escaped(_property(relative(d.path)))};"
        f"linenumber={d.range.start.line};columnnumber={d.range.start.column};code={d.code};]"
        f"{escaped(d.message.replace('%', '%AZP25'))}\n"
        for d in report.diagnostics
    )


FORMAT = Format(_render)
