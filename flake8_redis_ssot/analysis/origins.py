"""Which calls made the object that an expression gives: values say what it is, this says where it comes from."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Instance, Items, QualifiedName
from flake8_redis_ssot.syntax.arguments import argument_of
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Projection, Scope
from flake8_redis_ssot.syntax.nodes import Function
from flake8_redis_ssot.syntax.scopes import Scopes

_MOST = 200_000
"""Questions; past it nothing more is found."""
_DEPTH = 40


class Origins:
    """Follows expressions back to the calls that build clients and pools, through the `modules` given.

    Every way counts, whatever the arguments of the calls between.
    """

    def __init__(self, inference: Inference, modules: Mapping[str, Scope]) -> None:
        self._inference = inference
        self._modules = modules
        self._asked = 0
        self._known: dict[ast.AST, frozenset[ProgramPoint]] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether more was asked than is answered."""
        return self._asked > _MOST

    def of(self, node: ast.expr | None, point: ProgramPoint) -> frozenset[ast.Call]:
        """The calls that an expression may come from."""
        return frozenset(p.node for p in self.points(node, point) if isinstance(p.node, ast.Call))

    def points(self, node: ast.expr | None, point: ProgramPoint) -> frozenset[ProgramPoint]:
        """The same, as places."""
        if node is None:
            return frozenset()
        if node not in self._known:
            self._known[node] = frozenset({p.node: p for p in self._of(node, point, set())}.values())
        return self._known[node]

    def _of(self, node: ast.AST | None, point: ProgramPoint, seen: set[object]) -> Iterator[ProgramPoint]:
        self._asked += 1
        if node is None or node in seen or self.is_exhausted or len(seen) > _DEPTH:
            return
        seen = seen | {node}
        match node:
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                yield from self._of(inner, point, seen)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._of(body, point, seen)
                yield from self._of(orelse, point, seen)
            case ast.BoolOp(values=parts):
                for part in parts:
                    yield from self._of(part, point, seen)
            case ast.Name(id=name):
                for binding in self._inference.bindings(name, point):
                    yield from self._bound(binding, seen)
            case ast.Attribute():
                for binding in self.held(node, point):
                    yield from self._bound(binding, seen)
            case ast.Subscript():
                for store in self._inference.stores.of_item(node.value, node.slice, point):
                    yield from self._bound(store.binding, seen)
                for value in self._inference.values(node.value, point):
                    if isinstance(value, Items):
                        for element in value.elements:
                            yield from self._of(element, value.point, seen)
            case ast.Call():
                yield from self._made(node, ProgramPoint(node, point.scope, point.order, point.path), seen)

    def held(self, node: ast.Attribute, point: ProgramPoint) -> list[Binding]:
        """The bindings of an attribute of a module, of a class, of its objects, or of a framework's object."""
        found = [store.binding for store in self._inference.stores.of_attribute(node, point)]
        for value in self._inference.values(node.value, point):
            of = value.of if isinstance(value, Instance) else value
            if isinstance(of, QualifiedName):
                found += self._exported(f"{of.name}.{node.attr}")
            elif isinstance(of, Definition) and of.scope.kind == "class":
                for scope in self.family(of.scope):
                    found += [*scope.bindings.get(node.attr, ()), *scope.attributes.get(node.attr, ())]
        return list(dict.fromkeys(found))

    def family(self, scope: Scope) -> Collection[Scope]:
        """A class, those that it derives from, and those that derive from it."""
        found, new = dict.fromkeys([scope]), [scope]
        classes = self._inference.classes
        while new:
            here = new.pop()
            near = [b.scope for b in classes.bases(here) if isinstance(b, Definition)]
            fresh = [one for one in [*near, *classes.below(here)] if one not in found]
            found.update(dict.fromkeys(fresh))
            new += fresh
        return found.keys()

    def _exported(self, name: str) -> list[Binding]:
        """The bindings of a dotted name in the module that has it."""
        module, _, last = name.rpartition(".")
        scope = self._modules.get(module)
        return [] if scope is None else scope.bindings.get(last, [])

    def _bound(self, binding: Binding, seen: set[object]) -> Iterator[ProgramPoint]:
        if binding.target is not None:
            for other in self._exported(binding.target) if binding not in seen else ():
                yield from self._bound(other, seen | {binding})
            return
        value, scope = binding.value, binding.scope
        if value is None or scope is None:
            return
        point = ProgramPoint(value, scope, binding.order, binding.path)
        match value:
            case ast.arg():
                yield from self._handed(value, scope, seen)
            case ast.AnnAssign():
                yield from self._of(value.value, point, seen)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._given(self._inference.namespaces[value], seen)  # by a property
            case ast.expr():
                yield from self._part(value, binding.projection, point, seen)

    def _part(
        self, node: ast.AST | None, projection: tuple[Projection, ...], point: ProgramPoint, seen: set[object]
    ) -> Iterator[ProgramPoint]:
        """Where that comes from which unpacking takes of an expression: also of what a function returns."""
        match node, projection:
            case _, () | ("enter",):
                yield from self._of(node, point, seen)
            case ((ast.Tuple(elts=elements) | ast.List(elts=elements)), (int() as at, *further)):
                for element in elements[at : at + 1 or None]:
                    yield from self._part(element, (*further,), point, seen)
            case ast.Await(value=inner), _:
                yield from self._part(inner, projection, point, seen)
            case ast.Call(func=func), _ if node not in seen:
                for value in self._inference.values(func, point):
                    if isinstance(value, Definition) and value.scope.kind == "function":
                        for given in value.scope.returns:
                            yield from self._part(given.node, projection, given, seen | {node})

    def _made(self, call: ast.Call, point: ProgramPoint, seen: set[object]) -> Iterator[ProgramPoint]:
        if self._inference.builders(point):
            yield point
            return
        for value in self._inference.values(call.func, point):
            if isinstance(value, Definition) and value.scope.kind == "function":
                yield from self._given(value.scope, seen)

    def _given(self, function: Scope, seen: set[object]) -> Iterator[ProgramPoint]:
        """Where that comes from which a function returns or yields."""
        for given in (*function.returns, *function.yields):
            yield from self._of(given.node, given, seen)

    def _handed(self, parameter: ast.arg, scope: Scope, seen: set[object]) -> Iterator[ProgramPoint]:
        """Where that comes from which the callers of a function hand to a parameter."""
        for argument, call in self.arguments(parameter, scope) if parameter not in seen else ():
            yield from self._of(argument, call, seen | {parameter})

    def arguments(self, parameter: ast.arg, scope: Scope) -> Iterator[tuple[ast.expr, ProgramPoint]]:
        """What the callers of a function hand to a parameter, each with its place."""
        function = scope.node
        if not isinstance(function, Function):
            return
        inference, owner = self._inference, Scopes.class_of(scope)
        names = [function.name]
        if owner is not None and function.name == "__init__":
            names += ["cls", *(getattr(one.node, "name", "") for one in self.family(owner))]
        for call in (call for name in names for call in inference.calls_named(name)):
            assert isinstance(call.node, ast.Call)
            argument = argument_of(call.node, function.args, parameter, shifted=owner is not None)
            if argument is not None and scope in self._entered(call):
                yield argument, call

    def _entered(self, call: ProgramPoint) -> Iterator[Scope | None]:
        """The functions of ours that a call runs."""
        assert isinstance(call.node, ast.Call)
        for value in self._inference.values(call.node.func, call):
            if isinstance(value, Definition):
                is_class = value.scope.kind == "class"
                yield self._inference.classes.initialiser(value.scope) if is_class else value.scope
