"""RED306: an asyncio client that a function forgets stays connected until the garbage collector runs."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable

import pytest
import redis.asyncio as redis

from .conftest import Server

CALLS = 20


@pytest.mark.usefixtures("collector_off")
def test_unclosed_client(server: Server) -> None:
    async def bad() -> None:
        client = redis.Redis.from_url(server.url)
        await client.get("key")

    async def good() -> None:
        async with redis.Redis.from_url(server.url) as client:
            await client.get("key")

    async def measured(call: Callable[[], Awaitable[None]], left: int) -> None:
        for _ in range(CALLS):
            await call()
        assert await server.left(left)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        assert await server.left(0)

    asyncio.run(measured(bad, left=CALLS))
    asyncio.run(measured(good, left=0))
