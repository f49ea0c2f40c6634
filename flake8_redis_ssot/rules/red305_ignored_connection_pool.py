"""RED305."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.traits import FIRST_POOL, FIRST_POOLS, POSITIONLESS, SHARING
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, on


class IgnoredConnectionPool(Rule):
    """A pool is passed to a client that ignores it.

    ## What it does
    Reports `from_url(..., connection_pool=pool)`, a pool as a positional argument of a client class,
    and `connection_pool=None`. The manager is checked too. From the ninth position on, nothing is
    reported, because the meaning of the position depends on the library's version.

    ## Why is this bad?
    `from_url` creates its own pool and passes the keyword on to its connections, which raise an error
    when they connect. The first positional argument is the host, and asyncio clients take no
    positional arguments. `None` is the default: the client builds its own pool.

    Measured: `from_url(url, connection_pool=pool)` and `Redis(pool)` did not use the pool, and their
    first command failed with TypeError. Two clients with `connection_pool=None` had 2 pools and 2
    connections; two clients with `connection_pool=pool` had 1 and 1
    (`tests/evidence/test_red305.py`).

    ## Example
    ```python
    import redis

    pool = redis.ConnectionPool(host="cache")
    client = redis.Redis(pool)
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    client = redis_manager.client
    ```

    ## Options
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED305"
    name = "ignored-connection-pool"
    since = "0.1.0"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            reason = _reason(made, context)
            if reason:
                yield self.diagnostic(context, made.range, reason, symbols=made.symbols)


def _reason(made: Construction, context: RuleContext) -> str:
    """What is wrong with the pool that the call is given; empty where nothing is."""
    keyword = next((k for k in made.call.keywords if k.arg == "connection_pool"), None)
    is_none = keyword is not None and isinstance(keyword.value, ast.Constant) and keyword.value.value is None
    if made.inferred and isinstance(made.call.func, ast.Name | ast.Attribute) and context.is_adapted(made):
        return ""
    targets = {builder.target for builder in made.reached.values()}
    if not all(target in SHARING or target.removesuffix(".from_url") in SHARING for target in targets):
        return ""
    if all(target.endswith(".from_url") for target in targets):
        if keyword is not None:
            instead = "remove it" if is_none else "call the class with it instead"
            return f"{made.label} ignores `connection_pool` and fails to connect; {instead}"
    elif any(target.endswith(".from_url") for target in targets):
        return ""
    elif is_none:
        return f"{made.label} builds a new pool with `connection_pool=None`; pass the manager's pool, or leave it out"
    at = context.pool_position(made)
    if at is None:
        return ""
    if targets & POSITIONLESS:
        return f"{made.label} takes no pool by position; write `connection_pool=`"
    if at < min(FIRST_POOLS.get(target, FIRST_POOL) for target in targets):
        what = "its host" if at == 0 else "something else"
        return f"{made.label} takes this pool for {what}; write `connection_pool=`"
    return ""
