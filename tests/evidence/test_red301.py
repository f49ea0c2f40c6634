"""RED301: a pool beside the manager's is outside its limit."""

from __future__ import annotations

import asyncio

import redis.asyncio as redis

from .conftest import Server

LIMIT = 4


def test_direct_pool_construction(server: Server) -> None:
    def pool() -> redis.ConnectionPool:
        return redis.BlockingConnectionPool.from_url(
            server.url, max_connections=LIMIT, timeout=60, socket_timeout=60
        )

    async def measured(own: bool) -> tuple[int, int]:
        managers = pool()
        used = [managers, pool() if own else managers]
        clients = [redis.Redis(connection_pool=each) for each in used]
        found = await server.at_once(clients, each=LIMIT, held=2 * LIMIT if own else LIMIT)
        for each in used:
            await each.disconnect()
        assert await server.left(0)
        return found

    assert asyncio.run(measured(own=True)) == (2 * LIMIT, 2 * LIMIT)
    assert asyncio.run(measured(own=False)) == (2 * LIMIT, LIMIT), "all are answered within the limit"
