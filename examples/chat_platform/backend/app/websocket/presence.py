"""Who is online. Reads and writes were put on two pools during an outage."""

import redis

from backend.app import settings

READS = redis.ConnectionPool.from_url(settings.REDIS_URL, decode_responses=True)
WRITES = redis.ConnectionPool.from_url(settings.REDIS_URL, decode_responses=True, max_connections=5)


def arrive(user: str) -> None:
    redis.Redis(connection_pool=WRITES).set(f"online:{user}", "1", ex=settings.PRESENCE_SECONDS)


def leave(user: str) -> None:
    redis.Redis(connection_pool=WRITES).delete(f"online:{user}")


def online(user: str) -> bool:
    return redis.Redis(connection_pool=READS).exists(f"online:{user}") == 1
