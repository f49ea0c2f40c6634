"""One table, one result: what `[tool.redis-ssot]` says holds for the command and for flake8 alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Command, places

SOURCE = (
    "import os\n\nimport redis\nfrom old import cache, host\n\n"
    "redis.Redis(host)\nredis.ConnectionPool()\nredis.StrictRedis()\nos.environ['REDIS_URL']\nprint(cache)\n"
)
OFF = 'extend-select = ["RED506", "RED602"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("a.py", "legacy/b.py", "vendor/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SOURCE)
    return tmp_path


def table(project: Path, text: str) -> None:
    head = '[tool.redis-ssot]\nmanager = "manager"\nforbidden-managers = ["old"]\n'
    (project / "pyproject.toml").write_text(head + text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", {"RED101", "RED201", "RED301"}),
        ('ignore = ["RED2"]\n', {"RED101", "RED301"}),
        ('ignore = ["RED2"]\nextend-select = ["RED201"]\n', {"RED101", "RED201", "RED301"}),
        ('select = ["RED3"]\n', {"RED301"}),
        ('select = ["ALL"]\nignore = ["RED1", "RED5"]\n', {"RED201", "RED301", "RED602"}),
        (OFF, {"RED101", "RED201", "RED301", "RED506", "RED602"}),
        ('per-file-ignores = { "**" = ["RED3"] }\n', {"RED101", "RED201"}),
        (
            '[[tool.redis-ssot.allow]]\npaths = ["**"]\nrules = ["RED301"]\nreason = "r"\n',
            {"RED101", "RED201"},
        ),
        ('exclude = ["vendor", "legacy/**"]\n', {"RED101", "RED201", "RED301"}),
    ],
)
def test_flake8_and_the_command_say_the_same(text: str, codes: set[str], project: Path, run: Command) -> None:
    table(project, text)
    command = run("check", "--no-project", "--output-format", "concise", cwd=project)
    flake8 = run("--isolated", cwd=project, module="flake8")
    assert places(command.stdout) == places(flake8.stdout)
    assert {code for *_, code in places(flake8.stdout)} == codes
    assert {path for path, *_ in places(flake8.stdout)} == (
        {"a.py"} if "vendor" in text else {"a.py", "legacy/b.py", "vendor/c.py"}
    )


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (["--select", "E,F,RED"], {"RED101", "RED301"}),
        (["--select", "E,F,R"], {"RED101", "RED301"}),
        (["--extend-select", "RED"], {"RED101", "RED301"}),
        (["--extend-select", "RED602"], {"RED101", "RED301", "RED602"}),
        (["--select", "RED2,RED3"], {"RED201", "RED301"}),
        (["--ignore", "RED3"], {"RED101"}),
        (["--extend-ignore", "E,RED1"], {"RED301"}),
        (["--select", "E,F"], set()),
    ],
)
def test_flake8_s_options_enable_by_name_and_filter_last(
    options: list[str], codes: set[str], project: Path, run: Command
) -> None:
    table(project, 'ignore = ["RED2"]\n')
    done = run("--isolated", *options, "a.py", cwd=project, module="flake8")
    assert {code for *_, code in places(done.stdout)} == codes
