"""From settings files and options to `Settings`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.build import Builder
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.settings.tables import Problems, Table, joined, read_chain
from flake8_redis_ssot.settings.validate import Validator


def chain_of(path: str, filesystem: FileSystem) -> list[str]:
    """The settings file and those that it extends, as far as they can be read."""
    return [table.path for table in read_chain(path, Problems(), filesystem)]


def load_settings(
    path: str | None,
    *,
    root: str,
    codes: Collection[str],
    formats: Collection[str] = (),
    options: Mapping[str, Any] | None = None,
    overrides: Sequence[Table] = (),
    filesystem: FileSystem = DISK,
    is_nested: bool = False,
) -> Settings:
    """Settings of the file `path` (none: defaults below `root`), with flake8's `options` added.

    What the `overrides` say, each counts more than the one before, counts more than all files. `codes` and
    `formats` are the known rule codes and output formats. SettingsError holds every mistake at once.
    """
    problems = Problems()
    tables = read_chain(path, problems, filesystem, is_nested=is_nested) if path else []
    base = os.path.dirname(os.path.abspath(path)) if path else os.path.abspath(root)
    if options:
        tables = joined(tables, options, path, base, problems)
    tables += overrides
    if Validator(problems, codes, formats, filesystem).check(tables):
        settings = Builder(problems.without(tables), base, problems, filesystem).build(path)
        if not problems.messages:
            return settings
    raise SettingsError(problems.messages)
