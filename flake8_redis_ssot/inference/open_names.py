"""The values of one file where what other files define stays open, under its dotted name."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

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
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.scopes import Scopes

_ASKED = (ast.arg, ast.Name, ast.Attribute, ast.Subscript, ast.Call)
"""What may be a client of another file."""


@dataclass(frozen=True, slots=True)
class Built(Instance):
    """A client or pool with the `call` that makes it."""

    call: ast.Call | None = None


class OpenInference(Inference):
    """The evaluator of a file that keeps what a call of another file's function or class gives by that one's name.

    It sees the file as the class `of` does: in its methods, and in those of its bases, `self` is an
    object of just that class. Clients that come from other files it has of the inference of all, `elsewhere`.
    """

    def __init__(
        self, names: Names, scopes: Scopes, of: Scope | None = None, elsewhere: Inference | None = None
    ) -> None:
        super().__init__(names, scopes)
        self._elsewhere = elsewhere
        self._open: dict[str, bool] = {}
        self._of = of
        self._family = frozenset(self.lineage(of)) if of is not None else frozenset()

    def keeps(self, name: str) -> bool:
        if name not in self._open:
            ours = self.names.is_ours(name) or self.names.managers.covers(name)
            self._open[name] = ours and not self.names.leads_to_builder(name)
        return self._open[name]

    def is_known(self, value: Value) -> bool:
        match value:
            case Instance(of=QualifiedName(name=name), said=False) if self.keeps(name):
                return False
        return super().is_known(value)

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterable[Value]:
        found = super().evaluate(node, point)
        if isinstance(node, ast.Call):
            found = (self._made(value, node) for value in found)
        elif isinstance(node, ast.arg):
            found = map(self._exact, found)
        if self._elsewhere is None or not isinstance(node, _ASKED):
            return found
        return {*found, *self._clients(self._elsewhere, node, point)}

    def _clients(self, elsewhere: Inference, node: ast.AST, point: ProgramPoint) -> Iterator[Value]:
        """The clients that an expression is by what other files say.

        What an object of this file has is asked of just its class: it may be `self`, which is one of those below too.
        """
        values: Collection[Value] = ()
        if not self._is_of_own(node, point):
            values = elsewhere.within(None, elsewhere.values, node, point)
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
        for client in (
            clients if len(clients) == len(values) else ()
        ):  # what may be something else is no client
            if isinstance(client.of, QualifiedName):
                yield Instance(client.of)
            elif client.of.scope not in self.namespaces.values():
                yield from (Instance(QualifiedName(n)) for n in elsewhere.library_bases(client.of.scope))

    def _is_of_own(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether an expression begins with the object or class whose method it stands in."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.arg):
            return Scopes.receiver(node, point.scope) is not None
        bindings = self.bindings(node.id, point) if isinstance(node, ast.Name) else ()
        return any(
            isinstance(b.value, ast.arg) and b.scope is not None and Scopes.receiver(b.value, b.scope)
            for b in bindings
        )

    def _made(self, value: Value, call: ast.Call) -> Value:
        is_new = type(value) is Instance and not value.said
        if not (is_new and isinstance(value, Instance) and self.builder_names(value.of)):
            return value
        return Built(value.of, value.context, call=call)

    def _exact(self, value: Value) -> Value:
        match value:
            case Definition(scope=scope, below=True) if self._of and scope in self._family:
                return Definition(self._of)
            case Instance(of=Definition(scope=scope, below=True)) if self._of and scope in self._family:
                return Instance(Definition(self._of))
        return value

    def seen_from(self, scope: Scope) -> OpenInference:
        """The same as the class `scope` sees it, at the cost of the same budget."""
        if not (self.bases(scope) or self.classes.below(scope)):
            return self  # `self` is an object of just this class anyhow
        inference = OpenInference(self.names, self.scopes, scope, self._elsewhere)
        inference.answers.steps = self.answers.steps
        return inference

    def lineage(self, scope: Scope) -> list[Scope]:
        """A class and its bases in this file, each once, depth first."""
        found: dict[Scope, None] = {}
        stack = [scope]
        while stack:
            here = stack.pop()
            if here not in found:
                found[here] = None
                stack += reversed(self.bases(here))
        return list(found)

    def bases(self, scope: Scope) -> list[Scope]:
        """The bases of a class that this file defines."""
        found = (value for base in self.classes.each_base(scope) for value in base)
        return [v.scope for v in found if isinstance(v, Definition) and v.scope.kind == "class"]

    def foreign_bases(self, scope: Scope) -> set[str]:
        """The dotted names of the bases of a class, and of its bases in this file, that are defined elsewhere."""
        values = (value for one in self.lineage(scope) for value in self.classes.bases(one))
        return {value.name for value in values if isinstance(value, QualifiedName)}

    def method_of(self, value: Value, name: str) -> Scope | None:
        """The method that an object has of its class in this file, whatever decorates it."""
        match value:
            case Instance(of=Definition(scope=owner)) | Definition(scope=owner) if owner.kind == "class":
                family = self.lineage(owner)
            case SuperProxy(scope=owner):
                family = self.lineage(owner)[1:]
            case _:
                return None
        return next((found for one in family if (found := self.methods(one).get(name))), None)

    def methods(self, scope: Scope) -> dict[str, Scope]:
        """The methods of a class; of a property's getter, setter and deleter the first."""
        found: dict[str, Scope] = {}
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if isinstance(binding.value, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[name] = self.namespaces[binding.value]
                    break
        return found

    def results(self, function: Scope) -> Iterator[Value]:
        """What a function gives in the end."""
        return self.awaited(self.given_by(function))

    def awaited(self, values: Iterable[Value]) -> Iterator[Value]:
        """What values are once they are awaited or entered."""
        for value in values:
            if isinstance(value, Coroutine | Generator):
                yield from self.within(value.context, self.given_by, value.scope)
            else:
                yield value
