"""RED202."""

from __future__ import annotations

from flake8_redis_ssot.rule import ConstructionRule


class InferredClientConstruction(ConstructionRule):
    """A raw client is built outside the manager through a variable, dict, `partial` or the like.

    ## What it does
    Reports a call that builds a client, if values of the file must be followed to see it:

    - a class or module in a variable, attribute, dict or tuple, or chosen by a condition
    - a class wrapped in `functools.partial`
    - a class given to what calls it, such as `map`, `asyncio.to_thread` or `executor.submit`
    - a name fetched by `getattr` or `import_module` with a constant string
    - a class or module returned by a function of the file
    - a subclass defined in the file
    - `master_for` and similar methods of a Sentinel

    A call of your own function that builds a client is not reported; the line inside the function is.
    The fix is that of RED201.

    ## Why is this bad?
    This is the construction that RED201 reports, behind one more name. Each instance creates its own
    connection pool, unless it is given one. `master_for` builds a new pool at every call.

    ## Example
    ```python
    import redis

    CLIENTS = {"cache": redis.Redis}
    client = CLIENTS["cache"](host="cache")
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
    - [redis/redis-py#3433](https://github.com/redis/redis-py/issues/3433)
    """

    code = "RED202"
    name = "inferred-client-construction"
    since = "0.1.0"
    kind = "client"
    inferred = True
