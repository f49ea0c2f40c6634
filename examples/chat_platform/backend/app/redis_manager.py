"""The backend's one Redis manager."""

import os

import redis.asyncio as redis


class RedisManager:
    """Owns the process's only pool."""

    def __init__(self) -> None:
        self.pool = redis.ConnectionPool.from_url(
            os.environ.get("REDIS_URL", "redis://localhost:6379/0")
        )
        self.client = redis.Redis(connection_pool=self.pool)

    async def get(self, key: str) -> bytes | None:
        return await self.client.get(key)

    async def set(self, key: str, value: str, seconds: int | None = None) -> None:
        await self.client.set(key, value, ex=seconds)

    async def delete(self, key: str) -> None:
        await self.client.delete(key)


redis_manager = RedisManager()
