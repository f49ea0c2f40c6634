"""RED502: while a blocking client waits in a coroutine, nothing else runs on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import redis
import redis.asyncio

from .conftest import Server


def test_sync_client_in_async(server: Server) -> None:
    blocking = redis.Redis.from_url(server.url, socket_timeout=60)

    async def bad() -> object:
        return blocking.blpop("jobs", 1)

    async def good() -> object:
        async with redis.asyncio.Redis.from_url(server.url, socket_timeout=60) as client:
            return await client.blpop("jobs", 60)

    assert asyncio.run(measured(server, bad)) == (None, 0), "it waits for who waits for it"
    job, turns = asyncio.run(measured(server, good))
    assert job and turns > 0
    blocking.close()


async def measured(server: Server, consume: Callable[[], Awaitable[object]]) -> tuple[object, int]:
    """What the consumer got, and the turns that another task had meanwhile; that task is the producer."""
    turns = 0

    async def produce() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1
            server.admin.rpush("jobs", "job")

    task = asyncio.create_task(produce())
    await asyncio.sleep(0)
    job, meanwhile = await consume(), turns
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return job, meanwhile
