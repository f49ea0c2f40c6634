"""What the command says to who does not know it yet: how to write what was meant, and what comes next."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest
from conftest import Command
from monorepo import write

from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.store import FOLDER, prepare

REPLACED = """
[tool.redis-ssot]
manager = "app.manager"
[tool.redis-ssot.replacements]
"app.old.get_client()" = "app.manager.client"
"""


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "manager"], 'name a settings file, or write one setting as "key = value"'),
        (["--config", "manager = "], "write it as \"manager = 'app.redis_manager'\""),
        (["--config", "select = RED2"], "write it as \"select = ['RED1', 'RED2']\""),
        (["--config", "unknown = "], "write it as \"key = ['value']\""),
        (["--fix", "-"], "standard input is none; name the file"),
        (["--fix", "--no-project"], "leave --no-project out"),
    ],
)
def test_how_an_option_is_to_be_written(
    arguments: list[str], message: str, tmp_path: Path, run: Command
) -> None:
    done = run("check", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and message in flat(done.stderr)


def test_a_key_of_a_table_is_explained_with_it(tmp_path: Path, run: Command) -> None:
    done = run("config", "allow.expires", cwd=tmp_path)
    assert done.stderr == "error: `allow.expires` is explained by `redis-ssot config allow`\n"
    assert "did you mean" not in done.stderr and "expires" in run("config", "allow", cwd=tmp_path).stdout
    assert "unknown setting `allow.expire`" in run("config", "allow.expire", cwd=tmp_path).stderr


def test_an_old_name_takes_no_call(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path, {"pyproject.toml": REPLACED, "app/manager.py": "import redis\n\nclient = redis.Redis()\n"}
    )
    done = run("check", cwd=tmp_path)
    assert (
        'has `app.old.get_client()`: the old name takes no `()`; write it as "app.old.get_client"'
        in done.stderr
    )


def test_without_settings_init_is_named_once(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path, {"a.py": "import redis\n\nredis.Redis()\nredis.Redis()\n", "clean/b.py": "import redis\n"}
    )
    note = (
        "note: no settings here; `redis-ssot init` proposes some, above all `manager` in [tool.redis-ssot], "
        "the one module that may build clients\n"
    )
    for arguments in ([], ["--output-format", "concise"], []):
        assert run("check", *arguments, cwd=tmp_path).stderr == note
    for arguments in (["-q"], ["--output-format", "json"], ["--isolated"], ["clean"]):
        assert run("check", *arguments, cwd=tmp_path).stderr == ""
    write(tmp_path, {"pyproject.toml": "[tool.redis-ssot]\n"})
    assert run("check", cwd=tmp_path).stderr == ""


def test_without_settings_a_finding_says_what_to_do_and_not_how_to_set_it(
    tmp_path: Path, run: Command
) -> None:
    """That is said once, by the note."""
    write(tmp_path, {"a.py": "import redis\n\n\ndef get_redis():\n    return redis.Redis()\n"})
    done = run("check", "--output-format", "concise", cwd=tmp_path)
    built, anew, *_ = done.stdout.splitlines()
    assert built.endswith(
        "outside the Redis manager; import a client from one module, which `manager` in [tool.redis-ssot] is to name"
    )
    assert anew.endswith("; keep one")
    assert done.stderr.count("[tool.redis-ssot]") == 1


def test_init_is_named_behind_the_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a run is answered by the one before."""
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.py": "import redis\n\nredis.Redis()\n"})
    prepare(str(tmp_path / FOLDER))  # which changes the folder around it
    time.sleep(0.02)
    said = []
    for _ in range(2):
        both = io.StringIO()
        monkeypatch.setattr(sys, "stdout", both)
        monkeypatch.setattr(sys, "stderr", both)
        assert main(["check", "--output-format", "concise", "--jobs", "1"]) == 1
        said.append(both.getvalue())
        # the second is not asked to check
        monkeypatch.setattr("flake8_redis_ssot.cli.checking.run", lambda options: 3)
    assert said[0] == said[1]
    found, *_, last = said[0].splitlines()
    assert found.startswith("a.py:3:1: RED201") and last.startswith("note: no settings here")


def test_what_a_string_names_belongs_to_a_manager(tmp_path: Path, run: Command) -> None:
    """However deep it lies, and whether it is there or not; the manager itself is one."""
    table = '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old", "app.gone"]\n'
    names = ("app.old", "app.old.cache", "app.old.cache.delete", "app.gone", "app.gone.thing")
    tests = "".join(f'patch("{name}")\n' for name in names)
    old = "import redis\n\n\nclass Cache:\n    def delete(self): ...\n\n\ncache = Cache()\n"
    files = {"app/manager.py": "import redis\n", "app/old.py": old, "pyproject.toml": table}
    write(tmp_path, {**files, "tests/test_a.py": f"from unittest.mock import patch\n\n{tests}"})
    done = run("check", "--select", "RED106", "--output-format", "concise", cwd=tmp_path)
    said = [line for line in done.stdout.splitlines() if "RED106" in line]
    stands = ["is", "belongs to", "belongs to", "is", "belongs to"]
    assert len(said) == len(names)
    for line, name, how in zip(said, names, stands, strict=True):
        assert f"`{name}`, which {how} a forbidden Redis manager" in line


def test_a_named_file_that_is_no_python_is_said(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"notes.txt": "These are notes.\n", "script": "print(1)\n"})
    done = run("check", "--output-format", "concise", "notes.txt", cwd=tmp_path)
    assert done.returncode == 1 and "notes.txt:1:7: RED000" in done.stdout
    assert run("check", "script", cwd=tmp_path).returncode == 0
    assert run("check", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    "header",
    [
        "[tool.redis_ssot]",
        "[tool.flake8-redis-ssot]",
        "[redis-ssot]",
        "[[tool.redis_ssot.allow]]",
        "[ tool.redisssot ]",
    ],
)
def test_a_table_of_another_name_is_named(header: str, tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text("import redis\n\nclient = redis.Redis()\n")
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname = 'a'\n{header}\nmanager = 'a'\n")
    said = run("check", cwd=tmp_path).stderr
    assert said == f"note: pyproject.toml:3: {header} is not read; the name is [tool.redis-ssot]\n"
    for other in ("[tool.redis]", "[tool.redis-ssot-report]", "# [tool.redis_ssot]", "[tool.x.redis-ssot]"):
        (tmp_path / "pyproject.toml").write_text(f"{other}\n")
        assert "no settings here" in run("check", cwd=tmp_path).stderr
