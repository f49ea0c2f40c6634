"""Which branches a call of a function takes, as far as its string arguments decide: `make("redis")`."""

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
    """The `return` expressions that the current call of a function may reach."""
    constants = _constants(inference.context, function)
    if constants is None or not isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return function.returns
    reached = returns_reached(function.node.body, constants)
    return [point for point in function.returns if point.node in reached]


def arms_of(inference: Inference, node: ast.IfExp, point: ProgramPoint) -> Iterator[ProgramPoint]:
    """The arms of `a if test else b` that the current call may reach."""
    constants = _constants(inference.context, point.scope)
    holds = truth(node.test, constants) if constants is not None else None
    for arm, part, ends in (("body", node.body, False), ("orelse", node.orelse, True)):
        if holds is not ends:
            yield ProgramPoint(part, point.scope, point.order, (*point.path, (id(node), arm)))


def _constants(context: CallContext | None, function: Scope) -> Constants | None:
    """The string arguments of the current call, for parameters that are never reassigned; None where there are none."""
    if context is None or context.scope is not function:
        return None
    constants: dict[str, ast.Constant] = {}
    for name, values in context.arguments.items():
        match [*values]:
            case [Text(value=text)] if len(function.bindings.get(name, ())) == 1:
                constants[name] = ast.Constant(text)
    return constants.get if constants else None
