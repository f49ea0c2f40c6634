"""Every fixture says in comments what it expects; command and flake8 must say exactly that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLE, FIXTURES, Command, expectations, places

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.run import checker_for
from flake8_redis_ssot.engine.run import run as run_files
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

PROJECTS = sorted(path.parent for path in FIXTURES.rglob("pyproject.toml"))
FILES = sorted((project, str(p.relative_to(project))) for project in PROJECTS for p in project.rglob("*.py"))
projects = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)


@pytest.fixture(scope="module")
def reported() -> dict[Path, list[Diagnostic]]:
    found: dict[Path, list[Diagnostic]] = {}
    for project in PROJECTS:
        settings = load_settings(str(project / "pyproject.toml"), root=str(project), codes=list(defaults()))
        files = [str(project / name) for home, name in FILES if home == project]
        for d in run_files(files, checker_for(settings, Selection())).diagnostics:
            found.setdefault(Path(d.path), []).append(d)
    return found


@pytest.mark.parametrize(("project", "name"), FILES, ids=lambda value: getattr(value, "name", value))
def test_fixture_reports_what_it_says(
    project: Path, name: str, reported: dict[Path, list[Diagnostic]]
) -> None:
    found = reported.get(project / name, [])
    expected = expectations((project / name).read_text())
    assert sorted((d.range.start.line, d.code) for d in found) == [(line, code) for line, code, _ in expected]
    assert not [
        d for d in found if d.message.startswith("RED") or d.message.endswith(".") or "\n" in d.message
    ]
    for line, code, text in expected:
        assert any(text in d.message for d in found if (d.range.start.line, d.code) == (line, code))


def test_fixtures_expect_something_of_every_rule() -> None:
    expected = {code for home, name in FILES for _, code, _ in expectations((home / name).read_text())}
    assert expected == {rule.code for rule in all_rules()} - {"RED000"}


@pytest.mark.parametrize("project", [*PROJECTS, EXAMPLE], ids=lambda project: project.name)
@pytest.mark.parametrize("jobs", ["0", "2"])
def test_flake8_and_command_agree(project: Path, jobs: str, run: Command) -> None:
    chosen = ",".join(rule.code for rule in all_rules() if not rule.project)
    command = run("check", "--output-format", "concise", "--select", chosen, cwd=project)
    flake8 = run("--isolated", "--select", chosen, "-j", jobs, ".", cwd=project, module="flake8")
    assert command.returncode == flake8.returncode == 1
    assert places(command.stdout) == places(flake8.stdout) != []


@projects
def test_noqa_silences_each_fixture(project: Path, tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    names = [name for home, name in FILES if home == project]
    before = {name: (copy / name).read_bytes() for name in names}
    added = run("check", "--add-noqa", cwd=copy)
    assert added.returncode == 0, added.stderr
    after = run("check", "--ignore", "RED903,RED904", "--output-format", "concise", cwd=copy)
    assert (after.returncode, after.stdout) == (0, "All checks passed!\n")
    assert places(run("--isolated", cwd=copy, module="flake8").stdout) == []
    for name in names:
        lines = zip(before[name].splitlines(), (copy / name).read_bytes().splitlines(), strict=True)
        assert all(new.startswith(old) or b"noqa" in old for old, new in lines)


@projects
@pytest.mark.parametrize(
    "change", [lambda d: d.replace(b"\n", b"\r\n"), lambda d: b"\xef\xbb\xbf" + d], ids=["crlf", "bom"]
)
def test_line_ends_and_bom_change_nothing(change, project: Path, tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    chosen = ("check", "--ignore", "RED903,RED904", "--output-format", "concise")
    expected = places(run(*chosen, cwd=copy).stdout)
    assert expected
    for home, name in FILES:
        if home == project:
            (copy / name).write_bytes(change((copy / name).read_bytes()))
    assert places(run(*chosen, cwd=copy).stdout) == expected
    flake8 = run(
        "--isolated",
        "--extend-select",
        "RED102" if project.name == "strict" else "X",
        cwd=copy,
        module="flake8",
    )
    assert places(flake8.stdout) == expected
