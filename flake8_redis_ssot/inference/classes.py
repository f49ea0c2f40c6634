"""What classes of ours have: their members, their bases, and what is a part of a library in them."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls
from flake8_redis_ssot.inference.values import (
    NOTHING,
    Definition,
    Generator,
    Instance,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.standard import PLAIN_BASES
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_MOST = 30
"""Classes above or below one that are looked through for a member."""


class Classes:
    """The classes of the files that are followed."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._subclasses: dict[Scope, list[Scope]] | None = None

    def widened(self) -> list[Hashable]:
        """The inputs that have changed since there are more classes."""
        before, self._subclasses = self._subclasses, None
        if before is None:
            return []
        after = self._subclasses = self._derived()
        return [("below", one) for one in {*before, *after} if before.get(one) != after.get(one)]

    def of_instance(self, value: Instance, name: str) -> Iterator[Value]:
        """The attribute of an object of a class of ours."""
        inference, made, context = self._inference, value.of, value.context
        assert isinstance(made, Definition)
        if name == "__class__":
            yield made
        found = self.kept(value, name)
        if not found:
            yield from self._given_on_demand(value, name)
        for member in found:
            if isinstance(member, Definition) and member.scope.kind == "function":
                method = replace(member, receiver=value) if context is not None else member
                is_property = calls.is_property(inference, member.scope)
                yield from calls.given_back(inference, method) if is_property else (method,)
            elif isinstance(member, Generator) and member.how == "property":
                yield from calls.read(inference, member, value)
            else:
                yield member

    def kept(self, value: Instance, name: str) -> Values:
        """What an object has under a name by itself or by its class, properties as they are."""
        made = value.of
        assert isinstance(made, Definition)
        return self._inference.within(
            value.context,
            lambda: self.members(made.scope, name, below=made.below, of_instance=True, receiver=value),
        )

    def lineage(self, scope: Scope) -> list[Scope]:
        """A class and the classes of ours that it derives from, the nearest first."""
        found = [scope]
        for here in found:
            bases = (b.scope for b in self.bases(here) if isinstance(b, Definition))
            found += [base for base in dict.fromkeys(bases) if base not in found]
        return found

    def _is_whole(self, scope: Scope) -> bool:
        """Whether all bases of a class, and of these, are ours."""
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
        """The class, or the nearest of its bases, that has the attribute `name`."""
        todo, seen = [scope], {scope}
        while todo:
            here = todo.pop(0)
            if name in here.bindings or name in here.attributes:
                yield here
                continue
            bases = [b.scope for b in self.bases(here) if isinstance(b, Definition)]
            todo += [base for base in bases if base not in seen]
            seen.update(bases)

    def _given_on_demand(self, value: Instance, name: str) -> Iterator[Value]:
        """What the `__getattr__` of the class gives for a name that an object does not have."""
        inference, made = self._inference, value.of
        assert isinstance(made, Definition)
        if name.startswith("__") or any(self.having(made.scope, name)) or not self._is_whole(made.scope):
            return
        for getter in inference.within(value.context, lambda: self.members(made.scope, "__getattr__")):
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
        """The attribute `name` of a class, its bases and, `below`, its subclasses; or that of the `receiver`.

        `seen` are the classes that this question has come to already, each at its depth.
        """
        seen = {} if seen is None else seen
        if depth > _MOST or seen.get(scope, depth + 1) <= depth:
            return NOTHING
        seen[scope] = depth
        own = list(scope.bindings.get(name, ()))
        if of_instance:
            own += scope.attributes.get(name, ())
            given = calls.field_given(self._inference, scope, name)
            if given:
                return given
        found = frozenset(v for binding in own for v in self._kept(binding, receiver))
        if not own:
            found = self.inherited(scope, name, of_instance, receiver, seen, depth)
        for other in self.below(scope) if below else ():
            if name in other.bindings or name in other.attributes:
                found |= self.members(
                    other,
                    name,
                    below=True,
                    of_instance=of_instance,
                    receiver=receiver,
                    seen=seen,
                    depth=depth + 1,
                )
        return found

    def _kept(self, binding: Binding, receiver: Instance | None) -> Values:
        """What a class, or an object of it, has by one binding."""
        inference = self._inference
        if receiver is None or binding.scope is None:
            return inference.values_of(binding)
        context = calls.any_call(inference, receiver, binding.scope.enclosing("function"))
        return inference.within(context, inference.values_of, binding)

    def below(self, scope: Scope) -> list[Scope]:
        """The classes that derive from `scope` at once."""
        self._inference.answers.depends_on(("below", scope))
        if self._subclasses is None:
            self._subclasses = self._derived()
        return self._subclasses.get(scope, [])

    def _derived(self) -> dict[Scope, list[Scope]]:
        found: dict[Scope, list[Scope]] = {}
        for other in list(self._inference.namespaces.values()):  # a lambda that is met adds its own
            if other.kind == "class":
                for base in self.bases(other):
                    if isinstance(base, Definition):
                        found.setdefault(base.scope, []).append(other)
        return found

    def inherited(
        self,
        scope: Scope,
        name: str,
        of_instance: bool = False,
        receiver: Instance | None = None,
        seen: dict[Scope, int] | None = None,
        depth: int = 0,
    ) -> Values:
        """The attribute `name` of the first base that has it; of a library's class it is taken to."""
        names, keeps = self._inference.names, self._inference.keeps
        for base in self.each_base(scope):
            found: Values = NOTHING
            known = [
                v
                for v in base
                if isinstance(v, Definition)
                or (isinstance(v, QualifiedName) and (names.leads_to_builder(v.name) or keeps(v.name)))
            ]
            if not known:
                return NOTHING  # an unknown base may have it
            for value in known:
                if isinstance(value, Definition):
                    found |= self.members(
                        value.scope,
                        name,
                        of_instance=of_instance,
                        receiver=receiver,
                        seen=seen,
                        depth=depth + 1,
                    )
                else:
                    found |= {QualifiedName(f"{value.name}.{name}")}
            if found:
                return found
        return NOTHING

    def each_base(self, scope: Scope) -> list[Values]:
        """The values of each base as it is written."""
        node = scope.node
        binding = self._inference.definitions.get(node) if isinstance(node, ast.ClassDef) else None
        if binding is None or scope.parent is None or not isinstance(node, ast.ClassDef):
            return []
        point = ProgramPoint(node, scope.parent, binding.order, binding.path)
        inference = self._inference
        return inference.within(
            None, lambda: [inference.values(base, point) for base in node.bases if not _is_plain(base)]
        )

    def bases(self, scope: Scope) -> Values:
        """What all bases can be."""
        return frozenset(value for base in self.each_base(scope) for value in base)

    def initialiser(self, scope: Scope) -> Scope | None:
        """The function that gets the arguments of a call of the class; None where none is known."""
        for value in self.members(scope, "__init__"):
            if isinstance(value, Definition) and isinstance(value.scope.node, ast.FunctionDef):
                return value.scope
        return None

    def library_bases(self, scope: Scope) -> frozenset[str]:
        """The builders that a class derives from."""
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
        """Whether a call of a class of ours runs the `__init__` of a library's class.

        Its own runs the next one if it calls it; an unknown base before the library's may not.
        """
        answer = self._inference.answers.answer
        return True in answer(("starts", scope), lambda: frozenset([self._start_of(scope)]))

    def _start_of(self, scope: Scope) -> bool:
        seen: set[Scope] = set()
        todo: list[Iterator[Value]] = [iter([Definition(scope)])]
        while todo:
            self._inference.answers.steps += 1
            value = next(todo[-1], None)
            if isinstance(value, Definition):
                here = value.scope
                if here in seen:
                    continue
                seen.add(here)
                own = [
                    (b.value, name) for name in ("__new__", "__init__") for b in here.bindings.get(name, ())
                ]
                if not all(_calls_on(method, name) for method, name in own):
                    return False
                todo.append(self._bases_known(here))
            elif isinstance(value, QualifiedName) and self._inference.names.is_builder(value.name):
                return True
            else:
                todo.pop()
        return False

    def _bases_known(self, scope: Scope) -> Iterator[Value]:
        """The bases of a class up to the first that is unknown."""
        for base in self.each_base(scope):
            if not base:
                return
            yield from base


