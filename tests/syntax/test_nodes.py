"""A tree gone through, against `ast.walk`."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap

import pytest

from flake8_redis_ssot.syntax.nodes import all_nodes

ODD = """
def f(a, *, b, c=1, **d): return {**d, "k": a, **b}
match f(1):
    case {"x": 1, **rest} | [*_] | C(y=2): global g; del rest[:]
    case None: lambda *, e: (yield)
"""


@pytest.mark.parametrize("source", [ODD, inspect.getsource(dataclasses), inspect.getsource(textwrap), ""])
def test_all_nodes_but_contexts_in_the_order_of_walk(source: str) -> None:
    tree = ast.parse(source)
    expected = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    assert [*all_nodes(tree)] == expected
