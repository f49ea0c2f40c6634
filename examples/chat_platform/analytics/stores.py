"""Where counters live: in Redis, or in memory where there is none."""

from collections import defaultdict

import redis


class MemoryStore:
    """As much of a client as the counters use."""

    def __init__(self) -> None:
        self.hashes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    @classmethod
    def from_url(cls, url: str, **options) -> "MemoryStore":
        return cls()

    def hincrby(self, name: str, key: str, amount: int = 1) -> int:
        self.hashes[name][key] += amount
        return self.hashes[name][key]

    def hgetall(self, name: str) -> dict[str, int]:
        return dict(self.hashes[name])


STORES = {"redis": redis.Redis, "memory": MemoryStore}


def open_store(kind: str, url: str):
    return STORES[kind].from_url(url, decode_responses=True)
