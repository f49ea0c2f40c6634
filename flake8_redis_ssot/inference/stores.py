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
_Key = tuple[str, object]


class Stores:
    """The stores of the files that are followed, by their key or by the last name of what they store into."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._stores: dict[_Key, list[Store]] = {}
        self._by_home: dict[_Key, dict[_Home, list[Store]]] = {}

    def add(self, stores: list[Store]) -> None:
        """Take in the stores of a file."""
        for store in stores:
            last = last_name(store.owner)
            if isinstance(store.key, str):
                keys: list[_Key] = [("attribute", store.key)]
            elif isinstance(store.key, ast.Constant):
                keys = [("key", store.key.value), ("all", last)]
            else:
                keys = [("of", last), ("all", last)]
            for key in keys:
                self._stores.setdefault(key, []).append(store)
                self._by_home.pop(key, None)

    def forget(self) -> None:
        """Forget what the names of owners are bound to."""
        self._by_home.clear()

    def attribute(self, node: ast.Attribute, point: ProgramPoint) -> Values | None:
        """What was stored as that attribute of a framework's object; None where nothing was."""
        return self._values(self.of_attribute(node, point))

    def of_attribute(self, node: ast.Attribute, point: ProgramPoint) -> list[Store]:
        """The assignments of that attribute."""
        return self._into(node.value, point, ("attribute", node.attr))

    def item(self, owner: ast.expr, key: ast.expr, point: ProgramPoint) -> Values | None:
        """What was stored under that key; None where nothing was."""
        return self._values(self.of_item(owner, key, point))

    def of_item(self, owner: ast.expr, key: ast.expr, point: ProgramPoint) -> list[Store]:
        """The assignments under that key."""
        last = last_name(owner)
        keys: list[_Key] = [("all", last)]
        if isinstance(key, ast.Constant):
            keys = [("key", key.value), ("of", last)]
        same = self._into(owner, point, *keys)
        asked = keys_of(self._inference, key, point) if same else set()
        return [store for store in same if self._is_under(asked, store)]

    def _is_under(self, asked: set[object], store: Store) -> bool:
        """Whether something is stored under one of the keys `asked`, as far as they are known."""
        if isinstance(store.key, str):
            return False
        keys = keys_of(self._inference, store.key, store.point)
        return not asked or not keys or not asked.isdisjoint(keys)

    def _values(self, stores: list[Store]) -> Values | None:
        inference = self._inference
        return frozenset(v for s in stores for v in inference.bound(s.binding)) if stores else None

    def _into(self, owner: ast.expr, point: ProgramPoint, *keys: _Key) -> list[Store]:
        """The stores under `keys` into the object that `owner` is."""
        groups = [self._indexed(key) for key in keys if key in self._stores]
        homes = [*self._named(owner, point)] if groups else []
        found = [store for group in groups for home in homes for store in group.get(home, ())]
        if isinstance(owner, ast.Attribute):
            likely = [store for group in groups for store in group.get(("of", owner.attr), ())]
            held = set(self._held(owner, point)) if likely else set()
            if held:
                found += [s for s in likely if not held.isdisjoint(self._held(s.owner, s.point))]
        return found

    def _indexed(self, key: _Key) -> dict[_Home, list[Store]]:
        """The stores under a key by what they store into, as far as no value must be followed for it."""
        index = self._by_home.get(key)
        if index is None:
            index = self._by_home[key] = {}
            for store in self._stores[key]:
                homes = {*self._named(store.owner, store.point)}
                if isinstance(store.owner, ast.Attribute):
                    homes.add(("of", store.owner.attr))
                for home in homes:
                    index.setdefault(home, []).append(store)
        return index

    def _named(self, owner: ast.expr, point: ProgramPoint) -> Iterator[_Home]:
        """What tells an object from others by its name alone: equal where it is the same."""
        if self._is_application(owner, point):
            yield ("application",)
        match owner:
            case ast.Name(id=name):
                for binding in self._inference.bindings(name, point):
                    yield (binding.target or id(binding),)
            case ast.Attribute(value=value, attr=name):
                if name in STATES and self._is_application(value, point):
                    yield ("application", name)

    def _held(self, owner: ast.expr, point: ProgramPoint) -> Iterator[_Home]:
        """The same by the classes of what holds it."""
        if isinstance(owner, ast.Attribute):
            for held in self._inference.values(owner.value, point):
                of = held.of if isinstance(held, Instance) else held
                if isinstance(of, Definition) and of.scope.kind == "class":
                    for scope in self._having(of.scope, owner.attr):
                        yield (id(scope), owner.attr)

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
