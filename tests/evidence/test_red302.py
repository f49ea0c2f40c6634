"""RED302: of two pools for one server each keeps the connections of its own peak."""

from __future__ import annotations

import asyncio

import redis.asyncio as redis

from .conftest import Server

PEAK = 4


def test_duplicate_pool(server: Server) -> None:
    async def measured(reads: redis.ConnectionPool, writes: redis.ConnectionPool) -> tuple[int, int]:
        """Two peaks, one after the other."""
        answered = 0
        for pool in (reads, writes):
            client = redis.Redis(connection_pool=pool)
            done, connections = await server.at_once([client], each=PEAK, held=PEAK)
            answered += done
        for pool in (reads, writes):
            await pool.disconnect()
        assert await server.left(0)
        return answered, connections

    def pool() -> redis.ConnectionPool:
        return redis.ConnectionPool.from_url(server.url, socket_timeout=60)

    assert asyncio.run(measured(pool(), pool())) == (2 * PEAK, 2 * PEAK)
    one = pool()
    assert asyncio.run(measured(one, one)) == (2 * PEAK, PEAK)
