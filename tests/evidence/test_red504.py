"""RED504: an async command that nobody awaits is never sent, and its coroutine counts as true."""

from __future__ import annotations

import asyncio
import warnings

import pytest
import redis.asyncio as redis

from .conftest import Server


def test_unawaited_async_command(server: Server) -> None:
    async def bad() -> bool:
        async with redis.Redis.from_url(server.url) as client:
            with pytest.warns(RuntimeWarning, match="was never awaited"):
                client.set("key", "value")
            with pytest.warns(RuntimeWarning, match="was never awaited"):
                return bool(client.exists("nothing"))

    async def good() -> bool:
        async with redis.Redis.from_url(server.url) as client:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                await client.set("key", "value")
                return bool(await client.exists("nothing"))

    assert asyncio.run(bad()) is True
    assert server.admin.get("key") is None
    assert asyncio.run(good()) is False
    assert server.admin.get("key") == "value"


@pytest.mark.parametrize("verb", ["disconnect", "aclose"])
def test_unawaited_close_of_a_pool(server: Server, verb: str) -> None:
    async def measured() -> None:
        pool = redis.ConnectionPool.from_url(server.url)
        await redis.Redis(connection_pool=pool).get("key")
        with pytest.warns(RuntimeWarning, match="was never awaited"):
            getattr(pool, verb)()
        assert await server.left(1)
        await redis.Redis(connection_pool=pool).get("key")
        assert await server.left(1), "it is still the same connection that is used"
        await getattr(pool, verb)()
        assert await server.left(0)

    before = server.opened()
    asyncio.run(measured())
    assert server.opened() - before == 1
