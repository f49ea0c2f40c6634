"""The one manager, and the wrapper around it."""

import asyncio
import os
import threading
import time
from unittest.mock import AsyncMock, patch

from backend.app.db import redis_manager as wrapper
from backend.app.redis_manager import RedisManager, redis_manager


def test_values(run, server):
    async def story():
        await redis_manager.set("a", "1", ttl=50)
        assert 0 < await redis_manager.ttl("a") <= 50
        assert await redis_manager.expire("a", 500)
        assert await redis_manager.incr("a", 4) == 5
        assert await redis_manager.exists("a")
        assert await redis_manager.keys("a*") == ["a"]
        assert await redis_manager.delete("a", "b") == 1
        return await redis_manager.get("a"), await redis_manager.delete()

    assert run(story()) == (None, 0)
    assert server.dbsize() == 0


def test_hashes_sets_and_lists(run, server):
    async def story():
        await redis_manager.hset("h", {"x": "1", "y": "2"})
        await redis_manager.sadd("s", "m", "n")
        await redis_manager.srem("s", "n")
        for value in "abc":
            await redis_manager.push("l", value, keep=2)
        return await redis_manager.hgetall("h"), await redis_manager.hget("h", "y")

    assert run(story()) == ({"x": "1", "y": "2"}, "2")
    assert server.smembers("s") == {"m"}
    assert server.lrange("l", 0, -1) == ["c", "b"]


def test_one_pool_in_a_loop_and_a_new_one_in_the_next(run):
    async def pools():
        first = redis_manager.client.connection_pool
        await asyncio.gather(*(redis_manager.incr("n") for _ in range(20)))
        assert redis_manager.client.connection_pool is first
        return first, await redis_manager.get("n")

    (one, first), (other, second) = run(pools()), run(pools())
    assert one is not other
    assert (first, second) == ("20", "40")


def test_loops_in_two_threads(server):
    manager = RedisManager()
    both = threading.Barrier(2, timeout=10)

    async def story():
        await manager.incr("n")
        both.wait()
        for _ in range(50):
            await manager.incr("n")
        await manager.close()

    threads = [threading.Thread(target=asyncio.run, args=[story()]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.get("n") == "102"


def test_closing_ends_the_connections(server):
    manager = RedisManager(os.environ["REDIS_URL"] + "?client_name=probe")

    def connections() -> int:
        return sum(client["name"] == "probe" for client in server.client_list())

    async def story():
        await asyncio.gather(manager.get("a"), manager.get("b"))
        opened = connections()
        await manager.close()
        return opened

    assert asyncio.run(story()) == 2
    deadline = time.monotonic() + 5
    while connections():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_not_ready_without_a_server(tmp_path):
    assert asyncio.run(RedisManager(f"unix://{tmp_path}/none.sock").ready()) is False


def test_the_wrapper_hands_the_manager_on(run):
    async def story():
        await wrapper.get_redis_client().set("a", "1")
        return await wrapper.redis_ready(), await redis_manager.get("a")

    assert wrapper.get_redis_manager() is redis_manager
    assert run(story()) == (True, "1")


def test_readiness_asks_the_manager_of_the_wrapper():
    with patch("backend.app.db.redis_manager.redis_manager") as manager:
        manager.ready = AsyncMock(return_value=False)
        assert asyncio.run(wrapper.redis_ready()) is False
        manager.ready.assert_awaited_once_with()
