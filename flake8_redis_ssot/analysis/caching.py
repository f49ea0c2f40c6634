"""Whether what is made is made only where there was none yet, because it is kept for the next time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import Comprehension, Loop, all_nodes, unparsed

_COMPOUND = (ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ITEM = re.compile(r"(.+?)\[.*\]", re.DOTALL)
_ATTRIBUTE = re.compile(r"(.+)\.(\w+)", re.DOTALL)
"""An item or attribute as it is written, with what holds it."""
_BY_NAME = re.compile(r"""(?:(globals\(\))|vars\(([\w.]+)\)|([\w.]+)\.__dict__)\[['"](\w+)['"]\]""")
"""A name or attribute that is written as an item of what holds all of them."""
_NAMESPACES = ("globals", "sys.modules[__name__]")
"""What holds the names of a module."""


def is_cached(
    function: ast.AST,
    node: ast.AST,
    places: Iterable[str],
    scope: Scope,
    loop: Loop | Comprehension | None = None,
) -> bool:
    """Whether `node` is evaluated only where one of the `places` that keep its value asks for it.

    A place outlives the `function`, or a turn of the `loop`. The question is a condition, an exception or an early
    return about the place itself, or about another one (a flag, the pid) that is set on the same way.
    """
    return _Conditions(function, node, places, scope, loop).hold()


def outlives(place: str, scope: Scope) -> bool:
    """Whether a place, as it is written in a function, is none of its local names."""
    return not place.isidentifier() or place in scope.outer or place not in scope.bindings


@dataclass(frozen=True, slots=True)
class _Words:
    """What an expression or statement speaks of: names, attributes and items as they are written, and constants.

    `whole` are those of which no attribute is read but a method that is called, `called` those that are called.
    """

    names: frozenset[str]
    whole: frozenset[str]
    called: frozenset[str]
    constants: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Places:
    """Some places, ready to be looked for: as they are written, and by what holds an item or attribute."""

    texts: frozenset[str]
    holders: frozenset[str]
    attributes: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> _Places:
        found = frozenset(texts)
        items = (_ITEM.fullmatch(text) for text in found)
        attributes = (_ATTRIBUTE.fullmatch(text) for text in found)
        names = [(repr(text), holder) for text in found if text.isidentifier() for holder in _NAMESPACES]
        return cls(
            found,
            frozenset(item[1] for item in items if item is not None),
            frozenset([*names, *((repr(one[2]), one[1]) for one in attributes if one is not None)]),
        )

    def are_in(self, words: _Words) -> bool:
        """Whether one is spoken of: itself, `key in cache`, `cache.get(key)`, `hasattr(self, "client")`, `"client" in globals()`."""
        return (
            not self.texts.isdisjoint(words.names)
            or not self.holders.isdisjoint(words.whole)
            or any((c, name) in self.attributes for c in words.constants for name in words.names)
        )


class _Conditions:
    """The conditions under which one expression is evaluated, and what they ask about."""

    def __init__(
        self,
        function: ast.AST,
        node: ast.AST,
        places: Iterable[str],
        scope: Scope,
        loop: Loop | Comprehension | None,
    ) -> None:
        self._function, self._node, self._loop = function, node, loop
        self._scope = scope
        owner = scope.enclosing("class")
        self._class = owner if owner.kind == "class" else None
        self._own = getattr(owner.node, "name", "") if self._class is not None else ""
        args = getattr(function, "args", None)
        given = {a.arg for a in single(args)} if isinstance(args, ast.arguments) else set()
        kept = [place for place in places if loop or place in given or outlives(place, scope)]
        self._has_flags = loop is not None or any(outlives(place, scope) for place in kept)
        self._places = _Places.of(_same(place, self._own) for place in kept)
        self._aliases = self._bound_to(self._places) if kept else _Places.of(())

    def hold(self) -> bool:
        if not self._places.texts:
            return False
        inner = self._node
        for parent in ancestors(self._function, self._node):
            test = getattr(parent, "subject" if isinstance(parent, ast.Match) else "test", None)
            then = next((body for body in _bodies(parent) if inner in body), ())
            if test not in (None, inner) and parent is not self._loop and self._asks(test, then):
                return True
            if then and self._is_asked_before(parent, inner, then):
                return True
            if parent is self._loop:
                return False
            inner = parent
        return False

    def _is_asked_before(self, parent: ast.AST, inner: ast.AST, body: Sequence[ast.AST]) -> bool:
        """Whether a statement before `inner` in the same body leaves, or raises what `inner` handles, because of a place."""
        if isinstance(inner, ast.ExceptHandler):
            return any(self._is_about(statement) for statement in parent.body)  # type: ignore[attr-defined]
        at = body.index(inner)
        flags: _Places | None = None
        for statement in (body[n] for n in _leaving_in(parent, [*_bodies(parent)].index(body)) if n < at):
            if flags is None or self._loop is not None:
                flags = self._flags(body[at:], statement)
            if self._is_about(statement) or flags.are_in(_words(statement, self._own)):
                return True
        return False

    def _asks(self, test: ast.AST, then: Sequence[ast.AST]) -> bool:
        """Whether a test is about a place, or about what is set in `then`."""
        return self._is_about(test) or self._flags(then, test).are_in(_words(test, self._own))

    def _flags(self, body: Sequence[ast.AST], question: ast.AST) -> _Places:
        """What the statements of `body` set that outlives them.

        In a loop a local name too, once it gets a constant, or what the `question` speaks of.
        """
        names = _words(question, self._own).names if self._loop else frozenset()
        return _Places.of(
            text
            for statement in (body if self._has_flags else ())
            for text, value in _set_in(statement, self._own)
            if outlives(text, self._scope) or (self._loop and (value == "" or value in names))
        )

    def _is_about(self, question: ast.AST) -> bool:
        """Whether an expression or statement speaks of a place.

        Itself, by a local name that is bound to what is there, or by a function that asks for it.
        """
        words = _words(question, self._own)
        return (
            self._places.are_in(words)
            or self._aliases.are_in(words)
            or any(self._tells(name, is_called=name in words.called) for name in words.names)
        )

    def _bound_to(self, places: _Places) -> _Places:
        """The local names that are bound to what is in one of the places (`client = cache.get(key)`)."""
        found: set[str] = set()
        mentioned = _mentioned_in(self._function, self._own)
        for _ in range(2):
            known = _Places.of(places.texts | found)
            words = {*known.texts, *known.holders, *(name for _, name in known.attributes)}
            found |= {
                name
                for word in words & mentioned.keys()
                for name, values in mentioned[word].items()
                if any(known.are_in(_words(value, self._own)) and not self._is_in(value) for value in values)
            }
        return _Places.of(found)

    def _is_in(self, value: ast.AST) -> bool:
        return any(part is self._node for part in all_nodes(value))

    def _tells(self, name: str, *, is_called: bool) -> bool:
        """Whether a name is a function of the class or file that speaks of a place; an inherited one may do so."""
        last = name.removeprefix("self.")
        owner = self._class if name != last else self._scope.enclosing("module")
        if owner is None or not last.isidentifier():
            return False
        found = [b.value for b in (*owner.bindings.get(last, ()), *owner.attributes.get(last, ()))]
        if not found and is_called and owner is self._class:
            return any(text.startswith("self.") for text in self._places.texts)
        return any(
            isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            and function is not self._function
            and any(self._places.are_in(_words(part, self._own)) for part in function.body)
            for function in found
        )


def _same(text: str, own: str) -> str:
    """An expression with one name for an object, whether class or instance; `own` is the class's name.

    And with one spelling of a name or attribute.
    """
    text = _BY_NAME.sub(lambda m: m[4] if m[1] else f"{m[2] or m[3]}.{m[4]}", text)
    return _itself(own).sub("self", text)


@lru_cache(maxsize=16)
def _itself(own: str) -> re.Pattern[str]:
    names = ["cls", r"type\(self\)", r"self\.__class__", "__class__", *([re.escape(own)] if own else [])]
    return re.compile(rf"(?<![\w.])(?:{'|'.join(names)})(?!\w)")


@memoized
def _words(node: ast.AST, own: str) -> _Words:
    parts = list(all_nodes(node))
    reads = [part for part in parts if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)]
    called = [part.func for part in parts if isinstance(part, ast.Call)]
    inner = {id(part.value) for part in reads if isinstance(part, ast.Attribute)}
    inner -= {id(func.value) for func in called if isinstance(func, ast.Attribute)}
    texts = {id(part): _same(unparsed(part), own) for part in reads}
    return _Words(
        frozenset(texts.values()),
        frozenset(text for key, text in texts.items() if key not in inner),
        frozenset(texts[id(func)] for func in called if id(func) in texts),
        frozenset(repr(part.value) for part in parts if isinstance(part, ast.Constant)),
    )


