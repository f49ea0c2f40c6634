"""What is stored under a key or a name by an assignment of its own: `clients["a"] = x`, `app.state.client = x`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import NOTHING, Definition, Filled, Instance, Value, Values
from flake8_redis_ssot.libraries.frameworks import (
    APPLICATION_KEYS,
    APPLICATION_NAMES,
    APPLICATIONS,
    CURRENT_APPLICATION,
    REQUEST_OBJECTS,
    STATES,
)
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope, Store
from flake8_redis_ssot.syntax.nodes import last_name, root_of, unparsed
from flake8_redis_ssot.syntax.scopes import Scopes

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
        self._of_classes: dict[Scope, list[tuple[str, Store]]] = {}
        self._own_names: dict[ast.expr, tuple[str, ...]] = {}

    def add(self, stores: list[Store]) -> None:
        """Take in the stores of a file."""
        for store in stores:
            for key in self._keys(store):
                self._stores.setdefault(key, []).append(store)
                self._by_home.pop(key, None)
            self._note_own(store)

    def _note_own(self, store: Store) -> None:
        """Note what a method puts into something that its object or class has."""
        owner, word = store.owner, ""
        while isinstance(owner, ast.Attribute):
            word, owner = owner.attr, owner.value
        if word and isinstance(owner, ast.Name):
            match self._inference.names.bindings(owner.id, store.point):
                case [Binding(value=ast.arg() as first, scope=Scope() as method)]:
                    made = Scopes.receiver(first, method)
                    if made is not None:
                        self._of_classes.setdefault(made, []).append((word, store))

    def of_class(self, made: Scope) -> list[tuple[str, Store]]:
        """What the methods of a class put into what its objects have, each with the attribute of these."""
        return self._of_classes.get(made, [])

    def changed_by(self, stores: list[Store]) -> Iterator[Hashable]:
        """The inputs of answers about other files that the stores of one change."""
        for store in stores:
            if self._is_seen_elsewhere(store):
                yield from self._keys(store)

    def _is_seen_elsewhere(self, store: Store) -> bool:
        """Whether what is stored may be read in a file that does not import this one."""
        owner, point = root_of(store.owner), store.point
        bindings = self._inference.bindings(owner.id, point) if isinstance(owner, ast.Name) else []
        match bindings:
            case [Binding(value=ast.arg() as first, scope=Scope() as method)] if owner is not store.owner:
                made = Scopes.receiver(first, method)
                return made is None or bool(getattr(made.node, "bases", ()))
        is_local = all(b.target is None and b.scope is not None for b in bindings)
        return not bindings or not is_local or self.is_for_requests(store)

    def moved(self) -> list[Hashable]:
        """The inputs that have changed since the names of owners may be bound to more."""
        before, self._by_home = self._by_home, {}
        return [key for key in before if before[key] != self._indexed(key)]

    def attribute(self, node: ast.Attribute, point: ProgramPoint) -> Values:
        """What was stored as that attribute of a framework's object."""
        stores = self.of_attribute(node, point)
        return frozenset(self.each(stores)) if stores else NOTHING

    def of_attribute(self, node: ast.Attribute, point: ProgramPoint) -> list[Store]:
        """The assignments of that attribute."""
        return self._into(node.value, point, ("attribute", node.attr))

    def of_item(self, owner: ast.expr, key: ast.expr, point: ProgramPoint) -> list[Store]:
        """The assignments under that key."""
        names = self._last_names(owner, point)
        keys: list[_Key] = [("all", name) for name in names]
        if isinstance(key, ast.Constant):
            keys = [("key", key.value), *(("of", name) for name in names)]
        same = self._into(owner, point, *keys)
        if not same:
            return []
        asked, written = self._known_keys(key, point), self._names_of_key(key, point)
        return [store for store in same if self._is_under(asked, written, store)]

    def filled(self, owner: ast.expr, point: ProgramPoint) -> list[Filled]:
        """What is put, elsewhere, into the container that an expression is."""
        same = self._into(owner, point, *[("all", name) for name in self._last_names(owner, point)])
        if not same:
            return []
        both = (tuple(s for s in same if (s.key is not None) is keyed) for keyed in (False, True))
        return [Filled(stores, keyed) for stores, keyed in zip(both, (False, True), strict=True) if stores]

    def each(self, stores: Iterable[Store]) -> Iterator[Value]:
        """What was stored; no objects where one of the stores is of something unknown."""
        return either([(s.binding.value, self._inference.values_of(s.binding)) for s in stores])

    def _is_under(self, asked: set[object], names: set[str], store: Store) -> bool:
        """Whether something is stored under one of the keys `asked`, as far as they are known, or their names."""
        if store.key is None or isinstance(store.key, str):
            return store.key is None
        keys = self._known_keys(store.key, store.point)
        if asked and keys:
            return not asked.isdisjoint(keys)
        others = self._names_of_key(store.key, store.point) if names else set()
        return not others or not names.isdisjoint(others)

    def _known_keys(self, key: ast.expr, point: ProgramPoint) -> set[object]:
        """What a key can be; one that is equal to itself alone is known by its making."""
        found = keys_of(self._inference, key, point)
        made = [] if found else self._inference.written(key, point)
        return {id(b) for b in made} if made and all(_kind(b) in APPLICATION_KEYS for b in made) else found

    def _names_of_key(self, key: ast.expr, point: ProgramPoint) -> set[str]:
        """The dotted names of a key of another file, where it is nothing else."""
        names = {binding.target or "" for binding in self._inference.written(key, point)}
        return names if "" not in names else set()

    def is_for_requests(self, store: Store) -> bool:
        """Whether something is stored where each request gets at it, by the application or for itself."""
        owner = store.owner
        is_own = not REQUEST_OBJECTS.isdisjoint(self._inference.names.dotted(owner, store.point))
        return is_own or self.is_on_application(store)

    def is_on_application(self, store: Store) -> bool:
        """Whether something is stored by an application, for all requests."""
        owner = store.owner
        if isinstance(owner, ast.Attribute) and owner.attr in STATES:
            owner = owner.value
        return bool(self._application(owner, store.point, is_store=True))

    def _into(self, owner: ast.expr, point: ProgramPoint, *keys: _Key) -> list[Store]:
        """The stores under `keys` into the object that `owner` is."""
        groups = []
        for key in keys:  # of most nothing is stored
            self._inference.answers.depends_on(key)
            if key in self._stores:
                groups.append(self._indexed(key))
        if not groups:
            return []
        homes = set(self._named(owner, point, is_item=keys[0][0] != "attribute"))
        names = self._last_names(owner, point)
        if isinstance(owner, ast.Attribute):
            homes.update(self._held(owner, point))
        found = [store for group in groups for home in homes for store in group.get(home, ())]
        likely = [store for group in groups for name in names for store in group.get(("of", name), ())]
        found += [store for store in likely if not homes.isdisjoint(self._held_into(store))]
        return list(dict.fromkeys(found))

    def _last_names(self, owner: ast.expr, point: ProgramPoint) -> Sequence[str]:
        """What an object is called where it is made, and on the way from there."""
        own = self._own_names.get(owner)
        if own is None:
            own = self._own_names[owner] = self._find_own_names(owner, point)
        if own:
            return own
        # most are names, which are imported alike by many
        key: object = owner
        if isinstance(owner, ast.Name):
            key = owner.id, tuple((b.target, b.star) for b in self._inference.bindings(owner.id, point))
        names = self._inference.answers.answer(("called", key), self._find_names, owner, point)
        return sorted({last_name(owner), *names})

    def _find_own_names(self, owner: ast.expr, point: ProgramPoint) -> tuple[str, ...]:
        """The same of what is not imported, as most: its values are not asked for; of anything else none."""
        first = root_of(owner)
        bindings = self._inference.bindings(first.id, point) if isinstance(first, ast.Name) else ()
        return () if any(b.target is not None for b in bindings) else (last_name(owner),)

    def _find_names(self, owner: ast.expr, point: ProgramPoint) -> frozenset[str]:
        seen: set[str] = set()
        ends = self._inference.written(owner, point, seen)
        dotted = seen.union(binding.target for binding in ends if binding.target and not binding.star)
        return frozenset(name.rpartition(".")[2] for name in dotted)

    def _keys(self, store: Store) -> list[_Key]:
        """What a store is looked up by."""
        if isinstance(store.key, str):
            return [("attribute", store.key)]
        owner, names = store.owner, {last_name(store.owner)}
        if isinstance(owner, ast.Name):  # asked of the names: at the start of a file it knows no more
            imported = self._inference.names.bindings(owner.id, store.point)
            names.update(b.target.rpartition(".")[2] for b in imported if b.target and not b.star)
        kinds = ("all",) if isinstance(store.key, ast.Constant) else ("of", "all")
        keys: list[_Key] = [(kind, name) for kind in kinds for name in sorted(names)]
        return [("key", store.key.value), *keys] if isinstance(store.key, ast.Constant) else keys

    def _indexed(self, key: _Key) -> dict[_Home, list[Store]]:
        """The stores under a key by what they store into, as far as no value must be followed for it."""
        index = self._by_home.get(key)
        if index is None:
            index = self._by_home[key] = {}
            for store in self._stores[key]:
                is_item = not isinstance(store.key, str)
                homes = {*self._named(store.owner, store.point, is_item=is_item, is_store=True)}
                if isinstance(store.owner, ast.Attribute):
                    homes.add(("of", store.owner.attr))
                for home in homes:
                    index.setdefault(home, []).append(store)
        return index

    def _named(
        self, owner: ast.expr, point: ProgramPoint, *, is_item: bool, is_store: bool = False
    ) -> Iterator[_Home]:
        """What tells an object from others by its name alone: equal where it is the same."""
        # an attribute of its own is no place that a framework offers
        if is_item or is_store or last_name(owner) == CURRENT_APPLICATION:
            for one in self._application(owner, point, is_store=is_store):
                yield (one,)
        if isinstance(owner, ast.Attribute) and owner.attr in STATES:
            for one in self._application(owner.value, point, is_store=is_store):
                yield (one, owner.attr)
        for binding in self._inference.written(owner, point) if isinstance(owner, ast.Name) else ():
            yield (binding.target or id(binding),)

    def _held_into(self, store: Store) -> frozenset[_Home]:
        """The same of what a store is into, which many ask."""
        inference = self._inference
        context = inference.context_in(store.scope)
        key = ("held into", store.owner, context)
        return inference.answers.answer(key, inference.within, context, self._find_held_into, store)

    def _find_held_into(self, store: Store) -> frozenset[_Home]:
        return frozenset(self._held(store.owner, store.point))

    def _held(self, owner: ast.expr, point: ProgramPoint) -> Iterator[_Home]:
        """The same by the module or the classes of what holds it, for which values are followed."""
        if isinstance(owner, ast.Attribute):
            for binding in self._inference.written(owner, point):
                yield (binding.target or id(binding),)
            for held in self._inference.values(owner.value, point):
                of = held.of if isinstance(held, Instance) else held
                if isinstance(of, Definition) and of.scope.kind == "class":
                    for scope in self._inference.classes.having(of.scope, owner.attr):
                        yield (id(scope), owner.attr)

    def _application(self, node: ast.expr, point: ProgramPoint, *, is_store: bool) -> list[object]:
        """What a web application is known by, from its name, its type, or what made it; empty for anything else.

        One whose making is seen is that one; any other (`request.app`) may be each of them.
        """
        bindings = self._inference.written(node, point) if isinstance(node, ast.Name) else []
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
    is_known = all(values or isinstance(node, ast.Constant) for node, values in found)
    yield from (v for _, values in found for v in values if is_known or not isinstance(v, Instance))


def keys_of(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[object]:
    """What a key can be: its constants, or its own text where it is a dotted name."""
    if isinstance(node, ast.Constant):
        return {("constant", repr(node.value))}
    texts: set[object] = {("constant", repr(text)) for text in inference.all_texts(node, point)}
    if not texts and isinstance(node, ast.Attribute):
        return {("name", unparsed(node))}
    return texts
