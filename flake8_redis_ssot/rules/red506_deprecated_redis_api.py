"""RED506."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.analysis.successors import stands_in
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
    """A deprecated part of a client library is used.

    ## What it does
    Reports

    - imports of `aioredis`,
    - `StrictRedis`,
    - `close()` of redis-py's asyncio clients and subscriptions, which is `aclose()` since 5.0.1,
    - the argument `auto_close_connection_pool`.

    Not reported: a fallback for a missing successor, that is, code behind a test for the successor or
    for a version, or after using the successor failed.

    ## Why is this bad?
    aioredis became part of redis-py as `redis.asyncio` and is no longer developed. `StrictRedis` is
    another name of `Redis`. `close()` and `auto_close_connection_pool` are deprecated since redis-py
    5.0.1.

    Measured: asyncio's `close()` and `auto_close_connection_pool=` gave a DeprecationWarning.
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
            yield from self._outdated(alias, point, names, context)

    @on(ast.Attribute)
    def check_attribute(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        node = point.node
        assert isinstance(node, ast.Attribute)
        if node.attr.startswith(OLD_PREFIX):
            yield from self._outdated(node, point, context.names.dotted(node, point), context)

    @on(ast.Module)
    def check_calls(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            for keyword in made.call.keywords:
                if keyword.arg in DEPRECATED_ARGUMENTS and not stands_in(
                    context.inference, module, keyword, made.point, ""
                ):
                    message = f"`{keyword.arg}` is deprecated; {DEPRECATED_ARGUMENTS[keyword.arg]}"
                    yield self.diagnostic(
                        context, context.source.range_of(keyword.value), message, symbols=made.symbols
                    )
        for sent in context.commands:
            successor = DEPRECATED_ASYNC_METHODS.get(sent.builder.library, {}).get(sent.method)
            if (
                sent.mode == "async"
                and successor
                and not stands_in(context.inference, module, sent.call, sent.point, successor)
            ):
                yield self.diagnostic(
                    context,
                    context.source.range_of(sent.call),
                    f"{sent.label} is deprecated in asyncio clients; call `{successor}` instead",
                    symbols=(sent.builder.target,),
                )

    def _outdated(
        self,
        node: ast.alias | ast.Attribute,
        point: ProgramPoint,
        names: Sequence[str],
        context: RuleContext,
    ) -> Iterator[Diagnostic]:
        """Report what is imported or read as one of the dotted `names`, where it has a successor."""
        old, successor = next(filter(None, (_successor(name, context) for name in names)), ("", ""))
        new = successor.rpartition(".")[2]
        if old and not stands_in(context.inference, context.source.tree, node, point, new):
            message = (
                f"`{old}` is no longer developed; import `{successor}` instead"
                if old in SUCCESSORS
                else f"`{old}` is another name of `{successor}`; use that"
            )
            yield self.diagnostic(context, context.source.range_of(node), message, symbols=names)


def _successor(name: str, context: RuleContext) -> tuple[str, str] | None:
    """What is outdated in the imported dotted `name`, and what took its place."""
    package, last = name.split(".")[0], name.rpartition(".")[2]
    if not context.names.leads_to_builder(package):
        return None
    if package in SUCCESSORS:
        return package, SUCCESSORS[package]
    successor, table = last.removeprefix(OLD_PREFIX), context.names.table
    new = name.removesuffix(last) + successor
    if last.startswith(OLD_PREFIX) and name in table and new in table and table[name] == table[new]:
        return last, successor
    return None
