"""What a branch brings and takes away: the state of today beside that of the commit where the branch left its base."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flake8_redis_ssot.report.model import Comparison, Finding, Report
from flake8_redis_ssot.report.scan import Scan

_NUMBER = re.compile(r"\d+")


def comparison_of(report: Report, base: Scan, name: str, commit: str, codes: frozenset[str]) -> Comparison:
    """What came and went since the state `base` of the `commit`; silenced diagnostics do not count."""
    before = [finding for finding in base.findings(codes) if finding.silenced is None]
    now = [finding for finding in report.findings if finding.silenced is None]
    modules_before = {manager.module for manager in base.managers}
    modules = {manager.module for manager in report.plan.managers}
    return Comparison(
        base=name,
        commit=commit,
        before=base.numbers(base.pools()),
        managers_added=sorted(modules - modules_before),
        managers_removed=sorted(modules_before - modules),
        added=_less(now, before),
        removed=_less(before, now),
    )


def _less(findings: Iterable[Finding], others: Iterable[Finding]) -> list[Finding]:
    """The findings that have no counterpart among the others, wherever in the file that stands."""
    left: dict[tuple[str, str, str], int] = {}
    for other in others:
        left[_key(other)] = left.get(_key(other), 0) + 1
    found = []
    for finding in findings:
        key = _key(finding)
        if left.get(key):
            left[key] -= 1
        else:
            found.append(finding)
    return found


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.path, _NUMBER.sub("", finding.message)
