"""What the command says when something is wrong: what, where, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import Command
from monorepo import write

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
NEWER = {
    "type Number = int\n": (3, 12),
    "def first[T](found: list[T]) -> T: ...\n": (3, 12),
    "class Box[\n    T,\n]: ...\n": (3, 12),
    "found = f'{known['a']}'\n": (3, 12),
    "found = f'{\n1}'\n": (3, 12),
    "def first[T = int](found: T) -> T: ...\n": (3, 13),
    "try: ...\nexcept ValueError, KeyError: ...\n": (3, 14),
    "found = t'{1}'\n": (3, 14),
    "lazy import json\n": (3, 15),
    "found = [*one for one in many]\n": (3, 15),
}


@pytest.mark.parametrize("code", NEWER)
def test_syntax_of_a_newer_python_is_told_from_a_mistake(code: str, tmp_path: Path, run: Command) -> None:
    version = NEWER[code]
    (tmp_path / "a.py").write_text(f"import redis\n{code}")
    said = run("check", "--isolated", "--output-format", "concise", cwd=tmp_path).stdout
    if sys.version_info[:2] >= version:
        assert "RED000" not in said
        return
    newer = f"{version[0]}.{version[1]}"
    assert f"This file cannot be parsed by Python {VERSION}: " in said
    assert f"; run redis-ssot by Python {newer} or newer, which may parse it (" in said
    assert said.splitlines()[0].endswith("), or fix it, or add it to `exclude`")


@pytest.mark.parametrize("code", ["redis.Redis(\n", "class A:\npass\n", "type = = 1\n", "x = 'f'' 'y\n"])
def test_a_mistake_is_no_newer_syntax(code: str, tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(f"import redis\n{code}")
    said = run("check", "--isolated", "--output-format", "concise", cwd=tmp_path).stdout
    assert f"cannot be parsed by Python {VERSION}: " in said and "newer" not in said


TABLE = '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old"]\n'
PROJECT = {
    "pyproject.toml": TABLE,
    "app/__init__.py": "",
    "app/manager.py": "import redis\nredis_manager = redis.Redis()\n",
    "app/old.py": "import redis\nredis_manager = redis.Redis()\n",
    "app/uses.py": "from app.old import redis_manager\nprint(redis_manager.get('a'))\n",
}


@pytest.mark.parametrize("command", ["check", "plan", "migrate"])
def test_a_file_in_another_encoding_is_no_mistake_of_syntax(
    command: str, tmp_path: Path, run: Command
) -> None:
    write(tmp_path, PROJECT)
    (tmp_path / "app" / "latin.py").write_bytes(b"from app.old import redis_manager\nx = '\xe9'\n")
    said = run(command, cwd=tmp_path).stdout
    assert "is not valid utf-8 (byte 0xe9)" in said and "latin.py:2" in said
    assert "save it as UTF-8, or declare its encoding in the first line, as `# coding: latin-1`" in said
    assert "syntax" not in said and "parsed" not in said


BROKEN = {
    b"[project]\nname = 'a\n": ":2: not valid TOML: ",
    b"x = [1,\n\n": ":1: not valid TOML: ",
    b"# a\nx = '\xe9'\n": ":2: is not UTF-8 (byte 0xe9)",
}


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("folder", ["", "inner"])
def test_a_broken_pyproject_is_an_error_whosever_it_is(
    data: bytes, folder: str, tmp_path: Path, run: Command
) -> None:
    write(tmp_path, {"a.py": "import redis\n", "inner/b.py": "import redis\n"})
    (tmp_path / folder / "pyproject.toml").write_bytes(data)
    for arguments, module in ((("check",), "flake8_redis_ssot"), (("--isolated", "inner"), "flake8")):
        done = run(*arguments, cwd=tmp_path, module=module)
        said = done.stderr + done.stdout
        assert f"pyproject.toml{BROKEN[data]}" in said and "Traceback" not in said
        assert said.count("pyproject.toml:") == 1
    assert run("check", "--isolated", cwd=tmp_path).returncode == 0
    if folder:
        assert run("check", "--exclude", folder, cwd=tmp_path).returncode == 0
        init = run("init", "--write", folder, cwd=tmp_path)
    else:
        init = run("init", "--write", cwd=tmp_path)
    assert init.returncode == 2 and f"pyproject.toml{BROKEN[data]}" in init.stderr


@pytest.mark.parametrize(
    ("text", "line"), [("[tool]\nredis-ssot = 3\n", 2), ("a = 1\n\n[[tool.redis-ssot]]\nsrc = []\n", 3)]
)
def test_what_is_no_table_is_said_to_be_none(text: str, line: int, tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"pyproject.toml": text})
    said = run("check", cwd=tmp_path).stderr
    assert f"pyproject.toml:{line}: `redis-ssot` is no table here; write its keys below a line [tool" in said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("chek", "invalid choice `chek`; did you mean `check`?"),
        ("xyz", "invalid choice `xyz`; `redis-ssot --help` lists all"),
        ("check --output-format ful", "invalid choice `ful`; did you mean `full`?"),
        ("rule no-such-name", "; `redis-ssot rule --all` lists all "),
        ("config qqqqq", "; `redis-ssot config` lists all "),
        ("check --isolated --config qqqqq=1", "unknown key `qqqqq`; `redis-ssot config` lists all "),
    ],
)
def test_of_many_names_the_nearest_is_said(given: str, message: str, tmp_path: Path, run: Command) -> None:
    done = run(*given.split(), cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr
    assert len(done.stderr.splitlines()[-1]) < 120
