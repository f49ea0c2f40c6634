"""What is done by hand in a copy of the example before it is migrated."""

from __future__ import annotations

from pathlib import Path


def exchange(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def phase_1(copy: Path) -> None:
    """What is done by hand first: one address, the methods that are missing, tests that patch the one object."""
    old, home = copy / "backend/app/cache/redis_cache_manager.py", copy / "backend/app/redis_manager.py"
    exchange(old, ("redis://redis:6379/0", "redis://localhost:6379"))
    text = old.read_text()
    methods = text[text.index("    async def get_value(") : text.index("    async def close(")]
    exchange(
        home,
        ("import os\n", "import json\nimport os\nfrom collections.abc import Awaitable, Callable\nfrom typing import Any\n"),
        ("\n\nclass RedisManager", "\nDEFAULT_TTL = 300\n\n\nclass RedisManager"),
        ("    async def close(", f"{methods}    async def close("),
    )  # fmt: skip
    exchange(
        copy / "pyproject.toml",
        ("\n[tool.pytest", '"backend.app.db.redis_manager.close_redis" = "backend.app.redis_manager.redis_manager.close"\n\n[tool.pytest'),
    )  # fmt: skip
    accessor, manager = (
        "backend.app.db.redis_manager.get_redis_manager",
        "backend.app.redis_manager.RedisManager",
    )
    exchange(
        copy / "tests/test_chat.py",
        (f'patch("{accessor}") as get,', f'patch("{manager}.push", AsyncMock()) as push,'),
        ("        get.return_value.push = AsyncMock()\n", ""),
        ("get.return_value.push.assert", "push.assert"),
        (f'patch("{accessor}") as get:\n        get.return_value.delete = AsyncMock(return_value=2)\n',
         f'patch("{manager}.delete", AsyncMock(return_value=2)):\n'),
    )  # fmt: skip
    exchange(
        copy / "tests/test_scripts.py",
        ('patch("backend.app.db.redis_manager.redis_manager") as manager:', f'patch.multiple("{manager}", **METHODS):'),
        ('        manager.smembers = AsyncMock(return_value=["a", "b"])\n', ""),
        ('        manager.exists = AsyncMock(side_effect=lambda key: key == "members:b")\n', ""),
        ("        manager.close = AsyncMock()\n", ""),
        ("    manager.close.assert_awaited_once_with()", '    METHODS["close"].assert_awaited()'),
        ("\n\n@pytest.fixture", """
METHODS = {
    "smembers": AsyncMock(return_value=["a", "b"]),
    "exists": AsyncMock(side_effect=lambda key: key == "members:b"),
    "close": AsyncMock(),
}


@pytest.fixture"""),
    )  # fmt: skip
