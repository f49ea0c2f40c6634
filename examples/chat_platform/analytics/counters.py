"""Counters by day, and the report over them."""

import functools
import os

import redis

from analytics.stores import open_store

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

connect = functools.partial(redis.Redis.from_url, decode_responses=True)


class Counters:
    """Counts things under names."""

    def __init__(self, kind: str = "redis", url: str = URL) -> None:
        self.store = open_store(kind, url)

    def add(self, day: str, name: str, amount: int = 1) -> int:
        return self.store.hincrby(f"count:{day}", name, amount)

    def of(self, day: str) -> dict[str, int]:
        return {name: int(count) for name, count in self.store.hgetall(f"count:{day}").items()}


def report(days: list[str], url: str = URL) -> dict[str, int]:
    """The sums over some days."""
    sums: dict[str, int] = {}
    client = connect(url)
    for day in days:
        for name, count in client.hgetall(f"count:{day}").items():
            sums[name] = sums.get(name, 0) + int(count)
    client.close()
    return sums
