"""One Redis server for a test process; its address is set before the app is imported."""

import asyncio
import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import redis

from tests.redis_process import redis_server

FOLDER = Path(tempfile.mkdtemp(prefix="chat-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
os.environ["REDIS_URL"] = f"unix://{FOLDER}/redis.sock"


@pytest.fixture(scope="session", autouse=True)
def redis_process():
    with redis_server(FOLDER) as address:
        yield address


@pytest.fixture(autouse=True)
def server(redis_process):
    """The server seen from outside; every test finds it empty."""
    with redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def run():
    """Runs a coroutine on a loop of its own and closes what the app opened there."""
    from backend.app.cache.redis_cache_manager import cache
    from backend.app.redis_manager import redis_manager
    from backend.app.websocket.broadcast import channels

    async def closing(coroutine):
        try:
            return await coroutine
        finally:
            for manager in (redis_manager, cache, channels):
                await manager.close()

    return lambda coroutine: asyncio.run(closing(coroutine))
