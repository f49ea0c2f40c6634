"""The hook as pre-commit runs it, by the README's own snippet, from a repository made of this project.

Nothing is downloaded: pip builds with the setuptools that virtualenv bundles, and what the hook
imports when it runs is linked from the running environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest
import virtualenv
from filelock import FileLock
from monorepo import SERVICES, expected, make
from packaging.requirements import Requirement

from flake8_redis_ssot.rules import all_rules

PROJECT = Path(__file__).parents[2]
PUBLISHED = ("flake8_redis_ssot", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
FOREIGN = ("GIT_", "PIP_", "PRE_COMMIT", "PYTHON", "SKIP", "VIRTUALENV_", "XDG_")
BAD = "import redis\nredis.Redis()\n"
GOOD = "import redis\n\n\ndef use(client: redis.Redis) -> None: ...\n"


@dataclass
class Repository:
    """A git repository, and the environment its commands run in."""

    folder: Path
    environment: dict[str, str]

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.git("init", "--quiet")

    def run(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def git(self, *arguments: str) -> str:
        status, text = self.run("git", *arguments)
        assert status == 0, text
        return text.strip()

    def pre_commit(self, *arguments: str) -> tuple[int, str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)

    def stage(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        self.git("add", name)


def needed(requirements: Iterable[str]) -> Iterator[str]:
    """The installed distributions that `requirements` name, and theirs."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name
            yield from needed(distribution(requirement.name).requires or ())


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """The environment in which the hook is installed, and the configuration that names it."""
    top = tmp_path_factory.getbasetemp() / "hook"
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parents[1] / "hook"
    with FileLock(f"{top}.lock"):
        if not (configuration := top / "configuration.yaml").exists():
            shutil.rmtree(top, ignore_errors=True)
            top.mkdir()
            configuration.write_text(install(top))
    return variables(top), configuration.read_text()


