"""Whether a function puts something into a place only where that is empty."""

from __future__ import annotations

import ast

from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import unparsed


def fills_once(function: ast.AST, value: ast.expr) -> bool:
    """Whether a function stores `value` only if the place is empty: in `__init__`, by `or`, or under a check of it."""
    parents = ancestors(function, value)
    assigned = next((p for p in parents if isinstance(p, ast.Assign | ast.AnnAssign)), None)
    if assigned is None:
        return False
    places = {
        unparsed(t) for t in (assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target])
    }
    if getattr(function, "name", "") == "__init__":
        return all(isinstance(p, ast.Assign | ast.AnnAssign | ast.FunctionDef) for p in parents)
    if isinstance(assigned.value, ast.BoolOp) and isinstance(assigned.value.op, ast.Or):
        return unparsed(assigned.value.values[0]) in places
    return _is_guarded(function, value, parents, places)


def _is_guarded(function: ast.AST, value: ast.expr, parents: list[ast.AST], places: set[str]) -> bool:
    """Whether a check of one of `places` stands around `value`, or returns before it."""
    inner: ast.AST = value
    for parent in parents:
        if isinstance(parent, ast.If) and inner in parent.body and _asks(parent.test, places, is_there=False):
            return True
        inner = parent
    before = (s for s in getattr(function, "body", ()) if s.lineno < value.lineno)
    return any(
        isinstance(s, ast.If) and _asks(s.test, places, is_there=True) and isinstance(s.body[-1], ast.Return)
        for s in before
    )


def _asks(test: ast.expr, places: set[str], *, is_there: bool) -> bool:
    """Whether a condition checks just that one of `places` is filled (`is_there`), or that it is empty."""
    match test:
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=None)]):
            return unparsed(left) in places and isinstance(op, ast.IsNot if is_there else ast.Is)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not is_there and unparsed(operand) in places
        case ast.Compare(left=key, ops=[ast.In() | ast.NotIn() as op], comparators=[holder]):
            is_asked = f"{unparsed(holder)}[{unparsed(key)}]" in places
            return is_asked and isinstance(op, ast.In) is is_there
    return is_there and unparsed(test) in places
