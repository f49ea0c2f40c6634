"""RED203: one more instance of the manager is one more pool, and the manager does not close it."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

from .conftest import Server

MODULES = 5


def test_manager_instantiation(server: Server, chat: ModuleType, manager: Any) -> None:
    async def measured(managers: list[Any]) -> tuple[int, int, int]:
        pools, connections = await server.in_turn([each.client for each in managers])
        await manager.close()
        kept = connections - 1  # the manager's own
        assert await server.left(kept)
        for each in managers:
            await each.close()
        assert await server.left(0)
        return pools, connections, kept

    instances = [manager, *(chat.RedisManager(server.url) for _ in range(MODULES - 1))]
    assert asyncio.run(measured(instances)) == (MODULES, MODULES, MODULES - 1)
    assert asyncio.run(measured([manager] * MODULES)) == (1, 1, 0)
