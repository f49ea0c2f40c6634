"""RED303."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.hot_paths import is_accessor, is_handler, is_task, loop_around
from flake8_redis_ssot.analysis.lifetimes import lifetimes
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.frameworks import INJECTING
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, on
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.scopes import ProgramPoint


class PoolPerCall(Rule):
    """A client or pool is built anew at every call.

    ## What it does
    Reports a client with a pool of its own, or a pool, that is built in a loop, in a request
    handler, in a task of a queue, or in a function that others call to get at the client. Not
    reported: what is stored (in an attribute, under a key, in a global), built only where there
    was none, entered by `with`, or built in a function with a decorator that may cache; loops
    that are left once they have what they want, or whose clients differ.

    ## Why is this bad?
    Each client brings a pool, and each pool opens connections of its own: the number of
    connections grows with the calls, not with the work.

    Measured: a handler that builds its client opened 20 connections in 20 calls, although it
    closed each; the manager's client opened 1 (`tests/evidence/test_red303.py`).

    ## Example
    ```python
    import redis


    def get_redis():
        return redis.Redis(host="cache")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    def get_redis():
        return redis_manager.client
    ```

    ## Options
    - `manager`
    - `extend-client-builders`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [redis/redis-py#3433](https://github.com/redis/redis-py/issues/3433)
    """

    code = "RED303"
    name = "pool-per-call"
    since = "0.1.0"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            if made.brings_pool:
                when = _when(made, context)
                if when:
                    instead = "keep one" if context.place.is_manager else context.use_instead()
                    yield self.diagnostic(
                        context,
                        made.range,
                        f"{made.label} makes a new pool {when}; {instead}",
                        symbols=made.symbols,
                    )


_GIVEN = "at every call of"


def _when(made: Construction, context: RuleContext) -> str:
    """How often the pool is made anew, in words; empty where it is not, or is kept."""
    function = function_of(made.point)
    tree: ast.AST = function or context.source.tree
    parents = ancestors(tree, made.call)
    loop = loop_around(parents, made.call)
    when, kept = "", frozenset(["stored", "entered", "guarded"])
    if loop is not None:
        when, kept = "in every turn of a loop", kept | {"handed", "returned", "yielded"}
    elif isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        when = _runs(function, context)
    if not when or any(isinstance(p, ast.If | ast.IfExp) and _asks_for_one(p.test) for p in parents):
        return ""
    found = lifetimes(tree, made.call)
    if found & kept:
        return ""
    if when == _GIVEN:
        assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        is_open = "returned" in found and not _is_kept(function.name, context)
        return f"{when} `{function.name}`" if is_open else ""
    return when


def _runs(function: ast.FunctionDef | ast.AsyncFunctionDef, context: RuleContext) -> str:
    """How often a function runs, in words."""
    owner = context.scopes.namespaces[function].parent
    class_ = owner.node if owner is not None else None
    is_dependency = (
        not function.decorator_list
        and bool(context.scopes.namespaces[function].yields)
        and any(package in context.source.text for package in INJECTING)
    )
    if is_handler(function, class_) or is_dependency:
        return "for every request"
    if is_task(function, _homes(function, context)):
        return "for every job"
    return _GIVEN if is_accessor(function, class_) else ""


def _asks_for_one(test: ast.expr) -> bool:
    """Whether a condition asks for something that is not there yet: `x is None`, `not x`, `key not in x`."""
    return any(
        (isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Is | ast.IsNot | ast.NotIn | ast.In))
        or (isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not))
        for part in ast.walk(test)
    )


def _homes(function: ast.FunctionDef | ast.AsyncFunctionDef, context: RuleContext) -> Iterator[str]:
    point = ProgramPoint(function, context.scopes.module, 1 << 60, ())
    for decorator in function.decorator_list:
        yield from context.names.dotted(
            decorator.func if isinstance(decorator, ast.Call) else decorator, point
        )


def _is_kept(name: str, context: RuleContext) -> bool:
    """Whether a call of the function, in this file, is stored, so that it is made for that."""
    tree = context.source.tree
    calls = [
        part
        for part in ast.walk(tree)
        if isinstance(part, ast.Call)
        and name == (part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", ""))
    ]
    for call in calls:
        parents = ancestors(tree, call)
        function = next((p for p in parents if isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef)), None)
        if function is None or lifetimes(function, call) & {"stored", "guarded"}:
            return True
    return False
