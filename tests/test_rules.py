"""Every fixture says in comments what it expects; command and flake8 must say exactly that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLE, FIXTURES, Command, expectations, places

PROJECT = FIXTURES / "project"
FILES = sorted(str(p.relative_to(PROJECT)) for p in PROJECT.rglob("*.py"))


@pytest.fixture(scope="module")
def reported() -> dict[str, list[tuple[int, str]]]:
    from flake8_redis_ssot.engine.run import checker_for, run
    from flake8_redis_ssot.rules import defaults
    from flake8_redis_ssot.settings.load import load_settings
    from flake8_redis_ssot.settings.model import Selection

    settings = load_settings(str(PROJECT / "pyproject.toml"), root=str(PROJECT), codes=list(defaults()))
    found: dict[str, list[tuple[int, str]]] = {}
    for d in run([str(PROJECT / name) for name in FILES], checker_for(settings, Selection())).diagnostics:
        found.setdefault(str(Path(d.path).relative_to(PROJECT)), []).append((d.range.start.line, d.code))
    return found


@pytest.mark.parametrize("name", FILES)
def test_fixture_reports_what_it_says(name: str, reported: dict[str, list[tuple[int, str]]]) -> None:
    assert sorted(reported.get(name, [])) == expectations((PROJECT / name).read_text())


def test_fixtures_expect_something_of_every_file_rule() -> None:
    from flake8_redis_ssot.rules import all_rules

    expected = {code for name in FILES for _, code in expectations((PROJECT / name).read_text())}
    assert expected == {rule.code for rule in all_rules() if not rule.project}


@pytest.mark.parametrize("project", [PROJECT, EXAMPLE], ids=["fixtures", "example"])
@pytest.mark.parametrize("jobs", ["0", "2"])
def test_flake8_and_command_agree(project: Path, jobs: str, run: Command) -> None:
    command = run("check", "--output-format", "concise", cwd=project)
    flake8 = run("--isolated", "--select", "RED", "-j", jobs, ".", cwd=project, module="flake8")
    assert command.returncode == flake8.returncode == 1
    assert places(command.stdout) == places(flake8.stdout) != []


def test_noqa_silences_each_fixture(tmp_path: Path, run: Command) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    before = {name: (project / name).read_bytes() for name in FILES}
    added = run("check", "--add-noqa", cwd=project)
    assert added.returncode == 0, added.stderr
    after = run("check", "--output-format", "concise", cwd=project)
    assert (after.returncode, after.stdout) == (0, "All checks passed!\n")
    assert run("--isolated", "--select", "RED", cwd=project, module="flake8").stdout == ""
    for name in FILES:
        lines = zip(before[name].splitlines(), (project / name).read_bytes().splitlines(), strict=True)
        assert all(new.startswith(old) for old, new in lines)


@pytest.mark.parametrize(
    "change", [lambda d: d.replace(b"\n", b"\r\n"), lambda d: b"\xef\xbb\xbf" + d], ids=["crlf", "bom"]
)
def test_line_ends_and_bom_change_nothing(change, tmp_path: Path, run: Command) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    expected = places(run("check", "--output-format", "concise", cwd=project).stdout)
    for name in FILES:
        (project / name).write_bytes(change((project / name).read_bytes()))
    assert places(run("check", "--output-format", "concise", cwd=project).stdout) == expected
    assert places(run("--isolated", "--select", "RED", cwd=project, module="flake8").stdout) == expected


def test_example_findings(run: Command) -> None:
    found = places(run("check", "--output-format", "concise", cwd=EXAMPLE).stdout)
    assert found == [
        ("auth_service/auth_core/limits.py", 7, 10, "RED201"),
        ("backend/app/api/messages.py", 3, 51, "RED101"),
        ("backend/app/api/messages.py", 4, 42, "RED101"),
        ("backend/app/api/presence.py", 5, 9, "RED301"),
        ("backend/app/api/presence.py", 6, 10, "RED301"),
        ("backend/app/api/presence.py", 6, 10, "RED302"),
        ("backend/app/api/presence.py", 10, 12, "RED201"),
        ("backend/app/api/presence.py", 14, 54, "RED103"),
        ("backend/app/cache/redis_cache_manager.py", 8, 23, "RED201"),
    ]