def names_given(getter: Scope | None) -> set[str] | None:
    """The names that a `__getattr__` may know, by its texts and those of the tables that it asks for them.

    None for any name, where it compares none.
    """
    nodes = list(all_nodes(getter.node)) if getter and isinstance(getter.node, ast.FunctionDef) else []
    compared = [n for n in nodes if isinstance(n, ast.Compare)]
    if nodes and not compared:
        return None
    home = getter.parent if getter is not None else None
    for table in {last_name(asked) for n in compared for asked in n.comparators}:
        kept = (*home.bindings.get(table, ()), *home.attributes.get(table, ())) if home is not None else ()
        nodes += (n for b in kept if isinstance(b.value, ast.expr) for n in all_nodes(b.value))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def may_give(getter: Scope, name: str) -> bool:
    """Whether a `__getattr__` may know a name."""
    names = names_given(getter)
    return names is None or name in names


def _is_plain(base: ast.expr) -> bool:
    """Whether a base has no members that matter: `ABC`, `Generic[T]`."""
    return last_name(base.value if isinstance(base, ast.Subscript) else base) in PLAIN_BASES


def _calls_on(node: ast.AST | None, name: str) -> bool:
    """Whether a method calls the one of the same name of `super()` or of another class."""
    return node is not None and any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == name
        for call in all_nodes(node)
    )
