"""RED506: the deprecated names warn; what replaces them does not, and does the same."""

from __future__ import annotations

import asyncio
import warnings

import pytest
import redis
import redis.asyncio

from .conftest import Server


def test_deprecated_redis_api(server: Server) -> None:
    async def bad() -> None:
        with pytest.warns(DeprecationWarning, match="auto_close_connection_pool"):
            client = redis.asyncio.Redis.from_url(server.url, auto_close_connection_pool=True)
        await client.get("key")
        with pytest.warns(DeprecationWarning, match="aclose"):
            await client.close()
        assert await server.left(0)

    async def good() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            client = redis.asyncio.Redis.from_url(server.url)
            await client.get("key")
            await client.aclose()
        assert await server.left(0)

    asyncio.run(bad())
    asyncio.run(good())
    assert redis.StrictRedis is redis.Redis
