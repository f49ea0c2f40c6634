"""Whether what is made is made only where there was none yet, because it is kept for the next time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from flake8_redis_ssot.analysis.hot_paths import Loop
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import unparsed
from flake8_redis_ssot.syntax.scopes import Scope

_BODIES = ("body", "orelse", "handlers", "finalbody")
_COMPOUND = (ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ITEM = re.compile(r"(.+?)\[.*\]", re.DOTALL)
_ATTRIBUTE = re.compile(r"(.+)\.(\w+)", re.DOTALL)
"""An item or attribute as it is written, with what holds it."""


def is_cached(
    function: ast.AST, node: ast.AST, places: Iterable[str], scope: Scope, loop: Loop | None = None
) -> bool:
    """Whether `node` is evaluated only where one of the `places` that keep its value asks for it.

    A place outlives the `function`, or a turn of the `loop`. The question is a condition, an exception or an early
    return about the place itself, or about another one (a flag, the pid) that is set on the same way.
    """
    return _Conditions(function, node, places, scope, loop).hold()


def outlives(place: str, scope: Scope) -> bool:
    """Whether a place, as it is written in a function, is none of its local names."""
    return not place.isidentifier() or place in scope.outer or place not in scope.bindings


class _Conditions:
    """The conditions under which one expression is evaluated, and what they ask about."""

    def __init__(
        self, function: ast.AST, node: ast.AST, places: Iterable[str], scope: Scope, loop: Loop | None
    ) -> None:
        self._function, self._node, self._loop = function, node, loop
        self._scope = scope
        owner = scope.enclosing("class")
        self._class = owner if owner.kind == "class" else None
        same = [r"cls", r"type\(self\)", r"self\.__class__", "__class__"]
        same += [re.escape(self._class.node.name)] if self._class is not None else []  # type: ignore[union-attr]
        self._self = re.compile(rf"(?<![\w.])(?:{'|'.join(same)})(?!\w)")
        args = getattr(function, "args", None)
        parts = [*args.posonlyargs, *args.args, *args.kwonlyargs] if isinstance(args, ast.arguments) else []
        self._parameters = {a.arg for a in parts}
        self._places = {self._text(place) for place in places if loop or self._is_asked_of(place)}

    def hold(self) -> bool:
        if not self._places:
            return False
        inner = self._node
        for parent in ancestors(self._function, self._node):
            if (
                isinstance(parent, ast.If | ast.IfExp | ast.While)
                and inner is not parent.test
                and parent is not self._loop
                and self._asks(parent.test, _arm(parent, inner))
            ):
                return True
            for body in _bodies(parent):
                if inner in body:
                    at = body.index(inner)
                    if isinstance(inner, ast.ExceptHandler):
                        asked = any(self._is_about(s, self._places) for s in parent.body)  # type: ignore[attr-defined]
                    else:
                        asked = any(self._asks(s, body[at:]) for s in body[:at] if _may_leave(s))
                    if asked:
                        return True
            if parent is self._loop:
                return False
            inner = parent
        return False

    def _is_asked_of(self, place: str) -> bool:
        """Whether a place outlives the function, or came from outside."""
        return outlives(place, self._scope) or place in self._parameters

    def _asks(self, question: ast.AST, then: Iterable[ast.AST]) -> bool:
        """Whether a test, or a statement that leaves, is about a place, or about one that is set in `then`."""
        return self._is_about(question, self._places) or self._is_about(question, self._flags(question, then))

    def _flags(self, question: ast.AST, then: Iterable[ast.AST]) -> set[str]:
        """What the statements of `then` set that outlives them.

        In a loop a local name too, once it gets a constant, or what the `question` compares it with.
        """
        if not self._loop and not any(outlives(place, self._scope) for place in self._places):
            return set()
        known = {unparsed(part) for part in ast.walk(question) if isinstance(part, ast.expr)}
        return {
            self._text(text)
            for statement in then
            for text, value in _set_in(statement)
            if outlives(text, self._scope)
            or (self._loop and (isinstance(value, ast.Constant) or (value and unparsed(value) in known)))
        }

    def _is_about(self, question: ast.AST, places: set[str], *, deep: bool = True) -> bool:
        """Whether an expression or statement speaks of one of the places.

        `deep` through local names that are bound to what is there, and through functions that ask for it.
        """
        if not places:
            return False
        reads = [
            part for part in ast.walk(question) if isinstance(part, ast.Name | ast.Attribute | ast.Subscript)
        ]
        names = {self._text(unparsed(part)) for part in reads}
        inner = {id(part.value) for part in reads if isinstance(part, ast.Attribute)}
        called = [part.func for part in ast.walk(question) if isinstance(part, ast.Call)]
        inner -= {id(func.value) for func in called if isinstance(func, ast.Attribute)}
        whole = {self._text(unparsed(part)) for part in reads if id(part) not in inner}
        words = {unparsed(part) for part in ast.walk(question) if isinstance(part, ast.Constant)}
        for place in places:
            item, attribute = _ITEM.fullmatch(place), _ATTRIBUTE.fullmatch(place)
            if place in names or (item is not None and item[1] in whole):
                return True  # `key in cache`, `cache.get(key)`
            if attribute is not None and attribute[1] in names and repr(attribute[2]) in words:
                return True  # `hasattr(self, "client")`
        if not deep:
            return False
        asked = {self._text(unparsed(func)) for func in called}
        return not names.isdisjoint(self._aliases(places)) or any(
            self._tells(name, places, is_called=name in asked) for name in names
        )

    def _aliases(self, places: set[str]) -> set[str]:
        """The local names that are bound to what is in one of the places (`client = cache.get(key)`)."""
        found: set[str] = set()
        for _ in range(2):
            found |= {
                name
                for name, value in _bound(self._function)
                if not any(part is self._node for part in ast.walk(value))
                and self._is_about(value, places | found, deep=False)
            }
        return found

    def _tells(self, name: str, places: set[str], *, is_called: bool) -> bool:
        """Whether a name is a function of the class or file that speaks of a place; an inherited one may do so."""
        last = name.removeprefix("self.")
        owner = self._class if name != last else self._scope.enclosing("module")
        if owner is None or not last.isidentifier():
            return False
        found = [b.value for b in (*owner.bindings.get(last, ()), *owner.attributes.get(last, ()))]
        if not found and is_called and owner is self._class:
            return any(place.startswith("self.") for place in places)
        return any(
            isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            and function is not self._function
            and any(self._is_about(part, places, deep=False) for part in function.body)
            for function in found
        )

    def _text(self, text: str) -> str:
        """An expression with one name for the object, whether class or instance."""
        return self._self.sub("self", text)


def _arm(parent: ast.AST, inner: ast.AST) -> list[ast.AST]:
    """The statements that run with `inner` in an arm of a condition."""
    return next((body for body in _bodies(parent) if inner in body), [])


def _bodies(node: ast.AST) -> Iterator[list[ast.AST]]:
    for name in _BODIES:
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body
    for case in node.cases if isinstance(node, ast.Match) else ():
        yield [*case.body]


@lru_cache(maxsize=64)
def _may_leave(statement: ast.AST) -> bool:
    """Whether what stands after a statement may be left out because of it."""
    return isinstance(statement, _COMPOUND) and any(isinstance(p, _LEAVING) for p in ast.walk(statement))


def _set_in(statement: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """What a statement assigns to, or sets as an event is set, and the value."""
    for part in ast.walk(statement):
        match part:
            case ast.Assign(targets=targets, value=value):
                yield from ((unparsed(target), value) for target in targets)
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
                yield unparsed(target), value
            case ast.Call(func=ast.Attribute(value=owner, attr="set")):
                yield unparsed(owner), None


@lru_cache(maxsize=1)
def _bound(function: ast.AST) -> list[tuple[str, ast.expr]]:
    """The local names of a function with what they are bound to."""
    found: list[tuple[str, ast.expr]] = []
    for part in ast.walk(function):
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
            for name in ast.walk(target)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        ]
    return found
