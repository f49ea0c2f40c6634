"""RED505."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import (
    ASYNCHRONOUS,
    awaits_in_vain,
    entered_in_vain,
    shown,
    stalls,
)
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext


class CrossModuleSyncClient(ProjectRule):
    """A blocking client from another module is used in `async def`.

    ## What it does
    Reports what RED502 and RED503 report, if the client comes from another module: from its accessor,
    property, attribute or class.

    A call of another module's function or method that sends a command by a blocking client counts
    too. So do reading a property, iterating over a generator, entering a context manager by `with`,
    and an operator that runs a special method. A call does not count if it omits the argument that
    the command is sent for, or if a test patches what leads to the command.

    Before you replace a blocking client by an asyncio client, compare their options: with
    `decode_responses`, one returns `str` where the other returns `bytes`.

    ## Why is this bad?
    The event loop waits for the command. Nothing else runs until the server has answered. With the
    client in another file, nobody sees that it blocks. An awaited answer raises a `TypeError`.

    Measured: with a blocking client from another module's accessor, a task on the same event loop did
    not run while `blpop` waited. `await get_client().incr(...)` raised TypeError after the server had
    counted. With an asyncio client from the accessor, neither happened
    (`tests/evidence/test_red505.py`).

    ## Example
    ```python
    from app.store import client


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
    - `src`
    - `allow`

    ## References
    - [langflow-ai/langflow#4231](https://github.com/langflow-ai/langflow/issues/4231)
    """

    code = "RED505"
    name = "cross-module-sync-client"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        for followed in project.followed:
            for alone, context in followed.contexts:
                found = list(_stalls(context))
                own = {alone.source.range_of(call) for call, _, _ in _stalls(alone)} if found else set()
                for call, message, target in found:
                    where = context.source.range_of(call)
                    if where not in own:
                        yield self.diagnostic(context, where, message, symbols=(target,))


def _stalls(context: RuleContext) -> Iterator[tuple[ast.expr, str, str]]:
    """What blocks the event loop or is awaited in vain, with what is to be said of it and what makes the client."""
    for sent in context.commands:
        function = sent.coroutine
        if function is not None and stalls(context.inference, sent):
            message = f"{sent.label} blocks the event loop in `async def {function.name}`"
        elif awaits_in_vain(context.inference, context.source.tree, sent):
            message = f"{sent.label} is awaited, but the client blocks"
        else:
            continue
        yield sent.call, f"{message}; use an asyncio client", sent.builder.target
    for run, function, cause in context.stalling:
        message = (
            f"{shown(run.callee)} sends {cause.label} ({context.place_of(cause.point)}) "
            f"and blocks the event loop in `async def {function.name}`"
        )
        yield run.node, f"{message}; use an asyncio client, or run it in a thread", cause.builder.target
    asks = "async with" in context.source.text or "async for" in context.source.text
    for point in context.scopes.points(ASYNCHRONOUS) if asks else ():
        for node, how, builder in entered_in_vain(context.inference, context.source.tree, point):
            message = f"{shown(node)} is {how}, but the client blocks; use an asyncio client"
            yield node, message, builder.target
