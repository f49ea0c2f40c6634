"""The values of calls: of functions and classes of ours, by the arguments of each call, and of what Python has built in.

A call of a function of ours is entered: the values of its arguments make a `CallContext`, and its `return` expressions
are evaluated within that. So `make("redis")` and `make("http")` give different values, and calls alike share one answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import (
    branches,
    containers,
    decorators,
    fixtures,
    importing,
    records,
    standard_calls,
    strings,
)
from flake8_redis_ssot.inference.annotation import stands_in
from flake8_redis_ssot.inference.values import (
    NOTHING,
    CallContext,
    Coroutine,
    Definition,
    Generator,
    Instance,
    Items,
    QualifiedName,
    Text,
    Value,
    Values,
    depth_of,
)
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.commands import HANDED, HANDED_CLASSES
from flake8_redis_ssot.libraries.frameworks import (
    DECORATORS,
    DEPENDS,
    GIVERS,
    IMPORTERS,
    TRANSPARENT,
)
from flake8_redis_ssot.libraries.standard import (
    AWAITED_CALLERS,
    CASTS,
    ENTERING_METHODS,
    FIELDS,
    HANDED_ON,
    JOBS,
    MAKING_MISSING,
    NAMESPACES,
    PROPERTIES,
    RECORDS,
    REPLACING,
    REPLACING_METHOD,
    RUNNERS,
    RUNNING_METHOD,
)
from flake8_redis_ssot.syntax.arguments import (
    argument_of,
    default_of,
    first_of,
    parameters,
    positional,
    single,
)
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import callee_of, is_generator
from flake8_redis_ssot.syntax.scopes import Scopes
from flake8_redis_ssot.syntax.synthetic import Produced

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_DEPTH = 5
"""How deep calls may stand in each other's arguments, as in `f(g(h()))`; a deeper one is unknown."""
_MOST = 50
"""Calls of one function that are told apart by their arguments; past it arguments count as unknown."""

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Contexts:
    """Makes the contexts of calls: one object for all calls of a function with the same arguments."""

    def __init__(self) -> None:
        self._known: dict[object, CallContext] = {}
        self._texts: dict[str, Text] = {}
        self._numbers: dict[Scope, int] = {}

    def of(
        self,
        scope: Scope,
        arguments: dict[str, Values],
        outer: CallContext | None,
        receiver: Instance | None = None,
    ) -> CallContext | None:
        """The context of a call of the function `scope`, by the values of its arguments; None where calls nest too deep.

        `outer` is the context of the function around `scope`; `receiver` marks any call of that object's method.
        """
        number = self._numbers.get(scope, 0)
        known = {
            name: frozenset(self._same(v) for v in values) if number < _MOST else NOTHING
            for name, values in arguments.items()
        }
        key = (scope, tuple(known.items()), outer, receiver)
        context = self._known.get(key)
        if context is None:
            depth = 1 + max([outer.depth if outer else 0, *(depth_of(values) for values in known.values())])
            if depth > _DEPTH:
                return None
            context = self._known[key] = CallContext(scope, known, outer, depth, receiver)
            self._numbers[scope] = number + 1
        return context

    def _same(self, value: Value) -> Value:
        """One `Text` for equal strings, wherever they are written, so that such calls share a context."""
        return self._texts.setdefault(value.value, value) if isinstance(value, Text) else value


