"""RED303: a client built in a handler connects anew at every call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

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
