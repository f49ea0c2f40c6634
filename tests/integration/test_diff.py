"""`check --diff` is a patch: what applies it gives the bytes that `check --fix` gives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command

CHECK = ("check", "--isolated", "--select", "RED506")
CODE = b"import redis\n\n\nfirst = redis.StrictRedis()\nlast = redis.StrictRedis()\n"
CRLF = CODE.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("plain", CODE),
        ("crlf", CRLF),
        ("mixed", CRLF.replace(b"\r", b"", 2) + b"x = 1  # \x0c\x1b\n"),
        ("carriage_return_within", CODE + b"x = 1\ry = 2\r"),
        ("latin", b"# coding: latin-1\n" + CODE + b"# caf\xe9\n"),
        ("japanese", b"# coding: shift_jis\n" + CODE + "# ソ表\n".encode("shift_jis")),
        ("bom", b"\xef\xbb\xbf" + CODE),
        ("no_end", CODE.rstrip()),
        ("no_end_crlf", CRLF.rstrip()),
        ("no_end_unchanged", CODE + b"x = 1"),
        ("separators", CODE + "x = '\x85\u2028\x1c'\n".encode()),
        ("with spaces", CODE),
        (" before", CODE),
        ("behind ", CODE),
        ("a\ttab", CODE),
        ('"quotes" and \\', CODE),
        ("a\nline", CODE),
        ("café 表", CODE),
        (os.fsdecode(b"bad\xff"), CODE),
        ("with space/below", CODE),
    ],
    ids=repr,
)
def test_it_applies_byte_for_byte(name: str, data: bytes, tmp_path: Path, run: Command) -> None:
    fixed = tmp_path / "fixed"
    file = Path("app", f"{name}.py")
    (fixed / file).parent.mkdir(parents=True)
    (fixed / file).write_bytes(data)
    run(*CHECK, "--diff", "-o", "../made.patch", cwd=fixed)
    assert (fixed / file).read_bytes() == data
    for program in (["git", "apply", "-p0"], ["patch", "-p0", "--binary", "-i"]):
        shutil.copytree(fixed, tmp_path / program[0])
        subprocess.run(
            [*program, "../made.patch"], cwd=tmp_path / program[0], check=True, capture_output=True
        )
    run(*CHECK, "--fix", cwd=fixed)
    assert (fixed / file).read_bytes() != data
    for applied in ("git", "patch"):
        assert (tmp_path / applied / file).read_bytes() == (fixed / file).read_bytes()


def test_standard_output_has_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: latin-1\r\n" + CODE + b"# caf\xe9\r\n")
    (tmp_path / "b.py").write_bytes(CODE)
    command = [sys.executable, "-m", "flake8_redis_ssot", *CHECK, "--diff"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    subprocess.run([*command, "-o", "made.patch"], cwd=tmp_path, capture_output=True)
    assert b"caf\xe9\r\n" in done.stdout and done.stdout == (tmp_path / "made.patch").read_bytes()
    assert (done.returncode, done.stderr) == (1, b"Would fix 4 errors.\n")
