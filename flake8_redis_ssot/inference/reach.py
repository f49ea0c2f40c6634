"""From which names and values a client library can be reached."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import containers
from flake8_redis_ssot.inference.annotation import aliased
from flake8_redis_ssot.inference.builder_table import star_names
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
    Text,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.commands import HANDED_CLASSES
from flake8_redis_ssot.libraries.standard import GIVING_METHODS, RECORD
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope, Store
from flake8_redis_ssot.syntax.nodes import last_name, root_of
from flake8_redis_ssot.syntax.scopes import Scopes

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


_Way = tuple[tuple[str, ...], Collection[Value]]


class Reach:
    """Which values lead to one that `is_wanted`: they are it, hold it, return it or derive from it.

    Without `members` what a class has under names that are said is left out.
    """

    def __init__(
        self, inference: Inference, is_wanted: Callable[[Inference, Value], bool], *, members: bool = True
    ) -> None:
        self._inference = inference
        self._is_wanted = is_wanted
        self._members = members
        self._known: dict[Value, tuple[bool, Source]] = {}
        self._led: dict[Value, tuple[list[_Way], Source]] = {}

    def __call__(self, value: Value) -> bool:
        known = self._answer(value)
        if known is None:
            judged, source = self._inference.answers.traced(partial(self._judge, value))
            self._known.update((one, (leads, source)) for one, leads in judged.items())
            known = judged[value]
        return known

    def _answer(self, value: Value) -> bool | None:
        """What is known of a value; None where nothing is, or not any more."""
        known = self._known.get(value)
        if known is None or known[1].is_stale:
            return None
        self._inference.answers.reads.add(known[1])
        return known[0]

    def _judge(self, value: Value) -> dict[Value, bool]:
        """Whether a value leads to a wanted one, and what is found of others by that."""
        holders: dict[Value, Value | None] = {value: None}
        stack = [value]
        while stack:
            here: Value | None = stack.pop()
            assert here is not None
            if self._answer(here) or self._is_wanted(self._inference, here):
                leading: dict[Value, bool] = {}
                while here is not None:
                    leading[here] = True
                    here = holders[here]
                return leading
            for held in (*(held for _, held in self._held(here)), *_made_with(here)):
                if held not in holders and self._answer(held) is not False:
                    holders[held] = here
                    stack.append(held)
        return dict.fromkeys(holders, False)

    def first(self, values: Iterable[Value]) -> frozenset[str]:
        """The names of members of `values` by which a wanted value is come to; `""` where it needs none."""
        words: set[str] = set()
        for here in self._through(values, lambda word: False):
            if self._is_wanted(self._inference, here):
                words.add("")
            words.update(word for said, _ in self._ways(here) for word in said)
        return frozenset(words)

    def is_reached(self, values: Iterable[Value], is_said: Callable[[str], bool]) -> bool:
        """Whether a wanted value is come to from `values` by names of members that are all said."""
        return any(self._is_wanted(self._inference, here) for here in self._through(values, is_said))

    def _through(self, values: Iterable[Value], is_said: Callable[[str], bool]) -> Iterator[Value]:
        """What is come to on the ways to wanted values, by names of members that are said, or without."""
        todo = [value for value in values if self(value)]
        seen = set(todo)
        for here in todo:
            yield here
            for words, leading in self._ways(here):
                fresh = [held for held in leading if held not in seen]
                if fresh and (not words or any(map(is_said, words))):
                    todo += fresh
                    seen.update(fresh)

    def _ways(self, value: Value) -> list[_Way]:
        """What leads on from a value, each with the names of members of which one must be said; none where it needs no name."""
        known = self._led.get(value)
        if known is None or known[1].is_stale:
            known = self._led[value] = self._inference.answers.traced(partial(self._find_ways, value))
        else:
            self._inference.answers.reads.add(known[1])
        return known[0]

    def _find_ways(self, value: Value) -> list[_Way]:
        found: dict[tuple[str, ...], dict[Value, None]] = {}
        for word, held in self._held(value):
            if self(held):
                found.setdefault((word,) if word else (), {})[held] = None
        given = dict.fromkeys(held for held in _made_with(value) if self(held))
        if given and isinstance(value, Instance) and isinstance(value.of, Definition):
            # it may be had by any member of the object
            classes = self._inference.classes.lineage(value.of.scope)
            names = {name for one in classes for name in (*one.attributes, *one.bindings)}
            is_asked = names.isdisjoint(GIVING_METHODS)
            found.setdefault(tuple(filter(_said, sorted(names))) if is_asked else (), {}).update(given)
        return [*found.items()]

    def _held(self, value: Value) -> Iterator[tuple[str, Value]]:
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
                    if self._members or is_record or not _said(name):  # of a record they are had by place
                        held_by = (held for binding in bindings for held in inference.values_of(binding))
                        yield from ((_said(name), held) for held in held_by)
                for name, store in inference.stores.of_class(scope) if self._members else ():
                    yield from ((name, held) for held in inference.values_of(store.binding))
            case Definition(scope=scope) | Coroutine(scope=scope) | Generator(scope=scope):
                yield from (("", given) for given in inference.given_by(scope))


def _said(name: str) -> str:
    """What is said where a member of that name is used; nothing of one that Python itself asks for."""
    return "" if name.startswith("__") and name.endswith("__") else name


def _made_with(value: Value) -> Iterator[Value]:
    """What an object was made with."""
    if isinstance(value, Instance) and value.context is not None:
        yield from (held for values in value.context.arguments.values() for held in values)


def is_library(inference: Inference, value: Value) -> bool:
    """Whether some use of `value` could be a builder; what is built already is none, but a Sentinel."""
    match value:
        case QualifiedName(name=name):
            return inference.names.leads_to_builder(name)
        case Instance(of=QualifiedName(name=name)):
            return name in inference.names.table.with_methods
    return False


def is_exposed(inference: Inference, value: Value) -> bool:
    """Whether others get at something of a client library by `value`: a client, a pool, or what may build."""
    if isinstance(value, Instance) and isinstance(value.of, QualifiedName):
        builder = inference.names.table.get(value.of.name)
        if builder is not None and builder.kind == "pool":
            return True
    return inference.client(value) is not None or is_library(inference, value)


def _contained(inference: Inference, value: Value) -> Iterator[Value]:
    match value:
        case Items():
            yield from containers.each(inference, value)
        case Filled(stores=stores):
            yield from inference.stores.each(stores)
        case Pairs(of=items):
            yield from containers.each(inference, items)


def is_asked_for(inference: Inference, value: Value) -> bool:
    """Whether a rule may ask what uses `value`: of a library, a manager's class, a forbidden name."""
    match value:
        case QualifiedName(name=name) if inference.names.managers.kind(name) in ("class", "module"):
            return True
        case QualifiedName(name=name) if name in HANDED_CLASSES or inference.method(name) is not None:
            return True
        case Text(value=text):
            return inference.names.managers.is_forbidden(text)
    return is_exposed(inference, value)


