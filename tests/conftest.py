from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tokenize
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import chdir
from importlib.metadata import EntryPoint
from pathlib import Path
from unittest import mock

import pytest
from flake8 import utils
from flake8.main.cli import main as flake8
from flake8.plugins import finder

from flake8_redis_ssot.cli.main import main

FIXTURES = Path(__file__).parent / "fixtures"
EXAMPLE = Path(__file__).parent.parent / "examples" / "chat_platform"
Command = Callable[..., "subprocess.CompletedProcess[str]"]
LEAN = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "flake8_redis_ssot.pytest_plugin,xdist.plugin",
}
"""The environment of a pytest of its own: all plugins that are installed take ten times as long as its whole run."""


def expectations(text: str) -> list[tuple[int, str, str]]:
    """(line, code, text in its message) of every `# error: CODE, CODE "text"`; `error+1` is the next line's.

    The text is that of the last code.
    """
    found = []
    for number, comment in _comments(text):
        wanted = re.search(r'error(?:\+(\d))?: ((?:RED\d{3}[ ,]*)+)(?:"(.+)")?', comment)
        if wanted:
            line = number + int(wanted[1] or 0)
            codes = re.findall(r"RED\d{3}", wanted[2])
            found += [(line, code, "") for code in codes[:-1]] + [(line, codes[-1], wanted[3] or "")]
    return sorted(found)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """(line, comment) of Python; of TOML as well, which writes strings and comments alike."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.fixture
def run() -> Command:
    """Runs redis-ssot or flake8 as `python -m` does, but within this process."""
    return run_here


@pytest.fixture
def process() -> Command:
    """The same in a process of its own: for what depends on it, and for other tools."""
    return _run_apart


@pytest.fixture(autouse=True, scope="session")
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test within this process depends on what is on the disk when the machine stops."""
    with mock.patch.object(os, "fsync"):
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Who is done takes tests from who is not; files stay together, as do what their fixtures make."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


def run_here(
    *arguments: str, cwd: Path, module: str = "flake8_redis_ssot", stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    given = list(arguments)
    if module == "flake8":
        given += [] if any(a.startswith("-j") for a in given) else ["-j0"]
        utils.stdin_get_value.cache_clear()
    streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (stdin or b"", b"", b"")]
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = streams
    try:
        with chdir(cwd), mock.patch.object(finder, "_flake8_plugins", _reporters):
            status = {"flake8_redis_ssot": main, "flake8": flake8}[module](given)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except Exception:
        traceback.print_exc()
        status = 1
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    said = []
    for stream in streams[1:]:
        stream.flush()
        said.append(stream.buffer.getvalue().decode(errors="replace"))
    return subprocess.CompletedProcess(given, status, *said)


def _reporters(entries: Iterable[EntryPoint], name: str, version: str) -> list[finder.Plugin]:
    """What flake8 brings along but its own checks, which take most of its time and are not ours."""
    return [finder.Plugin(name, version, entry) for entry in entries if entry.group == "flake8.report"]


def _run_apart(
    *arguments: str, cwd: Path, module: str = "flake8_redis_ssot", stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=cwd, input=stdin, capture_output=True
    )
    said = [stream.decode(errors="replace") for stream in (done.stdout, done.stderr)]
    return subprocess.CompletedProcess(done.args, done.returncode, *said)


def places(output: str) -> list[tuple[str, int, int, str]]:
    """(path, line, column, code) of each concise row."""
    rows = re.findall(r"^(.+?):(\d+):(\d+): (RED\d{3}) ", output, re.MULTILINE)
    return sorted(
        (path.removeprefix("./"), int(line), int(column), code) for path, line, column, code in rows
    )


__all__: Sequence[str] = ("EXAMPLE", "FIXTURES", "LEAN", "Command", "expectations", "places", "run_here")
