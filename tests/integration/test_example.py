"""The example: what the command says of it, and that it runs on a real server."""

from __future__ import annotations

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
