"""RED201."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, library_needles, on
from flake8_redis_ssot.settings.model import Settings


class DirectClientConstruction(Rule):
    """A raw client is built outside the manager.

    ## What it does
    Reports a call of a client class or factory of a Redis library (redis, aioredis, valkey,
    coredis and others) outside the manager of the boundary, whatever name it was imported by.

    ## Why is this bad?
    Each instance of a Redis class gets a connection pool of its own unless it is given one. A
    `ConnectionPool` is limited to 2^31 connections before redis-py 8.0, and to 100 since. A
    client outside the manager is in nobody's count.

    ## Example
    ```python
    import redis

    client = redis.Redis(host="cache")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `extend-client-builders`
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED201"
    name = "direct-client-construction"
    since = "0.1.0"

    def needles(self, settings: Settings) -> Iterable[str]:
        return library_needles(settings)

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.built_outside("client"):
            if made.inferred:
                continue
            yield self.diagnostic(
                context,
                made.range,
                f"{made.label} builds a client outside the Redis manager; {context.use_instead()}",
                symbols=made.symbols,
            )
