"""The call graph, backwards: the call sites of a function of ours, and the arguments that they pass.

Most are found by the function's name. A function that is kept somewhere (`handlers["get"] = f`, then
`handlers[key]()`) has *computed* calls as well, whose callee must be evaluated.
"""

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
    """The known call sites of a function; of a class those by its name."""
    name = getattr(function.node, "name", "")
    named = [*inference.calls_named(name)]
    yield from (point for point in named if function in _callees_at(inference, point))
    # a class is mostly named elsewhere for its type: not worth to evaluate every computed call
    if function.kind == "function" and (name == "__call__" or inference.is_used_as_value(name)):
        seen = {point.node for point in named}
        yield from (p for p in _computed(inference).get(function, ()) if p.node not in seen)


def _callees_at(inference: Inference, point: ProgramPoint) -> set[Scope]:
    """The functions and classes of ours that a call may be of."""
    assert isinstance(point.node, ast.Call)
    values = inference.values(point.node.func, point)
    return {callee.scope for value in values for callee in callees(inference, value)}


def _computed(inference: Inference) -> dict[Scope, list[ProgramPoint]]:
    """For each function, the call sites that reach it by another name than its own."""
    return inference.answers.cached("computed calls", lambda: _find_computed(inference))


def _find_computed(inference: Inference) -> dict[Scope, list[ProgramPoint]]:
    found: dict[Scope, list[ProgramPoint]] = {}
    for scopes in inference.all_scopes():
        for point in _candidates(inference, scopes):
            for function in _callees_at(inference, point):
                found.setdefault(function, []).append(point)
    return found


def _candidates(inference: Inference, scopes: Scopes) -> Iterable[ProgramPoint]:
    """The calls in functions of a file whose callee may be kept under another name than that of its `def`."""
    for point in scopes.calls:
        match point.node:
            case ast.Call(func=ast.Attribute(attr=name)):
                may_be = inference.may_be_computed(name)
            case ast.Call(func=ast.Name(id=name)):
                may_be = inference.may_be_computed(name) or any(
                    binding.target is None and not isinstance(binding.value, _DEFINITIONS)
                    for binding in inference.bindings(name, point)
                )
            case _:
                may_be = True
        if may_be and point.scope.enclosing("function", "module").kind == "function":
            yield point


def passed_arguments(
    inference: Inference, parameter: ast.arg, point: ProgramPoint, receiver: Instance | None = None
) -> Iterable[Value]:
    """The values that the known call sites pass for a parameter; objects among them only if each passes something known.

    With a `receiver`, only calls that may be of that object's method count.
    """
    scope = point.scope
    if not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    passed = [
        values
        for call in _call_sites(inference, scope)
        if (values := _passed(inference, call, parameter, scope, receiver)) is not None
    ]
    everything = [value for values in passed for value in values]
    return everything if all(passed) else [v for v in everything if not isinstance(v, Instance)]


def _call_sites(inference: Inference, scope: Scope) -> frozenset[ProgramPoint]:
    """The call sites of the function `scope`, cached."""
    return inference.answers.answer(("entering", scope), _find_call_sites, inference, scope)


def _find_call_sites(inference: Inference, scope: Scope) -> frozenset[ProgramPoint]:
    names = [getattr(scope.node, "name", "")]
    owner = scope.parent if scope.parent and scope.parent.kind == "class" else None
    if names == ["__init__"] and owner is not None and isinstance(owner.node, ast.ClassDef):
        below = [c.node.name for c in inference.classes.below(owner) if isinstance(c.node, ast.ClassDef)]
        names = [*names, owner.node.name, "cls", *below]
    return frozenset(
        call for call in inference.calls_by(names, scope) if scope in functions_run(inference, call)
    )


def functions_run(inference: Inference, call: ProgramPoint) -> frozenset[Scope | None]:
    """The functions that a call may run; for a class its `__init__`, None where it has none of ours."""
    return inference.answers.answer(("run by", call.node), _find_functions_run, inference, call)


def _find_functions_run(inference: Inference, point: ProgramPoint) -> frozenset[Scope | None]:
    assert isinstance(point.node, ast.Call)
    return frozenset(
        inference.classes.initialiser(callee.scope) if callee.scope.kind == "class" else callee.scope
        for value in inference.run_in_context(None, inference.values, point.node.func, point)
        for callee in callees(inference, value)
    )


def _passed(
    inference: Inference,
    point: ProgramPoint,
    parameter: ast.arg,
    scope: Scope,
    receiver: Instance | None,
) -> Values | None:
    """The argument that the call at `point` passes for a parameter of the function `scope`.

    None where it passes none, or where it cannot be a call of the method of `receiver`. It can where that object calls
    its own method (`self.f()`, `super().f()`), or where the call is on what may be that object.
    """
    call, function = point.node, scope.node
    assert isinstance(call, ast.Call) and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    shifted = Scopes.class_of(scope) is not None
    argument = argument_of(call, function.args, parameter, shifted=shifted)
    if argument is None or _passes_itself(inference, argument, parameter, point):
        return None
    context = None
    if receiver is not None and isinstance(receiver.of, Definition):
        caller = point.scope.enclosing("function")
        if _is_on_own_receiver(call.func, caller):
            if Scopes.class_of(caller) not in inference.classes.lineage(receiver.of.scope):
                return None
            context = any_call(inference, receiver, caller)
        elif not any(
            _may_be(receiver, callee)
            for callee in inference.run_in_context(None, inference.values, call.func, point)
        ):
            return None
    return inference.run_in_context(context, inference.values, argument, point)


def _passes_itself(inference: Inference, argument: ast.expr, parameter: ast.arg, point: ProgramPoint) -> bool:
    """Whether the argument is the parameter itself, as in a recursive call: that adds no value."""
    bindings = inference.bindings(argument.id, point) if isinstance(argument, ast.Name) else []
    return bool(bindings) and all(binding.value is parameter for binding in bindings)


def _is_on_own_receiver(func: ast.expr, caller: Scope) -> bool:
    """Whether a callee is `self.method` or `super().method` of the method `caller`."""
    first = receiver_of(caller)
    match func:
        case ast.Attribute(value=ast.Name(id=name)):
            return first is not None and name == first.arg
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
            return first is not None
    return False


def _may_be(receiver: Instance, callee: Value) -> bool:
    """Whether `callee` may be a method of `receiver`; a class is none, since a call of it makes another object."""
    owner = callee.receiver if isinstance(callee, Definition) else None
    is_class = isinstance(callee, Definition) and callee.scope.kind == "class"
    return not is_class and (owner is None or owner.context is None or owner == receiver)
