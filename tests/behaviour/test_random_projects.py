"""Random projects do the same before and after; `random_projects.py` tries more of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import random_projects
from random_projects import Project, Runner, judged, project, project_of_clients, runner


@pytest.fixture(scope="module")
def running() -> Iterator[Runner]:
    with runner() as one:
        yield one


@pytest.mark.parametrize("make", [project, project_of_clients])
@pytest.mark.parametrize("first", range(0, 20, 10))
def test_of_seeds(first: int, make: Callable[[Random], Project], tmp_path: Path) -> None:
    moved, broken = random_projects.tried(first, first + 10, tmp_path, make)
    assert broken == [] and moved > 1


def test_a_seed_makes_the_same_project() -> None:
    assert project(Random(3)) == project(Random(3)) != project(Random(4))


def test_a_change_is_seen(tmp_path: Path, running: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(root: Path, *options: str) -> str:
        (root / "app/rooms.py").write_text("def f0(key='k', value=''):\n    return 'changed'\n")
        return ""

    files = project(Random(5)).files | {"app/rooms.py": "def f0(key='k', value=''):\n    return 1\n"}
    made = Project(files, "from app import rooms\nprint(rooms.f0())\n")
    monkeypatch.setattr(random_projects, "migrate", spoil)
    assert "changed" in judged(made, tmp_path, running).broken
