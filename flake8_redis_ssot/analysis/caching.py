"""Whether an object is made only if there is none yet, as it is kept for the next time: `if self.client is None: ...`.

Where it is kept are *places*, as expressions in the source: `self.client`, `_clients[key]`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import Comprehension, Function, Loop, all_nodes, unparsed

_COMPOUND = (ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ITEM = re.compile(r"(.+?)\[.*\]", re.DOTALL)
_ATTRIBUTE = re.compile(r"(.+)\.(\w+)", re.DOTALL)
"""`holder[key]` and `holder.attribute` in the source, with the holder as their first group."""
_BY_NAME = re.compile(r"""(?:(globals\(\))|vars\(([\w.]+)\)|([\w.]+)\.__dict__)\[['"](\w+)['"]\]""")
"""A name or attribute that is read as an item of its namespace: `globals()["x"]`, `vars(self)["x"]`."""
_NAMESPACES = ("globals", "sys.modules[__name__]")
"""Expressions for the namespace of the module."""


def is_cached(
    function: ast.AST,
    node: ast.AST,
    places: Iterable[str],
    scope: Scope,
    loop: Loop | Comprehension | None = None,
) -> bool:
    """Whether `node` is evaluated only if a check of one of the `places` that keep its value says so.

    A place outlives the `function`, or an iteration of the `loop`. The check is a condition, an exception handler or an
    early return, about the place itself or about a flag that is set together with it (`if not self.ready:`).
    """
    return _Conditions(function, node, places, scope, loop).hold()


def outlives(place: str, scope: Scope) -> bool:
    """Whether a place is no local name of the function `scope`, so that it stays when that returns."""
    return not place.isidentifier() or place in scope.outer or place not in scope.bindings


@dataclass(frozen=True, slots=True)
class _Mentions:
    """What an expression or statement mentions: names, attributes and items as source text, and constants.

    `whole` are those of which no plain attribute is read (of `a.b` not `a`, but of `a.get(k)` it is), `called` those
    that are called.
    """

    names: frozenset[str]
    whole: frozenset[str]
    called: frozenset[str]
    constants: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Places:
    """Places prepared for the search: as source text, by the holders of items, and by attribute name with its holder."""

    texts: frozenset[str]
    holders: frozenset[str]
    attributes: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> _Places:
        unique = frozenset(texts)
        items = (_ITEM.fullmatch(text) for text in unique)
        attributes = (_ATTRIBUTE.fullmatch(text) for text in unique)
        names = [(repr(text), holder) for text in unique if text.isidentifier() for holder in _NAMESPACES]
        return cls(
            unique,
            frozenset(item[1] for item in items if item is not None),
            frozenset([*names, *((repr(one[2]), one[1]) for one in attributes if one is not None)]),
        )

    def are_in(self, words: _Mentions) -> bool:
        """Whether a place is mentioned: itself, `key in cache`, `cache.get(key)`, `hasattr(self, "client")`, `"client" in globals()`."""
        return (
            not self.texts.isdisjoint(words.names)
            or not self.holders.isdisjoint(words.whole)
            or any((c, name) in self.attributes for c in words.constants for name in words.names)
        )


class _Conditions:
    """The conditions under which one expression is evaluated, and whether they check its places."""

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
        self._class_name = getattr(owner.node, "name", "") if self._class is not None else ""
        args = getattr(function, "args", None)
        given = {a.arg for a in single(args)} if isinstance(args, ast.arguments) else set()
        kept = [place for place in places if loop or place in given or outlives(place, scope)]
        self._has_flags = loop is not None or any(outlives(place, scope) for place in kept)
        self._places = _Places.of(_normalized(place, self._class_name) for place in kept)
        self._aliases = self._aliases_of(self._places) if kept else _Places.of(())

    def hold(self) -> bool:
        """Whether some condition around or before the expression checks a place."""
        if not self._places.texts:
            return False
        inner = self._node
        for parent in ancestors(self._function, self._node):
            test = getattr(parent, "subject" if isinstance(parent, ast.Match) else "test", None)
            then = next((body for body in _bodies(parent) if inner in body), ())
            if test not in (None, inner) and parent is not self._loop and self._is_guard(test, then):
                return True
            if then and self._is_asked_before(parent, inner, then):
                return True
            if parent is self._loop:
                return False
            inner = parent
        return False

    def _is_asked_before(self, parent: ast.AST, inner: ast.AST, body: Sequence[ast.AST]) -> bool:
        """Whether a statement before `inner` leaves the body on a check of a place, or raises what the handler `inner` catches."""
        if isinstance(inner, ast.ExceptHandler):
            return any(self._is_about(statement) for statement in parent.body)  # type: ignore[attr-defined]
        at = body.index(inner)
        flags: _Places | None = None
        for statement in (body[n] for n in _leaving_in(parent, [*_bodies(parent)].index(body)) if n < at):
            if flags is None or self._loop is not None:
                flags = self._flags(body[at:], statement)
            if self._is_about(statement) or flags.are_in(_mentions(statement, self._class_name)):
                return True
        return False

    def _is_guard(self, test: ast.AST, then: Sequence[ast.AST]) -> bool:
        """Whether a test checks a place, or a flag that is set in the body `then`."""
        return self._is_about(test) or self._flags(then, test).are_in(_mentions(test, self._class_name))

    def _flags(self, body: Sequence[ast.AST], question: ast.AST) -> _Places:
        """The flags that the statements of `body` set: whatever outlives the function.

        In a loop also a local name that is set to a constant, or to a name that the `question` mentions.
        """
        names = _mentions(question, self._class_name).names if self._loop else frozenset()
        return _Places.of(
            text
            for statement in (body if self._has_flags else ())
            for text, value in _targets_set_in(statement, self._class_name)
            if outlives(text, self._scope) or (self._loop and (value == "" or value in names))
        )

    def _is_about(self, question: ast.AST) -> bool:
        """Whether an expression or statement checks a place: by itself, by an alias, or by a function about it."""
        words = _mentions(question, self._class_name)
        return (
            self._places.are_in(words)
            or self._aliases.are_in(words)
            or any(
                self._is_function_about_place(name, is_called=name in words.called) for name in words.names
            )
        )

    def _aliases_of(self, places: _Places) -> _Places:
        """The local names that are aliases of the places: `client = cache.get(key)`, and `found = client` after that."""
        aliases: set[str] = set()
        mentioned = _bindings_by_mention(self._function, self._class_name)
        for _ in range(2):
            known = _Places.of(places.texts | aliases)
            words = {*known.texts, *known.holders, *(name for _, name in known.attributes)}
            aliases |= {
                name
                for word in words & mentioned.keys()
                for name, values in mentioned[word].items()
                if any(
                    known.are_in(_mentions(value, self._class_name)) and not self._contains_node(value)
                    for value in values
                )
            }
        return _Places.of(aliases)

    def _contains_node(self, value: ast.AST) -> bool:
        return any(part is self._node for part in all_nodes(value))

    def _is_function_about_place(self, name: str, *, is_called: bool) -> bool:
        """Whether a name is a function of the class or file whose body mentions a place; a method not seen here may."""
        last = name.removeprefix("self.")
        owner = self._class if name != last else self._scope.enclosing("module")
        if owner is None or not last.isidentifier():
            return False
        values = [b.value for b in (*owner.bindings.get(last, ()), *owner.attributes.get(last, ()))]
        if not values and is_called and owner is self._class:
            return any(text.startswith("self.") for text in self._places.texts)
        return any(
            isinstance(function, Function)
            and function is not self._function
            and any(self._places.are_in(_mentions(part, self._class_name)) for part in function.body)
            for function in values
        )


def _normalized(text: str, own: str) -> str:
    """Source text in one spelling: `cls.x`, `type(self).x` and `Class.x` become `self.x`, `globals()["x"]` becomes `x`.

    `own` is the name of the class around.
    """
    text = _BY_NAME.sub(lambda m: m[4] if m[1] else f"{m[2] or m[3]}.{m[4]}", text)
    return _self_pattern(own).sub("self", text)


@lru_cache(maxsize=16)
def _self_pattern(own: str) -> re.Pattern[str]:
    """Matches the other spellings of `self` in the class `own`."""
    names = ["cls", r"type\(self\)", r"self\.__class__", "__class__", *([re.escape(own)] if own else [])]
    return re.compile(rf"(?<![\w.])(?:{'|'.join(names)})(?!\w)")


@memoized
def _mentions(node: ast.AST, own: str) -> _Mentions:
    """What a node mentions, in one spelling (see `_normalized`)."""
    parts = list(all_nodes(node))
    reads = [part for part in parts if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)]
    called = [part.func for part in parts if isinstance(part, ast.Call)]
    inner = {id(part.value) for part in reads if isinstance(part, ast.Attribute)}
    inner -= {id(func.value) for func in called if isinstance(func, ast.Attribute)}
    texts = {id(part): _normalized(unparsed(part), own) for part in reads}
    return _Mentions(
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
    """The indices of the statements in the nth body of a node that may leave it early."""
    return [n for n, statement in enumerate([*_bodies(parent)][nth]) if _may_leave(statement)]


def _may_leave(statement: ast.AST) -> bool:
    """Whether a statement may keep those after it from running, by a `return`, `raise` or the like in it."""
    return isinstance(statement, ast.Assert) or (
        isinstance(statement, _COMPOUND) and any(isinstance(p, _LEAVING) for p in all_nodes(statement))
    )


@memoized
def _targets_set_in(statement: ast.AST, own: str) -> tuple[tuple[str, str], ...]:
    """The targets that a statement sets (`x = value`, `event.set()`), each with the value: empty for a constant, `?` if unknown."""
    targets_with_values: list[tuple[ast.expr, ast.AST | None]] = []
    for part in all_nodes(statement):
        match part:
            case ast.Assign(targets=targets, value=value):
                targets_with_values += ((target, value) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
            ):
                targets_with_values.append((target, value))
            case ast.Call(func=ast.Attribute(value=owner, attr="set")):
                targets_with_values.append((owner, None))
    return tuple(
        (
            _normalized(unparsed(target), own),
            "" if isinstance(value, ast.Constant) else _normalized(unparsed(value), own) if value else "?",
        )
        for target, value in targets_with_values
    )


@memoized
def _bindings_by_mention(function: ast.AST, own: str) -> dict[str, dict[str, list[ast.expr]]]:
    """For each name mentioned in a value that a function binds: the local names bound to such values, with these."""
    by_mention: dict[str, dict[str, list[ast.expr]]] = {}
    for name, value in _bindings_of(function):
        for word in _mentions(value, own).names:
            by_mention.setdefault(word, {}).setdefault(name, []).append(value)
    return by_mention


@memoized
def _bindings_of(function: ast.AST) -> list[tuple[str, ast.expr]]:
    """The names that a function binds, each with its value expression."""
    bindings: list[tuple[str, ast.expr]] = []
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
        bindings += [
            (name.id, value)
            for target in targets
            for name in all_nodes(target)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        ]
    return bindings
