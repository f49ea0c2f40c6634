"""Which statements surely leave what they stand in."""

from __future__ import annotations

import ast

from flake8_redis_ssot.libraries.frameworks import RAISING_TESTS
from flake8_redis_ssot.syntax.nodes import callee_of, last_name


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a body never runs on past its end."""
    match body[-1] if body else None:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=otherwise):
            return leaves(then) and leaves(otherwise)
        case ast.With(body=inside) | ast.AsyncWith(body=inside) as statement:
            return not suppresses(statement) and leaves(inside)
        case ast.Try(body=tried, handlers=handlers, orelse=otherwise):
            return (leaves(tried) or leaves(otherwise)) and all(leaves(h.body) for h in handlers)
    return False


def suppresses(statement: ast.With | ast.AsyncWith) -> bool:
    """Whether a `with` may go on after an exception in it."""
    calls = [item.context_expr for item in statement.items]
    return any(last_name(callee_of(c)) in RAISING_TESTS for c in calls)
