"""RED201."""

from __future__ import annotations

from flake8_redis_ssot.rule import ConstructionRule


class DirectClientConstruction(ConstructionRule):
    """A raw client is built outside the manager.

    ## What it does
    Reports a call of a client class or factory of a Redis library (redis, aioredis, valkey, coredis
    and others) outside the manager of the boundary, under whatever name it was imported.

    The fix uses the manager's client instead: an object, a function, or a member of its object. It
    requires that server, database and options are shown to be equal, and that the tool sees
    everything the code does with the client. The client's `close()`, `with` and `finally` are
    removed, because the shared client stays open. `redis-ssot migrate --dry-run` says why a client is
    left.

    ## Why is this bad?
    Each instance of a Redis class creates its own connection pool, unless it is given one. Before
    redis-py 8.0 a `ConnectionPool` is limited to 2^31 connections, since then to 100. Nobody counts
    the connections of a client outside the manager.

    Measured: five modules built one client each and used them in turn. They had 5 pools and kept 5
    connections open. The manager's client, used five times, had 1 pool and 1 connection
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
