from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"
EXAMPLE = Path(__file__).parent.parent / "examples" / "chat_platform"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


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
    """Runs redis-ssot or flake8 as a process of its own."""

    def call(*arguments: str, cwd: Path, module: str = "flake8_redis_ssot", stdin: bytes | None = None):
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], cwd=cwd, input=stdin, capture_output=True
        )
        return subprocess.CompletedProcess(
            done.args,
            done.returncode,
            done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"),
        )

    return call


def places(output: str) -> list[tuple[str, int, int, str]]:
    """(path, line, column, code) of each concise row."""
    rows = re.findall(r"^(.+?):(\d+):(\d+): (RED\d{3}) ", output, re.MULTILINE)
    return sorted(
        (path.removeprefix("./"), int(line), int(column), code) for path, line, column, code in rows
    )


__all__: Sequence[str] = ("EXAMPLE", "FIXTURES", "Command", "expectations", "places")
