"""By what a module gives others a client, so that it is the manager, however few operations it has."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from conftest import Command

HOLDER = """\
import redis


class RedisManager:
    def __init__(self):
        self.client = redis.Redis()

    def get(self, key):
        return self.client.get(key)
"""
OBJECT = f"{HOLDER}\n\nredis_manager = RedisManager()\n"
BOTH = "        self.reading = redis.asyncio.Redis()\n"


def table(folder: Path, run: Command, manager: str, use: str, name: str = "app/rm.py") -> dict[str, object]:
    """What is proposed for a package whose module `rm` has this text, used in three files, beside one that builds."""
    (folder / "app").mkdir()
    (folder / "app" / "__init__.py").touch()
    (folder / name).write_text(manager)
    for number in range(3):
        (folder / "app" / f"user{number}.py").write_text(use)
    (folder / "app" / "other.py").write_text("import redis\n\nclient = redis.Redis()\n")
    proposed = tomllib.loads(run("init", cwd=folder).stdout)["tool"]["redis-ssot"]
    return {key: value for key, value in proposed.items() if key in ("manager", "instance")}


@pytest.mark.parametrize(
    ("manager", "instance", "use"),
    [
        (OBJECT, "redis_manager", "redis_manager.get(1)"),
        (OBJECT, "redis_manager", "redis_manager.client.get(1)"),
        (OBJECT.replace("redis_manager", "shared"), "shared", "shared.get(1)"),
        (OBJECT + "\n\ndef get_manager():\n    return redis_manager\n", "get_manager()", "get_manager().get(1)"),
        (HOLDER + "\n    def set(self, key, value):\n        self.client.set(key, value)\n" + OBJECT[len(HOLDER):], "redis_manager", "redis_manager.set(1, 2)"),
        (HOLDER + "\n\ndef make():\n    return RedisManager()\n\n\nstore = make()\n", "store", "store.get(1)"),
        (OBJECT.replace("redis\n", "redis.asyncio as redis\n", 1).replace("    def get", "    async def get"), "redis_manager", "redis_manager.get(1)"),
        (OBJECT.replace("()\n\n    def get", f"()\n{BOTH}\n    def get").replace("redis_manager", "manager"), "manager", "manager.get(1)"),
        (OBJECT.replace("self.client = redis.Redis()", "self.client = None\n\n    def connect(self):\n        self.client = redis.Redis()"), "redis_manager", "redis_manager.get(1)"),
        (HOLDER + "\n\nredis_manager: RedisManager | None = None\n\n\ndef start():\n    global redis_manager\n    redis_manager = RedisManager()\n", "redis_manager", "redis_manager.get(1)"),
        ("import redis\n\npool = redis.ConnectionPool()\n", "pool", "pool.disconnect()"),
        ('import redis\n\nclients = {"cache": redis.Redis(), "queue": redis.Redis(db=1)}\n', "clients", 'clients["cache"].get(1)'),
    ],
)  # fmt: skip
def test_an_object_gives_a_client(
    manager: str, instance: str, use: str, tmp_path: Path, run: Command
) -> None:
    name = instance.removesuffix("()")
    proposed = table(tmp_path, run, manager, f"from app.rm import {name}\n\n\ndef f():\n    return {use}\n")
    assert proposed == {"manager": "app.rm", "instance": instance}


def test_an_object_is_taken_from_its_module(tmp_path: Path, run: Command) -> None:
    use = "from app import rm\n\n\ndef f():\n    return rm.redis_manager.get(1)\n"
    assert table(tmp_path, run, OBJECT, use) == {"manager": "app.rm", "instance": "redis_manager"}


def test_a_function_that_makes_a_client_is_no_shared_object(tmp_path: Path, run: Command) -> None:
    manager = "import redis\n\n\ndef create_redis():\n    client = redis.Redis()\n    yield client\n    client.close()\n"
    use = "from app.rm import create_redis\n\n\ndef f(provide):\n    provide(create_redis)\n"
    assert table(tmp_path, run, manager, use) == {"manager": "app.rm"}


def test_a_module_called_after_redis_gives_what_holds_a_client(tmp_path: Path, run: Command) -> None:
    manager = OBJECT.replace("RedisManager", "Sessions").replace("redis_manager", "sessions")
    use = "from app.redis_manager import sessions\n\n\ndef f():\n    return sessions.get(1)\n"
    found = table(tmp_path, run, manager, use, "app/redis_manager.py")
    assert found == {"manager": "app.redis_manager", "instance": "sessions"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        # what is of the domain keeps its client for itself
        (OBJECT.replace("RedisManager", "Users").replace("redis_manager", "users"), "users"),
        (OBJECT.replace("RedisManager", "JobManager").replace("redis_manager", "job_manager"), "job_manager"),
        # other names of a class and of a library are no objects
        (f"{HOLDER.replace('RedisManager', 'Users')}\n\nRedis = redis.Redis\n", "Redis"),
        (f"try:\n    import redis\nexcept ImportError:\n    redis = None\n{HOLDER.replace('RedisManager', 'Users').partition('redis')[2]}", "redis"),
    ],
)  # fmt: skip
def test_what_is_no_shared_client(module: str, name: str, tmp_path: Path, run: Command) -> None:
    assert table(tmp_path, run, module, f"from app.rm import {name}\n\n\ndef f():\n    return {name}\n") == {}
