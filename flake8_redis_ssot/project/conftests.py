"""The files that give tests their fixtures: `conftest.py`, and the plugins that one names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.index import ProjectIndex

CONFTEST = "conftest.py"


def conftests_above(path: str) -> Iterator[str]:
    """The paths at which a `conftest.py` for the test at `path` may be, nearest first."""
    folder = os.path.dirname(path)
    while folder:
        yield os.path.join(folder, CONFTEST)
        outer = os.path.dirname(folder)
        folder = outer if outer != folder else ""


class FixtureHomes:
    """Finds files whose fixtures tests use without importing them, and these tests."""

    def __init__(self, index: ProjectIndex) -> None:
        self._index = index
        self._conftests_of: dict[str, list[str]] = {}
        self._tests: dict[str, list[str]] = {}

    def has(self, path: str) -> bool:
        """Whether tests use the fixtures of the file at `path` without importing them."""
        return bool(self._conftests(path))

    def tests_of(self, path: str) -> list[str]:
        """The files that may use the fixtures of the one at `path` without importing them."""
        tests = self._tests.get(path)
        if tests is None:
            folders = tuple(os.path.join(os.path.dirname(conftest), "") for conftest in self._conftests(path))
            tests = self._tests[path] = [
                path_of_test
                for path_of_test in (self._index.facts if folders else ())
                if path_of_test.startswith(folders) and path_of_test != path
            ]
        return tests

    def _conftests(self, path: str) -> list[str]:
        """The `conftest.py` files that bring in the fixtures of a file: it itself, or those that name it as a plugin."""
        if os.path.basename(path) == CONFTEST:
            return [path]
        conftests = self._conftests_of.get(path)
        if conftests is None:
            names = self._index.place(path).modules
            conftests = self._conftests_of[path] = [
                conftest
                for conftest in self._with_plugins
                if any(self._is_plugin(conftest, name) for name in names)
            ]
        return conftests

    def _is_plugin(self, conftest: str, module: str) -> bool:
        """Whether a `conftest.py` names a module in `pytest_plugins`."""
        texts = self._index.texts
        # a plain search for the word first: compiling a pattern for each module would take long
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
