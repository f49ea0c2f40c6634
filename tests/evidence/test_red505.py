"""RED505: a blocking client that another module hands out stalls and fails as a local one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType

import pytest

from .conftest import Server
from .test_red502 import measured

STORES = """
{}

client = Redis.from_url({!r}, socket_timeout=60)


def get_client():
    return client
"""
BAD = """
from stores import get_client


async def consume():
    return get_client().blpop("jobs", 1)


async def count():
    return await get_client().incr("counter")
"""
GOOD = """
from async_stores import get_client


async def consume():
    try:
        return await get_client().blpop("jobs", 60)
    finally:
        await get_client().aclose()


async def count():
    try:
        return await get_client().incr("counter")
    finally:
        await get_client().aclose()
"""


def test_cross_module_sync_client(server: Server, module: Callable[[str, str], ModuleType]) -> None:
    stores = module("stores", STORES.format("from redis import Redis", server.url))
    bad = module("bad_handlers", BAD)
    module("async_stores", STORES.format("from redis.asyncio import Redis", server.url))
    good = module("good_handlers", GOOD)

    assert asyncio.run(measured(server, bad.consume)) == (None, 0)
    job, turns = asyncio.run(measured(server, good.consume))
    assert job and turns > 0

    with pytest.raises(TypeError, match="await"):
        asyncio.run(bad.count())
    assert server.admin.get("counter") == "1"
    assert asyncio.run(good.count()) == 2
    stores.client.close()
