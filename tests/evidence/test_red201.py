"""RED201: each client that is built beside the manager has a pool, and so connections, of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio as redis

from .conftest import Server

MODULES = 5


def test_direct_client_construction(server: Server, manager: Any) -> None:
    async def bad() -> tuple[int, int]:
        clients = [redis.Redis.from_url(server.url) for _ in range(MODULES)]
        found = await server.in_turn(clients)
        for client in clients:
            await client.aclose()
        assert await server.left(0)
        return found

    async def good() -> tuple[int, int]:
        found = await server.in_turn([manager.client for _ in range(MODULES)])
        await manager.close()
        assert await server.left(0)
        return found

    assert asyncio.run(bad()) == (MODULES, MODULES)
    assert asyncio.run(good()) == (1, 1)
