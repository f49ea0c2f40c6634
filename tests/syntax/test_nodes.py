"""Trees gone through, and expressions as text."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap

import pytest

from flake8_redis_ssot.syntax.nodes import all_nodes, shortened, unparsed

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


@pytest.mark.parametrize(
    ("source", "text"),
    [("a . b", "a.b"), ("f( 'x',1 )", "f('x', 1)"), ("[ *a ]", "[*a]"), ("x if(y)else z", "x if y else z")],
)
def test_source_is_normalised(source: str, text: str) -> None:
    assert unparsed(ast.parse(source, mode="eval").body) == text


def nested(depth: int, last: str) -> ast.expr:
    node: ast.expr = ast.Name("a", ast.Load())
    for _ in range(depth):
        node = ast.Attribute(node, last, ast.Load())
    return node


def test_what_is_nested_too_deeply_is_told_by_its_end() -> None:
    assert unparsed(nested(3, "x")) == "a.x.x.x"
    deep = nested(5_000, "x")
    assert unparsed(deep) == "....x"
    assert unparsed(ast.UnaryOp(ast.USub(), deep)) == "..."


@pytest.mark.parametrize(
    "source",
    ["f'{\"\u00a0\".join(parts)}'", "f'a{\"\u00a0\"!r:>{width}}b'", 'f\'{"\u00a0"!s}{"\u2003"!a}\''],
)
def test_an_f_string_with_a_character_to_be_escaped_within_is_written_as_what_it_gives(source: str) -> None:
    names = {"parts": ["a", "b"], "width": 9}
    assert eval(unparsed(ast.parse(source, mode="eval").body), names) == eval(source, names)


@pytest.mark.parametrize("length", [1, 59, 60, 61, 500])
def test_a_long_text_is_cut_to_its_end(length: int) -> None:
    text = "".join(str(n % 10) for n in range(length))
    short = shortened(text)
    assert len(short) <= 60
    assert short == text if length < 60 else short == "..." + text[-57:]
