"""The WebSocket front: one connection is one user in one room."""

import asyncio
import json
import os

from backend.app.cache.redis_cache_manager import cache
from backend.app.redis_manager import redis_manager
from backend.app.websocket import broadcast, identity, messages, presence, rooms


async def handle(connection) -> None:
    """The client says {"token", "room"} first, then plain lines; it gets events as JSON."""
    if not await redis_manager.ready():
        await connection.close(1011, "redis is not ready")
        return
    hello = json.loads(await connection.recv())
    user, room = identity.user_of(hello["token"]), hello["room"]
    if user is None:
        await connection.close(1008, "unknown session")
        return
    async with broadcast.subscription(room) as events:
        await rooms.join(room, user)
        presence.arrive(user)
        await connection.send(json.dumps({"welcome": user, "recent": await messages.recent(room)}))
        sender = asyncio.create_task(_send(connection, events))
        try:
            async for line in connection:
                if not await messages.muted(room, user):
                    await messages.post(room, user, line)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            presence.leave(user)
            await rooms.leave(room, user)


async def _send(connection, events) -> None:
    async for event in events:
        await connection.send(event)


def serve(host: str = "127.0.0.1", port: int = 0):
    """The server, to be entered with `async with`."""
    from websockets.asyncio.server import serve as websocket_server

    return websocket_server(handle, host, port)


async def main() -> None:
    async with serve("0.0.0.0", int(os.environ.get("PORT", "8080"))) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
