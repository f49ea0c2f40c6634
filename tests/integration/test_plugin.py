"""The plugin's own part: rules that are off, and workers that start afresh."""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Command

from flake8_redis_ssot import flake8_plugin
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.source import Position, Range, SourceFile


class Off(Rule):
    """A rule that is off."""

    code, name, since, default = "RED199", "off", "0.1.0", False

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        yield self.diagnostic(context, Range(Position(1, 1), Position(1, 2)), "It is on")


def given(**options: list[str]) -> argparse.Namespace:
    """What flake8 hands over where only these options are given."""
    ours = [f"redis_ssot_{key}" for key in ("config", "manager", "forbidden_managers", "src", "boundaries")]
    unset = dict.fromkeys(["config", "select", "extend_select", *ours])
    return argparse.Namespace(
        **(unset | {"append_config": [], "isolated": False, "disable_noqa": False} | options)
    )


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"ignore": ["E501"]}, 0),
        ({"select": ["E", "RED2"]}, 0),
        ({"select": ["RED"]}, 0),
        ({"select": ["E", "R"]}, 0),
        ({"select": ["RED1"]}, 1),
        ({"extend_select": ["RED199"]}, 1),
    ],
)
def test_off_rules_stay_off_unless_selected(
    options: dict[str, list[str]], count: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(flake8_plugin, "all_rules", lambda: (Off,))

    class Plugin(flake8_plugin.Plugin):
        pass

    Plugin.parse_options(given(**options))
    source = "import redis\n"
    assert len(list(Plugin(ast.parse(source), "x.py", [source]).run())) == count


def test_the_managers_are_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "manager.py").write_text(
        "import redis\n\n\nclass RedisManager:\n    def __init__(self):\n        self.client = redis.Redis()\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\n')
    monkeypatch.chdir(tmp_path)
    read = []
    original = FileSystem.source

    def counted(self: FileSystem, path: str) -> SourceFile:
        read.append(Path(path).name)
        return original(self, path)

    monkeypatch.setattr(FileSystem, "source", counted)
    flake8_plugin.Plugin.parse_options(given())
    source = "from manager import RedisManager\n\nRedisManager()\n"
    for name in ("a.py", "b.py", "c.py"):
        found = list(flake8_plugin.Plugin(ast.parse(source), name, source.splitlines(True)).run())
        assert [(line, text[:6]) for line, _, text, _ in found] == [(3, "RED203")]
    assert read == ["manager.py"] * 2  # for its names, and for what its class builds


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_know_the_settings(method: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nforbidden-managers = ["old"]\n')
    for name in "abc":
        (tmp_path / f"{name}.py").write_text("import old\n")
    script = (
        f"import multiprocessing, sys; multiprocessing.set_start_method({method!r});"
        "from flake8.main.cli import main;"
        "sys.exit(main(['--isolated', '--select', 'RED', '-j2', 'a.py', 'b.py', 'c.py']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.count("RED101") == 3, done.stderr


@pytest.mark.parametrize("jobs", ["-j0", "-j2"])
@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[tool.redis-ssot]\nmanger = 1\nmaneger = 1\n", [":2: unknown key", ":3: unknown key"]),
        ("[tool.redis-ssot\n", [":1:17: not valid TOML"]),
        ('[tool.redis-ssot]\nbaseline = "no\\nwhere"\n', ["no\\nwhere: there is no such baseline"]),
    ],
)
def test_names_in_an_error_are_escaped_as_the_command_does(
    table: str, said: list[str], jobs: str, tmp_path: Path, run: Command
) -> None:
    folder = tmp_path / "a\nb\x1b[1m"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(table)
    for name in "x.py", "y.py":
        (folder / name).write_text("import redis\n")
    ours = run("check", cwd=tmp_path).stderr.splitlines()
    theirs = run("--isolated", jobs, ".", cwd=tmp_path, module="flake8").stdout.splitlines()[1:]
    assert [line.removeprefix("error: ") for line in ours] == [
        line.removeprefix("redis-ssot: ") for line in theirs
    ]
    assert len(ours) == len(said) and all(text in line for text, line in zip(said, ours, strict=True))
    assert all("a\\nb\\x1b[1m" in line and "\x1b" not in line for line in ours)
