"""Real servers, as applications have them: one, a cluster of three, and a master that a sentinel watches."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import redis
from conftest import EXAMPLE
from redis.cluster import ClusterNode

from flake8_redis_ssot.census.census import Census, start, stop


def _redis_process() -> ModuleType:
    """How the example finds and keeps a server, and what happens without one."""
    spec = spec_from_file_location("chat_redis_process", EXAMPLE / "tests" / "redis_process.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROCESS = _redis_process()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Waits until it comes true; an error of redis counts as no."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def listening(folder: Path, port: int, options: Sequence[str]) -> Iterator[int]:
    """A server on a port, which ends with the tests however they end."""
    command = [PROCESS.executable(), *options, "--port", str(port), "--dir", str(folder), "--save", ""]
    with open(folder / f"{port}.log", "wb") as log:
        keeper = subprocess.Popen(
            ["sh", "-c", PROCESS.KEEPER, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        with redis.Redis(port=port) as client:
            until(client.ping)
        yield port
    finally:
        keeper.communicate(timeout=10)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """One with a short path: that of a socket is limited."""
    with tempfile.TemporaryDirectory(prefix="red-") as made:
        yield Path(made)


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """The URL of a single server."""
    with PROCESS.redis_server(folder) as path:
        yield f"unix://{path}"


@pytest.fixture(scope="session")
def cluster(folder: Path) -> Iterator[int]:
    """The port of a node of a cluster of three masters."""
    with ExitStack() as stack:
        ports = []
        for number in range(3):
            port, bus = free_port(), free_port()
            options = ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
            options += ["--cluster-config-file", f"nodes-{number}.conf"]
            ports.append(stack.enter_context(listening(folder, port, options)))
        nodes = [stack.enter_context(redis.Redis(port=port)) for port in ports]
        for number, node in enumerate(nodes):
            first, last = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
            node.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        own = nodes[0].config_get("cluster-port")["cluster-port"]
        for node in nodes[1:]:
            node.execute_command("CLUSTER MEET", "127.0.0.1", ports[0], own)
        for node in nodes:
            until(lambda node=node: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
            until(lambda node=node: len(node.execute_command("CLUSTER NODES")) == 3)
        yield ports[0]


@pytest.fixture(scope="session")
def sentinel(folder: Path) -> Iterator[int]:
    """The port of a sentinel that watches the master `chat`."""
    with ExitStack() as stack:
        master = stack.enter_context(listening(folder, free_port(), []))
        settings = folder / "sentinel.conf"
        settings.write_text(f"sentinel monitor chat 127.0.0.1 {master} 1\n")
        command = [str(settings), "--sentinel"]
        yield stack.enter_context(listening(folder, free_port(), command))


@pytest.fixture
def census() -> Iterator[Census]:
    """One that begins here and counts nothing of other tests."""
    started = start("the test")
    yield started
    stop(started)


__all__ = ["ClusterNode", "free_port", "listening", "until"]
