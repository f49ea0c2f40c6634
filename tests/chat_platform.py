"""What is done by hand in a copy of the example before it is migrated."""

from __future__ import annotations

from pathlib import Path


def compatibility(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


REPLACEMENTS = """\
"backend.app.cache.redis_cache_manager.RedisCacheManager" = "backend.app.redis_manager.RedisManager"
"backend.app.cache.redis_cache_manager.CacheBackend" = "backend.app.redis_manager.CacheBackend"
"backend.app.db.redis_manager.close_redis" = "backend.app.redis_manager.redis_manager.close"
"backend.app.db.redis_manager.get_redis_client" = "backend.app.redis_manager.redis_manager.get_client"
"backend.app.db.redis_manager.redis_ready" = "backend.app.redis_manager.redis_manager.ready"
"""


def phase_1(copy: Path) -> None:
    """What is done by hand first.

    The manager gets what is missing, the cache's connects as the manager does, the settings say what becomes of each,
    and tests patch methods of the one object.
    """
    old, home = copy / "backend/app/cache/redis_cache_manager.py", copy / "backend/app/redis_manager.py"
    text = home.read_text()
    connecting = text[text.index("    def __init__(") : text.index("    async def ready(")]
    closing = text[text.index("    async def close(") : text.index("\n\nredis_manager = ")]
    text = old.read_text()
    compatibility(
        old,
        (text[text.index("    def __init__(") : text.index("    async def get(")], connecting),
        (text[text.index("    async def close(") : text.index("\n\ncache = ")], closing),
        ("await self.client.delete(*keys)\n", "await self.client.delete(*keys) if keys else 0\n"),
        ("import json\n", "import asyncio\nimport json\n"),
    )
    methods = text[text.index("    async def get_value(") : text.index("    async def close(")]
    backend = text[text.index("class CacheBackend:") :].replace("= cache\n", "= redis_manager\n")
    compatibility(
        home,
        ("import os\n", "import json\nimport os\nfrom collections.abc import Awaitable, Callable\nfrom typing import Any\n"),
        ("\n\nclass RedisManager", "\nDEFAULT_TTL = 300\n\n\nclass RedisManager"),
        ("    async def ready(", "    def get_client(self) -> redis.Redis:\n        return self.client\n\n    async def ready("),
        ("    async def close(", f"{methods}    async def close("),
        ("redis_manager = RedisManager()\n", f"redis_manager = RedisManager()\n\n\n{backend}"),
    )  # fmt: skip
    compatibility(
        copy / "backend/app/db/redis_manager.py",
        ("from backend", "from redis.asyncio import Redis\n\nfrom backend"),
        ("def get_redis_client():", "def get_redis_client() -> Redis:"),
    )
    compatibility(copy / "auth_service/auth_core/limits.py", ("db=1", "db=1, decode_responses=True"))
    compatibility(copy / "pyproject.toml", ("\n[tool.pytest", f"{REPLACEMENTS}\n[tool.pytest"))
    accessor = "backend.app.db.redis_manager.get_redis_manager"
    manager = "backend.app.redis_manager.RedisManager"
    compatibility(
        copy / "tests/test_chat.py",
        (f'patch("{accessor}") as get,', f'patch("{manager}.push", AsyncMock()) as push,'),
        ("        get.return_value.push = AsyncMock()\n", ""),
        ("get.return_value.push.assert", "push.assert"),
        (f'patch("{accessor}") as get:\n        get.return_value.delete = AsyncMock(return_value=2)\n',
         f'patch("{manager}.delete", AsyncMock(return_value=2)):\n'),
    )  # fmt: skip
    compatibility(
        copy / "tests/test_manager.py",
        ('patch("backend.app.db.redis_manager.redis_manager") as manager:\n        manager.ready = AsyncMock(return_value=False)\n',
         f'patch("{manager}.ready", AsyncMock(return_value=False)) as ready:\n'),
        ("manager.ready.assert", "ready.assert"),
    )  # fmt: skip
    compatibility(
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
