"""News of a room, to every process that has somebody in it."""

import json
from contextlib import asynccontextmanager

from backend.app.redis_manager import RedisManager

# Subscriptions hold their connection: keep them off the pool of the requests.
channels = RedisManager(max_connections=500)


async def publish(room: str, event: dict) -> int:
    return await channels.publish(f"room:{room}", json.dumps(event))


@asynccontextmanager
async def subscription(room: str):
    """An iterator over the room's events, subscribed when the block begins."""
    async with channels.pubsub() as pubsub:
        await pubsub.subscribe(f"room:{room}")
        await pubsub.get_message(timeout=5)
        yield (event["data"] async for event in pubsub.listen() if event["type"] == "message")
