"""What a call of a function comes to, as far as the strings that it hands over decide it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import CallContext, Text
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.conditions import Constants, returns_reached, truth

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


def returns_of(inference: Inference, function: Scope) -> list[ProgramPoint]:
    """What the present call of a function may return."""
    given = _constants(inference.context, function)
    if given is None or not isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return function.returns
    reached = returns_reached(function.node.body, given)
    return [point for point in function.returns if point.node in reached]


def arms_of(inference: Inference, node: ast.IfExp, point: ProgramPoint) -> Iterator[ProgramPoint]:
    """The arms of a conditional expression that the present call may come to."""
    given = _constants(inference.context, point.scope)
    holds = truth(node.test, given) if given is not None else None
    for arm, part, ends in (("body", node.body, False), ("orelse", node.orelse, True)):
        if holds is not ends:
            yield ProgramPoint(part, point.scope, point.order, (*point.path, (id(node), arm)))


def _constants(context: CallContext | None, function: Scope) -> Constants | None:
    """The strings that a call hands to parameters which are not bound anew; None where there are none."""
    if context is None or context.scope is not function:
        return None
    found: dict[str, ast.Constant] = {}
    for name, values in context.arguments.items():
        match [*values]:
            case [Text(value=text)] if len(function.bindings.get(name, ())) == 1:
                found[name] = ast.Constant(text)
    return found.get if found else None
