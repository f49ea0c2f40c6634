"""Exceptions: `redis-ssot allowances`, symbols, and what is said before they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, places

SETTINGS = """\
[tool.redis-ssot]
manager = "app.manager"
forbidden-managers = ["app.old"]

[[tool.redis-ssot.allow]]
paths = ["scripts/**"]
rules = ["RED2"]
reason = "raw sockets on purpose"

[[tool.redis-ssot.allow]]
paths = ["app/"]
rules = ["RED201", "RED502"]
symbols = ["redis.Redis"]
reason = "until the | worker moves"
owner = "@platform"
expires = 2027-03-01
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": SETTINGS,
        "app/manager.py": "import redis\n\nmanager = redis.Redis()\n",
        "app/old.py": "cache = 1\n",
        "app/user.py": "import redis\n\none = redis.Redis(db=1)\ntwo = redis.Redis(db=2)\n",
        "app/kept.py": "from app.old import cache  # noqa: RED101 - the job goes in May\n"
        "from app.old import (  # noqa: RED101, E501\n    cache as other,\n)\n",
        "scripts/load.py": "import redis\n\nclient = redis.Redis(db=3)  # noqa: RED\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def listed(root: Path, run: Command, *arguments: str) -> dict[str, Any]:
    said = run("allowances", "--output-format", "json", *arguments, cwd=root)
    assert (said.returncode, said.stderr) == (0, "")
    found = json.loads(said.stdout)
    assert isinstance(found, dict)
    return found


def test_it_lists_who_owns_what_until_when(project: Path, run: Command) -> None:
    first, second = listed(project, run, "--today", "2027-01-01")["allowances"]
    assert first == {
        "filename": "pyproject.toml",
        "line": 10,
        "paths": ["app/"],
        "rules": ["RED201", "RED502"],
        "symbols": ["redis.Redis"],
        "reason": "until the | worker moves",
        "owner": "@platform",
        "expires": "2027-03-01",
        "days_left": 59,
        "state": "lasting",
        "silences": 2,
    }
    assert [second[key] for key in ("owner", "expires", "days_left", "state", "silences")] == [
        None, None, None, "lasting", 1
    ]  # fmt: skip


def test_it_lists_comments_with_their_reasons(project: Path, run: Command) -> None:
    comments = listed(project, run)["comments"]
    assert [(c["filename"], c["line"], c["codes"], c["reason"], c["silences"]) for c in comments] == [
        ("app/kept.py", 1, ["RED101"], "the job goes in May", 1),
        ("app/kept.py", 2, ["RED101"], "", 0),
        ("scripts/load.py", 3, ["RED"], "", 1),
    ]


@pytest.mark.parametrize(
    ("today", "state", "text"),
    [
        ("2027-02-14", "lasting", "until 2027-03-01"),
        ("2027-02-15", "ending", "ENDS on 2027-03-01, in 14 days"),
        ("2027-02-28", "ending", "ENDS on 2027-03-01, in 1 day;"),
        ("2027-03-01", "ending", "ENDS on 2027-03-01, today"),
        ("2027-03-02", "expired", "EXPIRED on 2027-03-01, 1 day ago"),
    ],
)
def test_it_marks_what_ends_soon(today: str, state: str, text: str, project: Path, run: Command) -> None:
    assert listed(project, run, "--today", today)["allowances"][0]["state"] == state
    said = run("allowances", "--today", today, cwd=project).stdout
    entry = "  pyproject.toml:10: RED201, RED502 in app/, only redis.Redis: silences 2; @platform, "
    assert entry + text in said
    checked = run("check", "--output-format", "concise", "--today", today, cwd=project)
    assert ("this exception of @platform ends" in checked.stderr) == (state == "ending")
    codes = [code for *_, code in places(checked.stdout)]
    assert codes == ["RED101"] + ["RED901"] * (state == "expired")


def test_the_warning_is_one_line_and_no_diagnostic(project: Path, run: Command) -> None:
    (project / "app/kept.py").unlink()
    checked = run("check", "--today", "2027-02-20", cwd=project)
    assert checked.returncode == 0
    assert checked.stderr == (
        "warning: pyproject.toml:10: this exception of @platform ends in 9 days, on 2027-03-01 (its reason: until "
        "the | worker moves); end what it allows, or give it a new date\n"
    )
    assert run("check", "-q", "--today", "2027-02-20", cwd=project).stderr == ""


