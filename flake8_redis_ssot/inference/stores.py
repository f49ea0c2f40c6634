"""What is put into containers and objects after they are made: `clients["a"] = x`, `app.state.client = x`.

Each such assignment is a `Store`. To find those that an expression may read, two expressions must be known to mean
the same object. An object is known by its *homes*: values that are equal where the objects may be the same, such as
the binding of its name, the class that has it as an attribute, or the application that keeps it.
"""

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
"""What stores are looked up by before homes are compared, which is dearer: by which rule, and a name or key.

`attribute`: the name of the attribute. `key`: the constant key. `of`: what the container is called, for keys that are
no constants. `all`: the same, whatever the key.
"""


class Stores:
    """Finds the stores, of all followed files, that an expression may read."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._stores: dict[_Key, list[Store]] = {}
        self._home_indexes: dict[_Key, dict[_Home, list[Store]]] = {}
        self._of_classes: dict[Scope, list[tuple[str, Store]]] = {}
        self._local_names_known: dict[ast.expr, tuple[str, ...]] = {}

    def add(self, stores: list[Store]) -> None:
        """Add the stores of a file."""
        for store in stores:
            for key in self._keys(store):
                self._stores.setdefault(key, []).append(store)
                self._home_indexes.pop(key, None)
            self._note_object_store(store)

    def _note_object_store(self, store: Store) -> None:
        """Note a store by a method into an attribute of its object: `self.pools["a"] = x`."""
        owner, attribute = store.owner, ""
        while isinstance(owner, ast.Attribute):
            attribute, owner = owner.attr, owner.value
        if attribute and isinstance(owner, ast.Name):
            match self._inference.names.bindings(owner.id, store.point):
                case [Binding(value=ast.arg() as first, scope=Scope() as method)]:
                    cls = Scopes.receiver(first, method)
                    if cls is not None:
                        self._of_classes.setdefault(cls, []).append((attribute, store))

    def of_class(self, made: Scope) -> list[tuple[str, Store]]:
        """The stores by methods of the class `made` into attributes of its objects, each with the attribute's name."""
        return self._of_classes.get(made, [])

    def changed_by(self, stores: list[Store]) -> Iterator[Hashable]:
        """The inputs of answers (see `Fixpoint`) that newly added stores may change in other files."""
        for store in stores:
            if self._is_seen_elsewhere(store):
                yield from self._keys(store)

    def _is_seen_elsewhere(self, store: Store) -> bool:
        """Whether what is stored may be read in a file that does not import this one."""
        owner, point = root_of(store.owner), store.point
        bindings = self._inference.bindings(owner.id, point) if isinstance(owner, ast.Name) else []
        match bindings:
            case [Binding(value=ast.arg() as first, scope=Scope() as method)] if owner is not store.owner:
                cls = Scopes.receiver(first, method)
                return cls is None or bool(getattr(cls.node, "bases", ()))
        is_local = all(b.target is None and b.scope is not None for b in bindings)
        return not bindings or not is_local or self.is_for_requests(store)

    def moved(self) -> list[Hashable]:
        """The inputs that have changed because the names of containers may have new bindings."""
        before, self._home_indexes = self._home_indexes, {}
        return [key for key in before if before[key] != self._home_index(key)]

    def attribute(self, node: ast.Attribute, point: ProgramPoint) -> Values:
        """The values that were assigned to `owner.attr`, by which `node` reads."""
        stores = self.of_attribute(node, point)
        return frozenset(self.each(stores)) if stores else NOTHING

    def of_attribute(self, node: ast.Attribute, point: ProgramPoint) -> list[Store]:
        """The assignments to the attribute that `node` reads."""
        return self._stores_into(node.value, point, ("attribute", node.attr))

    def of_item(self, owner: ast.expr, key: ast.expr, point: ProgramPoint) -> list[Store]:
        """The assignments that `owner[key]` may read."""
        names = self._last_names(owner, point)
        keys: list[_Key] = [("all", name) for name in names]
        if isinstance(key, ast.Constant):
            keys = [("key", key.value), *(("of", name) for name in names)]
        candidates = self._stores_into(owner, point, *keys)
        if not candidates:
            return []
        wanted_keys, wanted_names = self._known_keys(key, point), self._names_of_key(key, point)
        return [store for store in candidates if self._is_under(wanted_keys, wanted_names, store)]

    def filled(self, owner: ast.expr, point: ProgramPoint) -> list[Filled]:
        """What is put into the container `owner` after it is made: with keys, and without (`append`)."""
        stores = self._stores_into(owner, point, *[("all", name) for name in self._last_names(owner, point)])
        if not stores:
            return []
        both = (tuple(s for s in stores if (s.key is not None) is keyed) for keyed in (False, True))
        return [Filled(part, keyed) for part, keyed in zip(both, (False, True), strict=True) if part]

    def each(self, stores: Iterable[Store]) -> Iterator[Value]:
        """The values of `stores`; no objects among them where one store is of something unknown."""
        return either([(s.binding.value, self._inference.values_of(s.binding)) for s in stores])

    def _is_under(self, asked: set[object], names: set[str], store: Store) -> bool:
        """Whether a store may be under one of the keys `asked`, or `names` where keys are known by their names alone.

        Where neither can be compared it may be.
        """
        if store.key is None or isinstance(store.key, str):
            return store.key is None
        keys = self._known_keys(store.key, store.point)
        if asked and keys:
            return not asked.isdisjoint(keys)
        store_names = self._names_of_key(store.key, store.point) if names else set()
        return not store_names or not names.isdisjoint(store_names)

    def _known_keys(self, key: ast.expr, point: ProgramPoint) -> set[object]:
        """What a key can be; one that equals nothing but itself (`web.AppKey(...)`) by the binding of its making."""
        keys = keys_of(self._inference, key, point)
        bindings = [] if keys else self._inference.bindings_of(key, point)
        return (
            {id(b) for b in bindings}
            if bindings and all(_kind(b) in APPLICATION_KEYS for b in bindings)
            else keys
        )

    def _names_of_key(self, key: ast.expr, point: ProgramPoint) -> set[str]:
        """The dotted names of a key that is imported; none where it may be anything else."""
        names = {binding.target or "" for binding in self._inference.bindings_of(key, point)}
        return names if "" not in names else set()

    def is_for_requests(self, store: Store) -> bool:
        """Whether something is stored where handlers of requests find it: at the application, or at the request itself."""
        owner = store.owner
        is_on_request = not REQUEST_OBJECTS.isdisjoint(self._inference.names.dotted(owner, store.point))
        return is_on_request or self.is_on_application(store)

    def is_on_application(self, store: Store) -> bool:
        """Whether something is stored at a web application, where all requests share it: `app.state.client = x`."""
        owner = store.owner
        if isinstance(owner, ast.Attribute) and owner.attr in STATES:
            owner = owner.value
        return bool(self._application(owner, store.point, is_store=True))

    def _stores_into(self, owner: ast.expr, point: ProgramPoint, *keys: _Key) -> list[Store]:
        """The stores under one of `keys` into the object that `owner` may be."""
        groups = []
        for key in keys:  # under most nothing is stored
            self._inference.answers.depends_on(key)
            if key in self._stores:
                groups.append(self._home_index(key))
        if not groups:
            return []
        homes = set(self._homes_by_name(owner, point, is_item=keys[0][0] != "attribute"))
        names = self._last_names(owner, point)
        if isinstance(owner, ast.Attribute):
            homes.update(self._homes_by_holder(owner, point))
        found = [store for group in groups for home in homes for store in group.get(home, ())]
        likely = [store for group in groups for name in names for store in group.get(("of", name), ())]
        found += [store for store in likely if not homes.isdisjoint(self._store_homes_by_holder(store))]
        return list(dict.fromkeys(found))

    def _last_names(self, owner: ast.expr, point: ProgramPoint) -> Sequence[str]:
        """The last names by which an object is known: here, where it is made, and where it is imported between."""
        local = self._local_names_known.get(owner)
        if local is None:
            local = self._local_names_known[owner] = self._find_local_names(owner, point)
        if local:
            return local
        # most are plain names, and files that import them alike share one answer
        key: object = owner
        if isinstance(owner, ast.Name):
            key = owner.id, tuple((b.target, b.star) for b in self._inference.bindings(owner.id, point))
        names = self._inference.answers.answer(("called", key), self._find_names, owner, point)
        return sorted({last_name(owner), *names})

    def _find_local_names(self, owner: ast.expr, point: ProgramPoint) -> tuple[str, ...]:
        """The last name of an object that no import leads to, which has no other; empty where its origin must be followed."""
        first = root_of(owner)
        bindings = self._inference.bindings(first.id, point) if isinstance(first, ast.Name) else ()
        return () if any(b.target is not None for b in bindings) else (last_name(owner),)

    def _find_names(self, owner: ast.expr, point: ProgramPoint) -> frozenset[str]:
        """The last names of all dotted names between an imported object and its definition."""
        seen: set[str] = set()
        ends = self._inference.bindings_of(owner, point, seen)
        dotted = seen.union(binding.target for binding in ends if binding.target and not binding.star)
        return frozenset(name.rpartition(".")[2] for name in dotted)

    def _keys(self, store: Store) -> list[_Key]:
        """The keys that a store is looked up by."""
        if isinstance(store.key, str):
            return [("attribute", store.key)]
        owner, names = store.owner, {last_name(store.owner)}
        if isinstance(owner, ast.Name):  # by `names`, not the evaluator: it may be only half made
            imported = self._inference.names.bindings(owner.id, store.point)
            names.update(b.target.rpartition(".")[2] for b in imported if b.target and not b.star)
        kinds = ("all",) if isinstance(store.key, ast.Constant) else ("of", "all")
        keys: list[_Key] = [(kind, name) for kind in kinds for name in sorted(names)]
        return [("key", store.key.value), *keys] if isinstance(store.key, ast.Constant) else keys

    def _home_index(self, key: _Key) -> dict[_Home, list[Store]]:
        """The stores under a key, by those homes of their containers for which no value must be followed."""
        index = self._home_indexes.get(key)
        if index is None:
            index = self._home_indexes[key] = {}
            for store in self._stores[key]:
                is_item = not isinstance(store.key, str)
                homes = {*self._homes_by_name(store.owner, store.point, is_item=is_item, is_store=True)}
                if isinstance(store.owner, ast.Attribute):
                    homes.add(("of", store.owner.attr))
                for home in homes:
                    index.setdefault(home, []).append(store)
        return index

    def _homes_by_name(
        self, owner: ast.expr, point: ProgramPoint, *, is_item: bool, is_store: bool = False
    ) -> Iterator[_Home]:
        """The homes of an object by its name alone: the application that it is or belongs to, or its binding."""
        # `app.client` is an ordinary attribute; frameworks offer `app.state.client` and `app["client"]`
        if is_item or is_store or last_name(owner) == CURRENT_APPLICATION:
            for application in self._application(owner, point, is_store=is_store):
                yield (application,)
        if isinstance(owner, ast.Attribute) and owner.attr in STATES:
            for application in self._application(owner.value, point, is_store=is_store):
                yield (application, owner.attr)
        for binding in self._inference.bindings_of(owner, point) if isinstance(owner, ast.Name) else ():
            yield (binding.target or id(binding),)

    def _store_homes_by_holder(self, store: Store) -> frozenset[_Home]:
        """The homes of a store's container by its holder, cached since many ask."""
        inference = self._inference
        context = inference.context_in(store.scope)
        key = ("held into", store.owner, context)
        return inference.answers.answer(key, inference.run_in_context, context, self._find_store_homes, store)

    def _find_store_homes(self, store: Store) -> frozenset[_Home]:
        return frozenset(self._homes_by_holder(store.owner, store.point))

    def _homes_by_holder(self, owner: ast.expr, point: ProgramPoint) -> Iterator[_Home]:
        """The homes of `holder.attr` by the module or the classes of the holder, for which its values are followed."""
        if isinstance(owner, ast.Attribute):
            for binding in self._inference.bindings_of(owner, point):
                yield (binding.target or id(binding),)
            for holder in self._inference.values(owner.value, point):
                of = holder.of if isinstance(holder, Instance) else holder
                if isinstance(of, Definition) and of.scope.kind == "class":
                    for scope in self._inference.classes.having(of.scope, owner.attr):
                        yield (id(scope), owner.attr)

    def _application(self, node: ast.expr, point: ProgramPoint, *, is_store: bool) -> list[object]:
        """The parts of homes that tell a web application, by its name, its type, or the call that makes it.

        Empty for anything else. An application whose making is seen is that one; any other (`request.app`) may be
        each of them: a read from any finds what is stored in a known one, and the other way round.
        """
        bindings = self._inference.bindings_of(node, point) if isinstance(node, ast.Name) else []
        made = [b.value for b in bindings if isinstance(b.value, ast.Call) and _kind(b) in APPLICATIONS]
        if made and len(made) == len(bindings):
            return [*map(id, made), "stored in one" if is_store else "read from one"]
        is_named = last_name(node) in APPLICATION_NAMES
        if is_named or (isinstance(node, ast.Name) and any(_kind(b) in APPLICATIONS for b in bindings)):
            return ["any", "read from one" if is_store else "stored in one"]
        return []


def _kind(binding: Binding) -> str:
    """The last name of the class that a binding's call makes an object of, or of its annotation."""
    match binding.value:
        case ast.Call(func=named):
            return last_name(named)
        case ast.arg(annotation=ast.expr() as named) | ast.AnnAssign(annotation=named):
            return last_name(named)
    return ""


def either(found: Collection[tuple[ast.AST | None, Values]]) -> Iterator[Value]:
    """The values of several expressions with their `Values`; no objects where one expression is unknown."""
    is_known = all(values or isinstance(node, ast.Constant) for node, values in found)
    yield from (v for _, values in found for v in values if is_known or not isinstance(v, Instance))


def keys_of(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[object]:
    """What a key can be: constants, or the source text of a dotted name (`Key.CACHE`)."""
    if isinstance(node, ast.Constant):
        return {("constant", repr(node.value))}
    texts: set[object] = {("constant", repr(text)) for text in inference.all_texts(node, point)}
    if not texts and isinstance(node, ast.Attribute):
        return {("name", unparsed(node))}
    return texts
