"""RED508: an asyncio client's subscription keeps its connection out of the pool until it is closed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import redis
import redis.asyncio
from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from .conftest import Server

CALLS = 20
Handler = Callable[[Redis], Awaitable[object]]


async def dropped(client: Redis) -> None:
    channel = client.pubsub()
    await channel.subscribe("news")


async def unsubscribed(client: Redis) -> None:
    channel = client.pubsub()
    await channel.subscribe("news")
    await channel.unsubscribe("news")


async def close_not_awaited(client: Redis) -> None:
    channel = client.pubsub()
    await channel.subscribe("news")
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        channel.aclose()


async def close_not_reached(client: Redis) -> None:
    channel = client.pubsub()
    with contextlib.suppress(ValueError):
        await channel.subscribe("news")
        raise ValueError
        await channel.aclose()


async def generator(client: Redis) -> None:
    async def news() -> AsyncIterator[object]:
        channel = client.pubsub()
        await channel.subscribe("news")
        async for message in channel.listen():
            yield message
        await channel.aclose()

    async for _ in news():
        break


async def generator_except(client: Redis) -> None:
    """The consumer that breaks off is no `Exception` in the generator."""

    async def news() -> AsyncIterator[object]:
        channel = client.pubsub()
        try:
            await channel.subscribe("news")
            async for message in channel.listen():
                yield message
        except Exception:
            await channel.aclose()

    async for _ in news():
        break


async def never_subscribed(client: Redis) -> None:
    client.pubsub()


async def entered(client: Redis) -> None:
    async with client.pubsub() as channel:
        await channel.subscribe("news")


async def closed(client: Redis) -> None:
    channel = client.pubsub()
    await channel.subscribe("news")
    await channel.aclose()


async def closed_by_old_names(client: Redis) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for verb in ("close", "reset"):
            channel = client.pubsub()
            await channel.subscribe("news")
            await getattr(channel, verb)()


async def generator_finally(client: Redis) -> None:
    async def news() -> AsyncIterator[object]:
        channel = client.pubsub()
        try:
            await channel.subscribe("news")
            async for message in channel.listen():
                yield message
        finally:
            await channel.aclose()

    async for _ in news():
        break


async def generator_entered(client: Redis) -> None:
    async def news() -> AsyncIterator[object]:
        async with client.pubsub() as channel:
            await channel.subscribe("news")
            async for message in channel.listen():
                yield message

    async for _ in news():
        break


BAD = [dropped, unsubscribed, close_not_awaited, close_not_reached, generator, generator_except]
GOOD = [
    never_subscribed,
    entered,
    closed,
    closed_by_old_names,
    generator_finally,
    generator_entered,
]


@pytest.mark.parametrize(
    ("handler", "left"), [(handler, CALLS) for handler in BAD] + [(handler, 0) for handler in GOOD]
)
def test_unclosed_subscription(server: Server, handler: Handler, left: int) -> None:
    async def measured() -> None:
        async with Redis.from_url(server.url) as client:
            for _ in range(CALLS):
                await handler(client)
            await asyncio.get_running_loop().shutdown_asyncgens()
            gc.collect()  # the pool itself holds what is in use
            assert await server.left(left)
        assert await server.left(0)

    asyncio.run(measured())


@pytest.mark.parametrize(("handler", "answered"), [(unsubscribed, 3), (entered, CALLS)])
def test_the_pool_runs_dry(server: Server, handler: Handler, answered: int) -> None:
    async def measured() -> int:
        count = 0
        async with Redis.from_url(server.url, max_connections=3) as client:
            with contextlib.suppress(ConnectionError):
                for _ in range(CALLS):
                    await handler(client)
                    count += 1
        return count

    assert asyncio.run(measured()) == answered


def test_a_blocking_one_gives_its_connection_back(server: Server) -> None:
    with redis.Redis.from_url(server.url) as client:
        before = server.opened()
        for _ in range(CALLS):
            client.pubsub().subscribe("news")
        assert server.opened() - before == CALLS
        assert asyncio.run(server.left(0))
