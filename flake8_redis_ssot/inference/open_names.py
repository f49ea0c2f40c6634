"""The evaluator for the facts of one file: what other files define stays open, as an instance of its dotted name."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import (
    Coroutine,
    Definition,
    Generator,
    Instance,
    QualifiedName,
    SuperProxy,
    Value,
)
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.scopes import Scopes

_CLIENT_NODES = (ast.arg, ast.Name, ast.Attribute, ast.Subscript, ast.Call)
"""Nodes that may be a client which another file makes."""


@dataclass(frozen=True, slots=True)
class Built(Instance):
    """A client or pool with the `call` that makes it."""

    call: ast.Call | None = None


class OpenInference(Inference):
    """Evaluates one file, and keeps a call of another file's function or class as an instance of that dotted name.

    With a class `of`, `self` is an object of exactly that class in its methods and those of its bases. The evaluator
    of the project, `elsewhere`, gives the clients that come from other files.
    """

    def __init__(
        self, names: Names, scopes: Scopes, of: Scope | None = None, elsewhere: Inference | None = None
    ) -> None:
        super().__init__(names, scopes)
        self._elsewhere = elsewhere
        self._open: dict[str, bool] = {}
        self._of = of
        self._family = frozenset(self.lineage(of)) if of is not None else frozenset()

    def is_open_name(self, name: str) -> bool:
        """Whether the project or a manager may define `name`, which is of no client library."""
        if name not in self._open:
            ours = self.names.is_ours(name) or self.names.managers.covers(name)
            self._open[name] = ours and not self.names.leads_to_builder(name)
        return self._open[name]

    def is_known(self, value: Value) -> bool:
        match value:
            case Instance(of=QualifiedName(name=name), is_promised=False) if self.is_open_name(name):
                return False
        return super().is_known(value)

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterable[Value]:
        found = super().evaluate(node, point)
        if isinstance(node, ast.Call):
            found = (self._with_call(value, node) for value in found)
        elif isinstance(node, ast.arg):
            found = map(self._exact, found)
        if self._elsewhere is None or not isinstance(node, _CLIENT_NODES):
            return found
        return {*found, *self._clients(self._elsewhere, node, point)}

    def _clients(self, elsewhere: Inference, node: ast.AST, point: ProgramPoint) -> Iterator[Value]:
        """The clients that an expression can be by the project's evaluator.

        An attribute of `self` is looked up for exactly the class of the object, as `self` there may be of a subclass.
        """
        values: Collection[Value] = ()
        if not self._begins_with_receiver(node, point):
            values = elsewhere.run_in_context(None, elsewhere.values, node, point)
        elif isinstance(node, ast.Attribute):
            values = {
                held
                for owner in self.values(node.value, point)
                if isinstance(owner, Instance)
                for of in ([owner.of] if isinstance(owner.of, Definition) else elsewhere.resolved(owner.of))
                if isinstance(of, Definition)
                for held in elsewhere.attribute(Instance(Definition(of.scope)), node.attr)
            }
        clients = [v for v in values if isinstance(v, Instance) and elsewhere.client(v) is not None]
        for client in clients if len(clients) == len(values) else ():  # only if it is surely a client
            if isinstance(client.of, QualifiedName):
                yield Instance(client.of)
            elif client.of.scope not in self.namespaces.values():
                yield from (Instance(QualifiedName(n)) for n in elsewhere.library_bases(client.of.scope))

    def _begins_with_receiver(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether an expression begins with `self` or `cls`."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.arg):
            return Scopes.receiver(node, point.scope) is not None
        bindings = self.bindings(node.id, point) if isinstance(node, ast.Name) else ()
        return any(
            isinstance(b.value, ast.arg) and b.scope is not None and Scopes.receiver(b.value, b.scope)
            for b in bindings
        )

    def _with_call(self, value: Value, call: ast.Call) -> Value:
        """A new client or pool, with the call that builds it; any other value as it is."""
        is_new = type(value) is Instance and not value.is_promised
        if not (is_new and isinstance(value, Instance) and self.builder_names(value.of)):
            return value
        return Built(value.of, value.context, call=call)

    def _exact(self, value: Value) -> Value:
        """A value of `self` or `cls`, narrowed to the class `of`; any other as it is."""
        match value:
            case Definition(scope=scope, below=True) if self._of and scope in self._family:
                return Definition(self._of)
            case Instance(of=Definition(scope=scope, below=True)) if self._of and scope in self._family:
                return Instance(Definition(self._of))
        return value

    def seen_from(self, scope: Scope) -> OpenInference:
        """An evaluator for the methods of the class `scope`, with `self` of exactly that class, and what is left of the budget."""
        if not (self.bases(scope) or self.classes.below(scope)):
            return self  # `self` is of exactly this class anyhow
        inference = OpenInference(self.names, self.scopes, scope, self._elsewhere)
        inference.answers.steps = self.answers.steps
        return inference

    def lineage(self, scope: Scope) -> list[Scope]:
        """A class and its bases in this file, each once, depth first."""
        classes: dict[Scope, None] = {}
        stack = [scope]
        while stack:
            cls = stack.pop()
            if cls not in classes:
                classes[cls] = None
                stack += reversed(self.bases(cls))
        return list(classes)

    def bases(self, scope: Scope) -> list[Scope]:
        """The bases of a class that are defined in this file."""
        found = (value for base in self.classes.each_base(scope) for value in base)
        return [v.scope for v in found if isinstance(v, Definition) and v.scope.kind == "class"]

    def foreign_bases(self, scope: Scope) -> set[str]:
        """The dotted names of the bases of a class, and of its bases in this file, that are defined elsewhere."""
        values = (value for one in self.lineage(scope) for value in self.classes.bases(one))
        return {value.name for value in values if isinstance(value, QualifiedName)}

    def method_of(self, value: Value, name: str) -> Scope | None:
        """The method `name` of an object or class, if its class in this file has one, whatever decorates it."""
        match value:
            case Instance(of=Definition(scope=owner)) | Definition(scope=owner) if owner.kind == "class":
                family = self.lineage(owner)
            case SuperProxy(scope=owner):
                family = self.lineage(owner)[1:]
            case _:
                return None
        return next((found for one in family if (found := self.methods(one).get(name))), None)

    def methods(self, scope: Scope) -> dict[str, Scope]:
        """The methods of a class by name; for a property its getter."""
        found: dict[str, Scope] = {}
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if isinstance(binding.value, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[name] = self.namespaces[binding.value]
                    break
        return found

    def results(self, function: Scope) -> Iterator[Value]:
        """What a function gives once its result is awaited or entered."""
        return self.awaited(self.given_by(function))

    def awaited(self, values: Iterable[Value]) -> Iterator[Value]:
        """What `values` give once they are awaited or entered; others as they are."""
        for value in values:
            if isinstance(value, Coroutine | Generator):
                yield from self.run_in_context(value.context, self.given_by, value.scope)
            else:
                yield value
