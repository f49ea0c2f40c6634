"""Which values lead to a client library: a class that holds a client, a function that returns one, a list of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import containers
from flake8_redis_ssot.inference.annotation import aliased
from flake8_redis_ssot.inference.fixpoint import Source
from flake8_redis_ssot.inference.values import (
    Coroutine,
    Definition,
    Filled,
    Generator,
    Instance,
    Items,
    Pairs,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.standard import GIVING_METHODS, RECORD
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope, Store
from flake8_redis_ssot.syntax.nodes import last_name, root_of
from flake8_redis_ssot.syntax.scopes import Scopes

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


_Way = tuple[tuple[str, ...], Collection[Value]]
"""A step from a value to others: the member names of which one must be used for it (none: no name is needed), and these."""


class Reach:
    """Decides whether a value leads to one that `is_wanted`: it is that, holds it, returns it or derives from it.

    With `class A: client = Redis()`, `A` leads to a client by its member `client`. Without `members` what a class
    has by an ordinary name is left out; what Python itself looks up (`__enter__`) counts in any case.
    """

    def __init__(
        self, inference: Inference, is_wanted: Callable[[Inference, Value], bool], *, members: bool = True
    ) -> None:
        self._inference = inference
        self._is_wanted = is_wanted
        self._members = members
        self._known: dict[Value, tuple[bool, Source]] = {}
        self._ways_known: dict[Value, tuple[list[_Way], Source]] = {}

    def __call__(self, value: Value) -> bool:
        known = self._answer(value)
        if known is None:
            judged, source = self._inference.answers.with_source(partial(self._judge, value))
            self._known.update((other, (leads, source)) for other, leads in judged.items())
            known = judged[value]
        return known

    def _answer(self, value: Value) -> bool | None:
        """The cached answer for a value; None where there is none, or it is stale."""
        known = self._known.get(value)
        if known is None or known[1].is_stale:
            return None
        self._inference.answers.reads.add(known[1])
        return known[0]

    def _judge(self, value: Value) -> dict[Value, bool]:
        """Answers for `value`, and for the others that the search decides on the way.

        If a wanted value is found, all holders from it back to `value` lead to it. If none is, nothing seen does.
        """
        holders: dict[Value, Value | None] = {value: None}
        stack = [value]
        while stack:
            current: Value | None = stack.pop()
            assert current is not None
            if self._answer(current) or self._is_wanted(self._inference, current):
                leading: dict[Value, bool] = {}
                while current is not None:
                    leading[current] = True
                    current = holders[current]
                return leading
            for held in (*(held for _, held in self._held(current)), *_made_with(current)):
                if held not in holders and self._answer(held) is not False:
                    holders[held] = current
                    stack.append(held)
        return dict.fromkeys(holders, False)

    def first(self, values: Iterable[Value]) -> frozenset[str]:
        """The member names that must be used first to get from `values` to a wanted one; `""` where one is wanted itself."""
        first_names: set[str] = set()
        for current in self._through(values, lambda name: False):
            if self._is_wanted(self._inference, current):
                first_names.add("")
            first_names.update(name for names, _ in self._ways(current) for name in names)
        return frozenset(first_names)

    def is_reached(self, values: Iterable[Value], is_said: Callable[[str], bool]) -> bool:
        """Whether a wanted value is reached from `values` by member names for which `is_said` holds: those used in some text."""
        return any(self._is_wanted(self._inference, current) for current in self._through(values, is_said))

    def _through(self, values: Iterable[Value], is_said: Callable[[str], bool]) -> Iterator[Value]:
        """The values on the ways from `values` to wanted ones, by member names for which `is_said` holds, or without any."""
        todo = [value for value in values if self(value)]
        seen = set(todo)
        for current in todo:
            yield current
            for names, leading in self._ways(current):
                fresh = [held for held in leading if held not in seen]
                if fresh and (not names or any(map(is_said, names))):
                    todo += fresh
                    seen.update(fresh)

    def _ways(self, value: Value) -> list[_Way]:
        """The steps from a value towards wanted ones, cached."""
        known = self._ways_known.get(value)
        if known is None or known[1].is_stale:
            known = self._ways_known[value] = self._inference.answers.with_source(
                partial(self._find_ways, value)
            )
        else:
            self._inference.answers.reads.add(known[1])
        return known[0]

    def _find_ways(self, value: Value) -> list[_Way]:
        ways: dict[tuple[str, ...], dict[Value, None]] = {}
        for member, held in self._held(value):
            if self(held):
                ways.setdefault((member,) if member else (), {})[held] = None
        arguments = dict.fromkeys(held for held in _made_with(value) if self(held))
        if arguments and isinstance(value, Instance) and isinstance(value.of, Definition):
            # any member of the object may give what it was made with
            classes = self._inference.classes.lineage(value.of.scope)
            names = {name for scope in classes for name in (*scope.attributes, *scope.bindings)}
            is_asked = names.isdisjoint(GIVING_METHODS)
            ways.setdefault(tuple(filter(_spoken_name, sorted(names))) if is_asked else (), {}).update(
                arguments
            )
        return [*ways.items()]

    def _held(self, value: Value) -> Iterator[tuple[str, Value]]:
        """What a value holds, derives from or returns, each with the member name that gives it, or `""`."""
        inference = self._inference
        match value:
            case Instance(of=Definition() as made):
                yield "", Definition(made.scope)
            case Items() | Filled() | Pairs():
                yield from (("", held) for held in _contained(inference, value))
            case Definition(scope=scope) if scope.kind == "class":
                yield from (("", base) for base in inference.classes.bases(scope))
                is_record = any(last_name(base) == RECORD for base in getattr(scope.node, "bases", ()))
                for name, bindings in (*scope.attributes.items(), *scope.bindings.items()):
                    if (
                        self._members or is_record or not _spoken_name(name)
                    ):  # the fields of a record are also read by position
                        held_by = (held for binding in bindings for held in inference.values_of(binding))
                        yield from ((_spoken_name(name), held) for held in held_by)
                for name, store in inference.stores.of_class(scope) if self._members else ():
                    yield from ((name, held) for held in inference.values_of(store.binding))
            case Definition(scope=scope) | Coroutine(scope=scope) | Generator(scope=scope):
                yield from (("", given) for given in inference.given_by(scope))


def _spoken_name(name: str) -> str:
    """The member name that a use of it spells out; `""` for a dunder, which Python looks up by itself."""
    return "" if name.startswith("__") and name.endswith("__") else name


def _made_with(value: Value) -> Iterator[Value]:
    """The arguments of the call that made an object."""
    if isinstance(value, Instance) and value.context is not None:
        yield from (held for values in value.context.arguments.values() for held in values)


def is_library(inference: Inference, value: Value) -> bool:
    """Whether `value` may still build something: a library's module or class, but no finished client, save a Sentinel."""
    match value:
        case QualifiedName(name=name):
            return inference.names.leads_to_builder(name)
        case Instance(of=QualifiedName(name=name)):
            return name in inference.names.table.with_methods
    return False


