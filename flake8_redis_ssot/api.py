"""The package as a library: settings, checks and plans as values.

What `__all__` names is stable: within a major version names, parameters and fields stay, and mean what they
mean today; new ones may come. Everything else in the package may change with any version. Nothing here prints,
reads the command line, or imports or runs the code that it checks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from flake8_redis_ssot.diagnostic import Applicability, Diagnostic, Edit, Fix, Related
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.files import Discovery, Project, discover
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.collecting import without_collecting
from flake8_redis_ssot.lint.run import (
    Outcome,
    available_processors,
    cache_for,
    checker_for,
    run,
    run_project,
    run_source,
    without_recorded,
)
from flake8_redis_ssot.migrate.plan import Plan
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Selection, Settings
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.source import Position, Range, SourceFile
from flake8_redis_ssot.store import folder_of, prepare

__all__ = [
    "Applicability",
    "Diagnostic",
    "Edit",
    "FileSystem",
    "Fix",
    "Plan",
    "PlanError",
    "Position",
    "Range",
    "Related",
    "Result",
    "Settings",
    "SettingsError",
    "check_paths",
    "check_source",
    "load_settings",
    "plan",
]

Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found, in the order of paths and places.

    `errors` say what could not be checked, and `warnings` where more may be to find than was found: each a
    line that names the file.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class PlanError(Exception):
    """Why there is no plan: a message for each file that could not be looked at."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


