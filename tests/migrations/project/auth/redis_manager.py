import redis


class AuthRedisManager:
    def __init__(self) -> None:
        self._client = redis.Redis()

    def get(self, key: str) -> str | None:
        return self._client.get(key)


auth_redis = AuthRedisManager()
