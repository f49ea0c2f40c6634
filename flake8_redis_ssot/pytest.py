"""For a project's own tests: that it keeps to one Redis manager, as a test of its architecture."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection

from flake8_redis_ssot.api import Diagnostic, Settings, check_found, finder_of
from flake8_redis_ssot.files import discover
from flake8_redis_ssot.output import shown
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.tables import Table

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
    folder = os.path.dirname(os.path.abspath(caller))
    chosen = [] if select is None else [Table("assert_one_manager", folder, {"select": [*select]})]
    finder = finder_of(folder, os.fspath(config) if config is not None else None, chosen)
    settings = finder.must_find(finder.top)
    _must_name_managers(settings, caller)
    problems = _problems(
        [os.fspath(path) for path in paths] or [settings.root], finder, select or ONE_MANAGER
    )
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


def _problems(paths: list[str], finder: SettingsFinder, codes: Collection[str]) -> list[str]:
    """What is reported, and what could not be checked, each as a line."""
    found = discover(paths, finder)
    if finder.errors:
        return finder.errors
    result = check_found(found)
    asked = [d for d in result.diagnostics if d.code.startswith(("RED000", *codes))]
    problems = [*result.errors, *map(_line, asked)]
    if not problems and not found.files:
        problems.append(f"no Python files were found below {', '.join(paths)}")
    return problems


def _line(diagnostic: Diagnostic) -> str:
    start = diagnostic.range.start
    return f"{shown(diagnostic.path)}:{start.line}:{start.column}: {diagnostic.code} {diagnostic.message}"
