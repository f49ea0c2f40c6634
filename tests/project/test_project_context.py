"""What a project rule reads does not stay in memory for the rest of the run."""

from __future__ import annotations

import weakref
from datetime import date
from pathlib import Path
from types import SimpleNamespace

from flake8_redis_ssot.lint.collecting import without_collecting
from flake8_redis_ssot.project_context import ProjectContext


class Circle:
    """Refers to itself, as the scopes of a file refer to each other."""

    def __init__(self) -> None:
        self.itself = self


def test_files_that_are_read_are_let_go(tmp_path: Path) -> None:
    made: weakref.WeakSet[Circle] = weakref.WeakSet()

    def read(path: str) -> Circle:
        circle = Circle()
        made.add(circle)
        return circle

    with without_collecting():
        project = ProjectContext(
            SimpleNamespace(boundaries=()), None, read, frozenset(), set(), None, date.today()
        )  # type: ignore[arg-type]
        for number in range(2_000):
            project.read(str(number))
            assert len(made) <= 600
        assert project.read("1999").itself is project.read("1999")
