"""The maintenance script, as a process and from inside."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import AsyncMock, patch

import pytest

from backend.app.websocket import messages, rooms
from scripts import prune_rooms


@pytest.fixture
def two_rooms(run):
    async def story():
        for room in ("empty", "full"):
            await rooms.create(room, room)
            await messages.post(room, "ann", "hi")
        await rooms.join("full", "ann")

    run(story())


def prune(*arguments: str) -> str:
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "scripts.prune_rooms", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def test_rooms_without_members_go(two_rooms, server):
    assert prune("--dry-run") == "empty\n"
    assert server.smembers("rooms") == {"empty", "full"}
    assert prune() == "empty\n"
    assert prune() == ""
    assert server.smembers("rooms") == {"full"}
    assert not server.exists("room:empty", "messages:empty", "last:empty")
    assert server.exists("room:full", "messages:full", "last:full") == 3


def test_the_manager_is_closed_afterwards(run):
    with patch("backend.app.db.redis_manager.redis_manager") as manager:
        manager.smembers = AsyncMock(return_value=["a", "b"])
        manager.exists = AsyncMock(side_effect=lambda key: key == "members:b")
        manager.close = AsyncMock()
        assert run(prune_rooms.prune(dry_run=True)) == ["a"]
    manager.close.assert_awaited_once_with()
