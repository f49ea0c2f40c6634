"""Rooms: a title and the members."""

from backend.app.db.redis_manager import get_redis_manager
from backend.app.redis_manager import redis_manager


async def create(room: str, title: str) -> None:
    await redis_manager.hset(f"room:{room}", {"title": title})
    await redis_manager.sadd("rooms", room)


async def rename(room: str, title: str) -> None:
    await redis_manager.hset(f"room:{room}", {"title": title})


async def title(room: str) -> str | None:
    return await redis_manager.hget(f"room:{room}", "title")


async def join(room: str, user: str) -> None:
    await redis_manager.sadd(f"members:{room}", user)


async def leave(room: str, user: str) -> None:
    await redis_manager.srem(f"members:{room}", user)


async def members(room: str) -> frozenset[str]:
    return await redis_manager.smembers(f"members:{room}")
