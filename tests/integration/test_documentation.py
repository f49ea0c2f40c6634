"""The documentation holds: its settings load, its commands parse, and its recipes do what they say."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Command, places
from monorepo import write
from pre_commit.clientlib import load_config

from flake8_redis_ssot.cli.parser import parse
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.load import load_settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROJECT = {
    "app/redis_manager.py": "import redis\n\nredis_manager = redis.Redis()\n",
    "app/db/redis_manager.py": "from app.redis_manager import redis_manager\n",
    "app/jobs.py": "import redis\n\nclient = redis.Redis()\n",
    "app/old.py": "from app.db.redis_manager import redis_manager\n",
    "auth_service/redis_manager.py": "import redis\n\nauth_redis = redis.Redis()\n",
    "auth_service/login.py": "from app.redis_manager import redis_manager\n",
}
TABLE = '[tool.redis-ssot]\nmanager = ["app.redis_manager", "auth_service.redis_manager"]\n'


@dataclass(frozen=True)
class Block:
    """What stands between two fences of a page, beginning in this line."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


READERS = {
    "ini": ini,
    "json": json.loads,
    "python": ast.parse,
    "starlark": ast.parse,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def written_in(*languages: str, page: str = "") -> pytest.MarkDecorator:
    found = [b for b in BLOCKS if b.language in languages and b.page.name.endswith(page)]
    assert found
    return pytest.mark.parametrize("block", found, ids=str)


def strings(value: Any) -> Iterator[str]:
    """Every string in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def lines_run(block: Block) -> Iterator[str]:
    """The lines of a block that somebody would type, or a runner runs."""
    if block.language == "console":
        lines = block.text.splitlines()
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from typed or lines
    elif block.language == "yaml":
        yield from strings(yaml.safe_load(block.text))
    elif block.language == "ini":
        parser = ini(block.text)
        yield from (parser[name].get("commands", "") for name in parser.sections())


def commands(line: str) -> Iterator[list[str]]:
    """The options of each `redis-ssot` in a line of a shell."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    command: list[str] | None = None
    for word in [*words, ";"]:
        if set(word) <= set("();<>|&"):
            if command:
                yield command
            command = None
        elif command is not None:
            command.append(word)
        elif word.rpartition("/")[2] == "redis-ssot":
            command = []


def spans(page: Path) -> Iterator[str]:
    """What stands in backticks in the text of a page, breaks of lines undone."""
    for span in re.findall(r"`([^`]+)`", FENCE.sub("", page.read_text())):
        yield " ".join(span.split())


@written_in("toml")
def test_settings_load(block: Block, tmp_path: Path) -> None:
    if "tool.redis-ssot" not in block.text:
        return
    write(tmp_path, {"pyproject.toml": "[tool.redis-ssot]\n", "services/auth/pyproject.toml": block.text})
    path = tmp_path / "services" / "auth" / "pyproject.toml"
    codes = {rule.code for rule in all_rules()}
    load_settings(str(path), root=str(path.parent), codes=codes, formats=FORMATS)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in READERS], ids=str)
def test_what_others_read_parses(block: Block) -> None:
    if (
        block.page.parent.name != "rules"
    ):  # whose examples are tried with the rules, and may be broken on purpose
        assert READERS[block.language](block.text)


@written_in("yaml")
def test_hooks_exist(block: Block, tmp_path: Path) -> None:
    if "repos:" not in block.text:
        return
    (tmp_path / "configuration.yaml").write_text(block.text)
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for repository in load_config(tmp_path / "configuration.yaml")["repos"]:
        named = {hook["id"] for hook in repository["hooks"]}
        assert named <= offered or named == {"flake8"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_parse(page: Path) -> None:
    lines = [line for block in blocks_of(page) for line in lines_run(block)]
    lines += [span for span in spans(page) if span.startswith("redis-ssot ")]
    for line in lines:
        for command in commands(line):
            parse(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_read_alike_everywhere(page: Path) -> None:
    """Not every Markdown reader begins a list or table without an empty line before it."""
    text = FENCE.sub("", page.read_text())
    assert not re.findall(r"^(?![-|#*<\d ]).+\n(?:- |\d\. |\| ).*", text, re.MULTILINE)


def test_generated_pages_are_up_to_date() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, text in runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"](readme).items():
        assert (ROOT / "docs" / name).read_text() == text, f"run `python docs/generate.py` for {name}"


RECIPES = [
    command
    for block in blocks_of(ROOT / "docs" / "ci.md")
    for line in lines_run(block)
    for command in commands(line.replace("{posargs}", ""))
]


@pytest.mark.parametrize("command", RECIPES, ids=" ".join)
def test_recipes_run(command: list[str], tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"pyproject.toml": TABLE, **PROJECT})
    before = set(tmp_path.iterdir())
    done = run(*command, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "") and "app/jobs.py" in done.stdout
    output = {path.name for path in tmp_path.iterdir() if path not in before} - {".redis_ssot_cache"}
    assert output == ({command[command.index("--output-file") + 1]} if "--output-file" in command else set())
    for name in output:
        assert "RED201" in str(json.loads((tmp_path / name).read_text()))


def test_formats_have_recipes() -> None:
    formats = {word for command in RECIPES for word in command if word in FORMATS}
    assert formats == {"full", "github", "sarif", "gitlab", "rdjson"}


@written_in("ini", page="ci.md")
def test_flake8_needs_nothing_but_its_own_file(block: Block, tmp_path: Path, run: Command) -> None:
    if "[flake8]" not in block.text:
        return
    write(tmp_path, {".flake8": block.text, **PROJECT})
    done = run("--config=.flake8", "app", "auth_service", cwd=tmp_path, module="flake8")
    assert [(path, line, code) for path, line, _, code in places(done.stdout)] == [
        ("app/jobs.py", 3, "RED201"),
        ("app/old.py", 1, "RED101"),
        ("auth_service/login.py", 1, "RED103"),
    ]


@pytest.mark.parametrize(
    ("language", "name", "start", "arguments"),
    [
        # what is installed stands in for what would be downloaded
        ("ini", "tox.ini", "[testenv", "tox -e redis -x testenv:redis.deps= -x testenv:redis.allowlist_externals=redis-ssot"),
        ("python", "noxfile.py", "import nox", "nox --no-venv --no-install -s redis"),
    ],
    ids=["tox", "nox"],
)  # fmt: skip
def test_runners(language: str, name: str, start: str, arguments: str, tmp_path: Path) -> None:
    [recipe] = [
        block.text
        for block in blocks_of(ROOT / "docs" / "ci.md")
        if block.language == language and block.text.startswith(start)
    ]
    write(tmp_path, {name: recipe, "pyproject.toml": TABLE, **PROJECT})
    tool, *rest = arguments.split()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", tool, *rest, "--", "--output-format", "concise"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "app/jobs.py:3:10: RED201" in done.stdout + done.stderr
