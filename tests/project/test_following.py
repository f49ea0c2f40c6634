"""Which files are taken in: those that may come to a client by what they import, and no others."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from flake8_redis_ssot.api import Selection, checker_for
from flake8_redis_ssot.lint.run import run_project
from flake8_redis_ssot.project import following, uses
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.settings.load import load_settings

PROJECTS = re.split(r"^## ", (Path(__file__).parent / "following.txt").read_text(), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("order", ["by name", "the last first"])
@pytest.mark.parametrize("text", [pytest.param(text, id=text.partition("\n")[0]) for text in PROJECTS])
def test_files_are_taken_in_that_may_come_to_a_client(
    text: str, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if order != "by name":
        backwards = partial(sorted, reverse=True)
        monkeypatch.setattr(following, "sorted", backwards, raising=False)
        monkeypatch.setattr(uses, "sorted", backwards, raising=False)
    expected = set()
    paths = []
    for part in re.split(r"^-- ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        name, _, followed = head.partition(" ")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
        paths.append(str(path))
        if followed:
            expected.add(name)
    taken = set()
    load = ProjectInference.load

    def noted(self: ProjectInference, path: str) -> object:
        taken.add(Path(path).relative_to(tmp_path).as_posix())
        return load(self, path)

    monkeypatch.setattr(ProjectInference, "load", noted)
    settings = load_settings(None, root=str(tmp_path), codes=[], options={})
    run_project(paths, checker_for(settings, Selection(select=("ALL",))))
    assert taken == expected
