"""The census of a test run, as those who run pytest see it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chat_platform import phase_1
from conftest import EXAMPLE, LEAN
from junitparser import JUnitXml
from monorepo import write

INSTALLED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "", "PYTEST_PLUGINS": ""}
"""As pytest finds its plugins by itself."""
WITHOUT_OTHERS = [
    word
    for name in ("asyncio", "anyio", "hypothesispytest", "pytest-lsp", "pytest_cov")
    for word in ("-p", f"no:{name}")
]
TABLE = '[tool.redis-ssot]\nmanager = "app.manager"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
MANAGER = "import redis\n\nclient = redis.Redis()\n"
APP = {"pyproject.toml": TABLE, "app/__init__.py": "", "app/manager.py": MANAGER}


def run_pytest(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    given = {**os.environ, **LEAN, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
    given.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=given, check=False)


def census_of(folder: Path, *arguments: str, status: int = 0, **environment: str) -> dict[str, Any]:
    """What a run writes to its file."""
    done = run_pytest(folder, "--redis-census=census.json", *arguments, environment=environment)
    assert done.returncode == status, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "census.json").read_text())
    return {**found, "stdout": done.stdout}


def pools(census: dict[str, Any]) -> dict[str, int]:
    """How many pools were built, by file and line."""
    return {f"{s['file']}:{s['line']}": s["pools"]["built"] for s in census["sites"] if s["pools"]["built"]}


LOADED = """
import sys


def test_loaded():
    print("ours:", *sorted(name for name in sys.modules if name.startswith("flake8_redis_ssot")))
