"""The example: what the command says of it, and that it runs on a real server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import EXAMPLE, Command, places

GOLDEN = Path(__file__).parent / "example_findings.txt"


def test_findings(run: Command) -> None:
    found = places(run("check", "--output-format", "concise", cwd=EXAMPLE).stdout)
    rows = "".join(f"{path}:{line}:{column}: {code}\n" for path, line, column, code in found)
    assert rows == GOLDEN.read_text()


def test_its_own_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


CONNECTIONS = """
import asyncio, os, tempfile
from pathlib import Path

import redis

from tests.redis_process import redis_server

with tempfile.TemporaryDirectory(prefix="chat-") as folder, redis_server(Path(folder)) as address:
    os.environ["REDIS_URL"] = f"unix://{address}"
    from backend.app.api import profiles

    async def story():
        await profiles.save("ann", "tired")
        assert await profiles.known("ann") and await profiles.about("ann") == "tired"
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as outside:
            return len(outside.client_list()) - 1

    print(asyncio.run(story()))
"""


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


def test_it_migrates_on_a_real_server_and_back(tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "chat"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))

    def contents() -> dict[str, bytes]:
        files = (p for p in copy.rglob("*.py") if not p.relative_to(copy).parts[0].startswith("."))
        return {str(p.relative_to(copy)): p.read_bytes() for p in files}

    def python(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-B", *arguments], cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    phase_1(copy)
    before = contents()
    found = places(run("check", "--output-format", "concise", cwd=copy).stdout)
    managers_before = python("-c", CONNECTIONS)
    assert "Phase 2, migrate: 8 references" in run("plan", cwd=copy).stdout
    migrated = run("migrate", cwd=copy)
    assert "Migrated 6 imports and removed 2 imports in 5 files." in migrated.stdout
    assert "Verified: a fresh scan finds" in migrated.stdout and migrated.stderr == ""
    assert (managers_before, python("-c", CONNECTIONS)) == ("2\n", "1\n")
    assert " passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs")
    left = places(run("check", "--output-format", "concise", cwd=copy).stdout)
    gone = [row for row in found if row not in left]
    assert {path for path, *_ in gone} == {n for n, data in contents().items() if data != before[n]}
    assert run("rollback", cwd=copy).returncode == 0
    assert contents() == before
