"""RED301."""

from __future__ import annotations

from flake8_redis_ssot.rule import ConstructionRule


class DirectPoolConstruction(ConstructionRule):
    """A connection pool is built outside the manager.

    ## What it does
    Reports a call of a pool class or factory of a Redis library outside the manager.

    If clients are built on the pool, the pool goes when these clients become the manager's (RED201).
    Otherwise the fix uses the manager's pool, if there is one and both are shown to connect alike.

    ## Why is this bad?
    The connections of a service are bounded by the sum of its pools, times its processes. A pool
    outside the manager is in nobody's budget.

    Measured: the manager's pool had a limit of 4 connections. A module's own pool with the same limit
    raised the process to 8. With the manager's pool alone, the same 8 commands were all answered over
    4 connections (`tests/evidence/test_red301.py`).

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
    kind = "pool"
