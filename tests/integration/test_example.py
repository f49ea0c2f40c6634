"""The example: what the command says of it, and that it runs on a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from chat_platform import phase_1
from conftest import EXAMPLE, LEAN, Command, places

ENVIRONMENT = {**os.environ, **LEAN}
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
        env=ENVIRONMENT,
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


REFERENCES = ("RED101", "RED105", "RED106", "RED203")
"""The rules on references to managers that are forbidden, or made once more."""

CONNECTIONS = """
import asyncio, os, tempfile
from pathlib import Path

import redis

from tests.redis_process import redis_server

with tempfile.TemporaryDirectory(prefix="chat-") as folder, redis_server(Path(folder)) as address:
    os.environ["REDIS_URL"] = f"unix://{address}"
    from backend.app.api import profiles

    async def story():
        await profiles.save("ann", "tired")
        assert await profiles.known("ann") and await profiles.about("ann") == "tired"
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as outside:
            return len(outside.client_list()) - 1

    print(asyncio.run(story()))
"""


def test_it_migrates_on_a_real_server_and_back(tmp_path: Path, run: Command) -> None:
    copy = tmp_path / "chat"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))

    def contents() -> dict[str, bytes]:
        files = (p for p in copy.rglob("*.py") if not p.relative_to(copy).parts[0].startswith("."))
        return {str(p.relative_to(copy)): p.read_bytes() for p in files}

    def python(*arguments: str) -> str:
        command = [sys.executable, "-B", *arguments]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=ENVIRONMENT)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    referring = [row for row in GOLDEN.read_text().splitlines() if row.endswith(REFERENCES)]
    phase_1(copy)
    before = contents()
    found = places(run("check", "--output-format", "concise", cwd=copy).stdout)
    managers_before = python("-c", CONNECTIONS)
    assert " passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs")
    assert "Phase 2, migrate: 22 references" in run("plan", cwd=copy).stdout
    migrated = run("migrate", cwd=copy)
    assert (
        "Migrated 5 constructions, 11 imports, 3 strings and removed 3 imports in 12 files."
        in migrated.stdout
    )
    assert "Verified: a fresh scan finds" in migrated.stdout and migrated.stderr == ""
    assert (managers_before, python("-c", CONNECTIONS)) == ("2\n", "1\n")
    assert " passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs")
    left = places(run("check", "--output-format", "concise", cwd=copy).stdout)
    still = [row for row in left if row[3] in REFERENCES]
    assert (len(referring), len(still), {code for *_, code in still}) == (27, 6, {"RED203"})
    gone = [row for row in found if row not in left]
    assert {path for path, *_ in gone} == {n for n, data in contents().items() if data != before[n]}
    assert run("rollback", cwd=copy).returncode == 0
    assert contents() == before
