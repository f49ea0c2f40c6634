"""What becomes of a value within the function that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Literal

from flake8_redis_ssot.analysis.deferred import is_consumed
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.commands import HANDED, ITERATORS, POOL_ATTRIBUTE
from flake8_redis_ssot.libraries.standard import ENTERING, FILLING, RESULT
from flake8_redis_ssot.libraries.traits import OWNING, POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import (
    FunctionOrLambda,
    Loop,
    all_nodes,
    block_of,
    last_name,
    unparsed,
    ways_out,
)

Lifetime = Literal[
    "captured", "closed", "entered", "guarded", "handed", "returned", "stored", "used", "yielded"
]
"""What is done with a value:

- `captured`: code that may run later uses it
- `guarded`: it is made only where there was none (`client or Redis()`)
- `handed`: it is passed to a call
- `stored`: it is put where it may outlive the function
"""

_CLOSING_POOL = CLOSING | {"reset"}
_ENDINGS = frozenset(["closed", "entered"])
"""What ends only the object itself, such as a pipeline, and not the client that it was made of."""


@dataclass(frozen=True, slots=True)
class Fate:
    """All that is done with a value, and the `places` that hold it: names, attributes and items, as source text."""

    lifetimes: frozenset[Lifetime] = frozenset()
    places: frozenset[str] = frozenset()


def lifetimes(function: ast.AST, node: ast.expr) -> frozenset[Lifetime]:
    """All that `function`, or a module, does with the value that the expression `node` in it makes."""
    return fate_of(function, node).lifetimes


def fate_of(function: ast.AST, node: ast.expr) -> Fate:
    """The same, with the places that hold the value."""
    return _names_in(function).followed(function, _uses_of_value(function, node))


def goes_on(function: ast.AST, node: ast.expr) -> bool:
    """Whether `function`, once it has come to `node`, ends only by an exception: a loop that nothing leaves follows."""
    inner: ast.AST = node
    for parent in ancestors(function, node):
        if isinstance(parent, Loop):
            return False  # it is made at each turn
        around = block_of(parent, inner)
        if around and any(map(_is_endless, around[around.index(inner) + 1 :])):
            return True
        inner = parent
        if parent is function:
            break
    return False


def _is_endless(statement: ast.stmt) -> bool:
    match statement:
        case ast.With() | ast.AsyncWith():
            return any(map(_is_endless, statement.body))
        case ast.While(test=ast.Constant(value=value)) if value:
            return not ways_out(statement)
    return False


@dataclass(frozen=True, slots=True)
class _Bound:
    """A place (source text) that holds the value, or with `part` something made of it, as a pipeline of a client."""

    place: str
    part: bool


class _Names:
    """What a function does with each of its names."""

    def __init__(self, function: ast.AST) -> None:
        self._loads: dict[str, list[ast.Name]] = {}
        self._known: dict[str, frozenset[str | _Bound]] = {}
        self._bound: set[str] = set()
        outer: set[str] = set()
        for part in all_nodes(function):
            if isinstance(part, ast.Global | ast.Nonlocal):
                outer.update(part.names)
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                self._loads.setdefault(part.id, []).append(part)
            elif isinstance(part, ast.Name):
                self._bound.add(part.id)
        self._bound -= outer

    def followed(self, function: ast.AST, becomes: Iterable[str | _Bound]) -> Fate:
        """All that is done with a value, given the first uses of it: where these bind it to local names, the uses of those too."""
        found: set[str] = set()
        places: set[str] = set()
        seen: set[tuple[str, bool]] = set()
        stack = [(one, False) for one in becomes]
        while stack:
            one, part = stack.pop()
            if isinstance(one, str):
                found |= {one} - (_ENDINGS if part else frozenset())
                continue
            places.add(one.place)
            here = one.place, part or one.part
            if one.place not in self._bound:
                found.add("stored")
            elif here not in seen:
                seen.add(here)
                stack += ((use, here[1]) for use in self._uses(function, one.place))
        return Fate(frozenset(found), frozenset(places))  # type: ignore[arg-type]

    def _uses(self, function: ast.AST, name: str) -> frozenset[str | _Bound]:
        """What is done with the value that a name is bound to, cached."""
        if name not in self._known:
            uses = self._loads.get(name, ())
            self._known[name] = frozenset(one for use in uses for one in _uses_of_value(function, use))
        return self._known[name]


@memoized
def _names_in(function: ast.AST) -> _Names:
    return _Names(function)


_KEEPING = (
    ast.Assign | ast.AnnAssign | ast.Return | ast.Yield | ast.Call | ast.keyword | ast.Dict | ast.List
    | ast.Tuple | ast.Set | ast.DictComp | ast.ListComp | ast.GeneratorExp | ast.IfExp | ast.BoolOp | ast.NamedExpr
)  # fmt: skip
"""Nodes that keep a bound method (`client.get`) which stands in them, rather than use it at once."""


def _runs_later(function: ast.AST, node: ast.AST, parents: list[ast.AST]) -> bool:
    """Whether `node` is in a definition within `function`, or in a generator expression that is consumed elsewhere."""
    inner = node
    for parent in parents:
        if parent is function:
            return False
        if isinstance(parent, FunctionOrLambda | ast.ClassDef):
            return True
        if isinstance(parent, ast.GeneratorExp) and inner is not parent.generators[0]:
            return not is_consumed(function, parent)
        inner = parent
    return False


def _gives_unconsumed_iterator(function: ast.AST, call: ast.Call, method: str) -> bool:
    """Whether a call gives an iterator that is not consumed in `function`."""
    return method in ITERATORS and not is_consumed(function, call)


def _kept_at(call: ast.Call, given: ast.AST) -> str | None:
    """The place where a call keeps what it is given; None where its name does not say that."""
    match last_name(call.func), call.func, call.args:
        case "setattr" | "__setattr__", _, [owner, ast.Constant(value=str(name)), _]:
            return f"{unparsed(owner)}.{name}"
        case "setdefault", ast.Attribute(value=owner), [key, _]:
            return f"{unparsed(owner)}[{unparsed(key)}]"
        case "update", ast.Attribute(value=owner), []:
            return f"{unparsed(owner)}[{getattr(given, 'arg', '...')!r}]"
        case last, ast.Attribute(value=owner), [_] if last in FILLING:
            return f"{unparsed(owner)}[...]"
        case "set", ast.Attribute(value=owner), [_]:
            return unparsed(owner)  # of a context variable
    return None


def _uses_of_value(function: ast.AST, node: ast.AST) -> Iterator[str | _Bound]:
    """What is done with the value of an expression where it stands: lifetimes, and places to which it is bound.

    A client is followed into its pipeline, subscription or lock, a pool into the client that it is given to.
    """
    part = False
    inner, around = node, ancestors(function, node)
    if _runs_later(function, node, around):
        yield "captured"
    for at, parent in enumerate(around):
        match parent:
            case ast.Await() | ast.IfExp() | ast.keyword() | ast.Tuple():
                pass
            case ast.Attribute(attr=name) if name == RESULT:
                pass
            case ast.NamedExpr(target=ast.Name(id=name)):
                yield _Bound(name, part)
            case ast.BoolOp(op=ast.Or(), values=[first, *_]) if first is not inner:
                yield "guarded"
            case ast.BoolOp():
                pass
            case ast.Attribute(attr=name):
                outer = around[at + 1]
                call = outer if isinstance(outer, ast.Call) and outer.func is parent else None
                if name not in HANDED or call is None:
                    is_closed = name in CLOSING
                    if name == POOL_ATTRIBUTE:  # who gets the pool may close it
                        is_closed = not isinstance(outer, ast.Attribute) or outer.attr in _CLOSING_POOL
                    yield "closed" if is_closed and not part else "used"
                    if (
                        isinstance(outer, _KEEPING)
                        if call is None
                        else _gives_unconsumed_iterator(function, call, name)
                    ):
                        yield "captured"
                    return
                yield "used"
                part = True
            case ast.withitem():
                yield "used" if part else "entered"
                return
            case ast.Return():
                yield "returned"
                return
            case ast.Yield() | ast.YieldFrom():
                yield "yielded"
                return
            case ast.Assign(targets=targets):
                yield from (_Bound(unparsed(target), part) for target in targets)
                return
            case ast.AnnAssign(target=target):
                yield _Bound(unparsed(target), part)
                return
            case ast.Call(func=func) if func is not inner:
                last = last_name(func)
                if f".{last}" == OWNING:
                    pass  # the client closes it
                elif isinstance(inner, ast.keyword) and inner.arg in POOL_KEYWORDS:
                    part = True
                else:
                    place = _kept_at(parent, inner)
                    if place is not None:
                        yield _Bound(place, part)
                    else:
                        yield "entered" if last in ENTERING and not part else "handed"
                    if place is None or last != "setdefault":  # which gives back what it keeps
                        return
            case ast.Call():
                pass
            case ast.Expr():
                return
            case ast.Compare() | ast.UnaryOp() | ast.If() | ast.While() | ast.Assert():
                yield "used"
                return
            case _:
                yield "stored"
                return
        inner = parent
