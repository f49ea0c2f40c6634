"""What becomes of a subscription within the function that makes it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Literal

from flake8_redis_ssot.libraries.commands import CLOSING_SUBSCRIPTION, CONNECTING_SUBSCRIPTION, METHODS
from flake8_redis_ssot.libraries.standard import WAITING_FOR
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import (
    Function,
    FunctionOrLambda,
    all_nodes,
    is_generator,
    last_name,
    own_nodes,
    own_yields,
    unparsed,
)

Flaw = Literal["never closed", "closed outside `finally`"]
_Use = Literal["closed", "connects", "used", "kept", "yielded"]
"""`kept` is whatever may close it elsewhere: entered, returned, stored, handed on, captured."""

_METHODS = frozenset(name for names in METHODS["pubsub"].values() for name in names) | {"run"}
_ALL = frozenset(["BaseException", "CancelledError", "GeneratorExit"])
"""What an exception has to be caught as for a generator that is left early."""


def flaw(function: Function, call: ast.Call, borrowing: Collection[ast.Call]) -> Flaw | None:
    """What is wrong with the end of the subscription that `call` makes in `function`; None where nothing is for sure.

    `borrowing` are the calls that build a client on a pool, which closing that client leaves open.
    """
    parents = ancestors(function, call)
    name = _bound(parents)
    uses = [call] if name is None else _loads(function, name)
    if uses is None or _client_ends(function, call, borrowing):
        return None
    found = [(use, _use(function, use)) for use in uses]
    kinds = {kind for _, kind in found}
    if "kept" in kinds or "connects" not in kinds:
        return None
    closings = [use for use, kind in found if kind == "closed"]
    if not closings:
        return None if "yielded" in kinds else "never closed"
    if isinstance(function, ast.AsyncFunctionDef) and not any(_is_sure(function, use) for use in closings):
        last = max(use.lineno for use in closings)
        if any(call.lineno < part.lineno < last for part in own_yields(function)):
            return "closed outside `finally`"
    return None


def is_async_generator(function: Function) -> bool:
    """Whether a function is an asynchronous generator."""
    return isinstance(function, ast.AsyncFunctionDef) and is_generator(function)


def is_worker(function: Function) -> bool:
    """Whether a function waits for messages until it is stopped, and has nothing to give back."""
    loops = False
    for part in own_nodes(function):
        match part:
            case ast.Return(value=value) if value is not None:
                if not isinstance(value, ast.Constant) or value.value is not None:
                    return False
            case ast.While():
                loops = True
            case ast.AsyncFor(iter=ast.Call(func=ast.Attribute(attr="listen"))):
                loops = True
    return loops


def _bound(parents: list[ast.AST]) -> str | None:
    """The local name to which what stands in these parents is bound."""
    match parents[0]:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _loads(function: Function, name: str) -> list[ast.expr] | None:
    """Where a local name is read; None where it is none."""
    found: list[ast.expr] = []
    for part in all_nodes(function):
        if isinstance(part, ast.Global | ast.Nonlocal) and name in part.names:
            return None
        if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load):
            found.append(part)
    return found


def _client_ends(function: Function, call: ast.Call, borrowing: Collection[ast.Call]) -> bool:
    """Whether the function closes the client as well, or enters it: that closes all connections of its own pool."""
    client = unparsed(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    ends = pool_ends = borrows = False
    for part in all_nodes(function):
        match part:
            case ast.Attribute(attr="connection_pool", value=owner):
                pool_ends = pool_ends or unparsed(owner) == client
            case ast.Attribute(attr=last, value=owner) if last in CLOSING:
                ends = ends or unparsed(owner) == client
            case ast.withitem(context_expr=entered, optional_vars=given):
                here = client in (unparsed(entered), "" if given is None else unparsed(given))
                ends, borrows = ends or here, borrows or (here and entered in borrowing)
            case ast.Assign(targets=[target], value=value) if value in borrowing:
                borrows = borrows or unparsed(target) == client
    return pool_ends or (ends and not borrows)


def _use(function: Function, node: ast.expr) -> _Use:
    """What one place makes of the subscription."""
    parents = ancestors(function, node)
    inside = parents[: parents.index(function)]
    if any(isinstance(p, FunctionOrLambda | ast.ClassDef) for p in inside):
        return "kept"
    match parents[0]:
        case ast.Attribute(attr="connection" | "__aenter__" | "__aexit__"):
            return "kept"
        case ast.Attribute(attr=method) as member:
            outer = parents[1]
            if not isinstance(outer, ast.Call) or outer.func is not member:
                return "kept" if method in _METHODS else "used"
            if _outlives(outer, parents[2:]):
                return "kept"
            if method in CLOSING_SUBSCRIPTION:
                return "closed"
            return "connects" if method in CONNECTING_SUBSCRIPTION else "used"
        case ast.Yield():
            return "yielded"
        case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.If() | ast.While() | ast.Assert():
            return "used"
    return "kept"


def _outlives(node: ast.AST, parents: list[ast.AST]) -> bool:
    """Whether the coroutine or iterator that a method gives may go on elsewhere."""
    for parent in parents:
        match parent:
            case ast.Await() | ast.Expr() | ast.AsyncFor():
                return False
            case ast.comprehension():
                pass
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                return False
            case ast.Call(func=func) if node in parent.args:
                last = last_name(func)
                if last not in WAITING_FOR:
                    return True
            case ast.Attribute() | ast.Call():
                pass
            case _:
                return True
        node = parent
    return True


def _is_sure(function: Function, node: ast.expr) -> bool:
    """Whether `node` runs however the code before it ends: in a `finally`, or where everything is caught."""
    inner: ast.AST = node
    for parent in ancestors(function, node):
        if isinstance(parent, ast.Try | ast.TryStar) and inner in parent.finalbody:
            return True
        if isinstance(parent, ast.ExceptHandler) and (
            parent.type is None or any(last in _ALL for last in _names(parent.type))
        ):
            return True
        inner = parent
    return False


def _names(node: ast.expr) -> Iterator[str]:
    for part in node.elts if isinstance(node, ast.Tuple) else [node]:
        yield last_name(part)
