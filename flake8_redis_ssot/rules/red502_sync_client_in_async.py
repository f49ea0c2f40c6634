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
    Reports a command of a blocking client, its pipeline, subscription or lock that an
    `async def` runs itself, or a function of the file that it calls, and `with` on such a lock. A property that it reads,
    a generator that it goes through, a context manager that it enters by `with`, and special methods
    (`__getitem__`, `__contains__`, `__len__`, `__iter__`) that its code comes to count as calls. Not reported: functions and lambdas defined
    in it, and generators that are not gone through or handed on, which may run in a thread, methods handed over without a call, clients whose kind the file does not
    show, and calls that do not come to the command, as they leave out the argument that it is sent for or patch
    what leads to it.

    ## Why is this bad?
    The event loop waits with the command: nothing else runs until the server has answered, and a
    WebSocket that should answer a ping does not.

    Measured: while a blocking `blpop` waited for a second in a coroutine, another task on the
    event loop got no turn at all, so that the job it was to push never came; awaited on the
    asyncio client, the task ran and the job came (`tests/evidence/test_red502.py`). In a
    WebSocket's handler such a wait, longer than the ping's timeout, closed the connection with
    1011, "keepalive ping timeout"; with the manager's async client it stayed open
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
            if stalls(sent) and sent.coroutine is not None:
                yield self._stalled(context, sent.call, f"{sent.label} blocks", sent.coroutine, sent)
        for run, coroutine, cause in context.stalling:
            what = f"{shown(run.said)} sends {cause.label} and blocks"
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
