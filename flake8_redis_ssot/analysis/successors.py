"""What stands in for something newer, where that is not there."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.syntax.ancestors import ancestors, before_in_blocks, leaves_block
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name


def stands_in(
    inference: Inference, module: ast.Module, node: ast.AST, point: ProgramPoint, successor: str
) -> bool:
    """Whether `node` runs only where the `successor` is not there, or by what a version says.

    In an arm of a test for it or of what it may be, after what leaves with it, or in a handler of a `try` that uses it.
    """

    def asks(test: ast.AST) -> bool:
        """Whether a condition is about the successor, or about a version, by whatever name."""
        parts = [*all_nodes(test)]
        named = (b.value for p in parts if isinstance(p, ast.Name) for b in inference.bindings(p.id, point))
        parts += [part for value in named if isinstance(value, ast.expr) for part in all_nodes(value)]
        return _uses(parts, successor) or any("version" in last_name(part).lower() for part in parts)

    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and asks(node.func):
        return True
    for inner, outer in pairwise([node, *ancestors(module, node)]):
        match outer:
            case ast.If(test=test) | ast.IfExp(test=test) if inner is not test:
                if asks(test):
                    return True
            case ast.Try(body=body) | ast.TryStar(body=body) if inner in outer.handlers:
                if _uses(body, successor):
                    return True
    for before in before_in_blocks(module, node):
        match before:
            case ast.If(test=test, body=body) if leaves_block(body):
                if asks(test):
                    return True
            case ast.Try(body=body) | ast.TryStar(body=body) | ast.With(body=body):
                # it got no further than that where it is not there
                if leaves_block([*body, *getattr(before, "orelse", ())]) and _uses(body, successor):
                    return True
    return False


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
