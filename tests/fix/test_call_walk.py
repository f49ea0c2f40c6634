"""What code may import while a patch is on: one file by itself, and what all questions together may cost."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from flake8_redis_ssot.fix.execution.call_graph import Budget, CallGraph
from flake8_redis_ssot.fix.execution.call_outline import outline_of
from flake8_redis_ssot.fix.execution.call_walk import loaded
from flake8_redis_ssot.fix.execution.patched_code import patched_code

CODE = """
from unittest.mock import patch

def opened():
    import rooms

def test_it():
    with patch("app.redis_manager.redis_manager"):
        opened()

def test_other():
    with patch("app.redis_manager.redis_manager"):
        closed()
"""
OPENS, DOES_NOT = 8, 12


def asked(line: int, budget: Budget) -> set[str] | None:
    tree = ast.parse(CODE)
    index: Any = SimpleNamespace(
        modules=SimpleNamespace(find=lambda module: None, around=lambda name: ""),
        settings=SimpleNamespace(is_test=lambda path: True),
        place=lambda path: SimpleNamespace(modules=["test_it"], is_package=False),
    )
    reads: Any = SimpleNamespace(summary=lambda path, of: of(tree) if path == "test_it.py" else None)
    files = {"rooms": {"rooms.py"}}
    graph = CallGraph(
        index,
        reads,
        lambda paths: paths,
        lambda paths: paths | {"late.py"},
        lambda name: files.get(name, set()),
        lambda _, names: names,
        budget,
    )
    code = patched_code(tree, line)
    assert code is not None
    return loaded(graph, "test_it.py", code, {"test_it.py"}, "app.redis_manager.redis_manager")


@pytest.mark.parametrize(("line", "expected"), [(OPENS, {"rooms.py"}), (DOES_NOT, set())])
def test_what_a_region_calls_may_import_a_file(line: int, expected: set[str]) -> None:
    assert asked(line, Budget()) == expected


def test_past_the_budget_all_may_be_imported_that_known_files_import_anywhere() -> None:
    budget = Budget(1)
    assert asked(OPENS, budget) == {"rooms.py"}
    assert budget.left <= 0
    assert asked(DOES_NOT, budget) == {"late.py"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("spec.loader.exec_module(module)", True),
        ('spec_from_file_location("a", "app/a.py").loader.exec_module(module)', False),
        ("import_module(name)", True),
        ('import_module("app.a")', False),
        ("from importlib import import_module as load\nload(name)", True),
        ("eval(text)", True),
        ("client.eval(script, 0)", False),
    ],
)
def test_what_may_load_a_file_that_no_name_shows(code: str, *, expected: bool) -> None:
    assert outline_of(ast.parse(code)).opens is expected
