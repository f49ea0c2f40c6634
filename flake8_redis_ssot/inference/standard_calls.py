"""The values of calls of built-in functions and of Python's own library: `getattr`, `zip`, `dict`, `namedtuple` ..."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls, containers, importing
from flake8_redis_ssot.inference.values import (
    Definition,
    Filled,
    Generator,
    Instance,
    Items,
    Pairs,
    SuperProxy,
    Value,
)
from flake8_redis_ssot.libraries.standard import CALLERS, FACTORIES, RECORD
from flake8_redis_ssot.syntax.arguments import parameters
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import last_name
from flake8_redis_ssot.syntax.synthetic import Element

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


def built_in(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
    """The values of a call of a built-in function; none if the name is bound otherwise."""
    if not isinstance(call.func, ast.Name) or inference.bindings(call.func.id, point):
        return
    arguments = call.args
    match call.func.id:
        case "getattr" if len(arguments) > 1:
            for owner in inference.values(arguments[0], point):
                for text in inference.texts(arguments[1], point):
                    yield from inference.attribute(owner, text.value)
            for default in arguments[2:]:
                yield from inference.values(default, point)
        case "__import__":
            yield from importing.imported(inference, call, point)
        case "vars" if arguments:
            for owner in inference.values(arguments[0], point):
                yield from inference.attribute(owner, "__dict__")
        case "next" | "anext" if arguments:
            yield from containers.projected(inference, inference.values(arguments[0], point), "item")
        case "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "aiter" if arguments:
            yield from (v for v in inference.values(arguments[0], point) if _iterates_elements(v))
        case "enumerate" if arguments:
            given = inference.values(arguments[0], point)
            yield from (Pairs(v) for v in given if isinstance(v, Items | Filled) and _iterates_elements(v))
        case "str" if len(arguments) == 1:
            yield from inference.texts(arguments[0], point)
        case "zip":
            yield containers.any_number(inference, inference.synthetic(_zipped, *arguments), point)
        case "map" if (one := handed_call(inference, call, point)) is not None:
            yield containers.any_number(inference, one, point)
        case "filter" if len(arguments) == 2:
            yield from (v for v in inference.values(arguments[1], point) if _iterates_elements(v))
        case "staticmethod" | "classmethod" as kind:
            yield from (v for part in arguments for v in inference.values(part, point) if _is_method(v, kind))
        case "dict":
            if call.keywords or any(
                map(containers.is_dict, (v for a in arguments for v in inference.values(a, point)))
            ):
                yield of_keywords(inference, call, point)
        case "property":
            yield from read_by(inference, call, point)
        case "type" if len(arguments) == 1:
            for value in inference.values(arguments[0], point):
                if isinstance(value, Instance):
                    yield value.of
        case "super":
            yield SuperProxy(point.scope.enclosing("class"))


def handed_call(
    inference: Inference, call: ast.Call, point: ProgramPoint, callers: Mapping[str, int] = CALLERS
) -> ast.Call | None:
    """The call that one of the `callers` makes of its argument: for `map(f, xs)` that of `f` with elements.

    None where `call` is of no such function, of one of ours, which is followed itself, or of a method `map`.
    """
    name = last_name(call.func)
    at = callers.get(name)
    if at is None or len(call.args) <= at or any(isinstance(p, ast.Starred) for p in call.args[: at + 1]):
        return None
    if name == "map" and (not isinstance(call.func, ast.Name) or inference.bindings(name, point)):
        return None
    if any(isinstance(value, Definition) for value in inference.values(call.func, point)):
        return None
    return inference.synthetic(_handed, call, at, name == "map")


def _handed(call: ast.Call, at: int, is_by_element: bool) -> ast.Call:
    """The call of the argument `at` with those behind it, or with an element of each of these."""
    function, *given = call.args[at:]
    arguments = [Element(part) if is_by_element else part for part in given]
    return ast.copy_location(ast.Call(function, arguments, call.keywords), call)


def _is_method(value: Value, kind: str) -> bool:
    """Whether a function wrapped by a call of `staticmethod` or `classmethod` (`kind`) still gets the right parameters.

    Whether its first parameter is `self` is decided by where it is defined: functions for which that differs are left out.
    """
    if isinstance(value, Definition) and value.scope.kind == "function":
        takes = parameters(value.scope.node.args) if isinstance(value.scope.node, calls.FUNCTION) else ()
        is_first = calls.receiver_of(value.scope) is not None
        return not is_first if kind == "staticmethod" else is_first or len([*takes]) == 1
    return kind == "staticmethod"


def _iterates_elements(value: Value) -> bool:
    """Whether a loop over a value gives its elements: of a dict it gives keys."""
    match value:
        case Items(keys=keys):
            return keys is None
        case Filled(keyed=keyed):
            return not keyed
    return isinstance(value, Generator) and value.how == "iterator"


def _zipped(*iterables: ast.expr) -> ast.Tuple:
    """One tuple of those that `zip(*iterables)` gives."""
    return ast.Tuple([Element(part) for part in iterables], ast.Load())


def _key(keyword: ast.keyword) -> ast.Constant:
    """The key that a keyword is in the dict that it makes."""
    return ast.Constant(keyword.arg)


def of_keywords(inference: Inference, call: ast.Call, point: ProgramPoint) -> Items:
    """The dict that `dict(other, key=value)` makes: keywords as keys, after what is unpacked."""
    elements = (*call.args, *(k.value for k in call.keywords))
    names = (inference.synthetic(_key, k) if k.arg else None for k in call.keywords)
    return containers.merged((*(None for _ in call.args), *names), elements, point, inference)


def field(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
    """The default of `field(default=x)` or `field(default_factory=f)`."""
    for keyword in call.keywords:
        if keyword.arg == "default":
            yield from inference.values(keyword.value, point)
        elif keyword.arg in FACTORIES:
            yield from calls.produced(inference, keyword.value, point)


def record(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
    """The class that `namedtuple("T", "a b")` and the like make."""
    scope = inference.synthetic(_record_class, call, point.scope, point.order)
    if scope is not None:
        yield Definition(scope)


def _record_class(call: ast.Call, around: Scope, order: int) -> Scope | None:
    """The scope of a synthetic `ClassDef` with the fields of a record; None where the call does not tell them."""
    keywords = {k.arg: k.value for k in call.keywords}
    fields: list[tuple[object, list[ast.expr]]] = []
    match [*call.args[1:2], *(keywords[name] for name in ("field_names", "fields") if name in keywords)]:
        case [ast.Constant(value=str(text))]:
            fields += ((name, []) for name in text.replace(",", " ").split())
        case [ast.Tuple(elts=written) | ast.List(elts=written)]:
            parts = [f.elts if isinstance(f, ast.Tuple | ast.List) and f.elts else [f] for f in written]
            fields += ((getattr(name, "value", None), more) for name, *more in parts)
    if not fields or not all(isinstance(name, str) for name, _ in fields):
        return None
    defaults_node = keywords.get("defaults")
    defaults = defaults_node.elts if isinstance(defaults_node, ast.Tuple | ast.List) else []
    field_defaults = [*(None,) * (len(fields) - len(defaults)), *defaults]
    body = [
        ast.AnnAssign(ast.Name(str(name)), (more or [ast.Constant(None)])[0], (*more[1:2], default)[0], 1)
        for (name, more), default in zip(fields, field_defaults, strict=False)
    ]
    node = ast.copy_location(ast.ClassDef("", [ast.Name(RECORD)], [], [*body], []), call)
    scope = Scope("class", around, node)
    for (name, _), stated in zip(fields, body, strict=True):
        scope.bindings[str(name)] = [Binding(order, (), value=stated, scope=around)]
    return scope


def read_by(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
    """The property that `property(getter)` or the like makes."""
    for value in (v for part in call.args[:1] for v in inference.values(part, point)):
        if isinstance(value, Definition) and value.scope.kind == "function":
            yield Generator(value.scope, "property", value.context)
