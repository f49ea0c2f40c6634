"""RED307: modules with a pool each for one server multiply what the limit of a pool was meant to be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType

import redis.asyncio as redis

from .conftest import Server, pools

LIMIT = 4
BUILT = """
from redis.asyncio import BlockingConnectionPool

POOL = BlockingConnectionPool.from_url({!r}, max_connections={}, timeout=60, socket_timeout=60)
"""
IMPORTED = "from app_manager import POOL\n"


def test_duplicate_pool_across_files(server: Server, module: Callable[[str, str], ModuleType]) -> None:
    async def measured(*modules: ModuleType) -> tuple[int, int, int]:
        clients = [redis.Redis(connection_pool=each.POOL) for each in modules]
        count = pools(clients)
        answered, connections = await server.at_once(clients, each=LIMIT, held=count * LIMIT)
        for each in modules:
            await each.POOL.disconnect()
        assert await server.left(0)
        return count, answered, connections

    built = BUILT.format(server.url, LIMIT)
    bad = [module(name, built) for name in ("app_reads", "app_writes", "app_queue")]
    assert asyncio.run(measured(*bad)) == (3, 3 * LIMIT, 3 * LIMIT)
    module("app_manager", built)
    good = [module(name, IMPORTED) for name in ("app_good_reads", "app_good_writes", "app_good_queue")]
    assert asyncio.run(measured(*good)) == (1, 3 * LIMIT, LIMIT)
