"""A program with 76 clients, each of a module of its own, and every trouble that a census knows. Run by tests.

`live_app.py ADDRESS PORT`: metrics are served on the port until standard input ends.
"""

import asyncio
import contextlib
import sys
import threading

import redis
import redis.asyncio
from prometheus_client import start_http_server

from flake8_redis_ssot.census import install

MODULE = "import redis\n\nclient = redis.Redis.from_url(address)\nclient.ping()\n"


def build(address: str) -> list[dict[str, object]]:
    """The 76 modules."""
    modules = [{"address": address, "__name__": f"module_{number}"} for number in range(76)]
    for number, namespace in enumerate(modules):
        exec(compile(MODULE, f"/app/module_{number}.py", "exec"), namespace)
    return modules


async def trouble(address: str) -> None:
    blocking = redis.Redis.from_url(address)
    pool = redis.asyncio.BlockingConnectionPool.from_url(address, max_connections=2, timeout=None)
    client = redis.asyncio.Redis.from_pool(pool)
    waiting = [asyncio.create_task(client.blpop(["never"])) for _ in range(5)]
    while waiting:
        blocking.ping()
        redis.Redis.from_url(address).close()
        other_loop(address)
        await asyncio.sleep(0.1)


def other_loop(address: str) -> None:
    """A client of a cached accessor, in one new loop after the other, in a thread of its own."""

    def work() -> None:
        client = redis.asyncio.Redis.from_url(address)
        for _ in range(2):
            with contextlib.suppress(RuntimeError):
                asyncio.run(client.ping())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


if __name__ == "__main__":
    url, port = sys.argv[1:]
    install(["prometheus"], root="/app")
    kept = build(url)
    threading.Thread(target=asyncio.run, args=(trouble(url),), daemon=True).start()
    start_http_server(int(port))
    sys.stdin.read()
