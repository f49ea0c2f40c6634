"""RED504."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.certainty import is_certain
from flake8_redis_ssot.analysis.client_calls import Command, shown
from flake8_redis_ssot.analysis.coroutines import gives_what_it_returns, is_misused
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.methods import gives_coroutine
from flake8_redis_ssot.inference.values import Definition
from flake8_redis_ssot.rule import Rule, RuleContext, on


class UnawaitedAsyncCommand(Rule):
    """A command of an asyncio client is never awaited.

    ## What it does
    Reports a command of an asyncio client whose coroutine is dropped, or used as if it were the
    answer: tested, compared, formatted, indexed or iterated over. This includes a coroutine that a
    plain function of the file returns to code that does so.

    Not reported: a coroutine that is returned, stored or passed to a call, because it may be awaited
    elsewhere; and a pipeline's command, which waits for `execute()`.

    ## Why is this bad?
    A coroutine that nobody awaits never runs: the command is not sent. As a value it is always true,
    whatever the server holds.

    Measured: `client.set(...)` without `await` wrote nothing and gave only a RuntimeWarning ("was
    never awaited"). `bool(client.exists("nothing"))` was true (`tests/evidence/test_red504.py`).

    ## Example
    ```python
    import redis.asyncio as redis

    client = redis.Redis(host="cache")


    async def forget(user):
        client.delete(f"name:{user}")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    async def forget(user):
        await redis_manager.delete(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis-py: asyncio examples](https://redis.readthedocs.io/en/stable/examples/asyncio_examples.html)
    """

    code = "RED504"
    name = "unawaited-async-command"
    since = "0.1.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        given: dict[ast.AST, Command] = {sent.call: sent for sent in context.commands if _is_coroutine(sent)}
        for sent in given.values():
            if is_misused(context.source.tree, sent.point) and _is_told(sent, context):
                yield self._unawaited(context, sent.call, f"{sent.label} gives a coroutine", sent)
        for function in context.scopes.namespaces.values() if given else ():
            returned = [given[point.node] for point in function.returns if point.node in given]
            is_all = len(returned) == len(function.returns) and gives_what_it_returns(function)
            if not is_all or not all(_is_told(one, context) for one in returned):
                continue
            for point in context.inference.callers(function):
                call, first = point.node, returned[0]
                assert isinstance(call, ast.Call)
                called = context.inference.values(call.func, point)
                is_own = context.inference.scopes_of(point.scope) is context.scopes
                is_sure = all(isinstance(v, Definition) and v.scope is function for v in called)
                if is_own and is_sure and is_misused(context.source.tree, point):
                    what = f"{shown(call.func)} gives the coroutine of {first.label}"
                    yield self._unawaited(context, call, what, first)

    def _unawaited(self, context: RuleContext, call: ast.expr, what: str, sent: Command) -> Diagnostic:
        return self.diagnostic(
            context,
            context.source.range_of(call),
            f"{what} that is never awaited; await it",
            symbols=(sent.builder.target,),
        )


def _is_told(sent: Command, context: RuleContext) -> bool:
    return is_certain(context.inference, sent.receiver, sent.point, trust_annotations=True)


def _is_coroutine(sent: Command) -> bool:
    """Whether the call gives a coroutine that has to be awaited."""
    return (
        sent.mode == "async"
        and not sent.awaited
        and sent.effect in ("command", "closing")
        and gives_coroutine(sent.builder, sent.role, sent.method)
    )
