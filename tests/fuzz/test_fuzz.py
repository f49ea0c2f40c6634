"""A short run of fuzz.py, always the same, and that it sees faults at all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import fuzz
import pytest

from flake8_redis_ssot import flake8_plugin
from flake8_redis_ssot.lint import check

SOURCE = b"import redis\n\nclient = redis.Redis()  # comment\n"


@pytest.mark.parametrize(
    "more", [["--count", "80"], ["--count", "24", "--project", "12"]], ids=["files", "project"]
)
def test_nothing_fails(more: list[str]) -> None:
    script = Path(fuzz.__file__)
    done = subprocess.run(
        [sys.executable, script, "--jobs", "2", "--seed", "1", *more], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout


def test_a_seed_makes_the_same_files() -> None:
    assert [fuzz.made(3, n) for n in range(30)] == [fuzz.made(3, n) for n in range(30)]
    assert [fuzz.made(3, n) for n in range(30)] != [fuzz.made(4, n) for n in range(30)]


def kinds(folder: Path, data: bytes = SOURCE) -> list[str]:
    fuzz.write_project(folder)
    result = fuzz.check_file(folder, fuzz.Flake8(folder), "app/m.py", data)
    return [failure.kind for failure in result.failures]


def test_a_sound_file_has_findings_and_no_failures(tmp_path: Path) -> None:
    fuzz.write_project(tmp_path)
    result = fuzz.check_file(tmp_path, fuzz.Flake8(tmp_path), "app/m.py", SOURCE)
    assert (result.failures, result.findings) == ([], 2)
    assert kinds(tmp_path, b"import redis\n\x00(") == []


def broken(*_: object) -> NoReturn:
    raise LookupError("planted")


def endless(*_: object) -> NoReturn:
    while True:
        time.process_time()


def test_faults_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(check.FileChecker, "check", broken)
        assert kinds(tmp_path) == [
            "defect LookupError: planted",
            "flake8: LookupError in flake8_plugin.py:run",
        ]
    with monkeypatch.context() as patch:
        patch.setattr(fuzz, "command", broken)
        assert kinds(tmp_path)[0].startswith("traceback LookupError")
    with monkeypatch.context() as patch:
        patch.setattr(fuzz, "command", lambda _: 2)
        assert kinds(tmp_path)[0] == "exit 2"
    with monkeypatch.context() as patch:
        patch.setattr(flake8_plugin.Plugin, "run", lambda _: iter(()))
        assert kinds(tmp_path) == ["differs: flake8 lacks RED102"]
    with monkeypatch.context() as patch:
        patch.setattr(check.FileChecker, "check", endless)
        patch.setattr(fuzz, "CPU", 0.2)
        assert kinds(tmp_path) == ["slow"]


def test_a_process_that_dies_fails_one_file() -> None:
    def check_one(index: int) -> fuzz.Result:
        if index == 3:
            sys.exit(7)
        return fuzz.Result(str(index))

    results = dict(fuzz.run_all(6, 2, 5, lambda: check_one))
    assert sorted(results) == list(range(6))
    assert [(n, r.failures[0].kind) for n, r in results.items() if r.failures] == [(3, "died")]


def test_what_fails_is_made_smaller() -> None:
    assert fuzz.smaller(list(range(100)), lambda some: {13, 77} <= set(some)) == [13, 77]


def test_a_fix_that_breaks_a_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(arguments: list[str]) -> int:
        if "--fix" in arguments:
            (tmp_path / "p" / "app" / "m.py").write_bytes(b"import (\n")
        print("[]")
        return 0

    monkeypatch.setattr(fuzz, "command", spoil)
    result = fuzz.check_project(tmp_path / "p", [("app/m.py", SOURCE)], "p")
    assert [failure.kind for failure in result.failures] == ["--fix: no longer compiles"]
