"""RED503."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import (
    ASYNCHRONOUS,
    THROUGH,
    awaits_in_vain,
    entered_in_vain,
    shown,
)
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class AwaitedSyncClient(Rule):
    """A command of a blocking client is awaited.

    ## What it does
    Reports `await` on a command of a blocking client, or of its pool, pipeline, subscription or lock.
    Also reports `async with` and `async for` on any of these, or on the result of such a command.

    Not reported: a client that may also be another one, a client that only an annotation says is
    blocking, and code that first checks with `hasattr` or similar.

    ## Why is this bad?
    The command runs and blocks the event loop. Then `await` raises a `TypeError`, because the answer
    cannot be awaited. `async with` and `async for` raise one as well.

    Measured: `await client.incr("counter")` on a blocking client raised TypeError after the server
    had already counted (`tests/evidence/test_red503.py`).

    ## Example
    ```python
    import redis

    client = redis.Redis(host="cache")


    async def name_of(user):
        return await client.get(f"name:{user}")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    async def name_of(user):
        return await redis_manager.get(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis-py: asyncio examples](https://redis.readthedocs.io/en/stable/examples/asyncio_examples.html)
    """

    code = "RED503"
    name = "awaited-sync-client"
    since = "0.1.0"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for sent in context.commands:
            if awaits_in_vain(context.inference, context.source.tree, sent):
                how = "awaited" if sent.awaited else THROUGH
                yield self.diagnostic(
                    context,
                    context.source.range_of(sent.call),
                    f"{sent.label} is {how}, but the client blocks; use an asyncio client",
                    symbols=(sent.builder.target,),
                )

    @on(*ASYNCHRONOUS)
    def check_entered(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        for node, how, builder in entered_in_vain(context.inference, context.source.tree, point):
            yield self.diagnostic(
                context,
                context.source.range_of(node),
                f"{shown(node)} is {how}, but the client blocks; use an asyncio client",
                symbols=(builder.target,),
            )
