"""astroid behind its door: what it may say, and that it can neither hang nor break a run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flake8_redis_ssot.inference.builder_table import BUILDERS, builders
from flake8_redis_ssot.lint.run import checker_for, run_project
from flake8_redis_ssot.project import oracle
from flake8_redis_ssot.project.oracle import Oracle, Question, place_of
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

TEXT = """
import redis
from acme import connect
from other import Kind


def chosen():
    return redis.Redis


chosen()()
Kind()
connect()
redis.RedisError()
"""


def question(text: str) -> Question:
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
    return Question("asked", text, tuple(place_of(call) for call in calls))


def test_it_names_builders_of_the_table_and_of_the_settings() -> None:
    other = Question("other", "from redis.asyncio import Redis as Kind\n")
    answers = Oracle([question(TEXT), other], builders(("acme.connect",), ())).answers()
    assert answers == {
        "asked": {
            (11, 0, 11, 10): ("redis.Redis",),  # `chosen()` within it is none
            (12, 0, 12, 6): ("redis.asyncio.Redis",),
            (13, 0, 13, 9): ("acme.connect",),
        }
    }


def test_what_is_installed_does_not_matter() -> None:
    text = "import pytest, redis\nredis.Retry(None, 1)\npytest.importorskip('redis').Redis()\n"
    assert Oracle([question(text)], BUILDERS).answers() == {}


@pytest.mark.parametrize("text", ["x(", "import redis\nredis.Redis()\n\x00"], ids=["syntax", "null"])
def test_a_file_that_astroid_cannot_read_is_silent(text: str) -> None:
    assert Oracle([Question("asked", text, ((2, 0, 2, 1),))], BUILDERS).answers() == {}


def test_past_the_deadline_and_the_size_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Oracle([question(TEXT)], BUILDERS, seconds=0.001).answers() == {}
    monkeypatch.setattr(oracle, "MOST_TEXT", 10)
    assert Oracle([question(TEXT)], BUILDERS).answers() == {}


def test_the_shortest_files_with_calls_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    long = Question("long", TEXT + "#" * 1000, ((11, 0, 11, 10),))
    monkeypatch.setattr(oracle, "MOST_TEXT", len(TEXT) + 100)
    assert list(Oracle([long, question(TEXT)], BUILDERS).answers()) == ["asked"]
    monkeypatch.setattr(oracle, "MOST_CALLS", 0)
    assert Oracle([long, question(TEXT)], BUILDERS).answers() == {}


def test_what_astroid_alone_can_tell_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "app.manager"\n')
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "kinds.py").write_text("import redis\n\nKINDS = {}\nkind = redis.Redis\n")
    (tmp_path / "app" / "use.py").write_text(
        "from app.kinds import KINDS, kind\n\n\ndef make(name):\n    KINDS[name]()\n    KINDS[name](1)\n    return kind\n"
    )
    told = {
        "app.use": {(5, 4, 5, 17): ("redis.Redis",), (6, 4, 6, 18): ("redis.Redis", "app.Own")},
        "app.gone": {},
    }
    monkeypatch.setattr(Oracle, "answers", lambda self: told)
    settings = load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=list(defaults()))
    files = sorted(map(str, tmp_path.rglob("*.py")))
    found = run_project(files, checker_for(settings, Selection())).diagnostics
    assert [(d.range.start.line, d.symbols[0]) for d in found if d.code == "RED206"] == [(5, "redis.Redis")]
