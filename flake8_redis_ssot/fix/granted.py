"""The fixes that are granted today: applied, or put to the diagnostics for those who show them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic, Fix
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.fix.apply import (
    EXPLAINED,
    FIXABLE,
    DefectError,
    FixResult,
    Step,
    defects_named,
    mend,
)
from flake8_redis_ssot.fix.closed import closed
from flake8_redis_ssot.fix.kept import KeptFixes
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.unchecked import Unchecked
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.collecting import collecting_seldom
from flake8_redis_ssot.lint.noqa import with_rows
from flake8_redis_ssot.lint.run import Outcome
from flake8_redis_ssot.settings.model import Settings


def mend_chosen(
    files: Sequence[str],
    settings: Settings,
    codes: frozenset[str],
    within: Collection[str],
    filesystem: FileSystem = DISK,
    *,
    unsafe: bool,
    jobs: int,
    cache_of: Callable[[FileChecker], Cache | None] | None = None,
    first: Outcome | None = None,
) -> FixResult:
    """What the fixes of the rules `codes` come to, as far as `fixable` and `unfixable` leave them.

    `cache_of` gives what earlier runs of all these rules found, `first` is what they find now, where that is known.
    """
    unfixed = unfixed_of(settings)
    if cache_of is None and "RED904" not in codes - unfixed:
        # what a `noqa` silences depends on all rules, and what may move on all that has to move with it
        codes = codes & (FIXABLE | EXPLAINED)
    try:
        return mend(
            files,
            settings,
            codes,
            within,
            filesystem,
            unsafe=unsafe,
            jobs=jobs,
            unfixed=unfixed,
            cache_of=cache_of or (lambda checker: None),
            first=first,
            follows=True,
        )
    except DefectError as error:
        return FixResult(outcome=Outcome(failures=[str(error)]), root=settings.root)


def fixes_alone(
    outcome: Outcome, checker: FileChecker, files: Sequence[str], diagnostics: Iterable[Diagnostic]
) -> Iterator[tuple[Diagnostic, Fix]]:
    """Those of the `diagnostics` that a fix settles where nothing else is changed, with that fix."""
    unfixed = unfixed_of(checker.settings)
    reads = ProjectReads(files, checker.filesystem)
    unchecked = Unchecked(checker.settings, files, checker.filesystem)
    dynamic = [d for d in outcome.diagnostics if d.code in EXPLAINED]
    for diagnostic in diagnostics:
        if diagnostic.code in FIXABLE and not closed([diagnostic.path], checker.settings.root):
            alone = replace(outcome, diagnostics=[*dynamic, diagnostic])
            step = Step(
                checker, alone, {diagnostic.path},
                unsafe=True, unfixed=unfixed, reads=reads, unchecked=unchecked,
            )  # fmt: skip
            if not step.leaves_behind:
                yield from ((diagnostic, d.fix) for d in step.settled if d.fix is not None)


def unfixed_of(settings: Settings) -> frozenset[str]:
    """The rules that have fixes which `fixable` and `unfixable` do not leave to `--fix`."""
    return frozenset(code for code in FIXABLE if not settings.may_fix(code))


@dataclass(frozen=True, slots=True)
class Finished:
    """Diagnostics with their fixes and with the rows of their comments.

    These hold for `any` of the files checked, for `all` of them together, or for `none` but those reported.
    They depend on the files and folders `looked_at` too, which no run checks.
    """

    diagnostics: list[Diagnostic]
    hold_for: str
    looked_at: Sequence[str] = ()


def finished(
    outcome: Outcome,
    checker: FileChecker,
    files: Sequence[str],
    reported: Sequence[str],
    cache: Cache | None,
) -> Finished:
    """The diagnostics with their fixes; `files` are all that were checked."""
    is_whole = [*reported] == [*files]
    if not checker.keeps_facts:
        found = [*with_rows(outcome.diagnostics, checker.filesystem)]
        return Finished(found, "any" if is_whole else "none")
    unchecked = Unchecked(checker.settings, files, checker.filesystem)
    looked_at = [*unchecked.files, *unchecked.folders]
    reads = ProjectReads(sorted(files), checker.filesystem)
    kept = KeptFixes(cache, checker, unchecked, reads) if cache is not None else None
    earlier = kept.still(outcome.diagnostics) if kept is not None else None
    if earlier is not None and (earlier[1] == "any" or is_whole):
        return Finished(*earlier, looked_at)
    if cache is not None:
        outcome.facts = cache.completed(outcome.facts, files)
    try:
        fixed, is_alone = _with_fixes(outcome, checker, {*reported}, unchecked, reads)
    except DefectError as error:
        outcome.failures.append(str(error))
        return Finished([*with_rows(outcome.diagnostics, checker.filesystem)], "none")
    if not is_whole:
        wanted = {*reported, checker.settings.path}
        found = [*with_rows((d for d in fixed if d.path in wanted), checker.filesystem)]
        return Finished(found, "none", looked_at)
    result, hold_for = [*with_rows(fixed, checker.filesystem.unnoted)], "any" if is_alone else "all"
    if kept is not None:
        kept.keep(result, hold_for)
    return Finished(result, hold_for, looked_at)


@defects_named()
@collecting_seldom()
def _with_fixes(
    outcome: Outcome, checker: FileChecker, within: Collection[str], unchecked: Unchecked, reads: ProjectReads
) -> tuple[list[Diagnostic], bool]:
    """The diagnostics, each with the fix that would be granted; whether each is granted by its file alone."""
    if not any(d.code in FIXABLE for d in outcome.diagnostics):
        return outcome.diagnostics, True
    gc.freeze()  # what is known of all files stays, and is not looked through again and again
    unfixed = unfixed_of(checker.settings)
    step = Step(checker, outcome, within, unsafe=True, reads=reads, unchecked=unchecked, unfixed=unfixed)
    gc.unfreeze()
    fixes = {d.sort_key: d.fix for d in step.settled}
    return [replace(d, fix=fixes.get(d.sort_key)) for d in outcome.diagnostics], not step.meets_patches
