"""What the counts say of code that really runs, on real servers."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import Iterator

import coredis
import fakeredis
import pytest
import redis
import redis.asyncio
import redis.asyncio.cluster
import redis.asyncio.sentinel
import redis.cluster
import redis.sentinel
import valkey
import valkey.asyncio

from flake8_redis_ssot.census.census import Census
from flake8_redis_ssot.census.counts import added, from_json
from flake8_redis_ssot.census.sites import Origin, Site

from .conftest import until


def here(offset: int = 0) -> int:
    """The line of the caller."""
    frame = inspect.currentframe()
    assert frame and frame.f_back
    return frame.f_back.f_lineno + offset


def lines(census: Census, what: str) -> dict[int, int]:
    """How many there ever were, by the line that builds them."""
    return {
        origin.site.line: ever
        for origin, counts in census.counts().origins.items()
        if (ever := getattr(counts, what).ever)
    }


def test_client_pool_and_connection_by_site(census: Census, address: str) -> None:
    client = redis.Redis.from_url(address)
    built = here(-1)
    client.set("key", "value")
    (origin,) = census.counts().origins
    assert origin == Origin(Site(__file__, built, "test_client_pool_and_connection_by_site"), "redis")
    counts = census.counts().origins[origin]
    assert (counts.clients.now, counts.pools.now, counts.connections.now) == (1, 1, 1)
    client.close()
    counts = census.counts().origins[origin]
    assert (counts.connections.ever, counts.connections.now, counts.connections.peak) == (1, 0, 1)
    del client
    gc.collect()
    counts = census.counts().origins[origin]
    assert (counts.clients.ever, counts.clients.now) == (1, 0)
    assert (counts.pools.ever, counts.pools.now, counts.pools.peak) == (1, 0, 1)


def test_dropped_client_closes_its_connection(census: Census, address: str) -> None:
    redis.Redis.from_url(address).ping()
    gc.collect()
    assert census.counts().total("connections").now == 0
    assert census.counts().total("connections").ever == 1


class Tracking(redis.Redis):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)


class Singleton(type(redis.Redis)):
    def __call__(cls, *args: object, **kwargs: object) -> object:
        return super().__call__(*args, **kwargs)


class Only(redis.Redis, metaclass=Singleton):
    pass


@pytest.mark.parametrize("kind", [Tracking, Only])
def test_subclass_is_built_where_it_is_called(census: Census, kind: type[redis.Redis]) -> None:
    client = kind()
    assert lines(census, "clients") == lines(census, "pools") == {here(-1): 1}
    assert client is not None


def test_borrowed_pool_is_one_pool(census: Census, address: str) -> None:
    pool = redis.ConnectionPool.from_url(address)
    made = here(-1)
    clients = [redis.Redis(connection_pool=pool) for _ in range(3)]
    for client in clients:
        client.ping()
    assert lines(census, "clients") == {made + 2: 3}
    assert lines(census, "pools") == lines(census, "connections") == {made: 1}


def test_failed_construction_is_none(census: Census) -> None:
    with pytest.raises(redis.RedisError):
        redis.Redis(single_connection_client=True, port=1, retry=None)
    with pytest.raises(ValueError, match="max_connections"):
        redis.ConnectionPool(max_connections=-1)
    gc.collect()
    assert census.counts().total("clients").ever == 0


def test_failed_connection_is_not_open(census: Census, address: str) -> None:
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(f"{address}.nobody").ping()
    assert census.counts().total("connections").ever == 0


def test_fake_clients_are_none(census: Census) -> None:
    """They connect to nothing, and stall nobody."""
    fake = fakeredis.FakeRedis()

    async def main() -> None:
        other = fakeredis.FakeAsyncRedis()
        await other.set("key", "value")
        assert await other.get("key") == b"value"
        fake.set("key", "value")
        await other.aclose()

    asyncio.run(main())
    counts = census.counts()
    assert not counts.origins
    assert not counts.blocking
    assert not counts.crossings


def test_many_threads(census: Census, address: str) -> None:
    client = redis.Redis.from_url(address)
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(50):
            client.incr("many")
            redis.Redis.from_url(address).close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    total = census.counts()
    assert total.total("clients").ever == total.total("pools").ever == 401
    assert total.total("pools").now == 1
    assert total.total("connections").now == len(client.connection_pool._available_connections)


def test_blocking_commands_under_a_running_loop(census: Census, address: str) -> None:
    client = redis.Redis.from_url(address)
    client.ping()  # nobody waits

    async def handler() -> None:
        client.get("key")
        client.pipeline().get("key").get("key").execute()
        await asyncio.to_thread(client.get, "key")

    async def connecting() -> None:
        redis.Redis.from_url(address, db=1).get("key")

    asyncio.run(handler())
    asyncio.run(connecting())
    first = handler.__code__.co_firstlineno
    assert {origin.site.line: count for origin, count in census.counts().blocking.items()} == {
        first + 1: 1,
        first + 2: 1,
        connecting.__code__.co_firstlineno + 1: 1,
    }


def test_asyncio_client_in_a_second_loop(census: Census, address: str) -> None:
    client = redis.asyncio.Redis.from_url(address)
    built = here(-1)

    async def first() -> None:
        await client.get("key")

    async def second() -> None:
        await client.get("key")

    asyncio.run(first())
    assert not census.counts().crossings
    with pytest.raises(RuntimeError):
        asyncio.run(second())
    ((crossing, count),) = census.counts().crossings.items()
    assert (crossing.origin.site.line, crossing.used.line, count) == (
        built,
        second.__code__.co_firstlineno + 1,
        1,
    )


def test_asyncio_client_that_is_closed_in_each_loop(census: Census, address: str) -> None:
    client = redis.asyncio.Redis.from_url(address)

    async def main() -> None:
        await client.get("key")
        await client.aclose()

    asyncio.run(main())
    asyncio.run(main())
    counts = census.counts()
    assert not counts.crossings
    assert (counts.total("connections").ever, counts.total("connections").now) == (2, 0)


def test_valkey(census: Census, address: str) -> None:
    client = valkey.Valkey.from_url(address)
    client.ping()
    other = valkey.asyncio.Valkey.from_url(address)

    async def main() -> None:
        await other.ping()
        client.ping()
        await other.aclose()

    asyncio.run(main())
    counts = census.counts()
    assert {origin.library: [*map(str, (c.pools.now, c.connections.ever, c.connections.now))] for origin, c in counts.origins.items()} == {
        "valkey": ["1", "1", "1"],
        "valkey.asyncio": ["1", "1", "0"],
    }  # fmt: skip
    assert counts.blocking.total() == 1


def test_coredis(census: Census, address: str) -> None:
    async def main() -> int:
        client = coredis.Redis.from_url(address)
        async with client:
            await client.ping()
            assert reading(census) == (1, 0, 0)
            assert [c.limit for c in census.counts().origins.values()] == [64]
            return census.counts().total("connections").now

    assert asyncio.run(main()) == 1
    ((origin, counts),) = census.counts().origins.items()
    assert (origin.library, counts.clients.ever, counts.pools.ever) == ("coredis", 1, 1)
    assert (counts.connections.ever, counts.connections.now) == (1, 0)


def test_cluster(census: Census, cluster: int) -> None:
    client = redis.cluster.RedisCluster(host="127.0.0.1", port=cluster)
    built = here(-1)
    for number in range(30):
        client.set(f"key {number}", number)
    assert lines(census, "clients") == {built: 1}
    assert [*lines(census, "pools")] == [built]
    # one for each node, and that of the node that was asked first
    assert census.counts().total("pools").now in (3, 4)
    assert [*lines(census, "connections")] == [built]
    assert census.counts().total("connections").now >= 3
    client.close()


def test_asyncio_cluster(census: Census, cluster: int) -> None:
    client = redis.asyncio.cluster.RedisCluster(host="127.0.0.1", port=cluster)
    built = here(-1)

    async def main(client: redis.asyncio.cluster.RedisCluster) -> None:
        for number in range(30):
            await client.set(f"key {number}", number)
        async with client.pipeline() as pipeline:
            for number in range(30):
                pipeline.get(f"key {number}")
            await pipeline.execute()
        assert reading(census)[1:] == (0, 0)
        await client.aclose()

    asyncio.run(main(client))
    counts = census.counts()
    assert lines(census, "clients") == {built: 1}
    assert lines(census, "pools") == {built: 3}
    assert [*lines(census, "connections")] == [built]
    assert counts.total("connections").now == 0
    del client
    gc.collect()
    assert census.counts().total("pools").now == 0


def test_coredis_cluster(census: Census, cluster: int) -> None:
    async def main() -> None:
        client = coredis.RedisCluster("127.0.0.1", cluster)
        built = here(-1)
        async with client:
            for number in range(30):
                await client.set(f"key {number}", number)
            assert lines(census, "clients") == {built: 1}
            assert {*lines(census, "pools"), *lines(census, "connections")} == {built}
            assert census.counts().total("connections").now >= 3

    asyncio.run(main())
    assert census.counts().total("connections").now == 0


def test_sentinel(census: Census, sentinel: int) -> None:
    watcher = redis.sentinel.Sentinel([("127.0.0.1", sentinel)])
    built = here(-1)
    masters = [watcher.master_for("chat") for _ in range(2)]
    for master in masters:
        master.set("key", "value")
    assert lines(census, "clients") == {built: 1, built + 2: 2}
    assert lines(census, "pools") == {built: 1, built + 2: 2}
    assert lines(census, "connections") == {built: 1, built + 2: 2}


def test_asyncio_sentinel(census: Census, sentinel: int) -> None:
    async def main() -> None:
        watcher = redis.asyncio.sentinel.Sentinel([("127.0.0.1", sentinel)])
        built = here(-1)
        master = watcher.master_for("chat")
        await master.set("key", "value")
        assert lines(census, "clients") == lines(census, "pools") == {built: 1, built + 2: 1}
        assert lines(census, "connections") == {built: 1, built + 2: 1}
        await master.aclose()

    asyncio.run(main())


@pytest.fixture
def held(address: str) -> Iterator[redis.Redis]:
    """A client that no census saw being built."""
    with redis.Redis.from_url(address) as admin:
        admin.ping()
        yield admin
        admin.delete("jobs")


def reading(census: Census) -> tuple[int, int, int]:
    """Connections that are open, in use, and waited for."""
    counts = [counts for origin, counts in census.counts().origins.items() if origin.site.file == __file__]
    return (
        sum(c.connections.now for c in counts),
        sum(c.in_use for c in counts),
        sum(c.waiters for c in counts),
    )


def test_blocking_pool_of_threads(held: redis.Redis, census: Census, address: str) -> None:
    pool = redis.BlockingConnectionPool.from_url(address, max_connections=2, timeout=60)
    client = redis.Redis(connection_pool=pool)
    threads = [threading.Thread(target=client.blpop, args=("jobs", 60)) for _ in range(5)]
    for thread in threads:
        thread.start()
    until(lambda: reading(census) == (2, 2, 3))
    held.rpush("jobs", *range(5))
    for thread in threads:
        thread.join()
    assert reading(census) == (2, 0, 0)


def test_blocking_pool_of_asyncio(held: redis.Redis, census: Census, address: str) -> None:
    async def main() -> None:
        pool = redis.asyncio.BlockingConnectionPool.from_url(address, max_connections=2, timeout=60)
        client = redis.asyncio.Redis.from_pool(pool)
        tasks = [asyncio.create_task(client.blpop(["jobs"], 60)) for _ in range(5)]
        while reading(census) != (2, 2, 3):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(held.rpush, "jobs", *range(5))
        await asyncio.gather(*tasks)
        assert reading(census) == (2, 0, 0)
        await client.aclose()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_coredis_pool(census: Census, address: str) -> None:
    async def main() -> None:
        async with coredis.Redis.from_url(address, max_connections=2) as client:

            async def work() -> None:
                async with client.connection_pool.acquire():
                    await released.wait()

            released = asyncio.Event()
            tasks = [asyncio.create_task(work()) for _ in range(5)]
            while reading(census) != (2, 2, 3):
                await asyncio.sleep(0.01)
            released.set()
            await asyncio.gather(*tasks)
            assert reading(census) == (2, 0, 0)

    asyncio.run(asyncio.wait_for(main(), 30))


def test_window_counts_what_happens_meanwhile(census: Census, address: str) -> None:
    before = redis.Redis.from_url(address)
    before.ping()
    with census.window() as window:
        during = redis.Redis.from_url(address)
        during.ping()
        before.close()
        counts = census.counts(window)
        assert (counts.total("pools").ever, counts.total("connections").now) == (1, 1)
    assert census.counts().total("pools").ever == 2


def test_peak_says_of_which_sites(census: Census) -> None:
    kept = [redis.Redis() for _ in range(3)]
    line = here(-1)
    other = redis.Redis()
    del kept, other
    gc.collect()
    redis.Redis()
    peak = census.counts().pools
    assert peak.count == 4
    assert {origin.site.line: count for origin, count in peak.origins.items()} == {line: 3, line + 2: 1}
    assert peak.process == "the test"


def test_counts_survive_json_and_add_up(census: Census, address: str) -> None:
    client = redis.Redis.from_url(address, max_connections=7)

    async def handler() -> None:
        client.ping()

    asyncio.run(handler())
    counts = census.counts()
    assert from_json(counts.as_json()) == counts
    twice = added([counts, counts])
    assert twice.total("pools").ever == 2
    assert twice.total("pools").peak == 1
    assert twice.blocking.total() == 2
    assert [c.limit for c in twice.origins.values()] == [7]
