"""Redis for the database layer: where everybody imported it from before the split."""

from backend.app.redis_manager import RedisManager, redis_manager

__all__ = ["RedisManager", "close_redis", "get_redis_client", "get_redis_manager", "redis_manager"]


def get_redis_manager() -> RedisManager:
    """The shared manager."""
    return redis_manager


def get_redis_client():
    """The client under the manager, for callers that want all of redis-py."""
    return get_redis_manager().client


async def redis_ready() -> bool:
    """Whether Redis answers."""
    return await get_redis_manager().ready()


async def close_redis() -> None:
    """Closes the shared manager."""
    await get_redis_manager().close()
