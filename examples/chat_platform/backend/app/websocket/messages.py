"""Messages: the newest hundred of a room, and its last one in the cache."""

import json

from backend.app import settings
from backend.app.cache.redis_cache_manager import cache
from backend.app.db import redis_manager as store
from backend.app.websocket import broadcast


async def post(room: str, user: str, text: str) -> dict:
    number = await cache.count(f"numbers:{room}")
    message = {"number": number, "room": room, "user": user, "text": text}
    await store.get_redis_manager().push(f"messages:{room}", json.dumps(message), settings.MESSAGES_KEPT)
    await cache.set_json(f"last:{room}", message, ttl=3600)
    await broadcast.publish(room, message)
    return message


async def recent(room: str, count: int = 20) -> list[dict]:
    """The newest messages, oldest first."""
    lines = await store.get_redis_manager().lrange(f"messages:{room}", 0, count - 1)
    return [json.loads(line) for line in reversed(lines)]


async def last(room: str) -> dict | None:
    async def newest() -> dict | None:
        return next(iter(await recent(room, 1)), None)

    return await cache.remember(f"last:{room}", newest)


async def mute(room: str, user: str, seconds: int) -> None:
    await cache.set_value(f"muted:{room}:{user}", "1", seconds)


async def muted(room: str, user: str) -> bool:
    return await cache.get_value(f"muted:{room}:{user}") is not None
