"""A second manager: the same operations on a pool of its own."""

import redis.asyncio as redis


class RedisCacheManager:
    def __init__(self, url: str = "redis://localhost:6379/0") -> None:
        self.client = redis.from_url(url, decode_responses=True)

    async def get_value(self, key: str):
        return await self.client.get(key)

    async def set_value(self, key: str, value: str) -> None:
        await self.client.set(key, value)

    async def remove(self, key: str) -> None:
        await self.client.delete(key)


cache = RedisCacheManager()
