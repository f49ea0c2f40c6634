"""A project on its way to one manager, with a boundary, tests of each kind, and a history of three tags."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from repository import commit, git

SETTINGS = """\
[tool.redis-ssot]
manager = "app.redis_manager"
instance = "redis_manager"
forbidden-managers = ["app.cache.**"]

[[tool.redis-ssot.boundary]]
name = "auth"
paths = ["auth/**"]
manager = "auth.redis_manager"

[[tool.redis-ssot.allow]]
paths = ["scripts/**"]
rules = ["RED201"]
reason = "loads on purpose"
owner = "@platform"
expires = 2020-01-01
"""
MANAGER = """\
import redis


class RedisManager:
    def __init__(self) -> None:
        self._client = redis.Redis(max_connections=10)

    def get(self, key: str) -> str | None:
        return self._client.get(key)

    def set(self, key: str, value: str) -> None:
        self._client.set(key, value)


redis_manager = RedisManager()
"""
STORE = (
    MANAGER.replace("RedisManager", "Cache")
    .replace("redis_manager", "cache")
    .replace("max_connections=10", "")
    + "\n\ndef touch() -> None:\n    cache.get('a')\n"
).replace("    def set(", "    def remember(")
OLD = "from app.cache.store import cache\n\n\ndef title(room: str) -> None:\n    cache.remember(room, '')\n"
NEW = "from app.redis_manager import redis_manager\n\n\ndef title(room: str) -> None:\n    redis_manager.get(room)\n"
FIRST = {
    "pyproject.toml": SETTINGS,
    "app/redis_manager.py": MANAGER,
    "app/cache/store.py": STORE,
    "app/rooms.py": OLD,
    "app/hall.py": OLD,
    "app/own.py": "import redis\n\nPOOL = redis.ConnectionPool(max_connections=50)\nclient = redis.Redis()\n",
    "auth/redis_manager.py": MANAGER,
    "auth/login.py": "from auth.redis_manager import redis_manager\n\nredis_manager\n",
    "scripts/load.py": "import redis\n\nclient = redis.Redis()\n",
    "tests/test_rooms.py": "from unittest import mock\n\n\n@mock.patch('app.cache.store.gone')\ndef test_title(gone):\n    pass\n",
}
SECOND = {
    "app/rooms.py": NEW,
    "tests/test_limits.py": "import redis\n\nclient = redis.Redis()\n\n\ndef test_race_of_two():\n    pass\n",
}
THIRD = {
    "app/own.py": "import redis\n\nclient = redis.Redis()\n",
    "tests/test_socket.py": "import websockets\n\nfrom app.redis_manager import redis_manager\n\nwebsockets, redis_manager\n",
}

Reported = Callable[..., dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    top = tmp_path / "chat"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    commit(top, FIRST, tag="v1", date="2026-01-01T12:00:00+09:00")
    commit(top, SECOND, tag="v2", date="2026-02-01T12:00:00Z")
    commit(top, THIRD, tag="v3", date="2026-03-01T12:00:00-08:00")
    return top


@pytest.fixture
def reported(project: Path, run: Command) -> Reported:
    """The report as JSON has it, with these options."""

    def report(*options: str) -> dict[str, Any]:
        done = run("report", "--output-format", "json", *options, cwd=project)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    return report
