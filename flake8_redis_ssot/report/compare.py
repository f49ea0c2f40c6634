"""What a branch brings and takes away: the state of today beside that of the commit where the branch left its base."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.git_objects import Repository
from flake8_redis_ssot.lint.baseline import Baseline, Entry
from flake8_redis_ssot.lint.matching import matching
from flake8_redis_ssot.report.model import Comparison, Report
from flake8_redis_ssot.report.scan import Scan


def comparison_of(
    report: Report,
    today: Scan,
    base: Scan,
    repository: Repository,
    name: str,
    commit: str,
    codes: frozenset[str],
) -> Comparison:
    """What came and went of the rules `codes` since the state `base` of the `commit`, by the same fingerprints as baselines."""
    then = [d for d in base.counted(codes) if d.fingerprint is not None]
    before = Baseline(today.settings.root).with_entries(map(Entry.of, then))
    found = matching(before, today.counted(codes), today.filesystem, lambda: repository.renamed(commit))
    modules_before = {manager.module for manager in base.managers}
    modules = {manager.module for manager in report.plan.managers}
    return Comparison(
        base=name,
        commit=commit,
        before=base.numbers(base.pools()),
        managers_added=sorted(modules - modules_before),
        managers_removed=sorted(modules_before - modules),
        added=today.findings(found.new),
        removed=base.findings(_recorded(found.left, then)),
    )


def _recorded(entries: Iterable[Entry], diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics of which the entries were made."""
    by_key: dict[tuple[str, ...], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_key.setdefault(Entry.of(diagnostic).key, []).append(diagnostic)
    found = (by_key[entry.key][entry.nth - 1] for entry in entries)
    return sorted(found, key=lambda diagnostic: diagnostic.sort_key)
