"""`redis-ssot check --fix` and `--diff`, and the fixes in its JSON."""

from __future__ import annotations

import difflib
import gc
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache, asked_of
from flake8_redis_ssot.files import overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import EXPLAINED, FIXABLE, FixResult, Step, mend
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.noqa import with_rows
from flake8_redis_ssot.lint.run import Outcome
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
) -> FixResult:
    """The fixes of the rules `codes`, written unless only asked for.

    `FixResult.outcome.failures` has a line for each file that could not be written.
    """
    unfixed = _unfixed(settings)
    # what a `noqa` silences depends on all rules, and what may move on all that has to move with it
    needed = codes if "RED904" in codes - unfixed else codes & (FIXABLE | EXPLAINED)
    mended = mend(files, settings, needed, within, unsafe=unsafe, jobs=jobs, unfixed=unfixed)
    for path, data in mended.changes.items() if write else ():
        try:
            overwrite(path, data)
        except OSError as error:
            mended.outcome.failures.append(
                f"{shown(path)}: cannot be written: {error.strerror}; make it writable, and run again"
            )
    return mended


def _unfixed(settings: Settings) -> frozenset[str]:
    """The rules that have fixes which `fixable` and `unfixable` do not leave to `--fix`."""
    return frozenset(code for code in FIXABLE if not settings.may_fix(code))


def diff(changes: dict[str, bytes]) -> Iterator[str]:
    """The changes as a unified diff, line by line; control characters are escaped."""
    for path, data in sorted(changes.items()):
        before, after = (_lines(source) for source in (DISK.source(path), SourceFile(path, data)))
        for line in difflib.unified_diff(before, after, shown(path), shown(path), lineterm=""):
            yield escaped(line.rstrip("\r\n")) + "\n"


def _lines(source: SourceFile) -> list[str]:
    try:
        return source.text.splitlines()
    except SourceError:
        return []


def finished(
    outcome: Outcome,
    checker: FileChecker,
    files: Sequence[str],
    reported: Sequence[str],
    cache: Cache | None,
) -> tuple[list[Diagnostic], str]:
    """The diagnostics with their fixes and with the rows of their comments, and for whom these hold.

    They do so for `any` of the `files` checked, for `all` of them together, or for `none` but those `reported`.
    """
    is_whole = [*reported] == [*files]
    if not checker.keeps_facts:
        return [*with_rows(outcome.diagnostics, checker.filesystem)], "any" if is_whole else "none"
    modules = checker.managers.modules
    earlier = cache.fixes(outcome.diagnostics, modules) if cache is not None else None
    if earlier is not None and (earlier[1] == "any" or is_whole):
        return earlier
    if cache is not None and len(outcome.facts) < len(cache.files):
        outcome.facts = cache.facts(cache.files)
    fixed, is_alone = _with_fixes(outcome, checker, {*reported})
    if not is_whole:
        wanted = {*reported, checker.settings.path}
        return [*with_rows((d for d in fixed if d.path in wanted), checker.filesystem)], "none"
    result, fixed_for = [*with_rows(fixed, checker.filesystem)], "any" if is_alone else "all"
    if cache is not None:
        cache.keep_fixes(outcome.diagnostics, asked_of(modules), result, fixed_for)
    return result, fixed_for


def _with_fixes(
    outcome: Outcome, checker: FileChecker, within: Collection[str]
) -> tuple[list[Diagnostic], bool]:
    """The diagnostics, each with the fix that would be granted; whether each is granted by its file alone."""
    if not any(d.code in FIXABLE for d in outcome.diagnostics):
        return outcome.diagnostics, True
    gc.freeze()  # what is known of all files stays, and is not looked through again and again
    step = Step(checker, outcome, within, unsafe=True, unfixed=_unfixed(checker.settings))
    gc.unfreeze()
    fixes = {d.sort_key: d.fix for d in step.settled}
    return [replace(d, fix=fixes.get(d.sort_key)) for d in outcome.diagnostics], not step.meets_patches
