"""What stands in for something newer, where that is not there."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise

from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name


def stands_in(module: ast.Module, node: ast.AST, successor: str) -> bool:
    """Whether `node` runs only where the `successor` is not there, or by what a version says.

    In an arm of a test for it, after an arm that leaves, or in a handler of a `try` that uses it.
    """
    for inner, outer in pairwise([node, *ancestors(module, node)]):
        match outer:
            case ast.If(test=test) | ast.IfExp(test=test) if inner is not test:
                if _asks(test, successor):
                    return True
            case ast.Try(body=body) | ast.TryStar(body=body) if inner in outer.handlers:
                if _uses(body, successor):
                    return True
        for name in ("body", "orelse", "finalbody"):
            around = getattr(outer, name, None)
            before = around[: around.index(inner)] if isinstance(around, list) and inner in around else []
            if any(_leaves(one) and _asks(one.test, successor) for one in before if isinstance(one, ast.If)):
                return True
    return False


def _leaves(one: ast.If) -> bool:
    return isinstance(one.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def _asks(test: ast.expr, successor: str) -> bool:
    """Whether a condition is about the successor, or about a version."""
    return _uses([test], successor) or any("version" in last_name(part).lower() for part in all_nodes(test))


def _uses(parts: Sequence[ast.AST], successor: str) -> bool:
    """Whether something imports the successor, reads it, or names it in a string."""
    return bool(successor) and any(
        successor == name.rpartition(".")[2]
        for part in parts
        for node in all_nodes(part)
        for name in _names(node)
    )


def _names(node: ast.AST) -> Sequence[str]:
    match node:
        case ast.Attribute(attr=name) | ast.Constant(value=str(name)) | ast.alias(name=name):
            return (name,)
        case ast.ImportFrom(module=str(name)):
            return (name,)
    return ()
