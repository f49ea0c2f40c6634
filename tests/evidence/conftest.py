"""A real Redis server for each test process, as one test sees it, and the manager of the example."""

from __future__ import annotations

import asyncio
import gc
import importlib
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import redis
import redis.asyncio

CHAT = Path(__file__).parents[2] / "examples" / "chat_platform"
NAMES = itertools.count()


def of_example(path: str) -> ModuleType:
    """A module of the example, which stays a program of its own: nothing is put on `sys.path`."""
    spec = spec_from_file_location(f"chat_platform_{Path(path).stem}", CHAT / path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server:
    """The server; connections of this test are told by their client name, which is in `url`."""

    def __init__(self, address: Path, admin: redis.Redis) -> None:
        self.name = f"test-{next(NAMES)}"
        self.url = f"unix://{address}?client_name={self.name}"
        self.nobody = f"unix://{address}.nobody"
        self.admin = admin

    def connections(self) -> int:
        """How many the test has open."""
        return len(self._clients())

    def blocked(self) -> int:
        """How many of them wait in a blocking command."""
        return sum("b" in client["flags"] for client in self._clients())

    def opened(self) -> int:
        """How many were ever opened to the server."""
        return self.admin.info("stats")["total_connections_received"]

    def _clients(self) -> list[dict[str, str]]:
        return [client for client in self.admin.client_list() if client["name"] == self.name]

    async def left(self, expected: int) -> bool:
        """Whether `expected` connections are open, once the server has seen the others go."""
        return await until(lambda: self.connections() <= expected) and self.connections() == expected

    async def in_turn(self, clients: Sequence[redis.asyncio.Redis]) -> tuple[int, int]:
        """Uses one after the other; (their pools, the connections that are open then)."""
        for client in clients:
            await client.get("key")
        return pools(clients), self.connections()

    async def at_once(self, clients: Sequence[redis.asyncio.Redis], each: int, held: int) -> tuple[int, int]:
        """`each` blocking commands on all at once; (answered, connections open then: none was closed).

        `held` is how many get to wait at a time; a pool that is full must let the others queue.
        """
        waiting = [asyncio.create_task(c.blpop("jobs", 60)) for c in clients for _ in range(each)]
        assert await until(lambda: self.blocked() >= held)
        self.admin.rpush("jobs", *range(len(waiting)))
        answers = await asyncio.gather(*waiting)
        return sum(answer is not None for answer in answers), self.connections()


def pools(clients: Sequence[Any]) -> int:
    return len({id(client.connection_pool) for client in clients})


async def until(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within a time that no machine should need."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


@pytest.fixture(scope="session")
def address() -> Iterator[Path]:
    """The socket of a server for the whole run; the example says how, and what happens without one."""
    run = of_example("tests/redis_process.py").redis_server
    with tempfile.TemporaryDirectory(prefix="red-") as folder, run(Path(folder)) as socket:
        yield socket


@pytest.fixture(scope="session")
def admin(address: Path) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(f"unix://{address}", decode_responses=True) as client:
        yield client


@pytest.fixture
def server(address: Path, admin: redis.Redis) -> Server:
    """The server, empty."""
    admin.flushall()
    return Server(address, admin)


@pytest.fixture
def collector_off() -> Iterator[None]:
    """When it runs is up to the program: here, never in the middle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def chat() -> ModuleType:
    """The one manager's module, of the example."""
    return of_example("backend/app/redis_manager.py")


@pytest.fixture
def manager(chat: ModuleType, server: Server) -> Any:
    """The one manager, of the example, for this server."""
    return chat.RedisManager(server.url)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], ModuleType]]:
    """Writes a module and imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(name: str, text: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(text)
        written.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write
    for name in written:
        sys.modules.pop(name, None)
