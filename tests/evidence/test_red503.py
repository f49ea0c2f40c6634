"""RED503: awaiting a blocking client fails with a TypeError, after the command has been carried out."""

from __future__ import annotations

import asyncio

import pytest
import redis
import redis.asyncio

from .conftest import Server


def test_awaited_sync_client(server: Server) -> None:
    async def bad() -> None:
        with redis.Redis.from_url(server.url) as client:
            with pytest.raises(TypeError, match="await"):
                await client.incr("counter")
            with pytest.raises(TypeError, match="await"):
                await client.get("counter")

    async def good() -> bytes | None:
        async with redis.asyncio.Redis.from_url(server.url) as client:
            await client.incr("counter")
            return await client.get("counter")

    asyncio.run(bad())
    assert server.admin.get("counter") == "1", "who tries again counts twice"
    server.admin.delete("counter")
    assert asyncio.run(good()) == b"1"
