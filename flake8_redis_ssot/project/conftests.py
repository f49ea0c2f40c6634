"""The `conftest.py` files that give tests their fixtures, and the plugins that these name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.index import ProjectIndex

CONFTEST = "conftest.py"


def conftests_above(path: str) -> Iterator[str]:
    """Where those of a test may be, the nearest first."""
    folder = os.path.dirname(path)
    while folder:
        yield os.path.join(folder, CONFTEST)
        outer = os.path.dirname(folder)
        folder = outer if outer != folder else ""


class FixtureHomes:
    """The files whose fixtures others have by their names alone."""

    def __init__(self, index: ProjectIndex) -> None:
        self._index = index
        self._conftests_of: dict[str, list[str]] = {}
        self._tests: dict[str, list[str]] = {}

    def has(self, path: str) -> bool:
        """Whether the file at `path` is one."""
        return bool(self._conftests(path))

    def tests_of(self, path: str) -> list[str]:
        """The files that have the fixtures of the one at `path`; none where it gives none by their names."""
        found = self._tests.get(path)
        if found is None:
            folders = tuple(os.path.join(os.path.dirname(one), "") for one in self._conftests(path))
            found = self._tests[path] = [
                other
                for other in (self._index.facts if folders else ())
                if other.startswith(folders) and other != path
            ]
        return found

    def _conftests(self, path: str) -> list[str]:
        """A `conftest.py` itself; of any other file those that name it as a plugin."""
        if os.path.basename(path) == CONFTEST:
            return [path]
        found = self._conftests_of.get(path)
        if found is None:
            names = self._index.place(path).modules
            found = self._conftests_of[path] = [
                one for one in self._with_plugins if any(self._is_plugin(one, name) for name in names)
            ]
        return found

    def _is_plugin(self, conftest: str, module: str) -> bool:
        texts = self._index.texts
        # the word first: a pattern for each module would take long to compile
        return texts.says(conftest, module.rpartition(".")[2]) and texts.has(
            conftest, code_patterns.plugin(module)
        )

    @cached_property
    def _with_plugins(self) -> list[str]:
        """The `conftest.py` files that name plugins."""
        has = self._index.texts.has
        return [
            path
            for path in self._index.facts
            if os.path.basename(path) == CONFTEST and has(path, code_patterns.PLUGINS)
        ]
