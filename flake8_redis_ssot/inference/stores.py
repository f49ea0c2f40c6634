"""What is stored under a key or a name by an assignment of its own: `clients["a"] = x`, `app.state.client = x`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Definition, Instance, Values
from flake8_redis_ssot.libraries.frameworks import APPLICATION_NAMES, APPLICATIONS, STATES
from flake8_redis_ssot.syntax.nodes import last_name, unparsed
from flake8_redis_ssot.syntax.scopes import ProgramPoint, Scope, Store

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_Home = tuple[object, ...]


class Stores:
    """The stores of the files that are followed, by their key or by the last name of what they store into."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._attributes: dict[str, list[Store]] = {}
        self._items: dict[tuple[str, object], list[Store]] = {}

    def add(self, stores: list[Store]) -> None:
        """Take in the stores of a file."""
        for store in stores:
            if isinstance(store.key, str):
                self._attributes.setdefault(store.key, []).append(store)
            elif isinstance(store.key, ast.Constant):
                self._items.setdefault(("key", store.key.value), []).append(store)
                self._items.setdefault(("all", last_name(store.owner)), []).append(store)
            else:
                self._items.setdefault(("of", last_name(store.owner)), []).append(store)
                self._items.setdefault(("all", last_name(store.owner)), []).append(store)

    def attribute(self, node: ast.Attribute, point: ProgramPoint) -> Values | None:
        """What was stored as that attribute of a framework's object; None where nothing was."""
        return self._values(self.of_attribute(node, point))

    def of_attribute(self, node: ast.Attribute, point: ProgramPoint) -> list[Store]:
        """The assignments of that attribute."""
        candidates = self._attributes.get(node.attr)
        if not candidates:
            return []
        home = set(self._homes(node.value, point))
        return [s for s in candidates if home & set(self._homes(s.owner, s.point))] if home else []

    def item(self, node: ast.Subscript, point: ProgramPoint) -> Values | None:
        """What was stored under that key; None where nothing was."""
        return self._values(self.of_item(node, point))

    def of_item(self, node: ast.Subscript, point: ProgramPoint) -> list[Store]:
        """The assignments under that key."""
        last, key = last_name(node.value), node.slice
        if isinstance(key, ast.Constant):
            candidates = [*self._items.get(("key", key.value), ()), *self._items.get(("of", last), ())]
        else:
            candidates = self._items.get(("all", last), [])
        if not candidates:
            return []
        home = set(self._homes(node.value, point))
        asked = keys_of(self._inference, node.slice, point)
        same = []
        for store in candidates:
            if home and not isinstance(store.key, str) and home & set(self._homes(store.owner, store.point)):
                keys = keys_of(self._inference, store.key, store.point)
                if not asked or not keys or asked & keys:
                    same.append(store)
        return same

    def _values(self, stores: list[Store]) -> Values | None:
        inference = self._inference
        return frozenset(v for s in stores for v in inference.bound(s.binding)) if stores else None

    def _homes(self, owner: ast.expr, point: ProgramPoint) -> Iterator[_Home]:
        """What tells an object from others into which something is stored: equal where it is the same."""
        inference = self._inference
        if self._is_application(owner, point):
            yield ("application",)
        match owner:
            case ast.Name(id=name):
                for binding in inference.bindings(name, point):
                    yield (binding.target or id(binding),)
            case ast.Attribute(value=value, attr=name):
                if name in STATES and self._is_application(value, point):
                    yield ("application", name)
                for held in inference.values(value, point):
                    of = held.of if isinstance(held, Instance) else held
                    if isinstance(of, Definition) and of.scope.kind == "class":
                        for scope in self._having(of.scope, name):
                            yield (id(scope), name)

    def _having(self, scope: Scope, name: str) -> Iterator[Scope]:
        """The class, or the nearest of its bases, that has the attribute `name`."""
        todo, seen = [scope], {scope}
        while todo:
            here = todo.pop(0)
            if name in here.bindings or name in here.attributes:
                yield here
                continue
            bases = [b.scope for b in self._inference.classes.bases(here) if isinstance(b, Definition)]
            todo += [base for base in bases if base not in seen]
            seen.update(bases)

    def _is_application(self, node: ast.expr, point: ProgramPoint) -> bool:
        """Whether an expression is a web application, by its name, its type, or what made it."""
        if last_name(node) in APPLICATION_NAMES:
            return True
        if isinstance(node, ast.Attribute):
            return False
        for binding in self._inference.bindings(node.id, point) if isinstance(node, ast.Name) else ():
            match binding.value:
                case ast.Call(func=func):
                    kind = last_name(func)
                case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                    kind = last_name(annotation)
                case _:
                    continue
            if kind in APPLICATIONS:
                return True
        return False


def keys_of(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[object]:
    """What a key can be: its constants, or its own text where it is a dotted name."""
    if isinstance(node, ast.Constant):
        return {("constant", repr(node.value))}
    texts: set[object] = {("constant", repr(text.value)) for text in inference.texts(node, point)}
    if not texts and isinstance(node, ast.Attribute):
        return {("name", unparsed(node))}
    return texts
