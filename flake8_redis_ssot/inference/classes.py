"""Classes of ours: their members and bases, and which of these belong to a client library."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls, records
from flake8_redis_ssot.inference.values import (
    NOTHING,
    Definition,
    Generator,
    Instance,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.standard import PLAIN_BASES
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_MOST = 30
"""How far up or down the class hierarchy a member is looked for."""


class Classes:
    """Looks up members and bases of the classes in all followed files."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._subclasses: dict[Scope, list[Scope]] | None = None

    def widened(self) -> list[Hashable]:
        """Compute the subclasses anew, and return the inputs of answers (see `Fixpoint`) that have changed by that."""
        before, self._subclasses = self._subclasses, None
        if before is None:
            return []
        after = self._subclasses = self._find_subclasses()
        return [("below", cls) for cls in {*before, *after} if before.get(cls) != after.get(cls)]

    def of_instance(self, value: Instance, name: str) -> Iterator[Value]:
        """What `value.name` gives for an instance of a class of ours; a property is run, a method bound to `value`."""
        inference, cls, context = self._inference, value.of, value.context
        assert isinstance(cls, Definition)
        if name == "__class__":
            yield cls
        members = self.kept(value, name)
        if not members:
            yield from self._getattr_values(value, name)
        for member in members:
            if isinstance(member, Definition) and member.scope.kind == "function":
                method = replace(member, receiver=value) if context is not None else member
                is_property = calls.is_property(inference, member.scope)
                yield from calls.given_back(inference, method) if is_property else (method,)
            elif isinstance(member, Generator) and member.how == "property":
                yield from calls.read(inference, member, value)
            else:
                yield member

    def kept(self, value: Instance, name: str) -> Values:
        """The attribute `name` of an object, its own or its class's; a property as the function that it is."""
        cls = value.of
        assert isinstance(cls, Definition)
        return self._inference.run_in_context(
            value.context,
            lambda: self.members(cls.scope, name, below=cls.below, of_instance=True, receiver=value),
        )

    def lineage(self, scope: Scope) -> list[Scope]:
        """A class and the classes of ours that it derives from, the nearest first."""
        classes = [scope]
        for cls in classes:
            bases = (b.scope for b in self.bases(cls) if isinstance(b, Definition))
            classes += [base for base in dict.fromkeys(bases) if base not in classes]
        return classes

    def _has_only_our_bases(self, scope: Scope) -> bool:
        """Whether all direct and indirect bases of a class are ours."""
        todo, seen = [scope], {scope}
        while todo:
            for base in self.each_base(todo.pop()):
                owners = {v.scope for v in base if isinstance(v, Definition)}
                if len(owners) < len(base) or not owners:
                    return False
                todo += owners - seen
                seen |= owners
        return True

    def having(self, scope: Scope, name: str) -> Iterator[Scope]:
        """The class itself if it has the attribute `name`, else the nearest of its bases that do."""
        todo, seen = [scope], {scope}
        while todo:
            cls = todo.pop(0)
            if name in cls.bindings or name in cls.attributes:
                yield cls
                continue
            bases = [b.scope for b in self.bases(cls) if isinstance(b, Definition)]
            todo += [base for base in bases if base not in seen]
            seen.update(bases)

    def _getattr_values(self, value: Instance, name: str) -> Iterator[Value]:
        """What the class's `__getattr__` gives for an attribute that the object does not have otherwise."""
        inference, cls = self._inference, value.of
        assert isinstance(cls, Definition)
        if (
            name.startswith("__")
            or any(self.having(cls.scope, name))
            or not self._has_only_our_bases(cls.scope)
        ):
            return
        for getter in inference.run_in_context(value.context, lambda: self.members(cls.scope, "__getattr__")):
            if isinstance(getter, Definition) and may_give(getter.scope, name):
                yield from calls.given_for(inference, replace(getter, receiver=value), name)

    def members(
        self,
        scope: Scope,
        name: str,
        *,
        below: bool = False,
        of_instance: bool = False,
        receiver: Instance | None = None,
        seen: dict[Scope, int] | None = None,
        depth: int = 0,
    ) -> Values:
        """The attribute `name` of a class, else of its bases; with `below` of its subclasses too.

        With `of_instance` also what methods assign by `self.name = x`, for the object `receiver` if it is known.
        `seen` are the classes already visited by this search, each with the least depth.
        """
        seen = {} if seen is None else seen
        if depth > _MOST or seen.get(scope, depth + 1) <= depth:
            return NOTHING
        seen[scope] = depth
        own = list(scope.bindings.get(name, ()))
        if of_instance:
            own += scope.attributes.get(name, ())
            argument = records.field_given(self._inference, scope, name)
            if argument:
                return argument
        values = frozenset(v for binding in own for v in self._member_values(binding, receiver))
        if not own:
            values = self.inherited(scope, name, of_instance, receiver, seen, depth)
        for other in self.below(scope) if below else ():
            if name in other.bindings or name in other.attributes:
                values |= self.members(
                    other,
                    name,
                    below=True,
                    of_instance=of_instance,
                    receiver=receiver,
                    seen=seen,
                    depth=depth + 1,
                )
        return values

    def _member_values(self, binding: Binding, receiver: Instance | None) -> Values:
        """The values of one binding of a member; what a method assigns to `self` within the calls on `receiver`."""
        inference = self._inference
        if receiver is None or binding.scope is None:
            return inference.values_of(binding)
        context = calls.any_call(inference, receiver, binding.scope.enclosing("function"))
        return inference.run_in_context(context, inference.values_of, binding)

    def below(self, scope: Scope) -> list[Scope]:
        """The direct subclasses of `scope`."""
        self._inference.answers.depends_on(("below", scope))
        if self._subclasses is None:
            self._subclasses = self._find_subclasses()
        return self._subclasses.get(scope, [])

    def _find_subclasses(self) -> dict[Scope, list[Scope]]:
        """The direct subclasses of each class."""
        subclasses: dict[Scope, list[Scope]] = {}
        for cls in list(self._inference.namespaces.values()):  # copied: evaluating a lambda adds its scope
            if cls.kind == "class":
                for base in self.bases(cls):
                    if isinstance(base, Definition):
                        subclasses.setdefault(base.scope, []).append(cls)
        return subclasses

    def inherited(
        self,
        scope: Scope,
        name: str,
        of_instance: bool = False,
        receiver: Instance | None = None,
        seen: dict[Scope, int] | None = None,
        depth: int = 0,
    ) -> Values:
        """The attribute `name` of the first base that has it, for which a library's class is always taken.

        Nothing where an unknown base comes before, since that may have it.
        """
        names, is_open_name = self._inference.names, self._inference.is_open_name
        for base in self.each_base(scope):
            values: Values = NOTHING
            known = [
                v
                for v in base
                if isinstance(v, Definition)
                or (isinstance(v, QualifiedName) and (names.leads_to_builder(v.name) or is_open_name(v.name)))
            ]
            if not known:
                return NOTHING
            for value in known:
                if isinstance(value, Definition):
                    values |= self.members(
                        value.scope,
                        name,
                        of_instance=of_instance,
                        receiver=receiver,
                        seen=seen,
                        depth=depth + 1,
                    )
                else:
                    values |= {QualifiedName(f"{value.name}.{name}")}
            if values:
                return values
        return NOTHING

    def each_base(self, scope: Scope) -> list[Values]:
        """The values of each base in the order of the class statement; `ABC`, `Generic[T]` and the like left out."""
        node = scope.node
        binding = self._inference.definitions.get(node) if isinstance(node, ast.ClassDef) else None
        if binding is None or scope.parent is None or not isinstance(node, ast.ClassDef):
            return []
        point = ProgramPoint(node, scope.parent, binding.order, binding.path)
        inference = self._inference
        return inference.run_in_context(
            None, lambda: [inference.values(base, point) for base in node.bases if not _is_plain(base)]
        )

    def bases(self, scope: Scope) -> Values:
        """The values of all bases together."""
        return frozenset(value for base in self.each_base(scope) for value in base)

    def initialiser(self, scope: Scope) -> Scope | None:
        """The `__init__` of a class, its own or inherited; None where none is known."""
        for value in self.members(scope, "__init__"):
            if isinstance(value, Definition) and isinstance(value.scope.node, ast.FunctionDef):
                return value.scope
        return None

    def library_bases(self, scope: Scope) -> frozenset[str]:
        """The library classes that a class derives from, directly or not."""
        return self._inference.answers.answer(("library bases", scope), self._find_library_bases, scope)

    def _find_library_bases(self, scope: Scope) -> frozenset[str]:
        found: set[str] = set()
        for base in self.bases(scope):
            if isinstance(base, QualifiedName) and self._inference.names.is_builder(base.name):
                found.add(base.name)
            elif isinstance(base, Definition):
                found |= self.library_bases(base.scope)
        return frozenset(found)

    def starts(self, scope: Scope) -> bool:
        """Whether a call of a class of ours runs the `__init__` of the library class that it derives from.

        An `__init__` or `__new__` of ours between must call the next one, and no base before may be unknown.
        """
        answer = self._inference.answers.answer
        return True in answer(("starts", scope), lambda: frozenset([self._runs_library_init(scope)]))

    def _runs_library_init(self, scope: Scope) -> bool:
        """Walks the bases depth first, to a library class or to a constructor that does not call on."""
        seen: set[Scope] = set()
        todo: list[Iterator[Value]] = [iter([Definition(scope)])]
        while todo:
            self._inference.answers.steps += 1
            value = next(todo[-1], None)
            if isinstance(value, Definition):
                cls = value.scope
                if cls in seen:
                    continue
                seen.add(cls)
                constructors = [
                    (b.value, name) for name in ("__new__", "__init__") for b in cls.bindings.get(name, ())
                ]
                if not all(_calls_on(method, name) for method, name in constructors):
                    return False
                todo.append(self._known_bases(cls))
            elif isinstance(value, QualifiedName) and self._inference.names.is_builder(value.name):
                return True
            else:
                todo.pop()
        return False

    def _known_bases(self, scope: Scope) -> Iterator[Value]:
        """The bases of a class before the first unknown one."""
        for base in self.each_base(scope):
            if not base:
                return
            yield from base