def is_exposed(inference: Inference, value: Value) -> bool:
    """Whether `value` gives other files something of a client library: a client, a pool, or what may build one."""
    if isinstance(value, Instance) and isinstance(value.of, QualifiedName):
        builder = inference.names.table.get(value.of.name)
        if builder is not None and builder.kind == "pool":
            return True
    return inference.client(value) is not None or is_library(inference, value)


def _contained(inference: Inference, value: Value) -> Iterator[Value]:
    """The elements of a container."""
    match value:
        case Items():
            yield from containers.each(inference, value)
        case Filled(stores=stores):
            yield from inference.stores.each(stores)
        case Pairs(of=items):
            yield from containers.each(inference, items)


def exposed(inference: Inference) -> set[str]:
    """The top-level names by which other files get something of a client library from this one."""
    reach = Reach(inference, is_exposed)
    found = {
        name
        for name, bindings in inference.scopes.module.bindings.items()
        if any(reach(value) for binding in bindings for value in by_name(inference, binding))
    }
    return found | {name for name in stored(inference, inference.scopes, reach) if "." not in name[1:]}


def _is_shared(owner: ast.expr, scope: Scope) -> bool:
    """Whether other files may get at the object `owner`: its first name is imported, or of the module."""
    owner = root_of(owner)
    current: Scope | None = scope if isinstance(owner, ast.Name) else None
    while current is not None and isinstance(owner, ast.Name):
        bindings = current.bindings.get(owner.id, ())
        if bindings:
            return current.kind == "module" or any(binding.target is not None for binding in bindings)
        current = current.parent
    return False


def by_name(inference: Inference, binding: Binding) -> Iterator[Value]:
    """What another file gets by importing a name: its value, and as an alias of a type what that promises."""
    yield from inference.values_of(binding)
    if binding.scope is not None and binding.scope.kind == "module":
        yield from aliased(inference, binding)


