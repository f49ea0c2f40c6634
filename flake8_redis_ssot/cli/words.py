"""The words of a run: its text, as it is written in the end."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.codec import reader
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.output.report import Look, Report, format_of


def text(style: str, report: Report, *, counted: bool = False) -> str:
    """What is written of a report, or with `counted` the statistics of it."""
    found = format_of(style)
    render = found.count if counted and found.count is not None else found.render
    if not found.is_text:
        return render(report)
    from flake8_redis_ssot.output.summary import summary

    return render(report) + summary(report)


def rendered(
    found: str,
    reported: Collection[str] | None,
    style: str,
    options: Mapping[str, str],
    seen: tuple[bool, int, bool],
    *,
    has_fixes: bool,
) -> list[str] | None:
    """Status, notes and text of a run that `found` this, as JSON; None where these are not to be had from it.

    The diagnostics of the files `reported` are meant, without it all.
    """
    counted, look = "--statistics" in options, Look(*seen)
    if style not in FORMATS or (counted and format_of(style).count is None):
        return None
    if format_of(style).needs_fixes(look) and not has_fixes:
        return None
    rows = (d for d in json.loads(found) if reported is None or d[0] in reported)
    diagnostics = [*map(reader(Diagnostic), rows)]
    status = bool(diagnostics) and "--exit-zero" not in options
    report = Report(diagnostics, look, "--unsafe-fixes" in options, quiet="--quiet" in options)
    return [str(int(status)), "", text(style, report, counted=counted)]
