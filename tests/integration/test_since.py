"""`check --since`: only what a revision does not have, read from git's objects."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
from conftest import Command, places

from flake8_redis_ssot.lint.check import Checked, FileChecker
from flake8_redis_ssot.source import SourceFile

SETTINGS = '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old"]\n'
USER = """\
    import redis
    from app.old import cache


    def connect(host: str) -> redis.Redis:
        wanted = host.strip().lower()
        return redis.Redis(host=wanted, db=1)
    """


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(textwrap.dedent(text))


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": SETTINGS,
        ".gitignore": ".redis_ssot_cache\nvendored\n",
        "app/__init__.py": "",
        "app/manager.py": "import redis\n\nmanager = redis.Redis()\n",
        "app/old.py": "cache = 1\n",
        "app/user.py": USER,
    }.items():
        write(tmp_path, name, text)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    git(tmp_path, "tag", "base")
    return tmp_path


def found(root: Path, run: Command, *arguments: str) -> list[tuple[str, int, str]]:
    said = run("check", "--output-format", "concise", *arguments, cwd=root)
    assert said.returncode in (0, 1), said.stderr
    return [(path, line, code) for path, line, _, code in places(said.stdout)]


def test_what_was_there_is_not_reported(project: Path, run: Command) -> None:
    assert len(found(project, run)) == 2
    for cache in ([], [], ["--no-cache"]):
        assert found(project, run, "--since", "HEAD", *cache) == []
    assert run("check", "--since", "HEAD", cwd=project).stdout == "All checks passed!\n"


def test_what_is_new_is_reported_wherever_the_rest_has_moved(project: Path, run: Command) -> None:
    text = (project / "app/user.py").read_text().replace("def connect", "# moved\n\n\ndef connected")
    (project / "app/user.py").unlink()
    write(project, "app/users.py", text + "\n\nclient = redis.Redis(db=7)\n")
    for _ in range(2):
        assert found(project, run, "--since", "base") == [("app/users.py", 13, "RED201")]
    git(project, "add", ".")
    git(project, "commit", "-m", "two")
    assert found(project, run, "--since", "base") == [("app/users.py", 13, "RED201")]
    assert found(project, run, "--since", "main") == []
    assert found(project, run, "--since", "base", "--no-project") == [("app/users.py", 13, "RED201")]
    assert found(project, run, "--since", "base", "app/manager.py") == []


def test_only_files_that_changed_are_checked_at_the_revision(
    project: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "app/user.py", textwrap.dedent(USER) + "\n\nclient = redis.Redis(db=7)\n")
    checked: list[tuple[str, str]] = []
    check = FileChecker.check

    def watched(checker: FileChecker, source: SourceFile) -> Checked:
        checked.append((type(checker.filesystem).__name__, Path(source.path).name))
        return check(checker, source)

    monkeypatch.setattr(FileChecker, "check", watched)
    assert found(project, run, "--since", "HEAD") == [("app/user.py", 10, "RED201")]
    assert [name for kind, name in checked if kind == "Revision"] == ["user.py"]
    checked.clear()
    assert found(project, run, "--since", "HEAD") == [("app/user.py", 10, "RED201")]
    assert not checked
    write(project, "app/user.py", USER)
    assert found(project, run, "--since", "HEAD") == []
    assert found(project, run) != []


def test_what_comes_of_a_change_in_another_file_is_new(project: Path, run: Command) -> None:
    write(project, "app/factory.py", "CLIENT = dict\n")
    write(project, "app/late.py", "from app import factory\n\nclient = factory.CLIENT()\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "two")
    write(project, "app/factory.py", "import redis\n\nCLIENT = redis.Redis\n")
    assert found(project, run, "--since", "HEAD") == [("app/late.py", 3, "RED206")]


def test_the_settings_of_today_decide(project: Path, run: Command) -> None:
    write(project, "pyproject.toml", SETTINGS.replace('"app.old"', '"app.old", "redis.client"'))
    write(project, "app/later.py", "from redis.client import Redis\n")
    assert found(project, run, "--since", "HEAD") == [("app/later.py", 1, "RED101")]


def test_a_baseline_does_not_take_its_place(project: Path, run: Command) -> None:
    write(project, "pyproject.toml", SETTINGS + 'baseline = "known.jsonl"\n')
    assert run("baseline", cwd=project).returncode == 0
    more = "    redis.Redis(host=wanted, db=1)\n    return"
    write(project, "app/user.py", textwrap.dedent(USER).replace("    return", more))
    assert [line for _, line, _ in found(project, run, "--since", "HEAD")] == [8]


def test_what_git_ignores_is_no_file_of_the_revision(project: Path, run: Command) -> None:
    write(project, "vendored/lib.py", "import redis\n\nclient = redis.Redis()\n")
    assert found(project, run, "--since", "HEAD") == []
    assert found(project, run, "--since", "HEAD", "--no-respect-gitignore") == [
        ("vendored/lib.py", 3, "RED201")
    ]


def test_a_file_that_could_not_be_read_then_either_is_not_new(project: Path, run: Command) -> None:
    write(project, "app/broken.py", "import redis\nredis.Redis(\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "two")
    assert found(project, run, "--since", "base") == [("app/broken.py", 2, "RED000")]
    assert found(project, run, "--since", "HEAD") == []


@pytest.mark.parametrize("name", ["nothing", "--help-me"])
def test_a_revision_that_is_not_there_is_one_error(name: str, project: Path, run: Command) -> None:
    refused = run("check", f"--since={name}", cwd=project)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("error:") == 1 and "git knows no such revision here" in refused.stderr


def test_a_revision_that_is_empty_is_said_to_be_none(project: Path, run: Command) -> None:
    refused = run("check", "--since", "", cwd=project)
    assert refused.returncode == 2
    assert refused.stderr == "error: --since: no revision is named; name a commit, a branch or a tag\n"


def test_without_a_repository_it_is_one_error(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write(tmp_path, "a.py", "import redis\n\nclient = redis.Redis()\n")
    refused = run("check", "--since", "HEAD", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("error:") == 1 and "git finds no repository here" in " ".join(
        refused.stderr.split()
    )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--fix", "--since limits what is reported, not what is fixed"),
        ("--diff", "--since limits what is reported, not what is fixed"),
        ("-", "standard input is in none"),
    ],
)
def test_what_it_does_not_go_with(option: str, said: str, project: Path, run: Command) -> None:
    refused = run("check", "--since", "HEAD", option, cwd=project, stdin=b"")
    assert refused.returncode == 2 and said in refused.stderr and "leave it out" in refused.stderr
