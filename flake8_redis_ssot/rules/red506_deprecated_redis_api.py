"""RED506."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.traits import (
    DEPRECATED_ARGUMENTS,
    DEPRECATED_ASYNC_METHODS,
    OLD_PREFIX,
    SUCCESSORS,
)
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class DeprecatedRedisApi(Rule):
    """Something of a client library is used that has a successor.

    ## What it does
    Reports imports of `aioredis`; `StrictRedis`; `close()` of redis-py's asyncio clients and
    subscriptions, since 5.0.1 `aclose()`; and the argument `auto_close_connection_pool`.

    ## Why is this bad?
    aioredis went into redis-py as `redis.asyncio`, and is not developed any more. `StrictRedis` is another
    name of `Redis`. `close()` and `auto_close_connection_pool` are deprecated since redis-py
    5.0.1.

    Measured: asyncio's `close()` and `auto_close_connection_pool=` gave a DeprecationWarning;
    `aclose()` closed the same connection without one. `StrictRedis` is `Redis` itself
    (`tests/evidence/test_red506.py`).

    ## Example
    ```python
    import aioredis
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis-py: asyncio examples](https://redis.readthedocs.io/en/stable/examples/asyncio_examples.html)
    """

    code = "RED506"
    name = "deprecated-redis-api"
    since = "0.1.0"
    default = False
    fix_kind = "name"

    @on(ast.Import, ast.ImportFrom)
    def check_import(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        for alias, names in context.imported(point):
            message = next(filter(None, (_outdated(name, context) for name in names)), "")
            if message:
                yield self.diagnostic(context, context.source.range_of(alias), message, symbols=names)

    @on(ast.Attribute)
    def check_attribute(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        node = point.node
        assert isinstance(node, ast.Attribute)
        if node.attr.startswith(OLD_PREFIX):
            names = context.names.dotted(node, point)
            message = next(filter(None, (_outdated(name, context) for name in names)), "")
            if message:
                yield self.diagnostic(context, context.source.range_of(node), message, symbols=names)

    @on(ast.Module)
    def check_calls(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            for keyword in made.call.keywords:
                if keyword.arg in DEPRECATED_ARGUMENTS:
                    message = f"`{keyword.arg}` is deprecated; {DEPRECATED_ARGUMENTS[keyword.arg]}"
                    yield self.diagnostic(
                        context, context.source.range_of(keyword.value), message, symbols=made.symbols
                    )
        for sent in context.commands:
            successor = DEPRECATED_ASYNC_METHODS.get(sent.builder.library, {}).get(sent.method)
            if sent.mode == "async" and successor:
                yield self.diagnostic(
                    context,
                    context.source.range_of(sent.call),
                    f"{sent.label} is deprecated in asyncio clients; call `{successor}` instead",
                    symbols=(sent.builder.target,),
                )


def _outdated(name: str, context: RuleContext) -> str:
    """What to say of the imported dotted `name`; empty where it is up to date."""
    if not context.names.leads_to_builder(name.split(".")[0]):
        return ""
    package = name.split(".")[0]
    if package in SUCCESSORS:
        return f"`{package}` is no longer developed; import `{SUCCESSORS[package]}` instead"
    last = name.rpartition(".")[2]
    new, table = name.removesuffix(last) + last.removeprefix(OLD_PREFIX), context.names.table
    if last.startswith(OLD_PREFIX) and name in table and new in table and table[name] == table[new]:
        return f"`{last}` is another name of `{last.removeprefix(OLD_PREFIX)}`; use that"
    return ""