def test_it_lists_them_as_markdown(project: Path, run: Command) -> None:
    said = run("allowances", "--output-format", "markdown", "--today", "2027-01-01", cwd=project).stdout
    assert said.startswith("# 2 allowances\n\n| Entry | Rules | Paths and symbols |")
    assert (
        "| pyproject.toml:10 | RED201, RED502 | app/, redis.Redis | @platform | until 2027-03-01 | 2 |"
        " until the \\| worker moves |" in said
    )
    assert "| app/kept.py:1 | RED101 | 1 | the job goes in May |" in said


def test_a_project_without_any_says_so(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text("import redis\n")
    assert run("allowances", cwd=tmp_path).stdout == "Allowances: none\n\nnoqa comments: none\n"
    assert "none\n" in run("allowances", "--output-format", "markdown", cwd=tmp_path).stdout


def test_a_date_is_a_date(project: Path, run: Command) -> None:
    for command in ("check", "allowances"):
        refused = run(command, "--today", "tomorrow", cwd=project)
        assert refused.returncode == 2 and "`tomorrow` is no date; write it as 2027-03-01" in refused.stderr


STALLING = "import redis\n\nc: redis.Redis = get()\n\n\nasync def f():\n    c.get('a')\n"
SYMBOLS = [
    ("redis.Redis", "import redis\n\nc = redis.Redis()\n", True),
    ("redis.Redis", "from redis.client import StrictRedis\n\nc = StrictRedis()\n", True),
    ("redis.client.Redis", "import redis\n\nc = redis.Redis()\n", True),
    ("redis.Redis", "import redis\n\nc = redis.Redis.from_url('redis://')\n", True),
    ("redis.Redis.from_url", "import redis\n\nc = redis.Redis()\n", False),
    ("redis.Redis", "import redis.asyncio\n\nc = redis.asyncio.Redis()\n", False),
    ("redis.asyncio.*", "import redis.asyncio\n\nc = redis.asyncio.Redis()\n", True),
    ("redis.Redis", "import redis\n\nx = {'a': redis.Redis}\nc = x['a']()\n", True),
    ("redis.ConnectionPool", "import redis\n\nc = redis.Redis()\n", False),
    ("redis", "import redis\n\nc = redis.Redis()\n", True),
    ("redis.asyncio", "import redis\n\nc = redis.Redis()\n", False),
    ("redis.sentinel", "import redis\n\nc = redis.Redis()\n", False),
    ("redis.sentinel.**", "import redis\n\nc = redis.Redis()\n", False),
    ("redis.sentinel.Redis", "import redis\n\nc = redis.Redis.from_url('redis://')\n", True),
    ("redis.cluster", "import redis\n\nc = redis.RedisCluster()\n", True),
    ("redisvl", "import redis\n\nc = redis.Redis.from_url('redis://')\n", False),
    ("redis_om", "import redis_om\n\nc = redis_om.get_redis_connection()\n", True),
    ("redis.Redis", STALLING, True),
    ("redis.ConnectionPool", STALLING, False),
    ("app.old.cache", "from app.old import cache\n", True),
    ("app.old.other", "from app.old import cache\n", False),
    ("REDIS_URL", "import os\n\nu = os.environ['REDIS_URL']\n", True),
    ("REDIS_DB", "import os\n\nu = os.environ['REDIS_URL']\n", False),
]


@pytest.mark.parametrize(("symbol", "text", "is_allowed"), SYMBOLS)
def test_a_symbol_narrows_an_entry(
    symbol: str, text: str, is_allowed: bool, project: Path, run: Command
) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old"]\nextend-select = ["RED602"]\n'
        f'[[tool.redis-ssot.allow]]\npaths = ["app/user.py"]\nrules = ["ALL"]\nsymbols = ["{symbol}"]\nreason = "r"\n'
    )
    (project / "app/user.py").write_text(text)
    for module, arguments in (
        ("flake8_redis_ssot", ["check", "--output-format", "concise"]),
        ("flake8", ["--select", "RED"]),
    ):
        said = run(*arguments, "app/user.py", cwd=project, module=module)
        assert said.stderr == ""
        assert (not [p for p in places(said.stdout) if p[0] == "app/user.py"]) is is_allowed


def test_a_file_that_silences_itself_or_cannot_be_read_lists_no_comments(project: Path, run: Command) -> None:
    (project / "app/kept.py").write_text("# flake8: noqa\nfrom app.old import cache  # noqa: RED101\n")
    (project / "scripts/load.py").write_bytes(b"# coding: martian\n# noqa: RED201 - why not\n")
    assert listed(project, run)["comments"] == []
