"""Two users chat over real WebSockets."""

import asyncio
import json

import pytest

from auth_service.auth_core import sessions
from backend.app.redis_manager import RedisManager
from backend.app.websocket import messages, presence, rooms
from backend.app.websocket import server as chat

websockets = pytest.importorskip("websockets", reason="pip install websockets to run the WebSocket tests")


async def enter(port: int, user: str, room: str):
    """A connection that was welcomed, and the welcome."""
    connection = await websockets.connect(f"ws://127.0.0.1:{port}")
    token = sessions.log_in(user, password_is_right=True)
    await connection.send(json.dumps({"token": token, "room": room}))
    return connection, await heard(connection)


async def heard(connection) -> dict:
    return json.loads(await asyncio.wait_for(connection.recv(), 5))


async def closing_code(port: int, hello: dict | None) -> int:
    async with websockets.connect(f"ws://127.0.0.1:{port}") as connection:
        if hello:
            await connection.send(json.dumps(hello))
        await asyncio.wait_for(connection.wait_closed(), 5)
        return connection.close_code


def on_a_server(story):
    async def main():
        async with chat.serve() as running:
            return await story(running.sockets[0].getsockname()[1])

    return main()


def test_a_conversation(run):
    async def story(port):
        ann, _ = await enter(port, "ann", "lounge")
        await ann.send("anybody?")
        assert (await heard(ann))["text"] == "anybody?"
        bob, welcome = await enter(port, "bob", "lounge")
        assert [m["text"] for m in welcome["recent"]] == ["anybody?"]
        assert presence.online("bob") and await rooms.members("lounge") == {"ann", "bob"}
        await bob.send("me")
        lines = [(m["user"], m["text"]) for m in (await heard(ann), await heard(bob))]
        await ann.close()
        await bob.close()
        return lines

    assert run(on_a_server(story)) == [("bob", "me"), ("bob", "me")]


def test_who_leaves_is_offline(run):
    async def story(port):
        ann, _ = await enter(port, "ann", "lounge")
        assert presence.online("ann")
        await ann.close()
        for _ in range(500):
            if not await rooms.members("lounge"):
                break
            await asyncio.sleep(0.01)
        return presence.online("ann"), await rooms.members("lounge")

    assert run(on_a_server(story)) == (False, set())


def test_rooms_are_apart_and_the_muted_unheard(run):
    async def story(port):
        await messages.mute("lounge", "bob", 30)
        ann, _ = await enter(port, "ann", "lounge")
        bob, _ = await enter(port, "bob", "lounge")
        carl, _ = await enter(port, "carl", "attic")
        await bob.send("psst")
        await carl.send("hello?")
        await heard(carl)
        await ann.send("quiet here")
        first = await heard(ann)
        for connection in (ann, bob, carl):
            await connection.close()
        return first["text"], first["number"]

    assert run(on_a_server(story)) == ("quiet here", 1)


def test_an_unknown_session_is_refused(run):
    assert run(on_a_server(lambda port: closing_code(port, {"token": "?", "room": "r"}))) == 1008


def test_without_redis_nobody_gets_in(run, monkeypatch, tmp_path):
    monkeypatch.setattr(chat, "redis_manager", RedisManager(f"unix://{tmp_path}/none.sock"))
    assert run(on_a_server(lambda port: closing_code(port, None))) == 1011
