"""What becomes of a value within the function that makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from flake8_redis_ssot.semantic.around import around

Fate = Literal["closed", "entered", "guarded", "handed", "returned", "stored", "used", "yielded"]
"""`guarded` is one made only where there was none, `handed` one given to a call, `stored` one that may live on."""

_CLOSING = frozenset(["close", "aclose", "disconnect", "shutdown", "wait_closed", "connection_pool"])
_ENTERING = frozenset(
    ["enter_context", "enter_async_context", "push", "push_async_exit", "closing", "aclosing"]
)


def fates(function: ast.AST, node: ast.expr) -> frozenset[Fate]:
    """All that `function`, or a module, does with the value that the expression `node` in it makes."""
    found = set(_becomes(function, node))
    names = {fate.removeprefix("=") for fate in found if fate.startswith("=")}
    for part in ast.walk(function) if names else ():
        if isinstance(part, ast.Global | ast.Nonlocal) and names.intersection(part.names):
            return frozenset(["stored"])
        if isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Load):
            found.update("stored" if fate.startswith("=") else fate for fate in _becomes(function, part))
    return frozenset(fate for fate in found if not fate.startswith("="))  # type: ignore[misc]


def _becomes(function: ast.AST, node: ast.AST) -> Iterator[str]:
    """What the place of one expression makes of its value; `=name` where it is bound to a local name."""
    for parent in around(function, node):
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
                yield "entered" if last in _ENTERING else "handed"
                return
            case ast.Expr():
                return
            case ast.Compare() | ast.UnaryOp() | ast.If() | ast.While() | ast.Assert():
                yield "used"
                return
            case _:
                yield "stored"
                return
