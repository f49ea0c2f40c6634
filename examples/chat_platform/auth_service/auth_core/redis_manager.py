"""The auth service's own manager: it starts, and stays up, without the backend."""

import os

import redis


class AuthRedisManager:
    """Blocking, since the auth service is; on the second database."""

    def __init__(self, url: str | None = None) -> None:
        self.client = redis.Redis.from_url(
            url or os.environ.get("REDIS_URL", "redis://localhost:6379"), db=1, decode_responses=True
        )

    def get(self, key: str) -> str | None:
        return self.client.get(key)

    def set(self, key: str, value: str, ttl: int | None = None) -> None:
        self.client.set(key, value, ex=ttl)

    def delete(self, key: str) -> bool:
        return self.client.delete(key) == 1

    def expire(self, key: str, seconds: int) -> bool:
        return bool(self.client.expire(key, seconds))

    def remember_session(self, user: str, token: str) -> None:
        self.client.sadd(f"sessions:{user}", token)

    def sessions(self, user: str) -> frozenset[str]:
        return frozenset(self.client.smembers(f"sessions:{user}"))

    def forget_sessions(self, user: str, *tokens: str) -> None:
        self.client.srem(f"sessions:{user}", *tokens)

    def close(self) -> None:
        self.client.close()


auth_redis = AuthRedisManager()
