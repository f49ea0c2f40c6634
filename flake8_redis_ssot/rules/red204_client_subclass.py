"""RED204."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class ClientSubclass(Rule):
    """A class outside the manager derives from a raw client or pool.

    ## What it does
    Reports each base class that is a client or pool class of a Redis library, or a class of the file
    that derives from one.

    ## Why is this bad?
    A subclass is a client too: each instance creates its own connection pool, unless it is given one.
    And calls that create it no longer name the library.

    ## Example
    ```python
    import redis


    class CacheClient(redis.Redis):
        pass
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    class Cache:
        client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `extend-client-builders`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED204"
    name = "client-subclass"
    since = "0.1.0"

    @on(ast.ClassDef)
    def check(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        assert isinstance(point.node, ast.ClassDef)
        if context.place.is_manager or point.for_typing:
            return
        for base in point.node.bases:
            names = sorted(context.inference.derived_from(base, point))
            if names:
                yield self.diagnostic(
                    context,
                    context.source.range_of(base),
                    f"`{point.node.name}` derives from `{names[0]}` outside the Redis manager; {context.use_instead()}",
                    symbols=names,
                )
