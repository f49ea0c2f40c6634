"""The settings of a command, as its options name them."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from flake8_redis_ssot.cli.given import given_tables, settings_file
from flake8_redis_ssot.files import Discovery, Project, discover
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.output import FORMATS, escaped, shown
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Settings, is_below

_MISNAMED = rb"^\s*(\[+ *(?!tool\.redis-ssot\b)(?:tool\.)?(?:flake8[-_])?redis[-_]?ssot *[].][^]\n]*\]*)"
"""A table that is meant for ours: the package is `flake8_redis_ssot`, the command `redis-ssot`."""


def finder_of(options: argparse.Namespace) -> SettingsFinder:
    """What finds the settings of files: `--config`, else the nearest table above each, and what options add."""
    return SettingsFinder(
        os.getcwd(),
        codes=list(defaults()),
        formats=FORMATS,
        config=settings_file(options),
        isolated=getattr(options, "isolated", False),
        overrides=given_tables(options),
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the project in which the command was started; SettingsError if they are wrong."""
    return finder_of(options).must_find(os.getcwd())


def discovered(paths: Sequence[str], finder: SettingsFinder) -> Discovery:
    """The projects of `paths`; SettingsError says all that is wrong with their tables."""
    found = discover(paths, finder)
    if finder.errors:
        raise SettingsError(finder.errors)
    return found


def without_effect(
    project: Project, codes: Collection[str], config: str | None, *, is_one: bool
) -> Iterator[str]:
    """What to warn of where settings do not do what somebody may expect of them; `config` is the file named."""
    if codes == {"RED000"}:
        where = "" if is_one else f"{shown(project.name)}: "
        yield f"{where}no rule is enabled but RED000: nothing else is checked; see `select` and `ignore`"
    if config is not None and project.files and (message := misplaced(project)):
        yield message


def misplaced(project: Project) -> str:
    """What to say of a settings file that was named and lies elsewhere: no import root of it is around any file.

    Empty where one is. All that it says is relative to its own folder, never to where the command runs.
    """
    settings, here = project.settings, os.getcwd()
    roots = {settings.root, *(root for boundary in settings.boundaries for root in boundary.roots)}
    if any(is_below(path, root) for path in project.files for root in roots):
        return ""
    is_here = all(is_below(path, here) for path in project.files)
    source = here if is_here else os.path.commonpath([os.path.dirname(path) for path in project.files])
    return (
        f"{shown(project.name)}: its names and paths are relative to its folder, and no file that is checked lies "
        "below that, so that neither `manager` nor boundaries are found; move it to the files' project as "
        f'pyproject.toml, let a table there `extend` it, or set `src = ["{os.path.relpath(source, settings.root)}"]`'
    )


def without_settings(projects: Iterable[Project]) -> str:
    """What to say where some of the projects have no settings: perhaps a table is there, and has another name."""
    for project in projects:
        path = os.path.join(project.settings.root, "pyproject.toml")
        if project.settings.path is None and DISK.is_file(path):
            data = DISK.read(path)
            found = re.search(_MISNAMED, data, re.MULTILINE)
            if found is not None:
                line, name = data.count(b"\n", 0, found.start(1)) + 1, found[1].decode(errors="replace")
                return f"{shown(path)}:{line}: {escaped(name)} is not read; the name is [tool.redis-ssot]"
    return (
        "no settings here; `redis-ssot init` proposes some, above all `manager` in [tool.redis-ssot], the one module "
        "that may build clients"
    )
