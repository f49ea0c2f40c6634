"""Claim: a census of a live process costs under one percent. `census_overhead.py [PAIRS]`.

Sends commands through one client to a redis-server that the script starts, in short blocks that come in
pairs, with and without a census and its exporters, in a random order. Prints for each kind of client the
ratio, with over without: the median of the pairs, by wall time and by cpu of this process.
"""

from __future__ import annotations

import asyncio
import gc
import random
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis
import redis.asyncio
from prometheus_client import CollectorRegistry

from flake8_redis_ssot.census import install

EXAMPLE = Path(__file__).parent.parent / "examples" / "chat_platform"
COMMANDS = 200
Block = Callable[[], Awaitable[None]]
Times = tuple[float, float]


async def measured(block: Block, connect: Block) -> Times:
    """Seconds of wall time and of cpu, over connections that are open."""
    await connect()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    await block()
    return time.perf_counter() - wall, time.process_time() - cpu


async def counted(block: Block, connect: Block) -> Times:
    with install(["prometheus"], registry=CollectorRegistry()):
        return await measured(block, connect)


async def ratios(block: Block, connect: Block, pairs: int) -> Times:
    """With a census over without."""
    found: list[Times] = []
    for _ in range(pairs):
        if random.random() < 0.5:
            with_census, without = await counted(block, connect), await measured(block, connect)
        else:
            without, with_census = await measured(block, connect), await counted(block, connect)
        found.append((with_census[0] / without[0], with_census[1] / without[1]))
    wall, cpu = zip(*found, strict=True)
    return statistics.median(wall), statistics.median(cpu)


async def main(pairs: int) -> None:
    run = runpy.run_path(str(EXAMPLE / "tests" / "redis_process.py"))["redis_server"]
    with tempfile.TemporaryDirectory(prefix="red-") as folder, run(Path(folder)) as address:
        blocking = redis.Redis.from_url(f"unix://{address}")
        client = redis.asyncio.Redis.from_url(f"unix://{address}")

        def gets() -> None:
            for _ in range(COMMANDS):
                blocking.get("key")

        async def in_a_thread() -> None:
            await asyncio.to_thread(gets)

        async def awaited() -> None:
            for _ in range(COMMANDS):
                await client.get("key")

        async def at_once() -> None:
            for _ in range(COMMANDS // 10):
                await asyncio.gather(*(client.get("key") for _ in range(10)))

        async def connect() -> None:
            blocking.connection_pool.disconnect()
            await client.connection_pool.disconnect()
            await in_a_thread()
            await at_once()

        print(f"redis-py {redis.__version__}, {pairs} pairs of {COMMANDS} commands: wall, cpu")
        blocks = {"blocking": in_a_thread, "asyncio": awaited, "asyncio, ten at once": at_once}
        for name, block in blocks.items():
            wall, cpu = await ratios(block, connect, pairs)
            print(f"{name:<22} {wall:.4f} {cpu:.4f}")
        await client.aclose()
        blocking.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