def variables(top: Path) -> dict[str, str]:
    """The environment of every command: nothing of the user's, and no way to an index."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | {
        "HOME": str(top),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "A Tester" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "tester@localhost" for who in ("AUTHOR", "COMMITTER")},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_FIND_LINKS": str(Path(virtualenv.__file__).parent / "seed" / "wheels" / "embed"),
        "PRE_COMMIT_HOME": str(top / "pre-commit"),
        "PYTHONPATH": str(top / "libraries"),
        "VIRTUALENV_NO_PERIODIC_UPDATE": "1",
    }


def install(top: Path) -> str:
    """Have pre-commit install the hook below `top`; the configuration that names it."""
    libraries = top / "libraries"
    libraries.mkdir()
    metadata = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for name in set(needed(metadata["dependencies"])):
        files = distribution(name).files or ()
        for entry in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (libraries / entry).symlink_to(distribution(name).locate_file(entry))
    source = Repository(top / "source", variables(top))
    for name in PUBLISHED:
        if (PROJECT / name).is_dir():
            shutil.copytree(
                PROJECT / name, source.folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(PROJECT / name, source.folder)
    source.git("add", ".")
    source.git("commit", "--quiet", "--message", "The project")
    readme = (PROJECT / "README.md").read_text()
    snippet = re.search(r"^```yaml\n(repos:\n.+?)^```", readme, re.MULTILINE | re.DOTALL)
    assert snippet
    text, repositories = re.subn(r"(?<=repo: ).+", str(source.folder), snippet[1])
    text, revisions = re.subn(r"(?<=rev: ).+", source.git("rev-parse", "HEAD"), text)
    assert repositories == revisions == 1
    first = Repository(top / "first", variables(top))
    first.stage(".pre-commit-config.yaml", text)
    status, shown = first.pre_commit("install-hooks")
    assert status == 0, shown
    return text


@pytest.fixture
def repository(hook: tuple[dict[str, str], str], tmp_path: Path) -> Repository:
    environment, configuration = hook
    made = Repository(tmp_path / "repository", environment)
    made.stage(".pre-commit-config.yaml", configuration)
    return made


def reported(text: str) -> list[str]:
    return re.findall(r"^ *--> (.+)", text, re.MULTILINE)


def test_the_staged_python_files_are_checked_and_no_others(repository: Repository) -> None:
    repository.stage("staged.py", BAD)
    repository.stage("stub.pyi", BAD)
    repository.stage("tool", f"#!/usr/bin/env python3\n{BAD}", mode=0o755)
    repository.stage("notes.txt", BAD)
    repository.stage("changed.py", GOOD)
    (repository.folder / "changed.py").write_text(BAD)
    (repository.folder / "untracked.py").write_text(BAD)
    status, text = repository.pre_commit("run")
    assert status == 1
    assert reported(text) == ["staged.py:2:1", "stub.pyi:2:1", "tool:3:1"]
    assert (repository.folder / "changed.py").read_text() == BAD


@pytest.mark.parametrize(
    ("forced", "status", "places"),
    [("true", 0, []), ("false", 1, ["legacy/old.py:2:1"])],
    ids=["forced", "not-forced"],
)
def test_a_file_that_is_named_and_excluded(
    forced: str, status: int, places: list[str], repository: Repository
) -> None:
    repository.stage("pyproject.toml", f'[tool.redis-ssot]\nexclude = ["legacy"]\nforce-exclude = {forced}\n')
    repository.stage("legacy/old.py", BAD)
    done, text = repository.pre_commit("run")
    assert (done, reported(text)) == (status, places) and "Skipped" not in text, text


def test_a_commit_is_refused_until_the_file_is_mended(repository: Repository) -> None:
    assert repository.pre_commit("install")[0] == 0
    repository.stage("app.py", BAD)
    status, text = repository.run("git", "commit", "--message", "bad")
    assert status and "RED201 `redis.Redis`" in text and reported(text) == ["app.py:2:1"]
    assert repository.git("rev-list", "--all") == ""
    repository.stage("app.py", GOOD)
    repository.git("commit", "--message", "good")
    assert len(repository.git("rev-list", "--all").splitlines()) == 1


def test_the_hooks_on_files_run_at_commits_alone(repository: Repository) -> None:
    repository.stage("app.py", BAD)
    assert "RED201" in repository.pre_commit("run", "--hook-stage", "pre-commit")[1]
    assert repository.pre_commit("run", "--hook-stage", "pre-push") == (0, "")


def test_the_fixing_hook_mends_the_staged_files(repository: Repository) -> None:
    snippet = (repository.folder / ".pre-commit-config.yaml").read_text()
    repository.stage(".pre-commit-config.yaml", snippet.replace("id: redis-ssot", "id: redis-ssot-fix"))
    repository.stage(
        "pyproject.toml", '[tool.redis-ssot]\nmanager = "manager"\nforbidden-managers = ["wrapper"]\n'
    )
    repository.stage("manager.py", "class Manager:\n    pass\n\n\nshared = Manager()\n")
    repository.stage("wrapper.py", "from manager import shared\n\n\ndef get():\n    return shared\n")
    user = "from wrapper import get\n\nprint(get())\n"
    repository.stage("user.py", user)
    (repository.folder / "other.py").write_text(user)
    status, text = repository.pre_commit("run", "--files", "user.py")
    assert status == 1 and "files were modified by this hook" in text
    assert (repository.folder / "user.py").read_text() == "from manager import shared\n\nprint(shared)\n"
    assert (repository.folder / "other.py").read_text() == user


def use(repository: Repository, hook: str) -> None:
    snippet = (repository.folder / ".pre-commit-config.yaml").read_text()
    repository.stage(".pre-commit-config.yaml", snippet.replace("id: redis-ssot", f"id: {hook}"))


@pytest.mark.parametrize(
    ("name", "runs"),
    [("pyproject.toml", True), ("service/pyproject.toml", True), ("other.toml", False), ("notes.txt", False)],
)
def test_the_project_hook_runs_when_settings_change(name: str, runs: bool, repository: Repository) -> None:
    use(repository, "redis-ssot-project")
    repository.stage("pyproject.toml", '[tool.redis-ssot]\nmanager = "app"\n')
    repository.stage("app.py", BAD)
    repository.git("commit", "--quiet", "--no-verify", "--message", "a start")
    repository.stage(name, '[tool.redis-ssot]\nmanager = "other"\n')
    status, text = repository.pre_commit("run")
    assert ("Skipped" in text) != runs
    assert ("app.py:2:1" in reported(text)) == (name == "pyproject.toml") == bool(status)


@pytest.mark.parametrize("identifier", ["redis-ssot", "redis-ssot-project"])
def test_the_hooks_find_in_a_monorepo_what_the_command_finds(identifier: str, repository: Repository) -> None:
    use(repository, identifier)
    make(repository.folder)
    for folder in (".", *(f"services/{name}" for name in SERVICES)):
        table = repository.folder / folder / "pyproject.toml"
        table.write_text(f"{table.read_text()}force-exclude = true\n")
    repository.git("add", ".")
    _, text = repository.pre_commit("run")
    found = re.findall(r"^(RED\d{3}) .+\n *--> (.+):(\d+):\d+$", text, re.MULTILINE)
    alone = {rule.code for rule in all_rules() if rule.project} if identifier == "redis-ssot" else set()
    assert sorted((str(repository.folder / path), int(line), code) for code, path, line in found) == [
        row for row in expected(repository.folder) if row[2] not in alone
    ]
