"""`redis-ssot check --fix` and `--diff`, and the fixes in its JSON."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.check import FileChecker
from flake8_redis_ssot.engine.fix import EXPLAINED, FIXABLE, Mended, Step, mend
from flake8_redis_ssot.engine.run import Outcome
from flake8_redis_ssot.files import overwrite
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import SourceError, SourceFile


def fixed(
    files: Sequence[str],
    settings: Settings,
    codes: frozenset[str],
    within: Collection[str],
    *,
    unsafe: bool,
    jobs: int,
    write: bool,
) -> Mended:
    """The fixes of the rules `codes`, written unless only asked for.

    `Mended.outcome.failures` has a line for each file that could not be written.
    """
    # what a `noqa` silences depends on all rules
    needed = codes if "RED904" in codes else codes & (FIXABLE | EXPLAINED)
    mended = mend(files, settings, needed, within, unsafe=unsafe, jobs=jobs)
    for path, data in mended.changes.items() if write else ():
        try:
            overwrite(path, data)
        except OSError as error:
            mended.outcome.failures.append(f"{shown(path)}: cannot be written: {error.strerror}")
    return mended


def diff(changes: dict[str, bytes]) -> Iterator[str]:
    """The changes as a unified diff, line by line; control characters are escaped."""
    for path, data in sorted(changes.items()):
        before, after = (_lines(source) for source in (SourceFile.read(path), SourceFile(path, data)))
        for line in difflib.unified_diff(before, after, shown(path), shown(path), lineterm=""):
            yield escaped(line.rstrip("\r\n")) + "\n"


def _lines(source: SourceFile) -> list[str]:
    try:
        return source.text.splitlines()
    except SourceError:
        return []


def with_fixes(outcome: Outcome, checker: FileChecker, within: Collection[str]) -> list[Diagnostic]:
    """The diagnostics, each with the fix that would be granted, for those who show them."""
    if not any(d.code in FIXABLE for d in outcome.diagnostics):
        return outcome.diagnostics
    step = Step(checker, outcome, within, unsafe=True)
    fixes = {_key(d): d.fix for d in step.settled}
    return [replace(d, fix=fixes.get(_key(d))) for d in outcome.diagnostics]


def _key(diagnostic: Diagnostic) -> tuple[object, ...]:
    return diagnostic.sort_key
