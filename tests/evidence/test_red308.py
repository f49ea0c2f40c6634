"""RED308: closing a client leaves the pool that it was given open, with all its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import redis.asyncio

from .conftest import Server

PEAK = 4


async def aclose(client: Any) -> None:
    await client.aclose()


async def leave(client: Any) -> None:
    async with client:
        pass


async def disconnect(client: Any) -> None:
    await client.connection_pool.disconnect()


async def aclose_pool(client: Any) -> None:
    await client.connection_pool.aclose()


async def aclose_both(client: Any) -> None:
    await client.aclose(close_connection_pool=True)


def given(pool: Any) -> Any:
    return redis.asyncio.Redis(connection_pool=pool)


def owned(pool: Any) -> Any:
    return redis.asyncio.Redis.from_pool(pool)


@pytest.mark.parametrize(
    ("build", "shutdown", "left"),
    [
        (given, aclose, PEAK),
        (given, leave, PEAK),
        (given, disconnect, 0),
        (given, aclose_pool, 0),
        (given, aclose_both, 0),
        (owned, aclose, 0),
        (owned, leave, 0),
    ],
)
def test_pool_left_open(
    server: Server,
    build: Callable[[Any], Any],
    shutdown: Callable[[Any], Awaitable[None]],
    left: int,
) -> None:
    async def measured() -> None:
        pool = redis.asyncio.ConnectionPool.from_url(server.url, socket_timeout=60)
        client = build(pool)
        assert await server.at_once([client], each=PEAK, held=PEAK) == (PEAK, PEAK)
        await shutdown(client)
        assert await server.left(left)
        await pool.disconnect()
        assert await server.left(0)

    asyncio.run(measured())


@pytest.mark.parametrize(
    ("build", "shutdown", "left"),
    [
        (lambda pool: redis.Redis(connection_pool=pool), redis.Redis.close, 1),
        (lambda pool: redis.Redis(connection_pool=pool), lambda client: client.connection_pool.close(), 0),
        (
            lambda pool: redis.Redis(connection_pool=pool),
            lambda client: client.connection_pool.disconnect(),
            0,
        ),
        (redis.Redis.from_pool, redis.Redis.close, 0),
    ],
    ids=["client", "pool.close", "pool.disconnect", "from_pool"],
)
def test_blocking_pool_left_open(
    server: Server, build: Callable[[Any], Any], shutdown: Callable[[Any], None], left: int
) -> None:
    pool = redis.ConnectionPool.from_url(server.url)
    client = build(pool)
    client.get("key")
    shutdown(client)
    assert asyncio.run(server.left(left))
    pool.disconnect()
    assert asyncio.run(server.left(0))
