"""RED507: an asyncio client's connections belong to the loop that opened them; the next loop fails on them."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import redis.asyncio as redis

from .conftest import Server

CALLS = 4
Work = Callable[[], Coroutine[Any, Any, object]]
Run = Callable[[Work], object]


def asyncio_run(work: Work) -> object:
    return asyncio.run(work())


def asyncio_runner(work: Work) -> object:
    with asyncio.Runner() as runner:
        return runner.run(work())


def new_event_loop(work: Work) -> object:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work())
    finally:
        loop.close()


def failed(run: Run, work: Work) -> int:
    """How many of the calls could not use their connection."""
    count = 0
    for _ in range(CALLS):
        try:
            run(work)
        except RuntimeError as error:
            assert "loop" in str(error)
            count += 1
    return count


def collected(server: Server, left: int) -> bool:
    """Whether `left` connections are open after the garbage collector ran."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
    return asyncio.run(server.left(left))


def client(url: str) -> Callable[[], redis.Redis]:
    shared = redis.Redis.from_url(url)
    return lambda: shared


def one_connection(url: str) -> Callable[[], redis.Redis]:
    shared = redis.Redis.from_url(url, single_connection_client=True)
    return lambda: shared


def pool(url: str) -> Callable[[], redis.Redis]:
    shared = redis.ConnectionPool.from_url(url)
    return lambda: redis.Redis(connection_pool=shared)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector_off")
@pytest.mark.parametrize("run", [asyncio_run, asyncio_runner, new_event_loop])
@pytest.mark.parametrize("shared", [client, one_connection, pool])
def test_client_across_loops(server: Server, shared: Callable[..., Any], run: Run) -> None:
    def measured() -> tuple[int, int]:
        """(calls that failed, connections open in the end)."""
        get_client = shared(server.url)

        async def bad() -> None:
            await get_client().get("key")

        return failed(run, bad), server.connections()

    async def good() -> None:
        async with redis.Redis.from_url(server.url) as own:
            await own.get("key")

    assert measured() == (CALLS // 2, CALLS // 2), "every second call meets what the one before left behind"
    assert collected(server, 0)

    assert failed(run, good) == 0
    assert asyncio.run(server.left(0))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector_off")
def test_what_fails_was_carried_out(server: Server) -> None:
    """The command is sent and its answer is never read: who tries again counts twice."""

    def measured() -> int:
        shared = redis.Redis.from_url(server.url)
        return failed(asyncio_run, lambda: count(shared))

    async def count(used: redis.Redis) -> None:
        await used.incr("counter")

    assert measured() == CALLS // 2
    assert server.admin.get("counter") == str(CALLS)
    assert collected(server, 0)


@pytest.mark.usefixtures("collector_off")
@pytest.mark.parametrize("shared", [client, pool])
def test_one_loop_reused(server: Server, shared: Callable[..., Any]) -> None:
    get_client = shared(server.url)

    async def work() -> None:
        await get_client().get("key")

    with asyncio.Runner() as runner:
        assert failed(lambda work: runner.run(work()), work) == 0
        assert server.connections() == 1
        runner.run(get_client().connection_pool.disconnect())
    assert asyncio.run(server.left(0))


@pytest.mark.parametrize("run", [asyncio_run, asyncio_runner, new_event_loop])
def test_closed_in_each_loop(server: Server, run: Run) -> None:
    """What is closed before its loop ends connects anew in the next; a pool is closed by itself."""
    shared = redis.Redis.from_url(server.url)

    async def closes_client() -> None:
        await shared.get("key")
        await shared.aclose()

    borrowed = redis.ConnectionPool.from_url(server.url)

    async def closes_pool() -> None:
        await redis.Redis(connection_pool=borrowed).get("key")
        await borrowed.disconnect()

    assert failed(run, closes_client) == failed(run, closes_pool) == 0
    assert asyncio.run(server.left(0))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector_off")
def test_client_that_leaves_its_pool_open(server: Server) -> None:
    """Closing a client does not close the pool that it was given: the next loop finds its connections."""

    def measured() -> int:
        get_client = pool(server.url)

        async def closes_client() -> None:
            async with get_client() as borrower:
                await borrower.get("key")

        return failed(asyncio_run, closes_client)

    assert measured() == CALLS // 2
    assert collected(server, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collector_off")
def test_a_full_pool_keeps_its_loop(server: Server) -> None:
    """Where commands had to queue the queue is the first loop's, and closing the client does not help."""

    def build() -> redis.Redis:
        return redis.Redis.from_pool(
            redis.BlockingConnectionPool.from_url(server.url, max_connections=1, timeout=60)
        )

    async def at_once(used: redis.Redis) -> None:
        answers: list[Awaitable[object]] = [used.get("key"), used.get("key")]
        try:
            await asyncio.gather(*answers)
        finally:
            await used.aclose()

    def measured() -> int:
        shared = build()
        return failed(asyncio_run, lambda: at_once(shared))

    assert measured() == CALLS - 1, "all but the first"
    assert failed(asyncio_run, lambda: at_once(build())) == 0
    assert collected(server, 0)
