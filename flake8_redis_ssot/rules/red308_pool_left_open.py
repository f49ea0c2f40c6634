"""RED308."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from flake8_redis_ssot.analysis.client_calls import shown
from flake8_redis_ssot.analysis.lent_pools import Leak, LentPools
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.commands import POOL_ATTRIBUTE
from flake8_redis_ssot.libraries.traits import POOL_KEYWORDS
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.syntax.nodes import unparsed

_LENDING = rf"\b(?:{'|'.join(sorted(POOL_KEYWORDS))})\s*="
"""What a file says that hands a pool to a client."""


class PoolLeftOpen(ProjectRule):
    """A client is closed, but the pool it was given stays open.

    ## What it does
    Reports the closing of a client that was built with `connection_pool=`, if nothing in the project
    disconnects that pool. Only a close at the end of the application, the process or the object that
    keeps the client counts. Examples are code after the `yield` of a lifespan, shutdown events,
    `atexit`, methods such as `close` and `__aexit__`, and `finally` in `main`.

    Not reported: a pool that comes from unknown code or is passed to it; a client that a request or
    function has for itself; and a class that borrows a pool which outlives its objects.

    ## Why is this bad?
    A client that is given a pool does not own it. `close`, `aclose`, `with` and `async with` leave
    all connections of the pool open, and `auto_close_connection_pool` does not change that.

    Measured: after `aclose()` of such a client, all 4 connections of its pool were still open.
    `disconnect()` or `aclose()` of the pool, `aclose(close_connection_pool=True)`, or a client from
    `Redis.from_pool` left none (`tests/evidence/test_red308.py`).

    ## Example
    ```python
    import redis.asyncio as redis


    class Store:
        def __init__(self):
            self.pool = redis.ConnectionPool(host="cache")
            self.client = redis.Redis(connection_pool=self.pool)

        async def close(self):
            await self.client.aclose()
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    class Store:
        def __init__(self):
            self.client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `tests`
    - `allow`

    ## References
    - [redis-py: asyncio examples](https://redis.readthedocs.io/en/stable/examples/asyncio_examples.html)
    - [aiogram/aiogram](https://github.com/aiogram/aiogram/commit/182a8c31)
    """

    code = "RED308"
    name = "pool-left-open"
    since = "0.2.0"
    default = False

    @classmethod
    def words(cls, settings: Settings) -> Collection[bytes]:
        return [POOL_ATTRIBUTE.encode()]

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        lending = {path for path, fact in project.index.facts.items() if POOL_ATTRIBUTE in fact.words}
        if not lending:
            return
        alone = {
            path
            for path in lending
            if not project.settings.is_test(path) and project.index.texts.has(path, _LENDING)
        }
        for followed in project.followed:
            contexts = [context for _, context in followed.contexts]
            alone -= {context.source.path for context in contexts}
            yield from self._found(contexts, project)
        for path in sorted(alone):
            context = project.read(path)
            if context is not None:
                yield from self._found([context], project)

    def _found(self, contexts: list[RuleContext], project: ProjectContext) -> Iterator[Diagnostic]:
        if not contexts:
            return
        by_path = {context.source.path: context for context in contexts}
        files = [(path, context.scopes) for path, context in by_path.items()]
        pools = LentPools(contexts[0].inference, files)
        for path, leak in pools.leaks():
            context = by_path[path]
            if not project.settings.is_test(path):
                yield self._leak(context, leak)

    def _leak(self, context: RuleContext, leak: Leak) -> Diagnostic:
        return self.diagnostic(
            context,
            context.source.range_of(leak.node),
            f"Closing {shown(leak.client)} leaves {_pool(leak.pool)} open, which it was given by "
            f"`connection_pool=` ({context.place_of(leak.built)}), and nothing disconnects that pool; "
            "disconnect the pool, or build the client by `from_pool`",
        )


def _pool(node: ast.expr) -> str:
    return f"the pool `{unparsed(node)}`" if isinstance(node, ast.Name | ast.Attribute) else "the pool"
