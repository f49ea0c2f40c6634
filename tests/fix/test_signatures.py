"""Whether a call that suits one function suits another: `old` is called by `call`, and `new` is to be."""

from __future__ import annotations

import ast

import pytest

from flake8_redis_ssot.fix.sources.signatures import bound_to, covers, function_kind, incompatible
from flake8_redis_ssot.syntax.nodes import Function


def function(text: str) -> Function:
    (node,) = ast.parse(text).body
    assert isinstance(node, Function)
    return node


def arguments(text: str) -> ast.arguments:
    return function(f"def f({text}): pass").args


def called(text: str) -> ast.Call:
    call = ast.parse(f"f({text})", mode="eval").body
    assert isinstance(call, ast.Call)
    return call


@pytest.mark.parametrize(
    ("call", "old", "new", "reason"),
    [
        ("1", "a", "a", None),
        ("1", "a", "b", "`a` is called `b` in the new one"),
        ("1", None, "b", None),
        ("1", None, "a, b", "it needs `b`"),
        ("1, 2", "a, b", "a", "it takes 1 positional arguments, 2 are given"),
        ("a=1", "a", "b", "it takes no `a`"),
        ("a=1", "a", "**b", None),
        ("1, a=2", None, "a", "it takes no `a`"),
        ("1, 2", "*a", "*b", None),
        ("1, 2", "*a", "b, c", "what it takes as `*` goes to `b` and other parameters of the new one"),
        ("1, 2", "*a", "b, *c", "what it takes as `*` goes to `b` and other parameters of the new one"),
        ("1", "*a", "b", None),
        ("*x", "a, *b", "a, *b", None),
        ("*x", "a", "b", "arguments are unpacked in the call, and the parameters differ"),
        ("**x", "a, b=1", "a, b=2", "arguments are unpacked in the call, and the parameters differ"),
        ("**x", None, "a", "arguments are unpacked in the call, and the parameters differ"),
        ("k=1", "*, k", "*, k", None),
        ("", "*, k=1", "*, k=2", "where `k` is not given it is 1 in the old one, and 2 in the new one"),
        ("", "a=1", "", "where `a` is not given it is 1 in the old one, and nothing in the new one"),
        ("", "a=None", "", None),
        ("", "", "a=3", "where `a` is not given it is nothing in the old one, and 3 in the new one"),
        ("", "", "a=False, b='', c=()", None),
        ("1", "a=1", "a=2", None),
        ("", "", "*, k", "it needs `k`"),
    ],
)
def test_a_call_that_is_seen(call: str, old: str | None, new: str, reason: str | None) -> None:
    before = arguments(old) if old is not None else None
    assert incompatible(called(call), before, arguments(new)) == reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a, b=1", "a, b=1", None),
        ("a", "", "it takes no `a`"),
        ("a", "b", "`a` is called `b` in the new one"),
        ("a, /", "b, /", None),
        ("a", "a, b", "it needs `b`"),
        ("a=1", "a", "it needs `a`"),
        ("a", "a, b=None", None),
        ("a", "a, b=3", "where `b` is not given it is nothing in the old one, and 3 in the new one"),
        ("*, k", "*, k", None),
        ("*, k", "k", "it needs `k`"),
        ("*, k", "k=None", None),
        ("*, k", "", "it takes no `k`"),
        ("*, k", "**more", None),
        ("", "*, k", "it needs `k`"),
        ("", "*, k=None", None),
        ("*a", "", "it takes fewer arguments"),
        ("**a", "", "it takes fewer arguments"),
        ("*a, **b", "*c, **d", None),
        ("", "*a, **b", None),
    ],
)
def test_every_call_that_may_come(old: str, new: str, reason: str | None) -> None:
    assert covers(arguments(new), arguments(old)) == reason


@pytest.mark.parametrize(
    ("call", "parameters", "bound"),
    [
        ("1, k=2", "a, *, k", ["a", "k"]),
        ("1, 2, 3", "a, *b", ["a", "*", "*"]),
        ("a=1, b=2", "a, **c", ["a", "**"]),
        ("1, a=2", "a, /, **b", ["a", "**"]),
        ("a=1", "b=1", "it takes no `a`"),
        ("", "a, b=1, *, c, d=2", "it needs `a`"),
        ("1", "a, *, c", "it needs `c`"),
    ],
)
def test_which_parameter_takes_an_argument(call: str, parameters: str, bound: list[str] | str) -> None:
    found = bound_to(called(call), arguments(parameters))
    assert (found if isinstance(found, str) else list(found.values())) == bound


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def f(): pass", ""),
        ("async def f(): pass", "async"),
        ("def f(): yield", "generator"),
        ("async def f(): yield", "async generator"),
        ("def f(): yield from ()", "generator"),
        ("def f():\n    def g(): yield", ""),
        ("@property\ndef f(self): pass", "property"),
        ("@functools.cached_property\ndef f(self): pass", "property"),
        ("@contextmanager\ndef f(): yield", "context manager"),
        ("@contextlib.asynccontextmanager\nasync def f(): yield", "context manager"),
        ("@functools.lru_cache(3)\ndef f(): pass", ""),
    ],
)
def test_how_a_function_has_to_be_used(text: str, kind: str) -> None:
    assert function_kind(function(text)) == kind


def test_what_is_no_function_is_an_attribute() -> None:
    assert function_kind(ast.parse("x = 1").body[0]) == "attribute"
