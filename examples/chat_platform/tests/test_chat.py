"""Rooms, messages, presence and the rest of the chat, without the WebSocket."""

import json
from unittest.mock import AsyncMock, Mock, patch

from auth_service.auth_core import sessions
from backend.app.redis_manager import redis_manager
from backend.app.websocket import broadcast, history, identity, messages, presence, rooms, typing_notice


def test_rooms(run):
    async def story():
        await rooms.create("r", "Lounge")
        await rooms.rename("r", "Bar")
        for user in ("ann", "bob"):
            await rooms.join("r", user)
        await rooms.leave("r", "bob")
        return await rooms.title("r"), await rooms.members("r"), await rooms.title("none")

    assert run(story()) == ("Bar", {"ann"}, None)


def test_messages_are_numbered_and_in_order(run):
    async def story():
        for text in "abc":
            await messages.post("r", "ann", text)
        newest = await messages.recent("r", 2)
        return [(m["number"], m["text"]) for m in newest], (await messages.last("r"))["text"]

    assert run(story()) == ([(2, "b"), (3, "c")], "c")


def test_only_the_newest_messages_are_kept(run, server, monkeypatch):
    monkeypatch.setattr("backend.app.settings.MESSAGES_KEPT", 3)

    async def story():
        for text in "abcde":
            await messages.post("r", "ann", text)
        return [m["text"] for m in await messages.recent("r")]

    assert run(story()) == ["c", "d", "e"]
    assert server.llen("messages:r") == 3


def test_the_last_message_survives_its_cache(run, server):
    async def story():
        await messages.post("r", "ann", "hi")
        server.delete("last:r")
        return (await messages.last("r"))["text"], await messages.last("empty")

    assert run(story()) == ("hi", None)
    assert server.exists("last:r")


def test_a_post_goes_to_store_and_cache(run):
    cache = Mock(count=AsyncMock(return_value=8), set_json=AsyncMock())
    with (
        patch("backend.app.db.redis_manager.get_redis_manager") as get,
        patch("backend.app.websocket.messages.cache", cache),
    ):
        get.return_value.push = AsyncMock()
        message = run(messages.post("r", "ann", "hi"))
    get.return_value.push.assert_awaited_once_with("messages:r", json.dumps(message), 100)
    cache.set_json.assert_awaited_once_with("last:r", message, ttl=3600)
    assert message["number"] == 8


def test_muting(run, server):
    async def story():
        await messages.mute("r", "bob", 30)
        return await messages.muted("r", "bob"), await messages.muted("r", "ann")

    assert run(story()) == (True, False)
    assert 0 < server.ttl("muted:r:bob") <= 30


def test_presence(server):
    presence.arrive("ann")
    assert presence.online("ann") and not presence.online("bob")
    assert 0 < server.ttl("online:ann") <= 60
    presence.leave("ann")
    assert not presence.online("ann")


def test_typing(run):
    async def story():
        await typing_notice.started("r", "ann")
        return await typing_notice.typing("r", "ann"), await typing_notice.typing("r", "bob")

    assert run(story()) == (True, False)


def test_nobody_types_without_redis(run, server, monkeypatch):
    monkeypatch.setattr(typing_notice, "redis", None)
    run(typing_notice.started("r", "ann"))
    assert run(typing_notice.typing("r", "ann")) is False
    assert server.dbsize() == 0


def test_subscribers_hear_their_room(run):
    async def story():
        async with broadcast.subscription("r") as events:
            assert await broadcast.publish("other", {"n": 0}) == 0
            assert await broadcast.publish("r", {"n": 1}) == 1
            return json.loads(await anext(events))

    assert run(story()) == {"n": 1}


def test_an_export_is_cached_until_the_room_is_forgotten(run, server):
    async def story():
        await messages.post("r", "ann", "hi")
        await messages.post("r", "bob", "ho")
        first = await history.export("r")
        await messages.post("r", "ann", "late")
        assert await history.export("r") == first
        return first, await history.forget("r"), await history.export("r")

    assert run(story()) == ("ann: hi\nbob: ho", 3, "")
    assert not server.exists("messages:r")


def test_forgetting_asks_the_store_of_the_moment(run):
    with patch("backend.app.db.redis_manager.get_redis_manager") as get:
        get.return_value.delete = AsyncMock(return_value=2)
        assert run(history.forget("r")) == 2


def test_identity_is_the_auth_service_s(run):
    token = sessions.log_in("ann", password_is_right=True)
    assert identity.user_of(token) == "ann"
    assert run(redis_manager.get(f"session:{token}")) is None
    sessions.log_out("ann")
    assert identity.user_of(token) is None
