"""The fixes that are granted today, put to the diagnostics for those who show them."""

from __future__ import annotations

import gc
from collections.abc import Collection, Sequence
from dataclasses import replace

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache, asked_of
from flake8_redis_ssot.fix.apply import FIXABLE, Step
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.noqa import with_rows
from flake8_redis_ssot.lint.run import Outcome
from flake8_redis_ssot.settings.model import Settings


def unfixed_of(settings: Settings) -> frozenset[str]:
    """The rules that have fixes which `fixable` and `unfixable` do not leave to `--fix`."""
    return frozenset(code for code in FIXABLE if not settings.may_fix(code))


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
    step = Step(checker, outcome, within, unsafe=True, unfixed=unfixed_of(checker.settings))
    gc.unfreeze()
    fixes = {d.sort_key: d.fix for d in step.settled}
    return [replace(d, fix=fixes.get(d.sort_key)) for d in outcome.diagnostics], not step.meets_patches
