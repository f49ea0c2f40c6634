"""The backend's one Redis manager: one pool for each process and event loop."""

import asyncio
import os

import redis.asyncio as redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError


class RedisManager:
    """Owns the pool; everybody else asks it."""

    def __init__(self, url: str | None = None, max_connections: int = 50) -> None:
        self._url = url or os.environ.get("REDIS_URL", "redis://localhost:6379")
        self._max_connections = max_connections
        self._clients: dict[asyncio.AbstractEventLoop, redis.Redis] = {}

    @property
    def client(self) -> redis.Redis:
        """The running loop's client: connections cannot move to another loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            for old in [old for old in self._clients if old.is_closed()]:
                del self._clients[old]
            pool = redis.ConnectionPool.from_url(
                self._url, decode_responses=True, max_connections=self._max_connections
            )
            self._clients[loop] = redis.Redis.from_pool(pool)
        return self._clients[loop]

    async def ready(self) -> bool:
        try:
            return bool(await self.client.ping())
        except ConnectionError:
            return False

    async def get(self, key: str) -> str | None:
        return await self.client.get(key)

    async def set(self, key: str, value: str, ttl: int | None = None) -> None:
        await self.client.set(key, value, ex=ttl)

    async def delete(self, *keys: str) -> int:
        return await self.client.delete(*keys) if keys else 0

    async def exists(self, key: str) -> bool:
        return await self.client.exists(key) == 1

    async def expire(self, key: str, seconds: int) -> bool:
        return bool(await self.client.expire(key, seconds))

    async def ttl(self, key: str) -> int:
        return await self.client.ttl(key)

    async def incr(self, key: str, amount: int = 1) -> int:
        return await self.client.incrby(key, amount)

    async def keys(self, pattern: str) -> list[str]:
        return [key async for key in self.client.scan_iter(match=pattern)]

    async def hget(self, key: str, field: str) -> str | None:
        return await self.client.hget(key, field)

    async def hset(self, key: str, values: dict[str, str]) -> None:
        await self.client.hset(key, mapping=values)

    async def hgetall(self, key: str) -> dict[str, str]:
        return await self.client.hgetall(key)

    async def sadd(self, key: str, *members: str) -> int:
        return await self.client.sadd(key, *members)

    async def srem(self, key: str, *members: str) -> int:
        return await self.client.srem(key, *members)

    async def smembers(self, key: str) -> frozenset[str]:
        return frozenset(await self.client.smembers(key))

    async def push(self, key: str, value: str, keep: int) -> None:
        """Puts `value` first in a list and forgets all after the first `keep`."""
        async with self.client.pipeline() as pipe:
            await pipe.lpush(key, value).ltrim(key, 0, keep - 1).execute()

    async def lrange(self, key: str, start: int, stop: int) -> list[str]:
        return await self.client.lrange(key, start, stop)

    async def publish(self, channel: str, message: str) -> int:
        return await self.client.publish(channel, message)

    def pubsub(self) -> PubSub:
        return self.client.pubsub()

    async def close(self) -> None:
        """Closes the running loop's pool; the next command opens another."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()


redis_manager = RedisManager()
