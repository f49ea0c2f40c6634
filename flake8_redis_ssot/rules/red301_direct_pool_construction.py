"""RED301."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, library_needles, on
from flake8_redis_ssot.settings.model import Settings


class DirectPoolConstruction(Rule):
    """A connection pool is built outside the manager.

    ## What it does
    Reports a call of a pool class or factory of a Redis library outside the manager.

    ## Why is this bad?
    The connections of a service are bounded by the sum of its pools, times its processes. A
    pool that the manager does not know is in nobody's budget.

    ## Example
    ```python
    import redis

    pool = redis.ConnectionPool(host="cache")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    pool = redis_manager.pool
    ```

    ## Options
    - `manager`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [redis/redis-py#2400](https://github.com/redis/redis-py/issues/2400)
    """

    code = "RED301"
    name = "direct-pool-construction"
    since = "0.1.0"

    def needles(self, settings: Settings) -> Iterable[str]:
        return library_needles(settings)

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.built_outside("pool"):
            yield self.diagnostic(
                context,
                made.range,
                f"{made.label} builds a pool outside the Redis manager; {context.use_instead()}",
                symbols=made.symbols,
            )
