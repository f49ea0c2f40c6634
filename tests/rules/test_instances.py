"""What `instance` may name in a manager: an object, or the call of what hands it out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import FIXTURES, Command

MANAGER = FIXTURES / "RED403" / "project_instances"


def said(instance: str, folder: Path, run: Command) -> str:
    shutil.copytree(MANAGER, folder / "project")
    table = f'[tool.redis-ssot]\nmanager = "app.redis.manager"\ninstance = "{instance}"\n'
    (folder / "project" / "pyproject.toml").write_text(table)
    select = ("--select", "RED403", "--output-format", "concise", "--no-cache")
    return run("check", *select, cwd=folder / "project").stdout


@pytest.mark.parametrize(
    "instance",
    [
        # an object, what it has, and what a call gives
        "redis_manager", "redis_manager.client", "redis_manager.prefix", "redis_manager.pool",
        "redis_manager.connection()", "redis_client", "called", "called()", "called.client",
        "get_manager()", "get_client()", "get_async()",
        # classes that offer something themselves, or give the same object at each call
        "Static", "Holder", "Holder.client", "RedisManager.prefix", "Single()", "Borrowing()",
        # what sources do not tell: what a call of an attribute is, bases, decorators, generators, later assignments
        "redis_manager.client()", "redis_client.nothing", "opened.nothing", "opened()", "Open", "Wrapped",
        "Wrapped()", "made.nothing", "made()", "later.nothing", "later()", "either.nothing", "either()",
        "dependency", "proxy", "redis_manager.late",
    ],
)  # fmt: skip
def test_what_may_be_shared_is_not_reported(instance: str, tmp_path: Path, run: Command) -> None:
    assert said(instance, tmp_path, run) == "All checks passed!\n"


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ("redis_manager.clinet", "has no `clinet`, named in `instance`; did you mean `client`?"),
        ("redis_manager.nothing", "`app.redis.manager.redis_manager` has no `nothing`, named in `instance`; correct"),
        ("called.clinet", "did you mean `client`?"),
        ("RedisManager.perfix", "`app.redis.manager.RedisManager` has no `perfix`"),
        ("redis_manager()", "`redis_manager` is an object that cannot be called; write `redis_manager` in"),
        ("redis_client()", "`redis_client` is an object that cannot be called"),
        ("RedisManager", "`RedisManager` is a class; did you mean `redis_manager`?"),
        ("RedisManager()", "`RedisManager()` makes a new object at each call; did you mean `redis_manager`?"),
        ("Second", "`Second` is a class; name the object that is shared"),
        ("Second()", "`Second()` makes a new object at each call; name the object that is shared"),
        ("Called", "`Called` is a class; did you mean `called`?"),
        ("Borrowing", "`Borrowing` is a class"),
        ("get_manager", "`get_manager` is a function; write `get_manager()` in `instance`"),
        ("get_client", "write `get_client()`"),
        ("get_async", "write `get_async()`"),
        ("redis_manager.connection", "`redis_manager.connection` is a function; write `redis_manager.connection()`"),
    ],
)  # fmt: skip
def test_what_is_none_says_what_to_write(instance: str, message: str, tmp_path: Path, run: Command) -> None:
    assert message in said(instance, tmp_path, run)
