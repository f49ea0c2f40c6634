"""python-lsp-server's flake8 plugin shows what flake8 and the command show: the same table, rows and messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

TABLE = """\
[tool.redis-ssot]
manager = "app.manager"
forbidden-managers = ["app.old"]
extend-select = ["RED506"]
per-file-ignores = { "app/quiet.py" = ["RED201"] }
"""
SOURCE = """\
import redis
from app.old import cache

name = "\N{SNOWMAN}"; client = redis.Redis()
other = redis.StrictRedis()  # noqa: RED201
third = redis.Redis()  # noqa
print(cache, name, client, other, third)
"""
PLUGINS = {name: {"enabled": name == "flake8"} for name in ("flake8", "pycodestyle", "pyflakes", "mccabe")}


class Server:
    """A server that is spoken to as an editor does, over its standard streams."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pylsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.send(
            "initialize", {"rootUri": folder.as_uri(), "processId": os.getpid(), "capabilities": {}}, number=1
        )
        while self.received().get("id") != 1:
            pass
        self.send("initialized", {})
        flake8 = {"enabled": True, "executable": os.path.join(os.path.dirname(sys.executable), "flake8")}
        plugins = {**PLUGINS, "flake8": flake8}
        self.send("workspace/didChangeConfiguration", {"settings": {"pylsp": {"plugins": plugins}}})

    def send(self, method: str, params: dict[str, Any], number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message | ({} if number is None else {"id": number})).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def received(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        size = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(self.process.stdout.read(size))
        return found

    def opened(self, name: str, text: str) -> list[tuple[int, int, str]]:
        """What is published of a document with this text: row, column and message, as flake8 counts them."""
        uri = (self.folder / name).as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self.received()
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri:
                return sorted(
                    (d["range"]["start"]["line"] + 1, d["range"]["start"]["character"] + 1, d["message"])
                    for d in params["diagnostics"]
                )

    def stop(self) -> None:
        self.send("shutdown", {}, number=2)
        self.send("exit", {})
        self.process.communicate(timeout=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "pyproject.toml").write_text(TABLE)
    (tmp_path / "setup.cfg").write_text("[flake8]\nextend-ignore = E,W,F\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "old.py").write_text("cache = 1\n")
    started = Server(tmp_path)
    yield started
    started.stop()


def test_an_editor_shows_what_flake8_and_the_command_show(server: Server, run: Command) -> None:
    def printed(*arguments: str, module: str) -> list[tuple[int, int, str]]:
        text = run(*arguments, cwd=server.folder, module=module, stdin=SOURCE.encode()).stdout
        rows = [line.split(":", 3)[1:] for line in text.splitlines() if line.startswith("app/")]
        return sorted((int(row), int(column), message.strip()) for row, column, message in rows)

    for name, codes in (
        ("app/new.py", {"RED101", "RED201", "RED506"}),  # none of them is on the disk
        ("app/quiet.py", {"RED101", "RED506"}),
        ("app/manager.py", {"RED101", "RED302", "RED506"}),
    ):
        shown = server.opened(name, SOURCE)
        assert {message.split()[0] for *_, message in shown} == codes
        flake8 = printed("--stdin-display-name", name, "-", module="flake8")
        assert shown == flake8
        command = ("check", "--output-format", "concise", "-q", "--stdin-filename", name, "-")
        assert shown == printed(*command, module="flake8_redis_ssot")
