import redis


class CacheManager:
    def __init__(self) -> None:
        self._client = redis.Redis()

    def get(self, key: str) -> str | None:
        return self._client.get(key)

    def set(self, key: str, value: str, ttl: int | None = None) -> None:
        self._client.set(key, value, ex=ttl)

    def delete(self, *keys: str) -> int:
        return self._client.delete(*keys)

    def close(self) -> None:
        self._client.close()


cache = CacheManager()


def get_cache() -> CacheManager:
    return cache
