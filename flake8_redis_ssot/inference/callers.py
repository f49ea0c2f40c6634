"""Who calls a function of ours, by its name or by what else it is had by, and what they hand to its parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.calls import any_call, callees, receiver_of
from flake8_redis_ssot.inference.values import Definition, Instance, Value, Values
from flake8_redis_ssot.syntax.arguments import argument_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.scopes import Scopes

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def of(inference: Inference, function: Scope) -> Iterator[ProgramPoint]:
    """The calls of a function, as far as they are known."""
    name = getattr(function.node, "name", "")
    named = [*inference.calls_named(name)]
    yield from (point for point in named if function in _called_at(inference, point))
    if name == "__call__" or inference.is_handed_on(name):
        seen = {point.node for point in named}
        yield from (p for p in _computed(inference).get(function, ()) if p.node not in seen)


def _called_at(inference: Inference, point: ProgramPoint) -> set[Scope]:
    """The functions and classes that a call is of."""
    assert isinstance(point.node, ast.Call)
    called = inference.values(point.node.func, point)
    return {callee.scope for value in called for callee in callees(inference, value)}


def _computed(inference: Inference) -> dict[Scope, list[ProgramPoint]]:
    """The calls, by functions, of what may be had by other names than a function's own."""
    return inference.answers.made("computed calls", lambda: _find_computed(inference))


def _find_computed(inference: Inference) -> dict[Scope, list[ProgramPoint]]:
    found: dict[Scope, list[ProgramPoint]] = {}
    for scopes in inference.all_scopes():
        for point in _candidates(inference, scopes):
            for function in _called_at(inference, point):
                found.setdefault(function, []).append(point)
    return found


def _candidates(inference: Inference, scopes: Scopes) -> Iterable[ProgramPoint]:
    for point in scopes.calls:
        match point.node:
            case ast.Call(func=ast.Attribute(attr=name)):
                may_be = inference.is_held(name)
            case ast.Call(func=ast.Name(id=name)):
                may_be = inference.is_held(name) or any(
                    binding.target is None and not isinstance(binding.value, _DEFINITIONS)
                    for binding in inference.bindings(name, point)
                )
            case _:
                may_be = True
        if may_be and point.scope.enclosing("function", "module").kind == "function":
            yield point


def given(
    inference: Inference, parameter: ast.arg, point: ProgramPoint, receiver: Instance | None = None
) -> Iterable[Value]:
    """What the known callers of a function hand to a parameter; objects only where all hand over known ones."""
    scope = point.scope
    if not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    handed = [
        found
        for call in _entering(inference, scope)
        if (found := _handed(inference, call, parameter, scope, receiver)) is not None
    ]
    everything = [value for found in handed for value in found]
    return everything if all(handed) else [v for v in everything if not isinstance(v, Instance)]


def _entering(inference: Inference, scope: Scope) -> frozenset[ProgramPoint]:
    """The calls of a function."""
    return inference.answers.answer(("entering", scope), _find_entering, inference, scope)


def _find_entering(inference: Inference, scope: Scope) -> frozenset[ProgramPoint]:
    names = [getattr(scope.node, "name", "")]
    owner = scope.parent if scope.parent and scope.parent.kind == "class" else None
    if names == ["__init__"] and owner is not None and isinstance(owner.node, ast.ClassDef):
        below = [c.node.name for c in inference.classes.below(owner) if isinstance(c.node, ast.ClassDef)]
        names = [*names, owner.node.name, "cls", *below]
    return frozenset(
        call for call in inference.calls_by(names, scope) if scope in functions_run(inference, call)
    )


def functions_run(inference: Inference, call: ProgramPoint) -> frozenset[Scope | None]:
    """The functions that a call may run."""
    return inference.answers.answer(("run by", call.node), _find_run, inference, call)


def _find_run(inference: Inference, point: ProgramPoint) -> frozenset[Scope | None]:
    assert isinstance(point.node, ast.Call)
    return frozenset(
        inference.classes.initialiser(one.scope) if one.scope.kind == "class" else one.scope
        for value in inference.within(None, inference.values, point.node.func, point)
        for one in callees(inference, value)
    )


def _handed(
    inference: Inference,
    point: ProgramPoint,
    parameter: ast.arg,
    scope: Scope,
    receiver: Instance | None,
) -> Values | None:
    """What a call of the function `scope` hands to a parameter; None where it hands nothing, or calls another's.

    That of a `receiver` is called by itself, or on what may be that object.
    """
    call, function = point.node, scope.node
    assert isinstance(call, ast.Call) and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    shifted = Scopes.class_of(scope) is not None
    argument = argument_of(call, function.args, parameter, shifted=shifted)
    if argument is None or _is_itself(inference, argument, parameter, point):
        return None
    context = None
    if receiver is not None and isinstance(receiver.of, Definition):
        caller = point.scope.enclosing("function")
        if _is_own(call.func, caller):
            if Scopes.class_of(caller) not in inference.classes.lineage(receiver.of.scope):
                return None
            context = any_call(inference, receiver, caller)
        elif not any(
            _may_be(receiver, callee) for callee in inference.within(None, inference.values, call.func, point)
        ):
            return None
    return inference.within(context, inference.values, argument, point)


def _is_itself(inference: Inference, argument: ast.expr, parameter: ast.arg, point: ProgramPoint) -> bool:
    """Whether a function hands its own parameter to itself, which adds nothing."""
    bindings = inference.bindings(argument.id, point) if isinstance(argument, ast.Name) else []
    return bool(bindings) and all(binding.value is parameter for binding in bindings)


def _is_own(func: ast.expr, caller: Scope) -> bool:
    """Whether a method calls one of its own object, by `self` or by `super()`."""
    first = receiver_of(caller)
    match func:
        case ast.Attribute(value=ast.Name(id=name)):
            return first is not None and name == first.arg
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
            return first is not None
    return False


def _may_be(receiver: Instance, callee: Value) -> bool:
    """Whether a method that is called may be one of the `receiver`; a class makes another object."""
    of = callee.receiver if isinstance(callee, Definition) else None
    is_class = isinstance(callee, Definition) and callee.scope.kind == "class"
    return not is_class and (of is None or of.context is None or of == receiver)
