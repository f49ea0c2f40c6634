"""Claim: a census of a live process costs under one percent. `census_overhead.py [PAIRS]`.

Loads redis-py twice, once before a census is installed and once after, so that one process has a client of each.
Both send commands to a redis-server that the script starts, in short blocks that come in pairs, in a random
order. Prints for each kind of client the ratio, with a census over without: the median of the pairs, by wall time and
by cpu of this process.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from flake8_redis_ssot.census import install

EXAMPLE = Path(__file__).parent.parent / "examples" / "chat_platform"
COMMANDS = 50
Block = Callable[[], Awaitable[None]]
Times = tuple[float, float]


def fresh_redis() -> Any:
    """The library, loaded anew, and known to nobody else."""
    importlib.import_module("redis.asyncio")
    loaded = sys.modules["redis"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        del sys.modules[name]
    return loaded


def blocks(redis: Any, url: str) -> Iterator[tuple[str, Block]]:
    """What is measured: commands of each kind of client."""
    blocking = redis.Redis.from_url(url)
    client = redis.asyncio.Redis.from_url(url)

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

    yield "blocking", in_a_thread
    yield "asyncio", awaited
    yield "asyncio, ten at once", at_once


async def measured(block: Block) -> Times:
    """Seconds of wall time and of cpu."""
    wall, cpu = time.perf_counter(), time.process_time()
    await block()
    return time.perf_counter() - wall, time.process_time() - cpu


async def ratio(counted: Block, plain: Block, pairs: int) -> Times:
    """With a census over without."""
    found = []
    for _ in range(pairs):
        times = {}
        for block in random.sample([counted, plain], 2):
            times[block] = await measured(block)
        found.append([times[counted][at] / times[plain][at] for at in (0, 1)])
    wall, cpu = (statistics.median(values) for values in zip(*found[pairs // 10 :], strict=True))
    return wall, cpu


async def main(pairs: int) -> None:
    plain, other = fresh_redis(), fresh_redis()
    census = install(["prometheus"], registry=CollectorRegistry())
    counted = fresh_redis()
    run = runpy.run_path(str(EXAMPLE / "tests" / "redis_process.py"))["redis_server"]
    with tempfile.TemporaryDirectory(prefix="red-") as folder, run(Path(folder)) as address:
        url = f"unix://{address}"
        print(f"redis-py {plain.__version__}, {pairs} pairs of {COMMANDS} commands: wall, cpu (of nothing)")
        kinds = zip(*(blocks(library, url) for library in (counted, plain, other)), strict=True)
        for (name, with_census), (_, without), (_, neither) in kinds:
            wall, cpu = await ratio(with_census, without, pairs)
            of_nothing = await ratio(neither, without, pairs)
            print(f"{name:<22} {wall:.4f} {cpu:.4f} ({of_nothing[0]:.4f} {of_nothing[1]:.4f})", flush=True)
        assert census.counts().total("pools").ever == 2, "those of one library are counted"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
