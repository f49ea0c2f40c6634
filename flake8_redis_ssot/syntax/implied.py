"""Code for which Python runs methods that it does not name: properties, `with`, loops, `len(x)`, `x[key]`, `in`, `x()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

PROPERTY = "."
"""Marks the name of a method that is read as an attribute."""

SET, DELETED = "=", "-"
"""Follow the name of a property where it is set or deleted."""

CALLED = "__call__"

_GOING_THROUGH = ("__iter__", "__next__")
_ENTERING = ("__enter__", "__exit__")
_OF_PROPERTY = {ast.Load: "", ast.Store: SET, ast.Del: DELETED}
_BY_CONTEXT = {ast.Load: "__getitem__", ast.Store: "__setitem__", ast.Del: "__delitem__"}
_BY_CALL: dict[str, tuple[str, ...]] = {"len": ("__len__",), "next": ("__next__",)}
_BY_CALL |= dict.fromkeys(
    ["list", "tuple", "set", "frozenset", "sorted", "sum", "min", "max", "any", "all"], _GOING_THROUGH
)
"""Built-in functions that run methods of their first argument."""

IMPLYING = (
    ast.Assign,
    ast.Attribute,
    ast.Call,
    ast.Compare,
    ast.DictComp,
    ast.For,
    ast.ListComp,
    ast.SetComp,
    ast.Starred,
    ast.Subscript,
    ast.With,
)
"""The types of nodes for which `implied` may give something."""


def implied(node: ast.AST) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """The methods that Python may run for a node: the name, the object that has it, and the expression to report."""
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=context):
            yield PROPERTY + name + _OF_PROPERTY[type(context)], owner, node
        case ast.Call(func=ast.Name(id=name), args=[owner, *more]) if name in _BY_CALL and not (
            more and name in ("min", "max")  # of several it compares these
        ):
            yield from ((method, owner, node) for method in _BY_CALL[name])
        case ast.Call(func=ast.Attribute(attr="enter_context"), args=[owner]):
            yield from ((method, owner, node) for method in _ENTERING)
        case ast.Call(func=owner):
            yield CALLED, owner, node
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[owner]):
            yield "__contains__", owner, node
        case ast.Subscript(value=owner, ctx=context):
            yield _BY_CONTEXT[type(context)], owner, node
        case ast.With(items=items):
            yield from ((name, i.context_expr, i.context_expr) for i in items for name in _ENTERING)
        case (
            ast.Assign(targets=[ast.Tuple() | ast.List(), *_] | [*_, ast.Tuple() | ast.List()], value=whole)
            | ast.Starred(value=whole, ctx=ast.Load())
            | ast.For(iter=whole)
            | ast.ListComp(generators=[ast.comprehension(iter=whole, is_async=0), *_])
            | ast.SetComp(generators=[ast.comprehension(iter=whole, is_async=0), *_])
            | ast.DictComp(generators=[ast.comprehension(iter=whole, is_async=0), *_])
        ):  # the others of a comprehension run in its own scope
            yield from ((name, whole, whole) for name in _GOING_THROUGH)
