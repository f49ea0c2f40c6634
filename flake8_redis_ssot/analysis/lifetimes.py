"""What becomes of a value within the function that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from flake8_redis_ssot.libraries.standard import ENTERING
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors

Lifetime = Literal["closed", "entered", "guarded", "handed", "returned", "stored", "used", "yielded"]
"""`guarded` is one made only where there was none, `handed` one given to a call, `stored` one that may live on."""

_CLOSING = CLOSING | {"connection_pool"}


def lifetimes(function: ast.AST, node: ast.expr) -> frozenset[Lifetime]:
    """All that `function`, or a module, does with the value that the expression `node` in it makes."""
    found: set[str] = set()
    for fate in _becomes(function, node):
        found |= _names_in(function).lifetimes(fate.removeprefix("=")) if fate.startswith("=") else {fate}
    return frozenset(["stored"]) if "global" in found else frozenset(found)  # type: ignore[arg-type]


class _Names:
    """What a function does with each of its names, found out once a name."""

    def __init__(self, function: ast.AST) -> None:
        self._function = function
        self._loads: dict[str, list[ast.Name]] = {}
        self._outer: set[str] = set()
        self._known: dict[str, frozenset[str]] = {}
        for part in ast.walk(function):
            if isinstance(part, ast.Global | ast.Nonlocal):
                self._outer.update(part.names)
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                self._loads.setdefault(part.id, []).append(part)

    def lifetimes(self, name: str) -> frozenset[str]:
        """All that becomes of what is bound to `name`; `global` where the name lives on."""
        if name not in self._known:
            found = {fate for use in self._loads.get(name, ()) for fate in _becomes(self._function, use)}
            kept = {"stored" if fate.startswith("=") else fate for fate in found}
            self._known[name] = frozenset(kept | ({"global"} if name in self._outer else set()))
        return self._known[name]


@lru_cache(maxsize=1)
def _names_in(function: ast.AST) -> _Names:
    return _Names(function)


def _becomes(function: ast.AST, node: ast.AST) -> Iterator[str]:
    """What the place of one expression makes of its value; `=name` where it is bound to a local name."""
    for parent in ancestors(function, node):
        match parent:
            case ast.Await() | ast.IfExp() | ast.keyword():
                pass
            case ast.NamedExpr(target=ast.Name(id=name)):
                yield f"={name}"
            case ast.BoolOp():
                yield "guarded"
            case ast.Attribute(attr=name):
                yield "closed" if name in _CLOSING else "used"
                return
            case ast.withitem():
                yield "entered"
                return
            case ast.Return():
                yield "returned"
                return
            case ast.Yield() | ast.YieldFrom():
                yield "yielded"
                return
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield f"={name}"
                return
            case ast.Call(func=func):
                last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                yield "entered" if last in ENTERING else "handed"
                return
            case ast.Expr():
                return
            case ast.Compare() | ast.UnaryOp() | ast.If() | ast.While() | ast.Assert():
                yield "used"
                return
            case _:
                yield "stored"
                return
