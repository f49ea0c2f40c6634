"""What stands in a file and runs functions of ours: calls, and what Python runs them for without a call."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flake8_redis_ssot.analysis.deferred import around, is_consumed
from flake8_redis_ssot.inference.calls import is_property
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Filled, Generator, Instance, Value
from flake8_redis_ssot.libraries.standard import PROPERTIES
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.implied import PROPERTY, implied
from flake8_redis_ssot.syntax.nodes import last_name


@dataclass(frozen=True, slots=True)
class Run:
    """A place that runs functions, and the expression that tells.

    `method` is the special method that Python runs, if it is one. With `is_known` it runs none but `functions`.
    """

    point: ProgramPoint
    node: ast.expr
    method: str
    functions: frozenset[Scope]
    is_known: bool

    @property
    def call(self) -> ast.Call | None:
        """The call of the functions; none where Python itself runs them."""
        return self.node if isinstance(self.node, ast.Call) and not self.method else None

    @property
    def said(self) -> ast.expr:
        """What is called, or whatever else tells of it."""
        return self.node if self.call is None else self.call.func

    @property
    def is_consumed(self) -> bool:
        """Whether an iterator or context manager that it gives is gone through, or entered, where it stands."""
        if self.method:
            return self.method == "__iter__"
        return is_consumed(around(self.point), self.node)


def runs(inference: Inference, point: ProgramPoint, names: Collection[str]) -> Iterator[Run]:
    """What runs functions at `point` by one of the `names`."""
    node = point.node
    if point.for_typing:
        return
    if isinstance(node, ast.Call) and last_name(node.func) in names:
        yield _run(inference, point, node, "", inference.values(node.func, point))
    for name, owner, told in implied(node):
        if name in names and not _is_bound(inference, node, point):
            # what is put into an object is no other object
            owners = [v for v in inference.values(owner, point) if not isinstance(v, Filled)]
            ours = [v for v in owners if isinstance(v, Instance) and isinstance(v.of, Definition)]
            is_read = name.startswith(PROPERTY)
            kept = [inference.classes.kept(one, name.removeprefix(PROPERTY)) for one in ours]
            found = [v for values in kept for v in values if _is_property(inference, v) == is_read]
            if found and len(ours) == len(owners):
                is_known = all(kept) and len(found) == sum(map(len, kept))
                yield _run(inference, point, told, "" if is_read else name, found, is_known=is_known)


def _is_bound(inference: Inference, node: ast.AST, point: ProgramPoint) -> bool:
    """Whether a call by a bare name is none of a function that is built in."""
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
    values = [*values]
    ours = [v for v in values if isinstance(v, Definition) or _is_run(v)]
    functions = frozenset(_run_by(v.scope, inference) for v in ours)  # type: ignore[union-attr]
    return Run(point, node, method, functions, is_known and len(ours) == len(values))


def _is_run(value: Value) -> bool:
    return isinstance(value, Generator) and value.context is None and value.how in ("manager", "property")


def _is_property(inference: Inference, value: Value) -> bool:
    match value:
        case Definition(scope=scope) if scope.kind == "function":
            return is_property(inference, scope)
        case Generator(how=how):
            return how == "property"
    return False


def _run_by(called: Scope, inference: Inference) -> Scope:
    """What a call runs: of a class its initialiser, where it has one of its own."""
    kept = called.bindings.get("__init__", ()) if called.kind == "class" else ()
    nodes = [b.value for b in kept]
    return inference.namespaces.get(nodes[0], called) if len(nodes) == 1 and nodes[0] is not None else called


def run_as(function: ast.FunctionDef, point: ProgramPoint) -> str:
    """The name by which a function is run that is around `point`: an initialiser by that of its class."""
    owner = point.scope.enclosing("function").parent
    if owner is None or owner.kind != "class":
        return function.name
    if function.name == "__init__":
        return getattr(owner.node, "name", "")
    is_read = any(last_name(decorator) in PROPERTIES for decorator in function.decorator_list)
    return PROPERTY * is_read + function.name
