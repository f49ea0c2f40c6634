"""Who is online: pools of its own, twice for one server."""

import redis

READS = redis.ConnectionPool(host="localhost", port=6379)
WRITES = redis.ConnectionPool(host="localhost", port=6379, max_connections=5)


def online(user: str) -> bool:
    return redis.Redis(connection_pool=READS).exists(f"online:{user}") == 1


def session_of(token: str):
    from auth_service.auth_core.redis_manager import auth_redis

    return auth_redis.get(token)
