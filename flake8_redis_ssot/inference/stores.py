"""What is stored under a key or a name by an assignment of its own: `clients["a"] = x`, `app.state.client = x`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Definition, Instance, Value, Values
from flake8_redis_ssot.libraries.frameworks import (
    APPLICATION_NAMES,
    APPLICATIONS,
    CURRENT_APPLICATION,
    STATES,
)
from flake8_redis_ssot.syntax.nodes import last_name, unparsed
from flake8_redis_ssot.syntax.scopes import Binding, ProgramPoint, Scope, Store

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
        candidates = self._attributes.get(node.attr)
        if not candidates:
            return None
        home = set(self._homes(node.value, point, is_item=False))
        same = [s for s in candidates if home & self._kept_in(s)] if home else []
        return self._values(same)

    def item(self, owner: ast.expr, key: ast.expr, point: ProgramPoint) -> Values | None:
        """What was stored under that key; None where nothing was."""
        last = last_name(owner)
        if isinstance(key, ast.Constant):
            candidates = [*self._items.get(("key", key.value), ()), *self._items.get(("of", last), ())]
        else:
            candidates = self._items.get(("all", last), [])
        if not candidates:
            return None
        home = set(self._homes(owner, point, is_item=True))
        asked = keys_of(self._inference, key, point)
        same = []
        for store in candidates:
            if home and not isinstance(store.key, str) and home & self._kept_in(store):
                keys = keys_of(self._inference, store.key, store.point)
                if not asked or not keys or asked & keys:
                    same.append(store)
        return self._values(same)

    def is_on_application(self, store: Store) -> bool:
        """Whether something is stored where each request gets at it, by the application."""
        owner = store.owner
        if isinstance(owner, ast.Attribute) and owner.attr in STATES:
            owner = owner.value
        return bool(self._application(owner, store.point, is_store=True))

    def _values(self, stores: list[Store]) -> Values | None:
        """What was stored; no objects where one of the stores is of something unknown."""
        if not stores:
            return None
        stored = [(s.binding.value, self._inference.bound(s.binding)) for s in stores]
        return frozenset(either(stored))

    def _kept_in(self, store: Store) -> set[_Home]:
        is_item = not isinstance(store.key, str)
        return set(self._homes(store.owner, store.point, is_item=is_item, is_store=True))

    def _homes(
        self, owner: ast.expr, point: ProgramPoint, *, is_item: bool, is_store: bool = False
    ) -> Iterator[_Home]:
        """What tells an object from others into which something is stored: equal where it is the same."""
        inference = self._inference
        # an attribute of its own is no place that a framework offers
        if is_item or is_store or last_name(owner) == CURRENT_APPLICATION:
            for one in self._application(owner, point, is_store=is_store):
                yield (one,)
        match owner:
            case ast.Name():
                for binding in inference.written(owner, point):
                    yield (binding.target or id(binding),)
            case ast.Attribute(value=value, attr=name):
                for one in self._application(value, point, is_store=is_store) if name in STATES else ():
                    yield (one, name)
                for binding in inference.written(owner, point):
                    yield (binding.target or id(binding),)
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

    def _application(self, node: ast.expr, point: ProgramPoint, *, is_store: bool) -> list[object]:
        """What a web application is known by, from its name, its type, or what made it; empty for anything else.

        One whose making is seen is that one; any other (`request.app`) may be each of them.
        """
        bindings = self._inference.written(node, point)
        made = [b.value for b in bindings if isinstance(b.value, ast.Call) and _kind(b) in APPLICATIONS]
        if made and len(made) == len(bindings):
            return [*map(id, made), "stored in one" if is_store else "read from one"]
        is_named = last_name(node) in APPLICATION_NAMES
        if is_named or (isinstance(node, ast.Name) and any(_kind(b) in APPLICATIONS for b in bindings)):
            return ["any", "read from one" if is_store else "stored in one"]
        return []


def _kind(binding: Binding) -> str:
    """The last name of what makes an object, or of the type that is stated for it."""
    match binding.value:
        case ast.Call(func=named):
            return last_name(named)
        case ast.arg(annotation=ast.expr() as named) | ast.AnnAssign(annotation=named):
            return last_name(named)
    return ""


def either(found: Collection[tuple[ast.AST | None, Values]]) -> Iterator[Value]:
    """The values of one of some expressions; no objects where one of them is unknown."""
    is_known = all(values or (isinstance(n, ast.Constant) and n.value is None) for n, values in found)
    yield from (v for _, values in found for v in values if is_known or not isinstance(v, Instance))


def keys_of(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[object]:
    """What a key can be: its constants, or its own text where it is a dotted name."""
    if isinstance(node, ast.Constant):
        return {("constant", repr(node.value))}
    texts: set[object] = {("constant", repr(text.value)) for text in inference.texts(node, point)}
    if not texts and isinstance(node, ast.Attribute):
        return {("name", unparsed(node))}
    return texts
