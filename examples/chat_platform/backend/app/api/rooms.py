"""Rooms, the right way."""

from backend.app.redis_manager import redis_manager


async def rename(room: str, title: str) -> None:
    await redis_manager.set(f"room:{room}", title)
