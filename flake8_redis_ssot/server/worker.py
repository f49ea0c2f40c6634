"""A run over a whole project, in a process of its own: it may be ended at any time, and holds nobody up."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import NoReturn

from flake8_redis_ssot.api import Result, cache_of, check_found
from flake8_redis_ssot.diagnostic import Diagnostic, Fix
from flake8_redis_ssot.files import Discovery, Project, discover
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import available_processors, checker_for, run
from flake8_redis_ssot.server.session import Options
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Selection

JOBS = max(1, available_processors() - 1)
"""One processor is left to the editor."""


@dataclass(frozen=True, slots=True)
class Task:
    """Files of one project, of which some are `unsaved` buffers."""

    options: Options
    files: tuple[str, ...]
    unsaved: dict[str, bytes] = field(default_factory=dict)

    @property
    def found(self) -> Discovery:
        """The files in their projects; SettingsError where a table is wrong."""
        finder = self.options.finder()
        found = discover(self.files, finder, DISK.with_edits(self.unsaved))
        if finder.errors:
            raise SettingsError(finder.errors)
        for project in found.projects:  # an editor shows what is wrong there beside its files
            project.reports_settings = True
        return found


@dataclass(frozen=True, slots=True)
class Check(Task):
    """Check the files as parts of their project."""

    def result(self) -> Result:
        # what is not saved may never be
        return check_found(self.found, jobs=JOBS, saves=not self.unsaved)


@dataclass(frozen=True, slots=True)
class Propose(Task):
    """Find the fixes of single `diagnostics`, each granted for itself."""

    diagnostics: tuple[Diagnostic, ...] = ()

    def result(self) -> list[tuple[Diagnostic, Fix]]:
        from flake8_redis_ssot.fix.granted import fixes_alone

        granted: list[tuple[Diagnostic, Fix]] = []
        found = self.found
        for project in found.projects:
            checker, files = _checker(project, found), found.all_files(project)
            cache = cache_of(checker)
            outcome = run(files, checker, jobs=JOBS, cache=cache)  # of the project the facts are enough
            if cache is not None:
                outcome.facts = cache.facts(files)
            granted += fixes_alone(outcome, checker, files, self.diagnostics)
        return granted


@dataclass(frozen=True, slots=True)
class Mend(Task):
    """Apply to the files what `--fix` would."""

    def result(self) -> dict[str, bytes]:
        """The files that become others."""
        from flake8_redis_ssot.fix.granted import mend_chosen

        found = self.found
        changed: dict[str, bytes] = {}
        for project in found.projects:
            codes, files = _checker(project, found).codes, found.all_files(project)
            changed |= mend_chosen(
                files, project.settings, codes, set(project.files), found.filesystem,
                unsafe=False, jobs=JOBS, cache_of=cache_of,
            ).changes  # fmt: skip
        return changed


def _checker(project: Project, found: Discovery) -> FileChecker:
    return checker_for(project.settings, Selection(), found.filesystem, fixes=True)


def _end(*_: object) -> NoReturn:
    raise SystemExit(1)


def main() -> None:
    """Read a task from standard input, and write its result, or what is wrong with the settings."""
    signal.signal(signal.SIGTERM, _end)  # so that processes of its own end with it
    if hasattr(os, "nice"):
        os.nice(10)  # whoever types comes first
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    task: Check | Propose | Mend = pickle.load(sys.stdin.buffer)
    answer: object
    try:
        answer = task.result()
    except SettingsError as error:
        answer = error
    pickle.dump(answer, answers)


if __name__ == "__main__":
    main()