def starred(inference: Inference) -> set[str]:
    """The names that star imports may bind to a builder or a manager's class."""
    found: set[str] = set()
    names, scopes = inference.names, inference.scopes
    for scope in (scopes.module, *scopes.namespaces.values()):
        for star in scope.stars:
            found.update(star_names(star.target or "", names.table))
            found.update(names.managers.classes(star.target or ""))
    return found


def family(inference: Inference, scope: Scope) -> tuple[set[str], set[int]]:
    """The names of the bases of a client class of this file, and all lines of their bodies and its own.

    What such a class does through `self` or `super()` needs no word of a library.
    """
    names: set[str] = set()
    lines: set[int] = set()
    if not inference.library_bases(scope):
        return names, lines
    bases = (b.scope for b in inference.classes.bases(scope) if isinstance(b, Definition))
    for node in (member.node for member in (scope, *bases)):
        if isinstance(node, ast.ClassDef):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            names.update(base.id for base in node.bases if isinstance(base, ast.Name))
    return names, lines


def exposed(inference: Inference) -> set[str]:
    """The names of the module by which others get at something of a client library."""
    reach = Reach(inference, is_exposed)
    found = {
        name
        for name, bindings in inference.scopes.module.bindings.items()
        if any(reach(value) for binding in bindings for value in by_name(inference, binding))
    }
    return found | {name for name in stored(inference, inference.scopes, reach) if "." not in name[1:]}


