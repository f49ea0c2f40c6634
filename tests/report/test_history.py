"""Earlier revisions: counted from git's objects, each content once, by today's settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Command
from repository import commit, git, write

from flake8_redis_ssot import git_objects
from flake8_redis_ssot.git_objects import Repository
from flake8_redis_ssot.lint import run as lint_run
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.report.history import MOST, chosen
from flake8_redis_ssot.source import SourceFile

from .conftest import SETTINGS, Reported


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files of revisions that were checked, one after the other."""
    found: list[str] = []
    real = lint_run.run_source

    def run_source(source: SourceFile, checker: FileChecker, *given: object, **named: object) -> None:
        if isinstance(checker.filesystem, git_objects.Revision):
            found.append(Path(source.path).name)
        real(source, checker, *given, **named)

    monkeypatch.setattr(lint_run, "run_source", run_source)
    return found


def test_the_history_ends_in_what_the_plan_counts_now(reported: Reported) -> None:
    report = reported("--history")
    points = report["history"]
    assert [(p["name"], p["date"]) for p in points[:3]] == [
        ("v1", "2026-01-01"), ("v2", "2026-02-01"), ("v3", "2026-03-01"),
    ]  # fmt: skip
    assert [p["numbers"]["one"] for p in points] == [1, 2, 3, 3]
    assert [p["numbers"]["constructions"] for p in points] == [3, 4, 3, 3]
    assert [p["numbers"]["pools"] for p in points] == [6, 6, 5, 5]
    assert points[2]["numbers"] == points[3]["numbers"] == report["numbers"]


def test_neither_checkout_nor_index_are_touched(project: Path, reported: Reported) -> None:
    write(project, {"app/rooms.py": "changed\n"})
    (project / "app/hall.py").unlink()
    before = git(project, "status", "--porcelain"), (project / ".git/index").read_bytes()
    reported("--history", "v1..v3", "--base", "v1", "--no-cache")
    assert (git(project, "status", "--porcelain"), (project / ".git/index").read_bytes()) == before


def test_todays_settings_hold(project: Path, reported: Reported) -> None:
    write(project, {"pyproject.toml": SETTINGS.replace('["app.cache.**"]', '["app.cache.**", "app.own"]')})
    assert [p["numbers"]["managers"] for p in reported("--history")["history"][:1]] == [3]
    write(project, {"pyproject.toml": SETTINGS.replace('forbidden-managers = ["app.cache.**"]\n', "")})
    assert [p["numbers"]["managers"] for p in reported("--history")["history"]] == [2, 2, 2, 2]


def test_a_content_is_checked_once(reported: Reported, checked: list[str]) -> None:
    first = reported("--history", "v2")
    checked.clear()
    second = reported("--history", "v1,v2,v3")
    at_first, since = ["rooms.py"], ["own.py", "rooms.py", "test_limits.py", "test_socket.py"]
    assert checked == at_first + since
    assert second["history"][1] == first["history"][0]


def test_what_has_not_changed_since_the_base_is_not_checked_twice(
    reported: Reported, checked: list[str]
) -> None:
    reported("--base", "v2")
    assert checked == ["own.py"]


def test_a_commit_is_counted_once(project: Path, reported: Reported, monkeypatch: pytest.MonkeyPatch) -> None:
    first = reported("--history")

    def read(blobs: object, blob: str) -> bytes:
        raise AssertionError(f"{blob} is read though its commits are known")

    monkeypatch.setattr(git_objects._Blobs, "read", read)
    assert reported("--history")["history"] == first["history"]


def test_without_a_cache_nothing_is_kept(project: Path, reported: Reported) -> None:
    before = sorted(project.rglob("*"))
    with_cache = reported("--history", "--cache-dir", str(project.parent / "cache"))
    assert reported("--history", "--no-cache")["history"] == with_cache["history"]
    assert [p for p in sorted(project.rglob("*")) if "__pycache__" not in p.parts] == before


def test_content_that_a_clone_lacks_is_no_end_of_the_history(project: Path, run: Command) -> None:
    blob = git(project, "rev-parse", "v1:app/rooms.py")
    (project / ".git/objects" / blob[:2] / blob[2:]).unlink()
    done = run("report", "--history", "--output-format", "json", cwd=project)
    assert [p["numbers"]["one"] for p in json.loads(done.stdout)["history"]] == [1, 2, 3, 3]


def test_the_project_may_be_a_folder_of_the_repository(project: Path, run: Command) -> None:
    done = run("report", "--history", "--output-format", "json", cwd=project / "app")
    assert [p["numbers"]["one"] for p in json.loads(done.stdout)["history"]] == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", ["v1", "v2", "v3"]),
        ("v1..v2", ["v1", "v2"]),
        ("v1..v3", ["v1", "v2", "v3"]),
        ("v1...v3", ["v1", "v2", "v3"]),
        ("v2..", ["v2", "v3"]),
        ("..v2", ["v1", "v2"]),
        ("v3,v1", ["v1", "v3"]),
        ("v1 v1", ["v1"]),
    ],
)
def test_revisions_are_chosen(project: Path, wanted: str, names: list[str]) -> None:
    assert chosen(Repository(str(project)), wanted) == names


def test_many_tags_are_spread_evenly_unless_a_range_is_named(project: Path) -> None:
    for number in range(2 * MOST):
        commit(project, {"a.txt": str(number)}, tag=f"w{number}", date=f"2026-04-{1 + number:02}T00:00:00Z")
    repository = Repository(str(project))
    names = chosen(repository, "")
    assert names[-1] == f"w{2 * MOST - 1}" and MOST // 2 <= len(names) <= MOST
    assert len(chosen(repository, "w0..")) == 2 * MOST


def test_commits_stand_in_where_there_are_no_tags(project: Path) -> None:
    for tag in ("v1", "v2", "v3"):
        git(project, "tag", "-d", tag)
    start = git(project, "rev-parse", "HEAD")
    for hour in range(2 * MOST):
        commit(project, {"a.txt": str(hour)}, date=f"2026-04-{1 + hour:02}T00:00:00Z")
    names = chosen(Repository(str(project)), f"{start}..HEAD")
    assert names[0] == start and names[-1] == "HEAD" and MOST <= len(names) <= MOST + 2
    assert len(chosen(Repository(str(project)), "")) <= MOST
