"""RED304: a client that owns a shared pool closes the connections of all who use the pool."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import SimpleNamespace

import redis.asyncio as redis
from redis.exceptions import ConnectionError, WatchError

from .conftest import Server, until

OTHERS = 2  # one waits for a job, one for news
REQUESTS = 20
Build = Callable[[redis.ConnectionPool], redis.Redis]


def test_borrowed_pool_owned(server: Server) -> None:
    async def measured(build: Build, left: int) -> tuple[bool, int]:
        """(whether the other got its job, subscribers) after one client was used and closed."""
        server.admin.delete("jobs")
        pool = redis.ConnectionPool.from_url(server.url, socket_timeout=60)
        waiting = asyncio.create_task(redis.Redis(connection_pool=pool).blpop("jobs", 60))
        channel = redis.Redis(connection_pool=pool).pubsub()
        await channel.subscribe("news")
        assert await until(lambda: server.blocked() == 1 and server.admin.publish("news", "") == 1)
        client = build(pool)
        await client.get("key")
        assert server.connections() == OTHERS + 1
        await client.aclose()
        assert await server.left(left)
        subscribers = server.admin.publish("news", "")
        server.admin.rpush("jobs", "job")
        answer = (await asyncio.gather(waiting, return_exceptions=True))[0]
        assert isinstance(answer, ConnectionError | list | tuple)
        await channel.aclose()
        await pool.disconnect()
        assert await server.left(0)
        return not isinstance(answer, ConnectionError), subscribers

    assert asyncio.run(measured(redis.Redis.from_pool, left=0)) == (False, 0)
    assert asyncio.run(measured(borrowed, left=OTHERS + 1)) == (True, 1)


def borrowed(pool: redis.ConnectionPool) -> redis.Redis:
    return redis.Redis(connection_pool=pool)


def test_a_watch_is_forgotten(server: Server) -> None:
    async def measured(build: Build) -> str:
        """The balance after one took all that it saw, and another added 5 in between."""
        pool = redis.ConnectionPool.from_url(server.url)
        server.admin.set("balance", 10)
        async with redis.Redis(connection_pool=pool).pipeline() as pipe:
            await pipe.watch("balance")
            seen = int(await pipe.get("balance"))
            client = build(pool)
            await client.incrby("balance", 5)
            await client.aclose()
            pipe.multi()
            pipe.set("balance", seen - 10)
            with contextlib.suppress(WatchError):
                await pipe.execute()
        await pool.disconnect()
        return server.admin.get("balance")

    assert asyncio.run(measured(redis.Redis.from_pool)) == "0", "the other's 5 are lost"
    assert asyncio.run(measured(borrowed)) == "15"


def test_pool_of_an_application(server: Server) -> None:
    async def measured(build: Build) -> tuple[bool, int]:
        """(whether a request that waits is answered, connections that `REQUESTS` others open)."""
        server.admin.delete("jobs")
        app = SimpleNamespace(state=SimpleNamespace())
        app.state.pool = redis.ConnectionPool.from_url(server.url, socket_timeout=60)

        async def slow() -> object:
            async with build(app.state.pool) as client:
                return await client.blpop("jobs", 60)

        async def quick() -> None:
            async with build(app.state.pool) as client:
                await client.get("key")

        waiting = asyncio.create_task(slow())
        assert await until(lambda: server.blocked() == 1)
        before = server.opened()
        for _ in range(REQUESTS):
            await quick()
        opened = server.opened() - before
        server.admin.rpush("jobs", "job")
        answer = (await asyncio.gather(waiting, return_exceptions=True))[0]
        assert isinstance(answer, ConnectionError | list | tuple)
        await app.state.pool.disconnect()
        assert await server.left(0)
        return not isinstance(answer, ConnectionError), opened

    assert asyncio.run(measured(redis.Redis.from_pool)) == (False, REQUESTS)
    assert asyncio.run(measured(borrowed)) == (True, 1)
