"""What a report counts, and how it is told on a terminal, in JSON and in a comment on a pull request."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from repository import commit, git, write

from .conftest import SETTINGS, Reported


def test_the_numbers_are_those_of_the_plan(project: Path, run: Command, reported: Reported) -> None:
    plan = json.loads(run("plan", "--output-format", "json", cwd=project).stdout)
    report = reported()
    assert report["plan"] == plan
    assert {m["name"]: m["before"] for m in plan["measures"]} == {
        "managers": 3, "importing-files": 3, "constructions": 3, "strings": 1,
    }  # fmt: skip
    assert report["numbers"] == {
        "managers": 3, "one": 3, "any": 4, "constructions": 3, "strings": 1, "pools": 5,
    }  # fmt: skip


def test_what_is_silenced_is_listed_and_does_not_count(reported: Reported) -> None:
    found = {(f["code"], f["path"], f["line"]): f["silenced"] for f in reported()["findings"]}
    assert found == {
        ("RED201", "app/cache/store.py", 6): None,
        ("RED101", "app/hall.py", 1): None,
        ("RED201", "app/own.py", 3): None,
        ("RED201", "scripts/load.py", 3): "an allowance or per-file-ignore",
        ("RED201", "tests/test_limits.py", 3): None,
        ("RED106", "tests/test_rooms.py", 4): None,
    }


def test_what_a_baseline_puts_off_counts_all_the_same(
    project: Path, run: Command, reported: Reported
) -> None:
    before = reported()["numbers"]
    kept = SETTINGS.replace("[tool.redis-ssot]\n", '[tool.redis-ssot]\nbaseline = "known.jsonl"\n')
    write(project, {"pyproject.toml": kept})
    assert run("baseline", cwd=project).returncode == 0
    report = reported("--base", "v3", "--history", "v3")
    assert report["numbers"] == before == report["history"][0]["numbers"] == report["comparison"]["before"]
    assert {f["silenced"] for f in report["findings"] if f["path"] != "scripts/load.py"} == {"the baseline"}
    assert report["comparison"]["added"] == report["comparison"]["removed"] == []


def test_findings_are_of_the_rules_that_are_on(project: Path, run: Command, reported: Reported) -> None:
    chosen = SETTINGS.replace("[tool.redis-ssot]\n", '[tool.redis-ssot]\nselect = ["RED106"]\n')
    write(project, {"pyproject.toml": chosen})
    report = reported()
    assert [f["code"] for f in report["findings"]] == ["RED106"]
    assert report["numbers"]["constructions"] == 3


def test_pools_are_those_that_are_made(project: Path, reported: Reported) -> None:
    write(
        project,
        {
            "app/pools.py": (
                "import redis\n"
                "from app.redis_manager import redis_manager\n"
                "LIMIT = 5\n"
                "one = redis.ConnectionPool(max_connections=LIMIT)\n"
                "two = redis.Redis(connection_pool=one)\n"
                "three = redis.Redis.from_url('redis://cache?max_connections=7')\n"
                "four = redis.Redis(**{})\n"
                "\n\ndef get_redis():\n    return redis.Redis(max_connections=3)\n"
            )
        },
    )
    found = [p for p in reported()["pools"] if p["path"] == "app/pools.py"]
    assert [(p["line"], p["limit"], p["given"], p["is_anew"], p["role"]) for p in found] == [
        (4, None, "LIMIT", False, "outside"),
        (6, 7, "", False, "outside"),
        (11, 3, "", True, "outside"),
    ]


def test_tests_are_told_by_kind_with_what_says_so(project: Path, reported: Reported) -> None:
    write(
        project,
        {
            "tests/test_fake.py": "import fakeredis\n\nclient = fakeredis.FakeRedis()\n",
            "tests/test_mocked.py": "from unittest.mock import patch\n\npatch('app.redis_manager.redis_manager')\n",
            "tests/test_name.py": "path = 'redis.sock'\n",
            "tests/test_none.py": "import app\n",
            "tests/test_other.py": "from testcontainers.postgres import PostgresContainer\n\nPostgresContainer\n",
            "tests/test_container.py": "from testcontainers.redis import RedisContainer\n\nRedisContainer\n",
            "tests/test_threads.py": "import threading\n\nimport redis\n\nredis, threading\n",
        },
    )
    found = {
        t["path"].removeprefix("tests/"): dict(zip(t["kinds"], t["signs"], strict=False))
        for t in reported()["tests"]
    }
    assert found == {
        "test_container.py": {"server": "imports testcontainers.redis"},
        "test_fake.py": {"fakes": "imports fakeredis"},
        "test_mocked.py": {"fakes": "patches app.redis_manager.redis_manager"},
        "test_limits.py": {"server": "builds a client in line 3", "race": "test_race_of_two"},
        "test_rooms.py": {"fakes": "patches app.cache.store.gone"},
        "test_socket.py": {
            "websocket": "websockets",
            "server": "uses app.redis_manager, and nothing here takes its place",
        },
        "test_threads.py": {},
    }


def test_allowances_have_owner_end_and_what_they_silence(reported: Reported) -> None:
    (allowed,) = reported()["allowances"]
    assert (allowed["owner"], allowed["expires"], allowed["state"], allowed["silences"]) == (
        "@platform", "2020-01-01", "expired", 1,
    )  # fmt: skip
    assert allowed["where"] == "pyproject.toml:11"


def test_the_budget_is_of_the_processes_that_are_said_to_run(project: Path, run: Command) -> None:
    options = (
        "--processes",
        "4",
        "--processes",
        "auth=2",
        "--default-max-connections",
        "50",
        "--max-clients",
        "500",
    )
    text = run("report", *options, cwd=project).stdout
    rows = {
        line.split()[0]: line.split()[1:] for line in text.split("Connection budget")[1].splitlines() if line
    }
    assert rows["root"] == ["4", "4", "640", "40"]  # three that state nothing and the manager's
    assert rows["auth"] == ["1", "2", "20", "20"]
    assert rows["all,"][-2:] == ["660", "60"] and "500" in rows["all,"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--processes", "none"], "--processes none: say a whole number from 1 on, as 4 or auth-service=4"),
        (["--processes", "shop=2"], "--processes shop=2: there is no boundary `shop`; there are `auth`"),
        (["--max-clients", "0"], "argument --max-clients: '0' is no positive whole number"),
        (["--base", "gone"], "gone: git knows no such revision here"),
        (["--history", "v1..gone"], "gone: git knows no such revision here"),
        (
            ["--output-format", "json", "--output-file", "no/folder"],
            "no/folder: cannot be written: No such file",
        ),
    ],
)
def test_what_cannot_be_done_is_said(project: Path, run: Command, options: list[str], message: str) -> None:
    done = run("report", *options, cwd=project)
    assert done.returncode == 2 and message in done.stderr and not done.stdout


def test_without_git_only_git_is_missed(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"pyproject.toml": SETTINGS, "app/redis_manager.py": ""})
    assert run("report", cwd=tmp_path).returncode == 0
    done = run("report", "--base", "main", cwd=tmp_path)
    assert done.returncode == 2 and "git finds no repository here" in done.stderr


@pytest.mark.parametrize(("style", "missing"), [("html", "jinja2"), ("terminal", "rich")])
def test_an_extra_that_is_not_installed_is_named(
    project: Path, run: Command, monkeypatch: pytest.MonkeyPatch, style: str, missing: str
) -> None:
    for name in [
        n for n in sys.modules if n.split(".")[0] == missing or n.startswith("flake8_redis_ssot.report.")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    done = run("report", "--output-format", style, cwd=project)
    assert done.returncode == 2
    assert f"--output-format {style} needs {missing}: install `flake8-redis-ssot[report]`" in done.stderr


@pytest.fixture
def branch(project: Path) -> Path:
    """A branch that mends one thing and brings two; its base has gone on meanwhile."""
    git(project, "checkout", "-qb", "branch")
    moved = '"""Moved by lines above it."""\n\nimport redis\n\nclient = redis.Redis()\n'
    files = {
        "app/own.py": moved,
        "app/more.py": "import redis\n\nclient = redis.Redis()\n",
        "app/cache/other.py": (project / "app/cache/store.py")
        .read_text()
        .replace("import redis", "import redis\n"),
        "app/hall.py": (project / "app/rooms.py").read_text(),
        "app/lobby.py": "from app.cache.other import cache\n\ncache.get('')\n",
    }
    commit(project, files)
    git(project, "checkout", "-q", "main")
    commit(project, {"app/theirs.py": "import redis\n\nclient = redis.Redis()\n"})
    git(project, "checkout", "-q", "branch")
    return project


def test_a_branch_is_compared_with_where_it_left_its_base(branch: Path, reported: Reported) -> None:
    made = reported("--base", "main")["comparison"]
    assert made["commit"] == git(branch, "rev-parse", "v3")
    assert made["before"]["constructions"] == 3 and made["before"]["managers"] == 3
    assert [(f["code"], f["path"]) for f in made["added"]] == [
        ("RED201", "app/cache/other.py"), ("RED101", "app/lobby.py"), ("RED201", "app/more.py"),
    ]  # fmt: skip
    assert [(f["code"], f["path"]) for f in made["removed"]] == [("RED101", "app/hall.py")]
    assert (made["managers_added"], made["managers_removed"]) == (["app.cache.other"], ["app.cache.store"])


def test_a_comment_on_a_pull_request_says_first_what_the_branch_does(branch: Path, run: Command) -> None:
    text = run("report", "--output-format", "markdown", "--base", "main", cwd=branch).stdout
    head, _, rest = text.partition("<details><summary>The whole project</summary>")
    assert head.startswith(
        "<!-- redis-ssot report -->\n## Redis: this branch adds 3 findings and 1 manager, removes 1 finding and 1 manager\n"
    )
    assert "| Clients and pools built outside of a manager | 3 | 5 | +2 |" in head
    assert "- `app/more.py:3` **RED201** `redis.Redis` builds a client" in head
    assert "**Managers added:** `app.cache.other`" in head
    assert "@<!-- -->platform" in rest and rest.rstrip().endswith("</details>")


def test_a_branch_that_changes_nothing_says_so(project: Path, run: Command) -> None:
    text = run("report", "--output-format", "markdown", "--base", "main", cwd=project).stdout
    assert "## Redis: this branch changes nothing" in text and "No number has changed." in text


def test_names_cannot_format_a_comment(project: Path, run: Command) -> None:
    write(project, {"app/<b>|`x`.py": "import redis\n\nclient = redis.Redis()\n"})
    commit(project)
    write(project, {"app/<b>|`y`.py": "import redis\n\nclient = redis.Redis()\n"})
    text = run("report", "--output-format", "markdown", "--base", "HEAD", cwd=project).stdout
    assert "- `` app/<b>|`y`.py:3 `` **RED201**" in text


def test_a_terminal_is_told_without_control_characters(project: Path, run: Command) -> None:
    odd = SETTINGS.replace('owner = "@platform"', 'owner = "\\u001b[31m"')
    write(project, {"pyproject.toml": odd})
    text = run("report", cwd=project).stdout
    assert "\x1b" not in text and r"\x1b[31m" in text
    assert "The way to one manager" in text and "13" not in text.split("Managers: 3")[0]


def test_it_runs_without_a_manager_in_the_settings(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {"pyproject.toml": "[tool.redis-ssot]\n", "a.py": "import redis\n\nclient = redis.Redis()\n"},
    )
    done = run("report", "--output-format", "json", cwd=tmp_path)
    found: dict[str, Any] = json.loads(done.stdout)
    assert (
        found["numbers"]["constructions"] == 1
        and "[tool.redis-ssot] names no `manager` to migrate to" in done.stderr
    )


def test_a_narrow_terminal_breaks_no_word_and_no_bar(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("import redis\n\nclient = redis.Redis()\n")
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "a"\n')
    monkeypatch.setattr("flake8_redis_ssot.report.terminal._PIPED", 60)
    said = run("report", cwd=tmp_path).stdout
    words = said.split()
    assert {"connections", "processes", "managers"} <= {*words}
    assert any(len(word) == 20 and not word.strip("#.") for word in words)
    assert "Tests that touch Redis\nnone" in said
    assert max(map(len, said.splitlines())) <= 60
