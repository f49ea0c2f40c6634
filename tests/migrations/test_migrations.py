"""Migrations as text: what stood before, what stands after, and what is left with its reason."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from reasons import ACTION, left, without_what_is_not_there

from flake8_redis_ssot.cli import migrating
from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.fix.edits.verify import compiles, undefined
from flake8_redis_ssot.migrate.migration import Migration

CASES = Path(__file__).parent


@dataclass
class Case:
    """`######## title [option]`, then files: `#### path` before, `==== path` after, `---- left` the reasons."""

    title: str
    options: list[str]
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def cases() -> list[Case]:
    found = []
    for path in sorted(CASES.glob("*.txt")):
        for text in re.split(r"^######## ", path.read_text(), flags=re.MULTILINE)[1:]:
            head, _, body = text.partition("\n")
            title, *options = head.split(" --")
            case = Case(title, [f"--{option}" for option in options])
            parts = re.split(r"^(####|====|----) (\S+)\n", body, flags=re.MULTILINE)[1:]
            for mark, name, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
                if mark == "----":
                    case.left = [line for line in content.splitlines() if line.strip()]
                else:
                    (case.before if mark == "####" else case.after)[name] = content
            found.append(case)
    return found


ALL = cases()


def project(
    case: Case, folder: Path, change: Callable[[bytes], bytes] = lambda data: data
) -> dict[str, bytes]:
    """The files of a case below `folder`, with what they hold."""
    shutil.copytree(CASES / "project", folder)
    for name, text in case.before.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    without_what_is_not_there(folder)
    for path in folder.rglob("*.py"):
        path.write_bytes(change(path.read_bytes()))
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".redis_ssot")
    }


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "crlf and bom": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") if data else data,
}
WRITTEN = [
    pytest.param(case, change, id=f"{case.title.replace(' ', '_')}-{change}")
    for n, case in enumerate(ALL)
    for change in [list(CHANGES)[n % len(CHANGES)]]
]
"""Every case, one as it stands and the next with other line ends and a byte order mark."""


def test_there_are_cases() -> None:
    titles = [case.title for case in ALL]
    assert len(titles) == len(set(titles)) > 30


@pytest.mark.parametrize(("case", "change"), WRITTEN)
def test_migration(case: Case, change: str, tmp_path: Path, monkeypatch, capsys) -> None:
    folder = tmp_path / "project"
    before = project(case, folder, CHANGES[change])
    monkeypatch.chdir(folder)
    planned = None if case.options else _plan(capsys)
    assert contents(folder) == before
    made: list[Migration] = []
    monkeypatch.setattr(migrating, "_show", partial(_kept, made, migrating._show))
    status = main(["migrate", *case.options])
    said, complaints = capsys.readouterr()
    after = contents(folder)
    expected = before | {name: CHANGES[change](text.encode()) for name, text in case.after.items()}
    # all cases have the settings of one project, and some a manager that lacks what these name
    absent = r"(?:warning: pyproject\.toml:\d+: (?:The replacement )?`[\w.]+` (?:does not exist|is not in `forbidden-managers`)\b.+\n)*"
    assert re.fullmatch(absent, complaints), complaints
    assert {n: d for n, d in after.items() if before.get(n) != d} == {
        n: d for n, d in expected.items() if before.get(n) != d
    }
    lines = left(said)
    assert len(lines) == len(case.left), said
    for line, words in zip(lines, case.left, strict=True):
        where, code, reason = words.split(" ", 2)
        assert line.startswith(f"{where}: {code} ") and reason in line
        assert ACTION.search(line), "a reason says what to do"
    assert status == (1 if lines else 0)
    for name in case.after:
        assert compiles(after[name], name)
        assert not undefined(after[name], name) - undefined(before[name], name)
    if planned is not None:
        _check_plan(planned, made[0])
    # again: nothing changes; undone: every byte is back
    main(["migrate", *case.options])
    assert contents(folder) == after
    if after != before:
        assert main(["rollback"]) == 0
        assert contents(folder) == before


@pytest.mark.parametrize(
    "case", [c for c in ALL if "names the cause" in c.title or "each with what" in c.title]
)
def test_a_plan_gives_the_reasons_of_a_migration(case: Case, tmp_path: Path, monkeypatch, capsys) -> None:
    project(case, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    main(["plan", "--output-format", "json"])
    planned = {str(step["site"]) + step["code"]: step["reason"] for step in _read(capsys)["by_hand"]}
    main(["migrate", "--dry-run", "--output-format", "json"])
    left = {str(step["site"]) + step["code"]: step["reason"] for step in _read(capsys)["left"]}
    assert planned and {where: left.get(where) for where in planned} == planned


def _plan(capsys) -> list[dict]:
    """What a plan of the working directory says that moves."""
    main(["plan", "--output-format", "json"])
    steps: list[dict] = _read(capsys)["moving"]
    return steps


def _kept(
    made: list[Migration], show: Callable[..., None], style: str, one: Migration, *render: object
) -> None:
    """Show what a migration did, and keep it: its text does not list each step."""
    made.append(one)
    show(style, one, *render)


def _check_plan(steps: list[dict], made: Migration) -> None:
    """A plan calls safe only what a safe migration does, and unsafe nothing of it."""
    done = {_step(step) for step in made.as_object()["moved"]}
    safe = {_step(step) for step in steps if step["applicability"] == "safe"}
    assert safe <= done, "what it calls safe is done"
    assert done.isdisjoint(_step(step) for step in steps if step["applicability"] == "unsafe")


def _step(step: dict) -> tuple[str, str, str]:
    return str(step["site"]), step["code"], step["what"]


def _read(capsys) -> dict:
    return json.loads(capsys.readouterr().out)
