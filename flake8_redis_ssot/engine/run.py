"""Many files: read, checked, suppressed, in a fixed order."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.check import FileChecker
from flake8_redis_ssot.engine.suppress import comments, unsettled, without_noqa
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import Noqa, ProjectContext
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.semantic.facts import FileFacts
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Selection, Settings, chosen_codes
from flake8_redis_ssot.source import SourceError, SourceFile

PARALLEL_FROM = 300
"""Files from which a second process pays for its start; see benchmarks/processes.py."""


@dataclass(slots=True)
class Outcome:
    """What a run found; `failures` are our own, one line a file. `facts` only where they were asked for."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    facts: list[FileFacts] = field(default_factory=list)


def available_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def checker_for(
    settings: Settings, override: Selection, *, parse_all: bool = False, project: bool = True
) -> FileChecker:
    """A checker of the rules that the settings and the command line choose; RED000 always.

    Without `project` those that are the command's alone are left out.
    """
    codes = chosen_codes((*settings.selections, override), defaults()) | {"RED000"}
    rules = [r for r in all_rules() if r.code in codes and (project or not r.project or r.code == "RED000")]
    return FileChecker(settings, rules, parse_all=parse_all)


def run(files: Sequence[str], checker: FileChecker, *, jobs: int = 1) -> Outcome:
    """Check `files`, each by itself: a failure in one does not keep the others from being checked.

    `jobs` processes share the work; what is found and its order do not depend on them.
    """
    if jobs > 1 and len(files) >= PARALLEL_FROM:
        parts = _in_processes(files, checker, jobs)
    else:
        parts = [_run_part(files, checker)]
    return Outcome(
        sorted((d for part in parts for d in part.diagnostics), key=lambda d: d.sort_key),
        sorted(failure for part in parts for failure in part.failures),
        sorted((fact for part in parts for fact in part.facts), key=lambda fact: fact.path),
    )


def run_project(files: Sequence[str], checker: FileChecker, *, jobs: int = 1) -> Outcome:
    """Check `files` by the file rules, and all of them together by the project rules."""
    # comments are judged at the end, by the diagnostics of all rules
    noqa_handlers = checker.handlers.pop(Noqa, None)
    outcome = run(files, checker, jobs=jobs)
    judged: list[str] = []
    if noqa_handlers:
        checker.handlers[Noqa] = noqa_handlers
        judged = [fact.path for fact in outcome.facts if fact.has_noqa]
    found: list[Diagnostic] = []
    index = ProjectIndex(checker.settings, outcome.facts, checker.managers)
    used = {key for fact in outcome.facts for key in fact.used}
    project = ProjectContext(checker.settings, index, checker.context_of, checker.codes, used)
    for rule in checker.project_rules:
        try:
            found += list(unsettled(rule.check_project(project), checker.settings, used))
        except SettingsError:
            raise
        except Exception as error:
            outcome.failures.append(_defect(rule.code, error))
    for path in dict.fromkeys([*(d.path for d in found), *judged]):
        mine = [d for d in found if d.path == path]
        try:
            source = SourceFile.read(path)
            outcome.diagnostics += without_noqa(mine, source)
            if path in judged:
                outcome.diagnostics += _judged(source, [*checker.check(source).diagnostics, *mine], checker)
        except SourceError:
            outcome.diagnostics += mine
    outcome.diagnostics.sort(key=lambda d: d.sort_key)
    return outcome


def _run_part(files: Sequence[str], checker: FileChecker) -> Outcome:
    outcome = Outcome()
    was_enabled = gc.isenabled()
    gc.disable()  # trees hold no cycles; collecting while parsing doubles its cost
    try:
        for path in files:
            try:
                source = SourceFile.read(path)
            except SourceError as error:
                outcome.diagnostics += checker.unreadable(SourceFile(path, b""), error)
                continue
            run_source(source, checker, outcome)
    finally:
        if was_enabled:
            gc.enable()
    return outcome


def _in_processes(files: Sequence[str], checker: FileChecker, jobs: int) -> list[Outcome]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if sys.platform == "linux" and "fork" in methods else None)
    # small parts of neighbours far apart, so that no process is left with a heavy folder
    count = jobs * 8
    parts = [files[n::count] for n in range(count)]
    recipe = (checker.settings, checker.codes, checker.parse_all, Noqa in checker.handlers)
    with ProcessPoolExecutor(jobs, context, _start, recipe) as pool:
        return list(pool.map(_run_in_worker, parts))


_worker: FileChecker


def _start(settings: Settings, codes: frozenset[str], parse_all: bool, judges_noqa: bool) -> None:
    global _worker
    _worker = FileChecker(settings, [r for r in all_rules() if r.code in codes], parse_all=parse_all)
    if not judges_noqa:
        _worker.handlers.pop(Noqa, None)


def _run_in_worker(files: Sequence[str]) -> Outcome:
    return _run_part(files, _worker)


def run_source(source: SourceFile, checker: FileChecker, outcome: Outcome) -> None:
    """Check one file that is read already, and add what was found to `outcome`."""
    try:
        checked = checker.check(source)
        outcome.diagnostics += without_noqa(checked.diagnostics, source)
        if Noqa in checker.handlers:
            outcome.diagnostics += _judged(source, checked.diagnostics, checker)
        if checked.facts is not None:
            outcome.facts.append(checked.facts)
    except SettingsError:
        raise
    except Exception as error:
        outcome.failures.append(_defect(source.path, error))


def _judged(source: SourceFile, found: list[Diagnostic], checker: FileChecker) -> Iterator[Diagnostic]:
    """What is to be said of the comments of `source`, of which `found` was reported before they were read."""
    return checker.judged(source, comments(source, found, checker.codes, defaults()))


def _defect(what: str, error: Exception) -> str:
    return (
        f"{what}: not checked: {type(error).__name__}: {error}; "
        "this is a defect of redis-ssot, please report it with the file"
    )
