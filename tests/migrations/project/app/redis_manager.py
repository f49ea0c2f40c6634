import redis.asyncio as redis


class RedisManager:
    def __init__(self, url: str | None = None) -> None:
        self._client = redis.Redis.from_url(url or "redis://localhost")

    @property
    def client(self) -> redis.Redis:
        return self._client

    async def get(self, key: str) -> str | None:
        return await self._client.get(key)

    async def set(self, key: str, value: str, ttl: int | None = None) -> None:
        await self._client.set(key, value, ex=ttl)

    async def delete(self, *keys: str) -> int:
        return await self._client.delete(*keys)

    async def remove(self, key: str) -> int:
        return await self._client.delete(key)

    async def rename(self, new: str, old: str) -> None:
        await self._client.rename(old, new)

    async def size(self) -> int:
        return await self._client.dbsize()

    async def flushdb(self) -> None:
        await self._client.flushdb()

    async def close(self) -> None:
        await self._client.aclose()


class Codec:
    def dumps(self, value: object) -> str:
        return str(value)


redis_manager = RedisManager()


async def connect() -> RedisManager:
    return redis_manager


def key_for(kind: str, number: int) -> str:
    return f"{kind}:{number}"
