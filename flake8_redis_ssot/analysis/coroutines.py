"""What becomes of a coroutine: awaited somewhere, perhaps, or surely never."""

from __future__ import annotations

import ast

from flake8_redis_ssot.libraries.standard import COROUTINE_MEMBERS, TAKING_VALUES
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes


def is_misused(tree: ast.AST, point: ProgramPoint) -> bool:
    """Whether the coroutine that the call at `point` gives is dropped, or used as if it were the answer."""
    node = point.node
    parents = ancestors(tree, node)
    target = _assigned_to(node, parents)
    if target is None:
        return _is_misuse(node, parents)
    scope = point.scope
    if scope.kind != "function" or scope.node is None or len(scope.bindings.get(target, ())) != 1:
        return False
    uses = [
        part
        for part in all_nodes(scope.node)
        if isinstance(part, ast.Name) and part.id == target and isinstance(part.ctx, ast.Load)
    ]
    return all(_is_misuse(use, ancestors(tree, use)) for use in uses)


def _assigned_to(node: ast.AST, parents: list[ast.AST]) -> str | None:
    for parent in parents:
        match parent:
            case ast.BoolOp():
                node = parent
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is node:
                return name
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is node:
                return name
            case _:
                return None
    return None


def _is_misuse(node: ast.AST, parents: list[ast.AST]) -> bool:
    """Whether this one use of a coroutine takes it for the answer, or drops it."""
    for parent in parents:
        match parent:
            case ast.BoolOp():
                node = parent
            case ast.IfExp(body=body, orelse=orelse) if node in (body, orelse):
                node = parent
            case ast.Attribute(attr=name):
                return name not in COROUTINE_MEMBERS
            case ast.Subscript(value=value):
                return value is node
            case ast.For(iter=whole) | ast.AsyncFor(iter=whole) | ast.comprehension(iter=whole):
                return whole is node
            case ast.Call(func=func):
                last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                return node in parent.args and last in TAKING_VALUES
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp():
                return parent.test is node
            case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.BinOp() | ast.FormattedValue():
                return True
            case ast.AugAssign():
                return True
            case _:
                return False
    return False
