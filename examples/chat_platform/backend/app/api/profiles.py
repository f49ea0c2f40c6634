"""Profiles: a line of text a user, in the cache and in the store."""

from backend.app.cache.redis_cache_manager import cache
from backend.app.db.redis_manager import get_redis_manager


async def save(user: str, about: str) -> None:
    await get_redis_manager().set(f"profile:{user}", about)


async def known(user: str) -> bool:
    return await cache.exists(f"profile:{user}")


async def about(user: str) -> str:
    return await cache.get(f"profile:{user}") or ""


async def forget(user: str) -> None:
    await cache.delete(f"profile:{user}")
