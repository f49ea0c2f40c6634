"""For a project's own tests: that it keeps to one Redis manager, as a test of its architecture."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import discover
from flake8_redis_ssot.lint.run import available_processors, checker_for, run_project
from flake8_redis_ssot.output import FORMATS, shown
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Selection, Settings

ONE_MANAGER = ("RED1", "RED2", "RED3", "RED4")
"""The rules on imports of managers, on what is built beside them, on pools, and on what competes with them."""
_SHOWN = 50


def assert_one_manager(
    *paths: str | os.PathLike[str],
    config: str | os.PathLike[str] | None = None,
    select: Collection[str] | None = None,
) -> None:
    """Fail unless the project keeps to the managers that its settings name.

    The project is that of the file which calls, as its nearest `[tool.redis-ssot]` says, unless `config` names the
    settings file; `paths` limit what is reported. What the settings allow, a comment silences or the baseline records
    does not count. Asked are the rules of ONE_MANAGER, as far as the settings enable them, or exactly those that
    `select` names by codes or prefixes. It fails as well where there is nothing to check, or no manager is named:
    such a test would pass whatever the code does.
    """
    __tracebackhide__ = True  # pytest: the failure is the caller's
    caller = sys._getframe(1).f_code.co_filename
    finder = SettingsFinder(
        os.path.dirname(os.path.abspath(caller)),
        codes=[*defaults()],
        formats=FORMATS,
        config=os.fspath(config) if config is not None else None,
    )
    settings = finder.must_find(finder.top)
    _must_name_managers(settings, caller)
    problems = _problems([os.fspath(path) for path in paths] or [settings.root], finder, select)
    if problems:
        number = len(problems)
        shown_ones = problems[:_SHOWN] + ([f"and {number - _SHOWN} more"] if number > _SHOWN else [])
        places = "place does" if number == 1 else "places do"
        raise AssertionError("\n  ".join([f"{number} {places} not keep to one Redis manager:", *shown_ones]))


def _must_name_managers(settings: Settings, caller: str) -> None:
    if settings.path is None:
        raise AssertionError(
            f"no [tool.redis-ssot] above {caller}: say there which module is the manager, or name its file: config=..."
        )
    if not any(boundary.managers for boundary in settings.boundaries):
        raise AssertionError(f"{settings.path}: no `manager` is set, so nothing can be asked; name one")


def _problems(paths: list[str], finder: SettingsFinder, select: Collection[str] | None) -> list[str]:
    """What is reported, and what could not be checked, each as a line."""
    found = discover(paths, finder)
    problems = [*finder.errors, *found.missing]
    for project in found.projects:
        override = Selection(tuple(select)) if select is not None else Selection()
        checker = checker_for(project.settings, override)
        outcome = run_project(found.all_files(project), checker, jobs=available_processors())
        problems += outcome.failures
        asked, reported = tuple(select or ONE_MANAGER), {*project.files}
        problems += [
            _line(d)
            for d in outcome.diagnostics
            if d.path in reported and d.code.startswith(("RED000", *asked))
        ]
    if not problems and not found.files:
        problems.append(f"no Python files were found below {', '.join(paths)}")
    return problems


def _line(diagnostic: Diagnostic) -> str:
    start = diagnostic.range.start
    return f"{shown(diagnostic.path)}:{start.line}:{start.column}: {diagnostic.code} {diagnostic.message}"
