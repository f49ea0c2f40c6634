"""A file that is not taken in by the project rules is, as soon as its change makes it one that must be."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.cli.main import main

FILES = {
    "pyproject.toml": '[tool.redis-ssot]\nmanager = "app.redis_manager"\nselect = ["RED502", "RED505", "RED507"]\n',
    "app/__init__.py": "",
    "app/redis_manager.py": """import redis
import redis.asyncio


class Manager:
    def __init__(self):
        self.client = redis.Redis()
        self.later = redis.asyncio.Redis()


manager = Manager()


async def read():
    return await manager.later.get("key")


def prepare(app):
    app.state.shared = redis.Redis()
""",
    "app/user.py": """from app.redis_manager import manager

print(1)


async def use():
    return manager
""",
    "app/looping.py": """import asyncio

from app.redis_manager import read

print(asyncio, read)
""",
    "app/route.py": """print(1)


async def route(request):
    return request.app
""",
    "tests/conftest.py": """import pytest

from app.redis_manager import manager


@pytest.fixture
def held_client():
    return manager.client
""",
    "tests/test_it.py": """print(1)


async def test_it(other):
    return other
""",
}


@pytest.mark.parametrize(
    ("path", "before", "after", "code"),
    [
        ("app/user.py", "return manager", 'return manager.client.get("key")', "RED505"),
        ("app/looping.py", "print(asyncio, read)", "asyncio.run(read())\nasyncio.run(read())", "RED507"),
        ("app/route.py", "request.app", 'request.app.state.shared.get("key")', "RED505"),
        (
            "tests/test_it.py",
            "(other):\n    return other",
            '(held_client):\n    held_client.get("key")',
            "RED505",
        ),
    ],
)
def test_a_change_that_uses_a_client_of_another_file_is_seen(
    path: str,
    before: str,
    after: str,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    def check(*arguments: str) -> str:
        main(["check", "--output-format", "concise", "--quiet", "--jobs", "1", *arguments])
        return capsys.readouterr().out

    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    changed = tmp_path / path
    assert path not in check()
    changed.write_text(FILES[path].replace(before, after))
    fresh = check("--no-cache")
    assert f"{path}:" in fresh and code in fresh
    assert check() == fresh
    changed.write_text(FILES[path])
    assert path not in check()
    # what has nothing to do with it
    changed.write_text(FILES[path] + "\nprint(2)\n")
    assert path not in check()
