"""RED303: a client built in a handler connects anew at every call."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis.asyncio as redis

from .conftest import Server

CALLS = 20


def test_pool_per_call(server: Server, manager: Any) -> None:
    async def bad() -> None:
        async with redis.Redis.from_url(server.url) as client:
            await client.get("key")

    async def good() -> None:
        await manager.client.get("key")

    async def opened(handler: Callable[[], Awaitable[None]]) -> int:
        before = server.opened()
        for _ in range(CALLS):
            await handler()
        count = server.opened() - before
        await manager.close()
        return count

    assert asyncio.run(opened(bad)) == CALLS
    assert asyncio.run(opened(good)) == 1


@pytest.mark.usefixtures("collector_off")
def test_pool_in_accessor(server: Server) -> None:
    """The client alone comes out: closing it leaves the pool, which nobody has, open."""
    shared = redis.ConnectionPool.from_url(server.url)

    def bad() -> redis.Redis:
        pool = redis.ConnectionPool.from_url(server.url)
        return redis.Redis(connection_pool=pool)

    def good() -> redis.Redis:
        return redis.Redis(connection_pool=shared)

    async def handler(accessor: Callable[[], redis.Redis]) -> None:
        async with accessor() as client:
            await client.get("key")

    async def measured(accessor: Callable[[], redis.Redis], opened: int) -> None:
        before = server.opened()
        for _ in range(CALLS):
            await handler(accessor)
        assert server.opened() - before == opened
        assert await server.left(opened)
        collect()
        await shared.disconnect()
        assert await server.left(0)

    asyncio.run(measured(bad, opened=CALLS))
    asyncio.run(measured(good, opened=1))


class _Singleton:
    one: Any = None

    def __new__(cls, url: str) -> Any:
        if cls.one is None:
            cls.one = super().__new__(cls)
            cls.one.client = redis.Redis.from_url(url)
        return cls.one


@pytest.mark.usefixtures("collector_off")
def test_init_of_a_singleton(server: Server) -> None:
    """`__init__` runs at every call, also where `__new__` hands out the same object."""

    class Bad(_Singleton):
        one = None

        def __init__(self, url: str) -> None:
            self.client = redis.Redis.from_url(url)

    class Good(_Singleton):
        one = None

    async def measured(manager: Callable[[str], Any], opened: int) -> None:
        before = server.opened()
        for _ in range(CALLS):
            await manager(server.url).client.get("key")
        assert server.opened() - before == opened
        await manager.one.client.aclose()
        assert await server.left(opened - 1)
        collect()
        assert await server.left(0)

    asyncio.run(measured(Bad, opened=CALLS))
    asyncio.run(measured(Good, opened=1))


def collect() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
