import json

import redis.asyncio as redis

TTL = 300


class CacheManager:
    def __init__(self, url: str | None = None) -> None:
        self._client = redis.Redis.from_url(url or "redis://localhost")

    @property
    def client(self) -> redis.Redis:
        return self._client

    async def get(self, key: str) -> str | None:
        return await self._client.get(key)

    async def set(self, key: str, value: str, ttl: int | None = TTL) -> None:
        await self._client.set(key, value, ex=ttl)

    async def delete(self, *keys: str) -> int:
        return await self._client.delete(*keys)

    async def remove(self, key: str) -> bool:
        return await self._client.delete(key) == 1

    async def rename(self, old: str, new: str) -> None:
        await self._client.rename(old, new)

    def size(self) -> int:
        return len(json.dumps({}))

    async def remember(self, key: str) -> str:
        return key

    async def flushdb(self) -> None:
        await self._client.flushdb()

    async def close(self) -> None:
        await self._client.aclose()


class Serializer:
    def dumps(self, value: object) -> str:
        return json.dumps(value)


cache = CacheManager()
_lazy: CacheManager | None = None


def get_cache() -> CacheManager:
    global _lazy
    if _lazy is None:
        _lazy = CacheManager()
    return _lazy


def make_cache() -> CacheManager:
    return CacheManager()


def key_of(kind: str, number: int) -> str:
    return f"{kind}/{number}"
