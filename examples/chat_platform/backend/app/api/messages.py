"""Messages of a room, through the wrapper and the cache manager."""

from backend.app.cache.redis_cache_manager import cache
from backend.app.db.redis_manager import get_redis_manager


async def last_message(room: str):
    cached = await cache.get_value(f"last:{room}")
    return cached or await get_redis_manager().get(f"last:{room}")