def names_given(getter: Scope | None) -> set[str] | None:
    """The names for which a `__getattr__` may give a value: its strings, and those of the tables it looks names up in.

    As in `if name in LAZY: return LAZY[name]`. None where it compares nothing, and so may give any name.
    """
    nodes = list(all_nodes(getter.node)) if getter and isinstance(getter.node, ast.FunctionDef) else []
    compared = [n for n in nodes if isinstance(n, ast.Compare)]
    if nodes and not compared:
        return None
    home = getter.parent if getter is not None else None
    for table in {last_name(compared_with) for n in compared for compared_with in n.comparators}:
        tables = (*home.bindings.get(table, ()), *home.attributes.get(table, ())) if home is not None else ()
        nodes += (n for b in tables if isinstance(b.value, ast.expr) for n in all_nodes(b.value))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def may_give(getter: Scope, name: str) -> bool:
    """Whether a `__getattr__` may give a value for `name`."""
    names = names_given(getter)
    return names is None or name in names


def _is_plain(base: ast.expr) -> bool:
    """Whether a base has no members that matter here: `ABC`, `Generic[T]`."""
    return last_name(base.value if isinstance(base, ast.Subscript) else base) in PLAIN_BASES


def _calls_on(node: ast.AST | None, name: str) -> bool:
    """Whether a method calls one of the same name, as `super().__init__()` does."""
    return node is not None and any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == name
        for call in all_nodes(node)
    )