def _is_shared(owner: ast.expr, scope: Scope) -> bool:
    """Whether an object may be one that others get at: it begins with a name that is imported, or of the module."""
    owner = root_of(owner)
    here: Scope | None = scope if isinstance(owner, ast.Name) else None
    while here is not None and isinstance(owner, ast.Name):
        found = here.bindings.get(owner.id, ())
        if found:
            return here.kind == "module" or any(binding.target is not None for binding in found)
        here = here.parent
    return False


def by_name(inference: Inference, binding: Binding) -> Iterator[Value]:
    """What others get by a name: what it holds, and what it says of a parameter that it is the type of."""
    yield from inference.values_of(binding)
    if binding.scope is not None and binding.scope.kind == "module":
        yield from aliased(inference, binding)


def stored(inference: Inference, scopes: Scopes, reach: Reach) -> dict[str, set[Value]]:
    """The names by which others get at what a file stores in a container or an object, as far as it is wanted.

    A top-level name of the file; a dotted name where another file has the object; `.key` for an application's.
    Each with what is stored.
    """
    found: dict[str, set[Value]] = {}
    for store in scopes.stores:
        names = inference.shared.get(store)
        if names is None:
            names = inference.shared[store] = _shared_names(inference, scopes, store)
        values = set(filter(reach, inference.values_of(store.binding))) if names else set()
        for name in names if values else ():
            found.setdefault(name, set()).update(values)
    return found


def _shared_names(inference: Inference, scopes: Scopes, store: Store) -> set[str]:
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
    """The names by which other files have an object: dotted ones of ours, or that of this file."""
    dotted = {f"{n}{tail}" for n in inference.names.dotted(node, point) if inference.names.is_ours(n)}
    node = root_of(node)
    if dotted or not isinstance(node, ast.Name):
        return dotted
    own = scopes.module.bindings.get(node.id, ())
    return {node.id} if any(b in own for b in inference.bindings(node.id, point)) else set()


def handed(inference: Inference, points: Iterable[ProgramPoint]) -> set[str]:
    """The callables of ours that get something, in `points`, from which a builder can be reached, by dotted name.

    `.` for one of this file; a class that derives from one of ours and holds such hands it
    over as well, and so does what is stored in an object of ours.
    """
    found: set[str] = set()
    for point in points:
        if isinstance(point.node, ast.Call):
            given = [part for part in _given(point.node) if not isinstance(part, ast.Constant)]
            own = _own(inference, inference.values(point.node.func, point)) if given else set()
            # few callables are ours: what the others are given is not asked
            if not own <= found and any(
                inference.leads_to_builder(v) for part in given for v in inference.values(part, point)
            ):
                found |= own
    names = stored(inference, inference.scopes, Reach(inference, is_exposed))
    found.update(name for name in names if "." in name[1:])
    for scope in list(inference.namespaces.values()):  # a lambda that is met adds its own
        if scope.kind == "class" and inference.leads_to_builder(Definition(scope)):
            found.update(_own(inference, inference.classes.bases(scope)) - {"."})
    return found


def named(inference: Inference, points: Iterable[ProgramPoint]) -> set[str]:
    """The callables of other files of ours that get the name of a client library as a text, by dotted name."""
    found: set[str] = set()
    for point in points:
        if isinstance(point.node, ast.Call):
            given = _given(point.node)
            own = _own(inference, inference.values(point.node.func, point)) - {"."} if given else set()
            if not own <= found:
                texts = (text.value for part in given for text in inference.texts(part, point))
                if any(map(inference.names.leads_to_builder, texts)):
                    found |= own
    return found


def _given(call: ast.Call) -> list[ast.expr]:
    """What a call hands over."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _own(inference: Inference, values: Values) -> set[str]:
    names = {v.name for v in values if isinstance(v, QualifiedName)}
    names = {n for n in names if not inference.names.leads_to_builder(n) and inference.names.is_ours(n)}
    return names | ({"."} if any(isinstance(v, Definition) for v in values) else set())
