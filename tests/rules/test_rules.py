"""Every fixture says in comments what it expects; command and flake8 must say exactly that."""

from __future__ import annotations

import shutil
import tomllib
from functools import cache
from pathlib import Path

import pytest
from conftest import EXAMPLE, FIXTURES, Command, expectations, places, run_here

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lint.run import checker_for, run_project
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

PROJECTS = sorted(path.parent for path in FIXTURES.rglob("pyproject.toml"))
FILES = sorted(
    (max(home for home in PROJECTS if home in path.parents), path)
    for path in [*FIXTURES.rglob("*.py"), *FIXTURES.rglob("pyproject.toml")]
)
PARSED = [project for project in PROJECTS if project.parent.name != "RED000"]
OF_OTHERS = {"RED000", "RED902", "RED904"}
"""These speak of what the other rules of a run need to parse, and of what these say."""


def of_two_folders(project: Path) -> str:
    return "/".join(project.parts[-2:])


projects = pytest.mark.parametrize("project", PARSED, ids=of_two_folders)


@cache
def plain(project: Path) -> list[tuple[str, int, int, str]]:
    """What the command says of a project as it stands."""
    return places(run_here("check", "--no-cache", "--output-format", "concise", cwd=project).stdout)


@cache
def reported(project: Path) -> dict[Path, list[Diagnostic]]:
    """What is said of each file of a project, by its path."""
    settings = load_settings(str(project / "pyproject.toml"), root=str(project), codes=list(defaults()))
    files = [str(path) for home, path in FILES if home == project and path.suffix == ".py"]
    found: dict[Path, list[Diagnostic]] = {}
    for d in run_project(files, checker_for(settings, Selection())).diagnostics:
        found.setdefault(Path(d.path), []).append(d)
    return found


@pytest.mark.parametrize(
    ("project", "path"), FILES, ids=[str(path.relative_to(FIXTURES)) for _, path in FILES]
)
def test_fixture_reports_what_it_says(project: Path, path: Path) -> None:
    found = reported(project).get(path, [])
    expected = expectations(path.read_text())
    assert sorted((d.range.start.line, d.code) for d in found) == [(line, code) for line, code, _ in expected]
    for d in found:
        assert not d.message.startswith("RED"), "the code stands before a message anyway"
        assert not d.message.endswith(".") and "\n" not in d.message, (
            "a message is one line without a full stop"
        )
    for line, code, text in expected:
        said = [d.message for d in found if (d.range.start.line, d.code) == (line, code)]
        assert any(text in message for message in said), (
            f"line {line}, {code}: no message has {text!r}: {said}"
        )


@pytest.mark.parametrize("code", [rule.code for rule in all_rules() if rule.code not in OF_OTHERS])
def test_a_rule_by_itself_says_the_same(code: str) -> None:
    """What it needs to know is found out for it, whoever else runs."""
    mine = [(project, path) for project, path in FILES if FIXTURES / code in path.parents]
    assert mine
    for project in {project for project, _ in mine}:
        paths = [path for home, path in mine if home == project]
        settings = load_settings(str(project / "pyproject.toml"), root=str(project), codes=list(defaults()))
        alone = checker_for(settings, Selection(select=(code,)))
        found = run_project([str(path) for path in paths if path.suffix == ".py"], alone).diagnostics
        together = [d for path in paths for d in reported(project).get(path, []) if d.code == code]
        assert {*map(_said, found)} == {*map(_said, together)}


def _said(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return diagnostic.path, str(diagnostic.range), diagnostic.message


def test_fixtures_expect_something_of_every_rule() -> None:
    expected = {code for _, path in FILES for _, code, _ in expectations(path.read_text())}
    missing = {rule.code for rule in all_rules()} - expected
    assert not missing, "no fixture of these expects anything"
    assert expected == {rule.code for rule in all_rules()}


@pytest.mark.parametrize("project", [*PARSED, EXAMPLE], ids=of_two_folders)
def test_flake8_and_command_agree(project: Path, run: Command) -> None:
    agree(project, "0", run)


@pytest.mark.parametrize("project", [FIXTURES, FIXTURES / "RED206" / "project", EXAMPLE], ids=of_two_folders)
def test_they_agree_where_flake8_has_workers(project: Path, process: Command) -> None:
    agree(project, "2", process)


def agree(project: Path, jobs: str, run: Command) -> None:
    chosen = ",".join(rule.code for rule in all_rules() if not rule.project)
    command = run("check", "--no-project", "--output-format", "concise", "--select", chosen, cwd=project)
    flake8 = run("--isolated", "--select", chosen, "-j", jobs, ".", cwd=project, module="flake8")
    # flake8 looks for files where the settings exclude whole projects
    searched = run("check", "--show-files", cwd=project).stdout.splitlines()
    assert places(command.stdout) == [row for row in places(flake8.stdout) if row[0] in searched]


@projects
def test_noqa_silences_each_fixture(project: Path, tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    names = [str(p.relative_to(project)) for home, p in FILES if home == project and p.suffix == ".py"]
    before = {name: (copy / name).read_bytes() for name in names}
    added = run("check", "--add-noqa", cwd=copy)
    assert added.returncode == 0, added.stderr
    unsilenced = "RED403,RED901,RED902,RED903,RED904"  # in the settings, or of the comments themselves
    after = run("check", "--ignore", unsilenced, "--output-format", "concise", cwd=copy)
    assert (after.returncode, after.stdout) == (0, "All checks passed!\n")
    assert not {row[0] for row in places(run("--isolated", cwd=copy, module="flake8").stdout)} & {*names}
    for name in names:
        lines = zip(before[name].splitlines(), (copy / name).read_bytes().splitlines(), strict=True)
        assert all(new.startswith(old) or b"noqa" in old for old, new in lines)


@projects
def test_line_ends_and_bom_change_nothing(project: Path, tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    expected = plain(project)
    assert expected
    for home, path in FILES:
        if home == project and path.suffix == ".py":
            data = path.read_bytes().replace(b"\n", b"\r\n")
            (copy / path.relative_to(project)).write_bytes(b"\xef\xbb\xbf" + data)
    assert places(run("check", "--output-format", "concise", cwd=copy).stdout) == expected
    settings = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["redis-ssot"]
    selected = ["--extend-select", ",".join(settings.get("extend-select", ["RED000"]))]
    flake8 = run("--isolated", *selected, cwd=copy, module="flake8")
    command = run("check", "--no-project", "--output-format", "concise", cwd=copy)
    # a nested project may select others
    mine = {str(path.relative_to(project)) for home, path in FILES if home == project}
    found, alone = ([row for row in places(r.stdout) if row[0] in mine] for r in (flake8, command))
    assert found == [row for row in alone if row[3] != "RED000"]
    assert set(found) <= set(expected)
