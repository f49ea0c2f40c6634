"""The case's symptom, end to end: a WebSocket server whose handler asks Redis with a blocking client.

The server pings each connection and closes it with 1011 where no pong is back in time. A blocked
event loop sends no ping and reads no pong; then the pong has been there for long, and still is late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import redis
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..conftest import Server

WAIT = 1.5  # seconds for which a handler waits for a job
PING_TIMEOUT = 1.0
PING_INTERVAL = 0.05
DISTANCE = 0.05  # seconds from the client to the server: a ping is under way nearly always
ROUNDS = 5


def test_a_blocking_client_drops_the_connection_and_an_async_one_does_not(
    server: Server, manager: Any
) -> None:
    with redis.Redis.from_url(server.url, socket_timeout=60) as client:

        async def bad() -> None:
            client.blpop("jobs", WAIT)

        code, reason, rounds = asyncio.run(closed(bad, ROUNDS))
    assert (code, reason) == (1011, "keepalive ping timeout")

    async def good() -> None:
        await manager.client.blpop("jobs", WAIT)

    async def story() -> tuple[int | None, str | None, int]:
        try:
            return await closed(good, rounds)
        finally:
            await manager.close()

    assert asyncio.run(story()) == (1000, "", rounds)


async def closed(
    wait_for_job: Callable[[], Awaitable[None]], rounds: int
) -> tuple[int | None, str | None, int]:
    """How the client saw the connection end: by the server's ping, or when the handler was done."""
    done = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal done
        await asyncio.sleep(2 * DISTANCE)
        while done < rounds and socket.state is State.OPEN:
            await wait_for_job()
            done += 1
            await asyncio.sleep(DISTANCE / 5)

    keepalive = {"ping_interval": PING_INTERVAL, "ping_timeout": PING_TIMEOUT}
    async with serve(handler, "127.0.0.1", 0, **keepalive) as running:
        port = running.sockets[0].getsockname()[1]
        # the client has a thread and a loop of its own, as it were a browser
        code, reason = await asyncio.to_thread(asyncio.run, stay(port))
    return code, reason, done


async def stay(port: int) -> tuple[int | None, str | None]:
    """Answers pings until the connection is closed."""
    async with far(port) as near, connect(f"ws://127.0.0.1:{near}", ping_interval=None, proxy=None) as socket:
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass
        return socket.close_code, socket.close_reason


@asynccontextmanager
async def far(port: int) -> AsyncIterator[int]:
    """Another port that leads there, with the delay of a network."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(DISTANCE)
            writer.write(data)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, ours), carry(theirs, writer))

    relay = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with relay:
        yield relay.sockets[0].getsockname()[1]