"""


def test_run_that_does_not_ask_loads_the_entry_alone(tmp_path: Path) -> None:
    write(tmp_path, {"test_loaded.py": LOADED})
    said = run_pytest(tmp_path, "-s", *WITHOUT_OTHERS, environment=INSTALLED).stdout
    assert "ours: flake8_redis_ssot flake8_redis_ssot.pytest_plugin\n" in said
    assert "redis census" not in said


def test_numbers_of_the_whole_run(tmp_path: Path) -> None:
    write(tmp_path, {**APP, "test_app.py": "from app.manager import client\n\n\ndef test(): pass\n"})
    census = census_of(tmp_path, *WITHOUT_OTHERS, **INSTALLED)
    assert pools(census) == {"app/manager.py:3": 1}
    assert census["pools"]["peak"] == 1
    assert census["processes"] == ["the main process"]
    assert "1 pool built and 0 connections opened in 1 process" in census["stdout"]
    assert "app/manager.py:3 in <module> (redis; manager)" in census["stdout"]


def test_what_conftest_builds_counts(tmp_path: Path) -> None:
    write(tmp_path, {**APP, "conftest.py": MANAGER, "test_app.py": "def test(): pass\n"})
    assert pools(census_of(tmp_path)) == {"conftest.py:3": 1}


MISSED = 'from operator import attrgetter\n\nimport redis\n\n\ndef build():\n    return attrgetter("Redis")(redis)()\n'
OUTSIDE = (
    "import redis\n\n\ndef build():\n    return redis.Redis()\n\n\ndef never():\n    return redis.Redis()\n"
)


def test_what_the_rules_say_of_each_place(tmp_path: Path) -> None:
    files = {
        **APP,
        "app/missed.py": MISSED,
        "app/outside.py": OUTSIDE.replace("redis.Redis()\n\n", "redis.Redis()  # noqa: RED201\n\n"),
        "test_app.py": "from app import manager, missed, outside\n\n\n"
        "def test():\n    missed.build()\n    outside.build()\n    eval('outside.redis.Redis()')\n",
    }
    write(tmp_path, files)
    census = census_of(tmp_path)
    assert {f"{s['file']}:{s['line']}": (s["standing"], s["rules"]) for s in census["sites"]} == {
        "<string>:1": ("unchecked", []),
        "app/manager.py:3": ("manager", []),
        "app/missed.py:7": ("missed", []),
        "app/outside.py:5": ("reported", ["RED201"]),
    }
    assert [(f["file"], f["line"], f["code"]) for f in census["never_ran"]] == [
        ("app/outside.py", 9, "RED201")
    ]
    assert "app/missed.py:7 in build (redis; no rule reports it)" in census["stdout"]
    assert "app/outside.py:9 RED201" in census["stdout"].partition("never run:")[2]


def test_a_broken_table_is_said(tmp_path: Path) -> None:
    write(
        tmp_path, {"pyproject.toml": "[tool.redis-ssot]\nmanagr = 1\n", "test_app.py": "def test(): pass\n"}
    )
    assert "the rules could not be asked: pyproject.toml" in census_of(tmp_path)["stdout"].replace(
        str(tmp_path) + "/", ""
    )


MANY = "import redis\n\n\ndef test():\n    clients = [redis.Redis() for _ in range(3)]\n    assert clients\n"


@pytest.mark.parametrize(("limit", "status"), [("3", 0), ("2", 1)])
def test_more_pools_than_allowed(tmp_path: Path, limit: str, status: int) -> None:
    ini = f"[pytest]\nredis_census_max_pools = {limit}\n"
    write(tmp_path, {"pytest.ini": ini, "test_many.py": MANY})
    said = census_of(tmp_path, status=status)["stdout"]
    message = (
        "redis_census_max_pools = 2, but 3 pools were alive at one time in the main process: "
        "test_many.py:5 in test.<locals>.<listcomp> (3); build fewer, or raise the limit"
    )
    assert (message.replace(".<locals>.<listcomp>", "") in said.replace(".<locals>.<listcomp>", "")) is bool(
        status
    )
    assert "1 passed" in said


def test_more_connections_than_allowed(tmp_path: Path, address: str) -> None:
    ini = "[pytest]\nredis_census_max_connections = 1\n"
    text = MANY.replace("redis.Redis()", f"redis.Redis.from_url({address!r})")
    text += "    for client in clients:\n        client.ping()\n"
    write(tmp_path, {"pytest.ini": ini, "test_many.py": text})
    said = census_of(tmp_path, status=1)["stdout"]
    assert "redis_census_max_connections = 1, but 3 connections were open at one time" in said


def test_failed_tests_stay_failed(tmp_path: Path) -> None:
    ini = "[pytest]\nredis_census_max_pools = 1\n"
    write(tmp_path, {"pytest.ini": ini, "test_many.py": MANY + "    assert not clients\n"})
    assert "redis_census_max_pools" in census_of(tmp_path, status=1)["stdout"]


@pytest.mark.parametrize(
    ("arguments", "ini", "message"),
    [
        (["--redis-census", "tests"], "", "--redis-census=tests: is no .json file; write"),
        (["--redis-census"], "redis_census_max_pools = few", "redis_census_max_pools = few: is no number"),
    ],
)
def test_wrong_options(tmp_path: Path, arguments: list[str], ini: str, message: str) -> None:
    write(tmp_path, {"pytest.ini": f"[pytest]\n{ini}\n", "test_app.py": "def test(): pass\n"})
    done = run_pytest(tmp_path, *arguments)
    assert done.returncode == 4
    assert message in done.stderr


def test_limits_mean_nothing_unless_asked(tmp_path: Path) -> None:
    write(tmp_path, {"pytest.ini": "[pytest]\nredis_census_max_pools = 1\n", "test_many.py": MANY})
    assert run_pytest(tmp_path).returncode == 0


def test_junit(tmp_path: Path) -> None:
    write(tmp_path, {"test_many.py": MANY})
    census_of(tmp_path, "--junitxml=junit.xml")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    found = {one.name: one.value for one in suite.properties()}
    assert (found["redis_census_pools"], found["redis_census_pools_peak"]) == ("3", "3")
    assert found["redis_census_blocking_commands"] == "0"


FIXTURE = """
import asyncio, redis, redis.asyncio

URL = {!r}
before = redis.Redis.from_url(URL)


def test_one(redis_census):
    assert redis_census.pools == 0
    client = redis.Redis.from_url(URL)
    client.ping()
    before.ping()
    assert (redis_census.clients, redis_census.pools) == (1, 1)
    assert redis_census.sites() == {{"test_fixture.py:10 in test_one": 1}}
    assert redis_census.open_connections >= 1
    client.close()


