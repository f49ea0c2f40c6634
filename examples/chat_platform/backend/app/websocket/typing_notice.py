"""Who is typing. The demo runs without Redis, and then nobody is."""

from backend.app import settings

try:
    import redis.asyncio as redis
except ImportError:
    redis = None

SECONDS = 5


async def started(room: str, user: str) -> None:
    if redis is None:
        return
    client = redis.from_url(settings.REDIS_URL, decode_responses=True)
    await client.set(f"typing:{room}:{user}", "1", ex=SECONDS)
    await client.aclose()


async def typing(room: str, user: str) -> bool:
    if redis is None:
        return False
    async with redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        return await client.exists(f"typing:{room}:{user}") == 1
