"""What the extension for VS Code says of itself agrees with the package; `npm test` there asks its own code."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

from flake8_redis_ssot import __version__
from flake8_redis_ssot.server.actions import FIX_ALL
from flake8_redis_ssot.server.app import Server

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text())
CODE = (FOLDER / "src" / "extension.ts").read_text()


def test_it_has_the_version_of_the_package() -> None:
    assert MANIFEST["version"] == __version__
    assert json.loads((FOLDER / "package-lock.json").read_text())["version"] == __version__


def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    assert len(lock["packages"]) > 10
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_every_setting_and_command_is_read_and_documented() -> None:
    page = (FOLDER / "README.md").read_text()
    for name in MANIFEST["contributes"]["configuration"]["properties"]:
        key = name.removeprefix("redisSsot.")
        assert key == "trace.server" or f"'{key}'" in CODE
        assert key == "trace.server" or f"`{name}`" in page
    for command in MANIFEST["contributes"]["commands"]:
        assert f"'{command['command']}'" in CODE
        assert f"redis-ssot: {command['title']}" in page


def test_the_server_takes_what_it_sends() -> None:
    sent = re.search(r"initializationOptions: \{(.*?)\n    \}", CODE, re.DOTALL)
    assert sent is not None
    keys = re.findall(r"^\s+(\w+):", sent[1], re.MULTILINE)
    server = Path(inspect.getfile(Server)).read_text()
    assert keys and all(f'self._given.get("{key}")' in server for key in keys)


def test_the_action_that_it_advises_is_there() -> None:
    assert FIX_ALL in (FOLDER / "README.md").read_text()
