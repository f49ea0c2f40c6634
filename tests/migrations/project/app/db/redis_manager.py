from app.redis_manager import RedisManager, redis_manager

__all__ = ["RedisManager", "get_redis_client", "get_redis_manager", "open_redis_manager"]


def get_redis_manager() -> RedisManager:
    return redis_manager


async def open_redis_manager() -> RedisManager:
    return redis_manager


def get_redis_client():
    return redis_manager.client
