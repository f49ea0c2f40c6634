"""RED505."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from flake8_redis_ssot.analysis.client_calls import Command, awaits_in_vain, function_of, shown, stalls
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.project.clients import ClientFlow, follow_clients
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.syntax.scopes import Scopes


class CrossModuleSyncClient(ProjectRule):
    """A blocking client of another module is used in `async def`.

    ## What it does
    Reports what RED502 and RED503 report, where the client comes from another module: from its
    accessor, property, attribute or class. A call of another module's function or method that
    itself sends a command by a blocking client counts as well.

    ## Why is this bad?
    The event loop waits with the command: nothing else runs until the server has answered. Over
    two files nobody sees that the client blocks. An awaited answer raises a `TypeError`.

    Measured: with a blocking client from another module's accessor, a task on the same event loop
    got no turn while `blpop` waited, and `await get_client().incr(...)` raised TypeError after
    the server had counted; with an asyncio client from the accessor neither happened
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
        for names, paths in project.meanings():
            inference = follow_clients(names, project.index, lambda path: _scopes(project.read(path)))
            yield from self._followed(project, inference, frozenset(paths))
            project.limits += (f"{self.code}: {limit}" for limit in inference.limits)

    def _followed(
        self, project: ProjectContext, inference: ClientFlow, paths: Collection[str]
    ) -> Iterator[Diagnostic]:
        """What stalls in the files of `paths`."""
        for path in sorted(inference.files.keys() & paths):
            scopes = inference.files[path]
            found = [*_sent(inference, path, scopes), *_called(inference, path, scopes)]
            context = project.read(path) if found else None
            if context is None:
                continue
            own = {
                context.source.range_of(sent.call)
                for sent in context.commands
                if stalls(sent) or awaits_in_vain(context.inference, context.source.tree, sent)
            }
            own.update(context.source.range_of(call) for call, _, _ in context.stalling)
            for call, message, cause in found:
                where = context.source.range_of(call)
                if where not in own:
                    yield self.diagnostic(context, where, message, symbols=(cause.builder.target,))


def _sent(inference: ClientFlow, path: str, scopes: Scopes) -> Iterator[tuple[ast.Call, str, Command]]:
    for sent in inference.sent(path):
        function, tree = sent.coroutine, scopes.module.node
        if function is not None and stalls(sent):
            message = f"{sent.label} blocks the event loop in `async def {function.name}`"
        elif tree is not None and awaits_in_vain(inference, tree, sent):
            message = f"{sent.label} is awaited, but the client blocks"
        else:
            continue
        yield sent.call, f"{message}; use an asyncio client", sent


def _called(inference: ClientFlow, path: str, scopes: Scopes) -> Iterator[tuple[ast.Call, str, Command]]:
    for point, call, cause in inference.calls(path):
        function = function_of(point)
        if isinstance(function, ast.AsyncFunctionDef) and call not in scopes.awaited:
            message = f"{shown(call.func)} sends {cause.label} and blocks the event loop in `async def {function.name}`"
            yield call, f"{message}; use an asyncio client, or run it in a thread", cause


def _scopes(context: RuleContext | None) -> Scopes | None:
    return None if context is None else context.scopes
