"""Which settings a file has: those of the nearest table above it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import DEFAULT_EXCLUDE, Settings, is_below
from flake8_redis_ssot.settings.tables import Table, has_table


class SettingsFinder:
    """Finds the settings of folders, and reads each table once.

    A settings file `config` replaces the search, and `isolated` forbids it. The `overrides` count
    more than any table. Settings that are `given` hold for every folder. Below no table the defaults hold, in a project
    whose folder is the outermost of the `tops` around it: the folder `top`, and those that a user
    named. flake8's `options` join the table in or above `top`, and the defaults.

    `errors` are what was wrong with the tables read, `looked_at` the places that were searched.
    """

    def __init__(
        self,
        top: str,
        *,
        codes: Collection[str],
        formats: Collection[str] = (),
        config: str | None = None,
        isolated: bool = False,
        overrides: Sequence[Table] = (),
        options: Mapping[str, Any] | None = None,
        filesystem: FileSystem = DISK,
        given: Settings | None = None,
    ) -> None:
        self.top = os.path.abspath(top)
        self.tops = [self.top]
        config = given.path if given is not None else config
        self.config = config and os.path.abspath(config)
        self.filesystem = filesystem
        self.errors: list[str] = []
        self.looked_at: set[str] = set()
        self._codes = codes
        self._formats = formats
        self._options = options
        self._given = given
        self._isolated = isolated or given is not None
        self._overrides = overrides
        self._above: dict[str, str | None] = {}
        self._read: dict[tuple[str | None, str], Settings | None] = {}

    def table_above(self, folder: str) -> str | None:
        """The nearest settings file, from the absolute `folder` upwards."""
        if self.config is not None:
            return self.config
        if self._isolated:
            return None
        if folder not in self._above:
            candidate = os.path.join(folder, "pyproject.toml")
            parent = os.path.dirname(folder)
            self.looked_at.add(candidate)
            if has_table(candidate, self.filesystem, is_nested=self._is_nested(folder)):
                self._above[folder] = candidate
            else:
                self._above[folder] = self.table_above(parent) if parent != folder else None
        return self._above[folder]

    def find(self, folder: str) -> Settings | None:
        """The settings of the files in an absolute folder; None where a table is wrong: see `errors`."""
        return self._given or self._settings(self.table_above(folder), folder)

    def must_find(self, folder: str) -> Settings:
        """As `find`; SettingsError where a table is wrong."""
        found = self.find(folder)
        if found is None:
            raise SettingsError(self.errors)
        return found

    def name(self, folders: Collection[str]) -> None:
        """Take the absolute `folders` for named by a user."""
        self.tops = sorted({*self.tops, *(f for f in folders if not is_below(f, self.top))}, key=len)

    def _is_nested(self, folder: str) -> bool:
        return any(folder != top and is_below(folder, top) for top in self.tops)

    def _settings(self, path: str | None, folder: str) -> Settings | None:
        root = os.path.dirname(path or "") or next((t for t in self.tops if is_below(folder, t)), self.top)
        if (path, root) not in self._read:
            self._read[path, root] = self._load(path, root)
        return self._read[path, root]

    def _load(self, path: str | None, root: str) -> Settings | None:
        joins = self._options and path in (None, self.table_above(self.top))
        try:
            settings = load_settings(
                path,
                root=root,
                codes=self._codes,
                formats=self._formats,
                options=self._options if joins else None,
                overrides=self._overrides,
                filesystem=self.filesystem,
                is_nested=self.config is None and self._is_nested(root),
            )
        except SettingsError as error:
            self.errors += [message for message in error.messages if message not in self.errors]
            return None
        self.looked_at.update(settings.read_from)
        if path is None or self.config is not None or root == os.path.dirname(root):
            return settings
        above = self.table_above(os.path.dirname(root))
        if above is None:
            return settings
        parent = self._settings(above, root)
        if parent is None:
            return None
        if parent.excludes(root):  # it has nothing to say of what it leaves alone
            return settings
        written = [patterns for patterns in parent.exclude if patterns.patterns != DEFAULT_EXCLUDE]
        return replace(settings, exclude=tuple(dict.fromkeys([*settings.exclude, *written])))
