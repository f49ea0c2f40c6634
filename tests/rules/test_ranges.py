"""How far a diagnostic reaches, where the fixtures only say in which line it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.lint.run import checker_for, run_project
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

METHODS = """
    def __init__(self):
        self.c = redis.Redis()

    def get(self, key):
        return self.c.get(key)

    def set(self, key, value):
        return self.c.set(key, value)

    def delete(self, key):
        return self.c.delete(key)
"""


@pytest.mark.parametrize(
    ("head", "marked"),
    [
        ("class Store:", "class Store"),
        ("class s(s_s):", "class s"),
        ("if redis: x = 1\nclass  Store(object):", "class  Store"),
        ("class \uff33tore:", "class \uff33tore"),  # the tree has the plain letter
        ("class \\\n  Store:", "class"),
    ],
)
def test_a_class_is_marked_up_to_its_name(head: str, marked: str, tmp_path: Path) -> None:
    text = f"import redis\n{head}{METHODS}"
    (tmp_path / "store.py").write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\n')
    settings = load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=list(defaults()))
    checker = checker_for(settings, Selection(select=("RED401",)))
    (found,) = run_project([str(tmp_path / "store.py")], checker).diagnostics
    start, end = found.range.start, found.range.end
    assert start.line == end.line
    assert text.splitlines()[start.line - 1][start.column - 1 : end.column - 1] == marked
