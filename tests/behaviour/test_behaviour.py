"""What a project does before and after a migration: the same, whatever moved."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from random_projects import Runner, runner
from reasons import ACTION, left, without_what_is_not_there

from flake8_redis_ssot.cli.main import main

HERE = Path(__file__).parent


@dataclass
class Case:
    """`######## title [--option]`, then `#### path` with what is in the file, and sections.

    `---- moves` lists the files that change, all others stay; `---- says` what is said of those left, with the
    reason; `---- probe` is run before and after; `---- needs` what the files that moved must hold afterwards.
    `--options WORD ...` goes to the command as it is.
    """

    title: str
    options: list[str]
    files: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.sections.get(name, "").splitlines() if line.strip()]


def cases() -> list[Case]:
    found = []
    for path in sorted(HERE.glob("*.txt")):
        for text in re.split(r"^######## ", path.read_text(), flags=re.MULTILINE)[1:]:
            head, _, body = text.partition("\n")
            title, *options = head.split(" --")
            words = [word for option in options for word in f"--{option}".removeprefix("--options ").split()]
            case = Case(title, words)
            parts = re.split(r"^(####|----) (\S+)\n", body, flags=re.MULTILINE)[1:]
            for mark, name, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
                (case.files if mark == "####" else case.sections)[name] = content
            found.append(case)
    return found


ALL = cases()


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(paths)
        if not path.relative_to(folder).parts[0].startswith(".redis_ssot")
    }


def written(case: Case, folder: Path) -> Path:
    """The project of a case, in a folder of its own."""
    shutil.copytree(HERE / "project", folder)
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name == "pyproject.toml":
            text = (folder / name).read_text() + text
        (folder / name).write_text(text)
    without_what_is_not_there(folder)
    (folder.parent / "probe.py").write_text(case.sections.get("probe", ""))
    return folder


@pytest.fixture(scope="module")
def running() -> Iterator[Runner]:
    with runner() as one:
        yield one


def test_titles_are_unique() -> None:
    titles = [case.title for case in ALL]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.title.replace(" ", "_"))
def test_behaviour(case: Case, running: Runner, tmp_path: Path, monkeypatch, capsys) -> None:
    before, after = (written(case, tmp_path / name / "project") for name in ("before", "after"))
    monkeypatch.chdir(after)
    status = main(["migrate", *case.options])
    said, complaints = capsys.readouterr()
    assert status in (0, 1), complaints
    old, new = contents(before), contents(after)
    changed = sorted(name for name in old if new[name] != old[name])
    assert changed == sorted(case.lines("moves")), said
    for text in left(said):
        assert ACTION.search(text), "a reason says what to do"
    for line in case.lines("says"):
        where, code, words = line.split(" ", 2)
        lines = [text for text in left(said) if text.startswith(f"{where}: {code} ")]
        assert any(words in text for text in lines), said
    for line in case.lines("needs"):
        assert any(line in new[name].decode() for name in changed), new
    did, does = (running.behaviour(folder) for folder in (before, after))
    assert all(value is True for name, value in did.items() if name not in ("probe", "tests")), did
    assert all(str(o).startswith("passed") for o in did.get("tests", {}).values()), did  # type: ignore[attr-defined]
    assert does == did
    # again: nothing changes
    main(["migrate", *case.options])
    assert contents(after) == new
