"""Entries of a baseline for which nothing is found any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import Project
from flake8_redis_ssot.lint.baseline import Baseline, Entry
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.output import shown
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.model import is_below


def mended(
    unmatched: Sequence[Entry],
    project: Project,
    checker: FileChecker,
    files: Collection[str],
    found: Iterable[Diagnostic],
    *,
    whole: bool,
) -> list[Entry]:
    """Those of the `unmatched` entries that a run over `files`, which `found` all this, can tell to be mended.

    It can of the rules that ran; of the files that it could read, and if it saw the `whole` project of all in it.
    """
    judged = {
        rule.code
        for rule in all_rules()
        if rule.code in checker.codes and (whole or not (rule.project or rule.follows))
    }
    seen = {*files, *project.settings.read_from}
    unread = {diagnostic.path for diagnostic in found if diagnostic.code == "RED000"}
    nested = [os.path.dirname(table) for table in project.nested]

    def is_own(path: str) -> bool:
        return is_below(path, project.settings.root) and not any(is_below(path, n) for n in nested)

    return [
        entry
        for entry in unmatched
        if entry.code in judged
        and (whole or entry.path in seen)
        and is_own(entry.path)
        and entry.path not in unread
    ]


def message(baseline: Baseline, gone: int) -> str:
    """What is to be said where so many entries look mended."""
    looks, them = ("looks", "it") if gone == 1 else ("look", "them")
    return (
        f"{shown(baseline.file)}: {gone} of {len(baseline.entries)} entries {looks} fixed; "
        f"`redis-ssot baseline --prune` drops {them}"
    )