def stored(inference: Inference, scopes: Scopes, reach: Reach) -> dict[str, set[Value]]:
    """What a file puts into shared containers and objects and leads to a wanted value, by the name others read it by.

    That name is a top-level one (`clients["a"] = x`: `clients`), a dotted one where the object belongs to another
    file, or `.key` for what a web application keeps (`app.state.redis = x`: `.redis`).
    """
    wanted: dict[str, set[Value]] = {}
    for store in scopes.stores:
        names = inference.shared.get(store)
        if names is None:
            names = inference.shared[store] = _shared_names(inference, scopes, store)
        values = set(filter(reach, inference.values_of(store.binding))) if names else set()
        for name in names if values else ():
            wanted.setdefault(name, set()).update(values)
    return wanted


def _shared_names(inference: Inference, scopes: Scopes, store: Store) -> set[str]:
    """The names by which other files read what one store puts away."""
    point, key, owner = store.point, store.key, store.owner
    if key is not None and inference.stores.is_for_requests(store):
        if isinstance(key, str):
            return {f".{key}"}
        words = {f".{text.value}" for text in inference.texts(key, point)}
        names = words | _shared_as(inference, scopes, key, point)
        if names:
            return names
    if not _is_shared(owner, point.scope):
        return set()
    return _shared_as(inference, scopes, owner, point, f".{key}" if isinstance(key, str) else "")


def _shared_as(
    inference: Inference, scopes: Scopes, node: ast.expr, point: ProgramPoint, tail: str = ""
) -> set[str]:
    """The names by which other files know the object `node`: dotted with the `tail`, or its top-level name here."""
    dotted = {f"{n}{tail}" for n in inference.names.dotted(node, point) if inference.names.is_ours(n)}
    node = root_of(node)
    if dotted or not isinstance(node, ast.Name):
        return dotted
    top_level = scopes.module.bindings.get(node.id, ())
    return {node.id} if any(b in top_level for b in inference.bindings(node.id, point)) else set()


def callees_given_clients(inference: Inference, points: Iterable[ProgramPoint]) -> set[str]:
    """The dotted names of our callables that are passed something that leads to a builder, by the calls in `points`.

    `.` stands for those of this file. A class that derives from one of ours and leads to a builder passes it on to
    that base, and a store into an object of ours passes it to that object.
    """
    callables: set[str] = set()
    targets = _import_targets(inference)
    has_library = inference.scopes.may_load or any(map(inference.names.leads_to_builder, targets))
    imports_ours = any(map(inference.names.is_ours, targets))
    own = {getattr(node, "name", "") for node in inference.namespaces}
    for point in points if has_library else ():
        if isinstance(point.node, ast.Call):
            func, given = point.node.func, [p for p in _given(point.node) if not isinstance(p, ast.Constant)]
            may_be_ours = bool(given) and (imports_ours or inference.may_be_one_of(own, func, point))
            callees = _our_names(inference, inference.values(func, point)) if may_be_ours else set()
            # few callees are ours: the arguments of all others need not be evaluated
            if not callees <= callables and any(
                inference.leads_to_builder(v) for part in given for v in inference.values(part, point)
            ):
                callables |= callees
    names = stored(inference, inference.scopes, Reach(inference, is_exposed))
    callables.update(name for name in names if "." in name[1:])
    for scope in list(inference.namespaces.values()):  # copied: evaluating a lambda adds its scope
        if scope.kind == "class" and inference.leads_to_builder(Definition(scope)):
            callables.update(_our_names(inference, inference.classes.bases(scope)) - {"."})
    return callables


def callees_given_library_names(inference: Inference, points: Iterable[ProgramPoint]) -> set[str]:
    """The dotted names of callables in other files of ours that are passed a library's name as a string: `load("redis")`."""
    callables: set[str] = set()
    for point in points:
        if isinstance(point.node, ast.Call):
            given = _given(point.node)
            callees = (
                _our_names(inference, inference.values(point.node.func, point)) - {"."} if given else set()
            )
            if not callees <= callables:
                texts = (text.value for part in given for text in inference.texts(part, point))
                if any(map(inference.names.leads_to_builder, texts)):
                    callables |= callees
    return callables


def _import_targets(inference: Inference) -> set[str]:
    """The dotted names of what a file imports; of a star the module."""
    scopes = inference.scopes
    stars = (star for scope in (scopes.module, *inference.namespaces.values()) for star in scope.stars)
    bindings = (*(binding for _, binding in scopes.all_bindings), *stars)
    return {binding.target for binding in bindings if binding.target is not None}


def _given(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _our_names(inference: Inference, values: Values) -> set[str]:
    """The dotted names of those `values` that are defined in our other files; `.` for those of this file."""
    names = {v.name for v in values if isinstance(v, QualifiedName)}
    names = {n for n in names if not inference.names.leads_to_builder(n) and inference.names.is_ours(n)}
    return names | ({"."} if any(isinstance(v, Definition) for v in values) else set())