def called(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
    """The values of a call."""
    yield from standard_calls.built_in(inference, call, point)
    names = inference.names
    for value in inference.values(call.func, point):
        match value:
            case QualifiedName(name=name):
                if name in CASTS:
                    cast = frozenset(
                        v for argument in call.args[1:2] for v in inference.values(argument, point)
                    )
                    stated = call.args[0] if call.args else None
                    yield from inference.known_or_promised(cast, stated, point)
                elif name in HANDED_ON:
                    for argument in call.args[HANDED_ON[name] :][:1]:
                        yield from inference.values(argument, point)
                elif name in RUNNERS:
                    for argument in first_of(call, JOBS):
                        yield from inference.awaited(inference.values(argument, point))
                elif name in NAMESPACES:
                    yield replace(standard_calls.of_keywords(inference, call, point), has_attributes=True)
                elif name in FIELDS:
                    yield from standard_calls.field(inference, call, point)
                elif name in REPLACING:
                    for argument in call.args[:1]:
                        yield from records.replaced(inference, inference.values(argument, point), call, point)
                elif name in MAKING_MISSING:
                    for factory in call.args[:1]:
                        made = inference.synthetic(Produced, factory)
                        yield Items((made,), point, (None,), inference.context)
                elif name in RECORDS:
                    yield from standard_calls.record(inference, call, point)
                elif name in DECORATORS and name.rpartition(".")[2] in PROPERTIES:
                    yield from standard_calls.read_by(inference, call, point)
                elif name in IMPORTERS:
                    yield from importing.imported(inference, call, point)
                elif name in DEPENDS:
                    for dependency in (
                        v for argument in call.args[:1] for v in inference.values(argument, point)
                    ):
                        yield from _depended_on(inference, dependency)
                elif name in HANDED_CLASSES:
                    yield Instance(QualifiedName(HANDED_CLASSES[name]))
                elif (
                    names.is_builder(name)
                    or (name.rpartition(".")[2] in HANDED and inference.client(Instance(value)))
                    or inference.is_open_name(name)
                ):
                    yield Instance(value)
                elif inference.method(name) == "buffered":
                    yield Instance(QualifiedName(name.rpartition(".")[0]))
            case Generator(scope=scope, how="manager"):
                context = _context_of_call(inference, Definition(scope), scope, call, point)
                if context is not None:
                    yield replace(value, context=context)
            case Definition() | Instance(of=Definition()):
                for callee in callees(inference, value):
                    yield from _results(inference, callee, call, point)
    handed = standard_calls.handed_call(inference, call, point, AWAITED_CALLERS)
    if handed is not None:
        yield from inference.values(handed, point)
    if isinstance(call.func, ast.Attribute):
        if call.func.attr in ENTERING_METHODS:
            for argument in call.args[:1]:
                yield from containers.projected(inference, inference.values(argument, point), "enter")
        elif call.func.attr == RUNNING_METHOD:
            # a method of ours is followed itself
            if not any(isinstance(v, Definition) for v in inference.values(call.func, point)):
                for argument in first_of(call, JOBS):
                    yield from inference.awaited(inference.values(argument, point))
        elif call.func.attr == REPLACING_METHOD:
            yield from records.replaced(inference, inference.values(call.func.value, point), call, point)
        yield from containers.method_call(inference, call.func, call, point)
        yield from strings.method_call(inference, call.func, call, point)


def callees(inference: Inference, value: Value) -> Iterator[Definition]:
    """The functions and classes of ours that a call of `value` runs; for an object the `__call__` of its class."""
    match value:
        case Definition():
            yield value
        case Instance(of=Definition()):
            yield from (m for m in inference.attribute(value, "__call__") if isinstance(m, Definition))


def produced(inference: Inference, factory: ast.expr, point: ProgramPoint) -> Iterator[Value]:
    """What calls of `factory` without arguments give, as in `field(default_factory=Redis)`."""
    for value in inference.values(factory, point):
        if isinstance(value, Definition):
            yield from (Instance(value),) if value.scope.kind == "class" else given_back(inference, value)
        elif isinstance(value, QualifiedName) and inference.names.is_builder(value.name):
            yield Instance(value)


def read(inference: Inference, getter: Generator, receiver: Instance) -> Iterable[Value]:
    """What reading a property of `receiver` gives, whose function is that of `getter`."""
    assert isinstance(getter.scope.node, FUNCTION)
    arguments = {first.arg: frozenset[Value]([receiver]) for first in positional(getter.scope.node.args)[:1]}
    context = inference.contexts.of(getter.scope, arguments, getter.context)
    return () if context is None else _result(inference, getter.scope, context)


def _depended_on(inference: Inference, dependency: Value) -> Iterator[Value]:
    """What a framework passes for `Depends(dependency)`: the result of calling that."""
    for callee in callees(inference, dependency):
        if callee.scope.kind == "class":
            yield Instance(callee)
        else:
            for context in _bare_contexts(inference, callee):
                yield from inference.run_in_context(context, inference.given_by, callee.scope)


def _results(inference: Inference, value: Definition, call: ast.Call, point: ProgramPoint) -> Iterable[Value]:
    """The values of a call of `value`, a function or class of ours."""
    scope = value.scope
    if scope.kind != "class":
        if not _takes_arguments(scope) and value.receiver is None:
            return given_back(inference, value)
        context = _context_of_call(inference, value, scope, call, point)
        return () if context is None else _result(inference, scope, context)
    initialiser = inference.classes.initialiser(scope)
    signature = initialiser or (scope if records.fields_of(inference, scope) else None)
    cls = replace(value, below=False, receiver=None)
    if signature is None:
        return (Instance(cls),)
    context = _context_of_call(inference, replace(value, receiver=None), signature, call, point)
    return () if context is None else (Instance(cls, context),)


def given_back(inference: Inference, function: Definition) -> Iterator[Value]:
    """What a call of `function` without arguments gives, save the receiver of a method."""
    for context in _bare_contexts(inference, function):
        yield from _result(inference, function.scope, context)


def _bare_contexts(inference: Inference, function: Definition) -> list[CallContext | None]:
    """The context of a call without arguments; an empty list where calls nest too deep."""
    first = receiver_of(function.scope)
    if function.receiver is None or first is None:
        return [function.context]
    arguments = {first.arg: frozenset[Value]([function.receiver])}
    context = inference.contexts.of(function.scope, arguments, function.context)
    return [] if context is None else [context]


def given_for(inference: Inference, getter: Definition, name: str) -> Iterable[Value]:
    """What the `__getattr__` of an object or a module gives for `name`."""
    node = getter.scope.node
    if not isinstance(node, ast.FunctionDef):
        return ()
    receivers = [frozenset[Value]([getter.receiver])] if getter.receiver is not None else []
    passed = [*receivers, frozenset[Value]([Text(name, ast.Constant(name))])]
    arguments = {parameter.arg: values for parameter, values in zip(node.args.args, passed, strict=False)}
    context = inference.contexts.of(getter.scope, arguments, getter.context)
    return () if context is None else _result(inference, getter.scope, context)


def _result(inference: Inference, scope: Scope, context: CallContext | None) -> Iterable[Value]:
    """What a call of the function `scope` gives: a coroutine, a generator, or what it returns within `context`."""
    if isinstance(scope.node, ast.AsyncFunctionDef) and not scope.yields:
        return (Coroutine(scope, context),)
    if is_generator(scope.node):
        return (Generator(scope, "iterator", context),)
    return inference.run_in_context(context, lambda: list(returned(inference, scope)))


def _context_of_call(
    inference: Inference, value: Definition, scope: Scope, call: ast.Call, point: ProgramPoint
) -> CallContext | None:
    """The context of a `call` of `value`.

    `scope` has the parameters: a function, the `__init__` of a class, or a class with fields (dataclass).
    """
    arguments: dict[str, Values] = {}
    if isinstance(scope.node, FUNCTION):
        args = scope.node.args
        first = receiver_of(scope)
        if first is not None and value.receiver is not None:
            arguments[first.arg] = frozenset([value.receiver])
        for parameter in single(args):
            if parameter is not first:
                argument = argument_of(call, args, parameter, shifted=first is not None)
                if argument is not None:
                    arguments[parameter.arg] = inference.values(argument, point)
    else:
        fields = records.fields_of(inference, scope)
        places = (name for name, has_place in fields.items() if has_place)
        pairs = [*zip(places, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
        arguments = {name: inference.values(part, point) for name, part in pairs if name in fields}
    return inference.contexts.of(scope, arguments, value.context)


def parameter(inference: Inference, node: ast.arg, point: ProgramPoint) -> Iterator[Value]:
    """The values of a parameter: its argument in the current call, or those of all known calls.

    Where these give nothing, its default, its annotation, or the fixture of its name.
    """
    scope = point.scope
    function = scope.node
    if not isinstance(function, FUNCTION):
        return
    context = inference.context
    while context is not None and context.scope is not scope:
        context = context.outer
    passed = context.arguments.get(node.arg) if context is not None else None
    owner = Scopes.receiver(node, scope)
    if owner is not None:
        is_class = _is_classmethod(function) or node.arg == "cls"
        receiver = Definition(owner, below=True) if is_class else Instance(Definition(owner, below=True))
        yield from passed or (receiver,)
        return
    outside = inference.definition_point(scope)
    if outside is None:
        return
    if passed:
        yield from passed
        return
    if context is None or context.receiver is not None:
        yield from inference.passed_arguments(node, point, context.receiver if context is not None else None)
    default = default_of(function.args, node) if passed is None else None
    yield from inference.known_or_promised(inference.values(default, outside), node.annotation, outside)
    if context is None and default is None:
        yield from fixtures.given(inference, node.arg, scope)


def returned(inference: Inference, function: Scope) -> Iterable[Value]:
    """The values that a function returns in the current context, or what its annotation promises."""
    points = branches.returns_of(inference, function)
    values = frozenset(v for point in points for v in inference.values(point.node, point))
    stated = result_type(inference, function, function.returns)
    return inference.known_or_promised(
        values, stated, inference.definition_point(function) if stated else None
    )


def result_type(inference: Inference, function: Scope, given: Iterable[ProgramPoint]) -> ast.expr | None:
    """The return annotation; None where one of the results `given` is a mock, of which an annotation says nothing."""
    stated: ast.expr | None = getattr(function.node, "returns", None)
    return None if stated is None or any(stands_in(inference, p.node, p) for p in given) else stated


def given_by(inference: Inference, function: Scope) -> Iterator[Value]:
    """What a function yields, or else returns."""
    if not is_generator(function.node):
        yield from returned(inference, function)
    yield from containers.yielded(inference, function)


def is_property(inference: Inference, function: Scope) -> bool:
    """Whether a method is read like an attribute."""
    return bool(PROPERTIES & decorators.decorators(inference, function.node, function.parent))


def defined(inference: Inference, node: ast.stmt, point: ProgramPoint) -> Iterator[Value]:
    """The value that a `def` or `class` binds its name to; none behind a decorator that may change it."""
    scope = inference.namespaces.get(node)
    if scope is None:
        return
    if is_transparent(inference, node, point):
        yield Definition(scope, context=inference.context)
    else:
        how = how_given(inference, node, point)
        if how:
            yield Generator(scope, how)


def is_transparent(inference: Inference, node: ast.AST, point: ProgramPoint) -> bool:
    """Whether no decorator changes what a call of `node` gives, as an unknown one may."""
    return (
        isinstance(node, ast.ClassDef) or decorators.decorators(inference, node, point.scope) <= TRANSPARENT
    )


def how_given(inference: Inference, node: ast.AST, point: ProgramPoint) -> str:
    """How a decorated function gives its value: `fixture` by a parameter, `manager` by `with`; empty for neither."""
    for decorator in getattr(node, "decorator_list", ()):
        inner = callee_of(decorator)
        for value in inference.values(inner, point):
            if isinstance(value, QualifiedName) and value.name in GIVERS:
                return GIVERS[value.name]
    return ""


def any_call(inference: Inference, receiver: Instance, function: Scope) -> CallContext | None:
    """The context that stands for any call of the method `function` on `receiver`; of `__init__` that of the object's making.

    Objects whose arguments are themselves results of calls are not told apart: contexts would nest ever deeper.
    """
    first, made = receiver_of(function), receiver.of
    if receiver.context is None or receiver.context.depth > 1 or first is None:
        return receiver.context
    if function is receiver.context.scope:
        return receiver.context
    outer = made.context if isinstance(made, Definition) else None
    context = inference.contexts.of(function, {first.arg: frozenset([receiver])}, outer, receiver)
    return context or receiver.context


def receiver_of(function: Scope) -> ast.arg | None:
    """The first parameter of a method (`self`, `cls`); None for a function."""
    node = function.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or Scopes.class_of(function) is None:
        return None
    return next(iter(positional(node.args)), None)


def _takes_arguments(function: Scope) -> bool:
    """Whether a function has parameters besides `self` or `cls`."""
    if not isinstance(function.node, FUNCTION):
        return False
    receiver = receiver_of(function)
    return any(argument is not receiver for argument in parameters(function.node.args))


def _is_classmethod(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "classmethod" for d in getattr(node, "decorator_list", ()))