def test_another_starts_anew(redis_census):
    assert redis_census.connections == 0

    async def main():
        redis.Redis.from_url(URL).ping()

    asyncio.run(main())
    assert redis_census.blocking_commands == 1
    assert redis_census.second_loops == 0
    assert redis_census.connections == 1


def test_what_a_failure_shows(redis_census):
    redis.Redis()
    assert redis_census.pools <= 0, redis_census
"""


@pytest.mark.parametrize("option", [[], ["--redis-census"]])
def test_fixture(tmp_path: Path, address: str, option: list[str]) -> None:
    write(tmp_path, {"test_fixture.py": FIXTURE.format(address)})
    done = run_pytest(tmp_path, *option)
    assert "2 passed" in done.stdout and "1 failed" in done.stdout, done.stdout
    assert "<redis_census: 1 clients and 1 pools built, 0 connections opened; pools: " in done.stdout


CHILDREN = """
import multiprocessing, os, subprocess, sys
import redis

def work():
    redis.Redis.from_url({0!r}).ping()

def test_process():
    subprocess.run([sys.executable, "worker.py"], check=True)

def test_multiprocessing():
    process = multiprocessing.get_context(sys.argv[-1] if sys.argv[-1] in ("fork", "spawn") else "fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0

def test_spawned():
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0

def test_forked():
    child = os.fork()
    if not child:
        redis.Redis()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_processes_that_tests_start(tmp_path: Path, address: str, workers: list[str]) -> None:
    program = f"import redis\n\nredis.Redis.from_url({address!r}).ping()\n"
    write(tmp_path, {"test_children.py": CHILDREN.format(address), "worker.py": program})
    census = census_of(tmp_path, *workers)
    lines = CHILDREN.splitlines()
    work = lines.index("    redis.Redis.from_url({0!r}).ping()") + 1
    forked = lines.index("        redis.Redis()") + 1
    assert pools(census) == {
        "worker.py:3": 1,
        f"test_children.py:{work}": 2,
        f"test_children.py:{forked}": 1,
    }
    assert {s["connections"]["built"] for s in census["sites"] if s["line"] in (3, work)} == {1, 2}
    assert any("worker.py" in process for process in census["processes"])


def test_environment_is_put_back(tmp_path: Path) -> None:
    conftest = (
        "import os, atexit\n\n\n"
        "def show():\n    print('after:', os.environ.get('PYTHONPATH'), os.environ.get('REDIS_CENSUS_JOURNAL'))\n\n\n"
        "atexit.register(show)\n"
    )
    write(tmp_path, {"conftest.py": conftest, "test_app.py": "def test(): pass\n"})
    assert "after: /elsewhere None" in census_of(tmp_path, PYTHONPATH="/elsewhere")["stdout"]


def test_workers_of_xdist(tmp_path: Path) -> None:
    tests = (
        "import pytest, redis\n\n\n@pytest.mark.parametrize('n', range(8))\ndef test(n):\n    redis.Redis()\n"
    )
    write(tmp_path, {"test_many.py": tests, "conftest.py": "import redis\n\nshared = redis.Redis()\n"})
    (tmp_path / "pytest.ini").write_text("[pytest]\nredis_census_max_pools = 2\n")
    census = census_of(tmp_path, "-n", "2")
    assert pools(census) == {"test_many.py:6": 8, "conftest.py:3": 3}
    assert census["processes"] == ["gw0", "gw1", "the main process"]
    assert census["pools"]["peak"] == 2


def test_workers_where_warnings_are_errors(tmp_path: Path) -> None:
    """A worker has the package loaded before pytest marks what is installed for its rewriting of asserts."""
    write(
        tmp_path,
        {
            "site/twin-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: twin\nVersion: 1\n",
            "site/twin-1.dist-info/RECORD": "flake8_redis_ssot/__init__.py,,\n",
            "site/twin-1.dist-info/entry_points.txt": "[pytest11]\nredis_ssot = flake8_redis_ssot.pytest_plugin\n",
            "test_many.py": MANY,
        },
    )
    found = {**INSTALLED, "PYTHONPATH": str(tmp_path / "site")}
    census = census_of(tmp_path, *WITHOUT_OTHERS, "-W", "error", "-n", "2", **found)
    assert (census["lost"], pools(census)) == ([], {"test_many.py:5": 3})
    assert "Warning" not in census["stdout"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone/x.json", "there is no folder {}/gone; make it, or name another"),
        ("folder.json", "cannot be written; name another file"),
    ],
)
def test_a_file_that_cannot_be_written_is_said_before_the_tests(tmp_path: Path, path: str, why: str) -> None:
    write(tmp_path, {"test_app.py": "def test(): pass\n", "folder.json/inner.txt": ""})
    done = run_pytest(tmp_path, f"--redis-census={path}")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--redis-census={path}: {why.format(tmp_path)}\n" in done.stderr
    assert "passed" not in done.stdout and "Traceback" not in done.stderr


