"""The places that run functions of ours: calls, and code for which Python runs them by itself (`with`, operators)."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.analysis.deferred import around, is_consumed
from flake8_redis_ssot.inference.calls import is_property
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Filled, Generator, Instance, Value
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import PROPERTIES
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.implied import CALLED, DELETED, PROPERTY, SET, implied
from flake8_redis_ssot.syntax.nodes import last_name


@dataclass(frozen=True, slots=True)
class Run:
    """A place that runs `functions` of ours, and the expression `node` by which it does so.

    `method` is the special method (`__enter__`) that Python runs there, empty for a call or property. With `is_known`
    nothing else can run there.
    """

    point: ProgramPoint
    node: ast.expr
    method: str
    functions: frozenset[Scope]
    is_known: bool

    @property
    def call(self) -> ast.Call | None:
        """The call of the functions; None where Python runs them by itself."""
        return self.node if isinstance(self.node, ast.Call) and not self.method else None

    @property
    def callee(self) -> ast.expr:
        """The callee of the call; where Python runs the functions by itself, the whole expression."""
        return self.node if self.call is None else self.call.func

    @property
    def is_consumed(self) -> bool:
        """Whether the iterator or context manager that it gives is iterated or entered in the same function."""
        if self.method:
            return self.method == "__iter__"
        return is_consumed(around(self.point), self.node)


def runs(inference: Inference, point: ProgramPoint, names: Collection[str]) -> Iterator[Run]:
    """The runs at `point` of functions that have one of the `names`."""
    node = point.node
    if point.for_typing:
        return
    if isinstance(node, ast.Call) and last_name(node.func) in names:
        yield _run(inference, point, node, "", inference.values(node.func, point))
    for name, owner, expression in implied(node):
        if name in names and (name == CALLED or not _is_bound(inference, node, point)):
            # a `Filled` is no other object: it is what was put into one
            owners = [v for v in inference.values(owner, point) if not isinstance(v, Filled)]
            instances = [v for v in owners if isinstance(v, Instance) and isinstance(v.of, Definition)]
            members = [_members(inference, instance, name) for instance in instances]
            is_read = name.startswith(PROPERTY) and name[-1] not in (SET, DELETED)
            methods = [v for values in members for v in values if _is_property(inference, v) == is_read]
            if methods and len(instances) == len(owners):
                is_known = all(members) and len(methods) == sum(map(len, members))
                is_named = is_read or name == CALLED
                yield _run(inference, point, expression, "" if is_named else name, methods, is_known=is_known)


def _members(inference: Inference, instance: Instance, name: str) -> Collection[Value]:
    """What the class of an object has by the `name` that `implied` gives; for a property that is set or deleted, its setter or deleter."""
    if not name.endswith((SET, DELETED)):
        return inference.classes.kept(instance, name.removeprefix(PROPERTY))
    assert isinstance(instance.of, Definition)
    owners = inference.classes.having(instance.of.scope, name[1:-1])
    nodes = [b.value for owner in owners for b in owner.bindings.get(name[1:-1], ())]
    return [
        Definition(inference.namespaces[node])
        for node in nodes
        if isinstance(node, ast.FunctionDef) and _marked_name(node) == name
    ]


def _is_bound(inference: Inference, node: ast.AST, point: ProgramPoint) -> bool:
    """Whether a call by a bare name is of something that the file binds, not of a built-in."""
    func = node.func if isinstance(node, ast.Call) else None
    return isinstance(func, ast.Name) and bool(inference.bindings(func.id, point))


def _run(
    inference: Inference,
    point: ProgramPoint,
    node: ast.expr,
    method: str,
    values: Iterable[Value],
    *,
    is_known: bool = True,
) -> Run:
    """The run of those `values` that are functions of ours; it is not known if there are others."""
    values = [*values]
    ours = [v for v in values if isinstance(v, Definition) or _runs_when_used(v)]
    functions = frozenset(_run_by(v.scope, inference) for v in ours)  # type: ignore[union-attr]
    return Run(point, node, method, functions, is_known and len(ours) == len(values))


def _runs_when_used(value: Value) -> bool:
    """Whether a value is the function of a context manager or property, which runs when that is used."""
    return isinstance(value, Generator) and value.context is None and value.how in ("manager", "property")


def _is_property(inference: Inference, value: Value) -> bool:
    """Whether a value is the function of a property."""
    match value:
        case Definition(scope=scope) if scope.kind == "function":
            return is_property(inference, scope)
        case Generator(how=how):
            return how == "property"
    return False


def _run_by(called: Scope, inference: Inference) -> Scope:
    """The function that a call runs; for a class its own `__init__`, or the class if it has none."""
    kept = called.bindings.get("__init__", ()) if called.kind == "class" else ()
    nodes = [b.value for b in kept]
    return inference.namespaces.get(nodes[0], called) if len(nodes) == 1 and nodes[0] is not None else called


def run_as(function: ast.FunctionDef, point: ProgramPoint) -> str:
    """The name by which other code runs the function around `point`: for `__init__` that of its class; a property's is marked."""
    owner = point.scope.enclosing("function").parent
    if owner is None or owner.kind != "class":
        return function.name
    if function.name == "__init__":
        return getattr(owner.node, "name", "")
    return _marked_name(function)


def _marked_name(function: ast.FunctionDef) -> str:
    """The name of a method; that of a property has the marks of `syntax.implied`."""
    decorators = {last_name(decorator) for decorator in function.decorator_list}
    for decorator, mark in (("setter", SET), ("deleter", DELETED)):
        if decorator in decorators:
            return PROPERTY + function.name + mark
    return PROPERTY * (not decorators.isdisjoint(PROPERTIES)) + function.name
