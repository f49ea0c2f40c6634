"""docs/census.md holds: its commands run, its code does what it says, its metrics are those that there are."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LEAN
from monorepo import write

from flake8_redis_ssot.census.census import running
from flake8_redis_ssot.census.metrics import METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "census.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
APP = {
    "app/__init__.py": "",
    "app/redis_manager.py": "import redis\n\nredis_manager = redis.Redis()\n",
    "test_app.py": "from app.redis_manager import redis_manager\n\n\ndef test(): pass\n",
}
TABLE = '[tool.redis-ssot]\nmanager = "app.redis_manager"\n'


def blocks(language: str, part: str = "") -> list[str]:
    found = [text for name, text in BLOCKS if name == language and part in text]
    assert found
    return found


def pytest_in(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, **LEAN}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


COMMANDS = [shlex.split(line, comments=True) for text in blocks("console") for line in text.splitlines()]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands(command: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": TABLE, **APP})
    assert command[0] == "pytest"
    done = pytest_in(tmp_path, *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "app/redis_manager.py:3 in <module> (redis; manager)" in done.stdout
    for option in command[1:]:
        if option.endswith((".json", ".xml")):
            assert "redis" in (tmp_path / option.partition("=")[2]).read_text()


def test_limits(tmp_path: Path) -> None:
    (settings,) = blocks("toml")
    many = "import redis\n\n\ndef test():\n    kept = [redis.Redis() for _ in range(3)]\n    assert kept\n"
    write(tmp_path, {"pyproject.toml": settings, "test_many.py": many})
    done = pytest_in(tmp_path)
    assert done.returncode == 1
    assert "redis_census_max_pools = 2, but 3 pools were alive" in done.stdout


@pytest.mark.parametrize("builds", [True, False])
def test_fixture(tmp_path: Path, builds: bool) -> None:
    (test,) = blocks("python", "def test_a_request_builds_nothing")
    client = (
        "import pytest, redis\n\n\nclass Client:\n    def get(self, path):\n"
        f"        return {'redis.Redis()' if builds else 'path'}\n\n\n"
        "@pytest.fixture\ndef client():\n    return Client()\n"
    )
    write(tmp_path, {"conftest.py": client, "test_rooms.py": test})
    assert pytest_in(tmp_path).returncode == int(builds)


@pytest.mark.parametrize("breaks", [True, False])
def test_architecture(tmp_path: Path, breaks: bool) -> None:
    (test,) = blocks("python", "assert_one_manager")
    files = {**APP, "pyproject.toml": TABLE, "test_architecture.py": test}
    if breaks:
        files["app/jobs.py"] = "import redis\n\nclient = redis.Redis()\n"
    write(tmp_path, files)
    done = pytest_in(tmp_path, "test_architecture.py")
    assert done.returncode == int(breaks)
    assert ("RED201" in done.stdout) is breaks


def test_install() -> None:
    (code,) = blocks("python", "install()")
    space: dict[str, object] = {}
    exec(code, space)
    assert running() is not None
    exec("census.uninstall()", space)
    assert running() is None
    spans = [span for span in re.findall(r"`(install\(.+?\))`", PAGE)]
    assert spans
    for span in spans:
        exec(f"{span}.uninstall()", space)


def test_metrics() -> None:
    rows = re.findall(r"^\| `redis_census_(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == [f"{metric.name}{'_total' * metric.is_counter}" for metric in METRICS]


def test_alerts(tmp_path: Path) -> None:
    """Prometheus takes them, and they speak of metrics that there are."""
    (rules,) = blocks("yaml")
    names = {f"redis_census_{metric.name}{'_total' * metric.is_counter}" for metric in METRICS}
    assert {*re.findall(r"redis_census_\w+", rules)} <= names
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool comes with Prometheus: `apt install prometheus`")
    (tmp_path / "rules.yml").write_text(rules)
    done = subprocess.run(
        [promtool, "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_fixture_has_what_the_page_names(tmp_path: Path) -> None:
    named = [
        "clients",
        "pools",
        "connections",
        "open_connections",
        "blocking_commands",
        "second_loops",
        "counts",
    ]
    assert all(f"`{name}`" in PAGE for name in named)
    text = "def test(redis_census):\n    " + "\n    ".join(f"redis_census.{name}" for name in named)
    write(tmp_path, {"test_names.py": f"{text}\n    assert redis_census.sites('pools') == {{}}\n"})
    assert pytest_in(tmp_path).returncode == 0


def test_dashboard_is_where_the_page_says() -> None:
    (path,) = re.findall(r"\]\((\S+\.json)\)", PAGE)
    assert json.loads((Path(__file__).parents[2] / "docs" / path).read_text())["panels"]
