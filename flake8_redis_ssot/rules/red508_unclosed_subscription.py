"""RED508."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.certainty import is_certain
from flake8_redis_ssot.analysis.client_calls import function_of, shown
from flake8_redis_ssot.analysis.hot_paths import occasion_of
from flake8_redis_ssot.analysis.subscriptions import flaw, is_async_generator, is_worker
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.methods import mode_of
from flake8_redis_ssot.libraries.traits import LOSING_SUBSCRIPTIONS
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, last_name


class UnclosedSubscription(Rule):
    """A subscription of an asyncio client is never closed.

    ## What it does
    Reports a `pubsub()` of an asyncio client that a function subscribes with and never closes. Also
    reports one that an asynchronous generator closes outside `finally`, where the close is not
    reached when the reader goes away.

    Not reported:

    - a subscription that is entered by `async with`, returned, stored, passed on, or used by an inner
      function
    - one that never subscribes
    - one whose client the function closes too, with the client's own pool
    - `main`, `lifespan`, tests, and workers that wait for messages until they are stopped

    ## Why is this bad?
    A subscription takes a connection out of the pool and returns it only when it is closed.
    `unsubscribe` does not return it. Neither does the garbage collector, as it would for a blocking
    client. Each call takes one more connection, until the pool has none left.

    Measured: 20 dropped subscriptions left 20 connections in use, also after `unsubscribe`. With
    `async with`, none was left (`tests/evidence/test_red508.py`).

    ## Example
    ```python
    import redis.asyncio as redis

    client = redis.Redis(host="cache")


    async def events(room):
        channel = client.pubsub()
        await channel.subscribe(room)
        async for message in channel.listen():
            yield message
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    async def events(room):
        async with redis_manager.pubsub() as channel:
            await channel.subscribe(room)
            async for message in channel.listen():
                yield message
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [IBM/mcp-context-forge#5711](https://github.com/IBM/mcp-context-forge/issues/5711)
    """

    code = "RED508"
    name = "unclosed-subscription"
    since = "0.2.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        borrowing = [made.call for made in context.constructions if made.borrows_pool]
        for point in context.points:
            call = point.node
            if not isinstance(call, ast.Call) or last_name(call.func) != "pubsub" or point.for_typing:
                continue
            function = function_of(point)
            if (
                isinstance(function, Function)
                and (home := _lost(call, point, context))
                and not _is_ended_by_others(function, context)
                and (what := flaw(function, call, borrowing))
            ):
                when = "" if what == "never closed" else " when its reader goes away"
                yield self.diagnostic(
                    context,
                    context.source.range_of(call),
                    f"{shown(call.func)} is {what} in `{function.name}`, so that its connection never goes "
                    f"back to the pool{when}; enter it with `async with`",
                    symbols=(home,),
                )


_ONCE = frozenset(["main", "amain", "async_main", "lifespan"])
"""The usual names of functions with which the process ends."""


def _lost(call: ast.Call, point: ProgramPoint, context: RuleContext) -> str:
    """What built the client whose connection the subscription keeps when it is dropped; empty for none."""
    given = [context.inference.client(value) for value in context.inference.values(call, point)]
    targets = {
        one[1].target
        for one in given
        if one is not None
        and one[0] == "pubsub"
        and mode_of(one[1]) == "async"
        and one[1].library in LOSING_SUBSCRIPTIONS
    }
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    if not targets or None in given or len(targets) != len({one[1].target for one in given if one}):
        return ""
    return min(targets) if is_certain(context.inference, owner, point, trust_annotations=True) else ""


def _is_ended_by_others(function: Function, context: RuleContext) -> bool:
    """Whether the end of a function is the end of the client as well, or nothing that happens often."""
    scope = context.scopes.namespaces[function]
    around: Scope | None = scope
    while around is not None:
        name = getattr(around.node, "name", "")
        if around.kind == "function" and (name.strip("_") in _ONCE or name.startswith("test")):
            return True
        around = around.parent
    if "fixture" in decorators_of(function):
        return True
    return is_worker(function) and not (
        is_async_generator(function) or occasion_of(context.scopes.namespaces[function], context.inference)
    )