def load_settings(path: Path = ".", *, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings that hold for a file or folder: those of the nearest table above it, else the defaults.

    A file that ends in `.toml` is itself the settings file. What the `overrides` say, with the keys of
    `[tool.redis-ssot]`, counts more than any file. SettingsError has every mistake, each with its file and line.
    """
    absolute = os.path.abspath(path)
    config = absolute if absolute.endswith(".toml") else None
    folder = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    tables = [Table("overrides", os.getcwd(), dict(overrides))] if overrides else []
    return finder_of(folder, config, tables).must_find(folder)


def check_source(
    text: str,
    path: Path,
    settings: Settings | None = None,
    *,
    filesystem: FileSystem = DISK,
    today: date | None = None,
) -> Result:
    """What the rules find in one `text` that stands for the file at `path`, which need not exist.

    These are the rules that need one file: what flake8 shows, and `redis-ssot check --no-project`. Without
    `settings` those of the path hold; whether they exclude it is not asked. Managers are read from the
    `filesystem`.
    """
    absolute = os.path.abspath(path)
    settings = settings or load_settings(absolute)
    return SourceChecker(settings, filesystem, today).check(SourceFile.of_buffer(absolute, text))


def check_paths(
    paths: Path | Iterable[Path],
    settings: Settings | None = None,
    *,
    project: bool = True,
    fixes: bool = False,
    filesystem: FileSystem = DISK,
    jobs: int | None = None,
    cache: bool = True,
    today: date | None = None,
) -> Result:
    """What `redis-ssot check` finds in files and folders.

    Each file is checked by its own settings, unless `settings` are given. The rules on the whole `project` see
    all of it, and the `paths` only limit what is reported. With `fixes` diagnostics carry those that are granted.
    `jobs` is the number of processes, all that there are unless it is given; without `cache` nothing is
    read from there or written. SettingsError where a table is wrong.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else [*paths]
    finder = finder_of(os.getcwd(), given=settings) if settings is not None else finder_of(os.getcwd())
    found = discover([os.fspath(path) for path in given], finder, filesystem)
    if finder.errors:
        raise SettingsError(finder.errors)
    return check_found(found, project=project, fixes=fixes, jobs=jobs, cache=cache, today=today)


def plan(path: Path = ".", settings: Settings | None = None) -> Plan:
    """What it takes to come to one manager in the project of `path`, as `redis-ssot plan` shows it.

    Nothing is changed. SettingsError where the settings are wrong, PlanError where files could not be looked at.
    """
    from flake8_redis_ssot.fix.apply import DefectError
    from flake8_redis_ssot.migrate.planning import planned, rules_of, silenced_or_not

    settings = settings or load_settings(path)
    project = Project(settings)
    found = Discovery(finder_of(settings.root, given=settings), [project])
    found.complete(project)
    files = found.all_files(project)
    whole = silenced_or_not(files, project, rules_of(settings))
    try:
        made, outcome = planned(files, project, whole)
    except DefectError as error:
        raise PlanError([str(error)]) from error
    if outcome.failures:
        raise PlanError(outcome.failures)
    return made


def finder_of(
    top: str,
    config: str | None = None,
    overrides: Iterable[Table] = (),
    *,
    isolated: bool = False,
    given: Settings | None = None,
    filesystem: FileSystem = DISK,
) -> SettingsFinder:
    """What finds settings from the folder `top` on; those `given` hold for every file."""
    return SettingsFinder(
        top,
        codes=list(defaults()),
        config=config,
        isolated=isolated,
        overrides=[*overrides],
        given=given,
        filesystem=filesystem,
    )


class SourceChecker:
    """Checks texts by the rules that need one file, and keeps what it knows of the managers in between."""

    def __init__(self, settings: Settings, filesystem: FileSystem = DISK, today: date | None = None) -> None:
        self._fresh = partial(checker_for, settings, Selection(), filesystem, project=False, today=today)
        self.checker = self._fresh()

    @without_collecting()
    def check(self, source: SourceFile) -> Result:
        """What the rules find in one file."""
        outcome = Outcome()
        run_source(source, self.checker, outcome)
        return _result(without_recorded(outcome, self.checker))

    def knows_otherwise(self, path: str) -> bool:
        """Whether the file at `path` now defines something else than this knows of it, if anything."""
        known = [one for one in self.checker.managers.modules.asked() if one[1] == path and any(one[2:])]
        if not known:
            return False
        fresh = self._fresh().managers.modules
        return any(
            fresh.facts(name) != facts or (clients is not None and fresh.clients(name) != clients)
            for name, _, facts, clients in known
        )


def check_found(
    found: Discovery,
    *,
    project: bool = True,
    fixes: bool = False,
    jobs: int | None = None,
    cache: bool = True,
    saves: bool = True,
    today: date | None = None,
) -> Result:
    """What `check_paths` gives, for files that have been looked for; the cache is written if it `saves`."""
    whole = Outcome(failures=list(found.missing))
    for one in found.projects:
        checker = checker_for(
            one.settings, Selection(), found.filesystem, project=project, fixes=fixes, today=today
        )
        files = found.all_files(one) if checker.keeps_facts else one.files
        known = cache_of(checker) if cache else None
        check = run_project if checker.keeps_facts else run
        outcome = check(files, checker, jobs=jobs or available_processors(), cache=known)
        if known is not None and saves:
            known.save(files)
        if checker.keeps_facts and found.is_extended(one):
            outcome.diagnostics = [d for d in outcome.diagnostics if d.code != "RED902"]
        if fixes:
            from flake8_redis_ssot.fix.granted import finished

            outcome.diagnostics = finished(outcome, checker, files, one.files, known).diagnostics
        reported = one.reported
        whole.diagnostics += (d for d in outcome.diagnostics if d.path in reported)
        whole.failures += outcome.failures
        whole.limits += outcome.limits
    whole.diagnostics.sort(key=lambda diagnostic: diagnostic.sort_key)
    return _result(whole)


def cache_of(checker: FileChecker) -> Cache | None:
    """What earlier runs found; None where it has no place."""
    settings = checker.settings
    folder = folder_of(None, settings.cache_dir, settings.root)
    return cache_for(checker, folder, time.time_ns()) if prepare(folder) else None


def _result(outcome: Outcome) -> Result:
    # what several projects index may fail in each
    return Result(
        tuple(outcome.diagnostics),
        tuple(dict.fromkeys(outcome.failures)),
        tuple(dict.fromkeys(outcome.limits)),
    )
