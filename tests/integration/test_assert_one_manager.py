"""`assert_one_manager`, as the test of architecture that a project has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import LEAN
from monorepo import write

TABLE = '[tool.redis-ssot]\nmanager = "app.redis_manager"\n'
APP = {
    "pyproject.toml": TABLE,
    "app/__init__.py": "",
    "app/redis_manager.py": "import redis\n\nredis_manager = redis.Redis()\n",
    "app/jobs.py": "from app.redis_manager import redis_manager\n\nredis_manager.ping()\n",
}
OUTSIDE = "import redis\n\nclient = redis.Redis()\n"
TEST = (
    "from flake8_redis_ssot.pytest import assert_one_manager\n\n\ndef test():\n    assert_one_manager({})\n"
)
Asserts = Callable[..., None]


@pytest.fixture
def asserts(tmp_path: Path) -> Asserts:
    """Writes a project and calls the function from a file in it."""

    def call(
        files: dict[str, str], *arguments: Any, where: str = "tests/test_architecture.py", **keywords: Any
    ) -> None:
        write(tmp_path, files)
        source = TEST.format("*arguments, **keywords")
        space: dict[str, Any] = {"arguments": arguments, "keywords": keywords}
        exec(compile(source, str(tmp_path / where), "exec"), space)
        space["test"]()

    return call


def test_project_with_one_manager(asserts: Asserts) -> None:
    asserts(APP)


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("app/cache.py", OUTSIDE, "RED201"),
        ("app/pool.py", "import redis\n\npool = redis.ConnectionPool()\n", "RED301"),
        ("app/again.py", "from app.redis_manager import redis_manager\n", "RED402"),
        ("app/broken.py", "import redis\n\nredis.Redis(\n", "RED000"),
    ],
)
def test_what_breaks_it(asserts: Asserts, path: str, text: str, code: str) -> None:
    with pytest.raises(AssertionError) as failure:
        asserts({**APP, path: text})
    first, *rest = str(failure.value).splitlines()
    assert first == "1 place does not keep to one Redis manager:"
    assert f"{path}:" in rest[0] and f" {code} " in rest[0]


def test_what_silences_counts(asserts: Asserts) -> None:
    asserts({**APP, "app/cache.py": OUTSIDE.replace("Redis()", "Redis()  # noqa: RED201")})


def test_rules_beside_the_matter_are_not_asked(asserts: Asserts) -> None:
    stalling = (
        "from app.redis_manager import redis_manager\n\n\nasync def get():\n    redis_manager.get('key')\n"
    )
    asserts({**APP, "app/handlers.py": stalling})
    with pytest.raises(AssertionError, match="RED50"):
        asserts({**APP, "app/handlers.py": stalling}, select=["RED5"])


def test_paths_limit_what_is_reported(asserts: Asserts, tmp_path: Path) -> None:
    asserts({**APP, "scripts/fill.py": OUTSIDE}, tmp_path / "app")
    with pytest.raises(AssertionError, match="RED201"):
        asserts({**APP, "scripts/fill.py": OUTSIDE}, tmp_path / "scripts")


def test_config(asserts: Asserts, tmp_path: Path) -> None:
    files = {**APP, "app/cache.py": OUTSIDE, "other/ssot.toml": 'manager = "app.cache"\nsrc = [".."]\n'}
    del files["app/redis_manager.py"], files["app/jobs.py"]
    asserts(files, tmp_path / "app", config=tmp_path / "other/ssot.toml")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"pyproject.toml": "[project]\n"}, "no .tool.redis-ssot. above .*test_architecture.py"),
        ({"pyproject.toml": "[tool.redis-ssot]\n"}, "no `manager` is set"),
        ({"pyproject.toml": TABLE}, "no Python files were found below"),
    ],
)
def test_a_test_that_could_not_fail_fails(asserts: Asserts, files: dict[str, str], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        asserts(files)


def test_path_that_is_not_there(asserts: Asserts, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        asserts(APP, tmp_path / "nowhere")


def test_long_list_is_cut(asserts: Asserts) -> None:
    many = {f"app/module_{number}.py": OUTSIDE for number in range(60)}
    with pytest.raises(AssertionError) as failure:
        asserts({**APP, **many})
    assert str(failure.value).startswith("60 places do not")
    assert str(failure.value).endswith("\n  and 10 more")


def test_as_pytest_shows_it(tmp_path: Path) -> None:
    write(tmp_path, {**APP, "app/cache.py": OUTSIDE, "test_architecture.py": TEST.format("")})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **LEAN},
    )
    assert done.returncode == 1
    assert "E       AssertionError: 1 place does not keep to one Redis manager:" in done.stdout
    assert "app/cache.py:3:10: RED201 " in done.stdout
    assert "_problems" not in done.stdout
