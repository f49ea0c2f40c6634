"""RED201."""

from __future__ import annotations

from flake8_redis_ssot.rule import ConstructionRule


class DirectClientConstruction(ConstructionRule):
    """A raw client is built outside the manager.

    ## What it does
    Reports a call of a client class or factory of a Redis library (redis, aioredis, valkey,
    coredis and others) outside the manager of the boundary, whatever name it was imported by.

    The fix takes the client that the manager gives (an object, a function, a member of its object),
    where server, database and options are shown equal and all that is done with it is seen. Its own
    `close()`, `with` and `finally` go, since the shared one stays open. `redis-ssot migrate --dry-run`
    says why a client is left.

    ## Why is this bad?
    Each instance of a Redis class gets a connection pool of its own unless it is given one. A
    `ConnectionPool` is limited to 2^31 connections before redis-py 8.0, and to 100 since. A
    client outside the manager is in nobody's count.

    Measured: five clients built by five modules and used one after the other had 5 pools and kept
    5 connections open; the manager's client, used five times, had 1 and 1
    (`tests/evidence/test_red201.py`).

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
    kind = "client"
    inferred = False