def test_run_within_a_worker_of_another_run(tmp_path: Path) -> None:
    write(tmp_path, {"test_many.py": MANY})
    census = census_of(tmp_path, PYTEST_XDIST_WORKER="gw7")
    assert (census["processes"], census["pools"]["peak"]) == (["the main process"], 3)


def test_worker_that_dies(tmp_path: Path) -> None:
    tests = "import os\n\n\ndef test():\n    os._exit(1)\n"
    write(tmp_path, {"test_dies.py": tests})
    census = census_of(tmp_path, "-n", "1", "--max-worker-restart", "0", status=1)
    assert census["lost"] == ["gw0"]
    assert "gw0 sent no counts: it ended before it was done" in census["stdout"]


def test_installed_package_that_builds(tmp_path: Path, address: str) -> None:
    """It builds on behalf of the test's line; told to be the project's own, on its own."""
    acme = "import redis\n\n\ndef connect():\n    return redis.Redis()\n"
    tests = "import acme\n\n\ndef test():\n    acme.connect()\n"
    ini = "[pytest]\npythonpath = lib/site-packages\n"
    write(tmp_path, {"lib/site-packages/acme.py": acme, "test_app.py": tests, "pytest.ini": ini})
    (site,) = census_of(tmp_path)["sites"]
    assert (site["file"], site["line"], site["via"], site["standing"]) == (
        "test_app.py",
        5,
        "acme",
        "library",
    )
    (tmp_path / "pytest.ini").write_text(f"{ini}redis_census_packages = acme\n")
    (site,) = census_of(tmp_path)["sites"]
    assert (site["file"], site["line"], site["via"]) == ("lib/site-packages/acme.py", 5, "")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The census of the example's own tests, by two workers, before and after its migration."""
    copy = tmp_path_factory.mktemp("census") / "chat"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    phase_1(copy)
    before = census_of(copy, "-n", "2", "--dist", "loadfile")
    done = subprocess.run(
        [sys.executable, "-m", "flake8_redis_ssot", "migrate"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Migrated 5 constructions, 11 imports" in done.stdout, done.stdout + done.stderr
    return before, census_of(copy, "-n", "2", "--dist", "loadfile")


def built(census: dict[str, Any], what: str, path: str) -> int:
    return sum(site[what]["built"] for site in census["sites"] if site["file"] == path)


def test_example_before_and_after_its_migration(migrated: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = migrated
    cache, manager = "backend/app/cache/redis_cache_manager.py", "backend/app/redis_manager.py"
    for what in ("pools", "connections"):
        assert built(after, what, cache) < built(before, what, cache)
        assert built(after, what, manager) > 0
    total = [sum(site["pools"]["built"] for site in census["sites"]) for census in migrated]
    assert total[1] < total[0]
    assert {"gw0", "gw1"} <= {*before["processes"]} & {*after["processes"]}


def test_example_says_what_the_rules_say(migrated: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, _ = migrated
    standings = {(site["file"], site["standing"]) for site in before["sites"]}
    assert ("backend/app/redis_manager.py", "manager") in standings
    assert ("backend/app/websocket/typing_notice.py", "reported") in standings
    assert "missed" not in {standing for _, standing in standings}
    stalls = {site["file"] for site in before["blocking_commands"]}
    assert "backend/app/websocket/presence.py" in stalls
