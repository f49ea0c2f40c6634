"""A wrapper that only hands the manager on."""

from backend.app.redis_manager import redis_manager


def get_redis_manager():
    return redis_manager
