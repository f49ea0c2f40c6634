"""pylint's text, which many editors and Jenkins' plugins read."""

from __future__ import annotations

from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.output.report import Format, Report


def _render(report: Report) -> str:
    return "".join(
        f"{shown(d.path)}:{d.range.start.line}: [{d.code}] {escaped(d.message)}\n" for d in report.diagnostics
    )


FORMAT = Format(_render)
