"""The cache: JSON values and lifetimes, on a connection of its own."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio as redis

DEFAULT_TTL = 300


class RedisCacheManager:
    """Caches values in Redis."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url or os.environ.get("REDIS_URL", "redis://redis:6379/0")
        self._client: redis.Redis | None = None

    @property
    def client(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.from_url(self.url, decode_responses=True)
        return self._client

    async def get(self, key: str) -> str | None:
        return await self.client.get(key)

    async def exists(self, key: str) -> bool:
        return await self.client.exists(key) == 1

    async def delete(self, *keys: str) -> int:
        return await self.client.delete(*keys)

    async def get_value(self, key: str, default: str | None = None) -> str | None:
        value = await self.client.get(key)
        return default if value is None else value

    async def set_value(self, key: str, value: str, ttl: int | None = None) -> None:
        await self.client.set(key, value, ex=ttl or DEFAULT_TTL)

    async def remove(self, key: str) -> bool:
        return await self.client.delete(key) == 1

    async def touch(self, key: str, seconds: int) -> bool:
        return bool(await self.client.expire(key, seconds))

    async def count(self, key: str) -> int:
        return await self.client.incr(key)

    async def get_json(self, key: str) -> Any:
        text = await self.client.get(key)
        return None if text is None else json.loads(text)

    async def set_json(self, key: str, value: Any, ttl: int | None = None) -> None:
        await self.client.set(key, json.dumps(value), ex=ttl or DEFAULT_TTL)

    async def remember(self, key: str, produce: Callable[[], Awaitable[Any]], ttl: int | None = None) -> Any:
        """The cached value, else what `produce` returns, cached from now on."""
        value = await self.get_json(key)
        if value is None:
            value = await produce()
            await self.set_json(key, value, ttl)
        return value

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


cache = RedisCacheManager()


class CacheBackend:
    """The cache in the shape that the settings' CACHES asks for."""

    def __init__(self, timeout: int = DEFAULT_TTL) -> None:
        self.timeout = timeout
        self.manager = cache

    async def get(self, key: str, default: Any = None) -> Any:
        value = await self.manager.get_json(key)
        return default if value is None else value

    async def set(self, key: str, value: Any, timeout: int | None = None) -> None:
        await self.manager.set_json(key, value, timeout or self.timeout)

    async def delete(self, key: str) -> bool:
        return await self.manager.remove(key)
