"""RED502."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import Command, shown, stalls
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on


class SyncClientInAsync(Rule):
    """A blocking client sends a command inside `async def`.

    ## What it does
    Reports a command of a blocking client, or of its pipeline, subscription or lock, that an `async
    def` runs itself or through a function of the file that it calls. `with` on such a lock is
    reported too. These count as calls: reading a property, iterating over a generator, entering a
    context manager by `with`, and special methods (`__getitem__`, `__contains__`, `__len__`,
    `__iter__`) that the code triggers.

    Not reported:

    - functions and lambdas defined inside it, methods passed without a call, and generators that are
      not iterated over or passed on: they may run in a thread
    - clients that the file does not show to be blocking
    - calls that do not reach the command, because they omit the argument that it is sent for, or
      patch what leads to it

    ## Why is this bad?
    The event loop waits for the command. Nothing else runs until the server has answered, and a
    WebSocket does not answer pings.

    Measured: while a blocking `blpop` waited for a second in a coroutine, another task on the event
    loop did not run at all, so the job that it should push never came. With the asyncio client and
    `await`, the task ran and the job came (`tests/evidence/test_red502.py`). In a WebSocket handler,
    such a wait, longer than the ping timeout, closed the connection with 1011, "keepalive ping
    timeout". With the manager's async client it stayed open
    (`tests/evidence/websocket/test_1011.py`).

    ## Example
    ```python
    import redis

    client = redis.Redis(host="cache")


    async def name_of(user):
        return client.get(f"name:{user}")
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
    - [langflow-ai/langflow#4231](https://github.com/langflow-ai/langflow/issues/4231)
    """

    code = "RED502"
    name = "sync-client-in-async"
    since = "0.1.0"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for sent in context.commands:
            if stalls(context.inference, sent) and sent.coroutine is not None:
                yield self._stalled(context, sent.call, f"{sent.label} blocks", sent.coroutine, sent)
        for run, coroutine, cause in context.stalling:
            what = f"{shown(run.callee)} sends {cause.label} and blocks"
            yield self._stalled(context, run.node, what, coroutine, cause)

    def _stalled(
        self, context: RuleContext, call: ast.expr, what: str, coroutine: ast.AsyncFunctionDef, sent: Command
    ) -> Diagnostic:
        message = f"{what} the event loop in `async def {coroutine.name}`"
        return self.diagnostic(
            context,
            context.source.range_of(call),
            f"{message}; await an asyncio client, or run it in a thread",
            symbols=(sent.builder.target,),
        )