def _bodies(node: ast.AST) -> Iterator[Sequence[ast.AST]]:
    """The lists of statements and handlers directly below a node."""
    for name in ("body", "orelse", "handlers", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body
    for case in node.cases if isinstance(node, ast.Match) else ():
        yield case.body


@memoized
def _leaving_in(parent: ast.AST, nth: int) -> list[int]:
    """Which statements of the nth body of a node may leave it."""
    return [n for n, statement in enumerate([*_bodies(parent)][nth]) if _may_leave(statement)]


def _may_leave(statement: ast.AST) -> bool:
    """Whether what stands after a statement may be left out because of it."""
    return isinstance(statement, ast.Assert) or (
        isinstance(statement, _COMPOUND) and any(isinstance(p, _LEAVING) for p in all_nodes(statement))
    )


@memoized
def _set_in(statement: ast.AST, own: str) -> tuple[tuple[str, str], ...]:
    """What a statement assigns to, or sets as an event is set, each with the value; empty for a constant."""
    found: list[tuple[ast.expr, ast.AST | None]] = []
    for part in all_nodes(statement):
        match part:
            case ast.Assign(targets=targets, value=value):
                found += ((target, value) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
            ):
                found.append((target, value))
            case ast.Call(func=ast.Attribute(value=owner, attr="set")):
                found.append((owner, None))
    return tuple(
        (
            _same(unparsed(target), own),
            "" if isinstance(value, ast.Constant) else _same(unparsed(value), own) if value else "?",
        )
        for target, value in found
    )


@memoized
def _mentioned_in(function: ast.AST, own: str) -> dict[str, dict[str, list[ast.expr]]]:
    """What the values that a function binds speak of, with the names that are bound to such values."""
    found: dict[str, dict[str, list[ast.expr]]] = {}
    for name, value in _bound_in(function):
        for word in _words(value, own).names:
            found.setdefault(word, {}).setdefault(name, []).append(value)
    return found


@memoized
def _bound_in(function: ast.AST) -> list[tuple[str, ast.expr]]:
    """The names that a function binds, with what they are bound to."""
    found: list[tuple[str, ast.expr]] = []
    for part in all_nodes(function):
        match part:
            case ast.Assign(targets=targets, value=value):
                pass
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                targets = [target]
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                targets = [target]
            case _:
                continue
        found += [
            (name.id, value)
            for target in targets
            for name in all_nodes(target)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        ]
    return found
