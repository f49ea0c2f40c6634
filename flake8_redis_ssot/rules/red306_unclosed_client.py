"""RED306."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.lifetimes import goes_on, lifetimes
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.traits import SENTINEL, UNCLOSABLE
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.nodes import Function


class UnclosedClient(Rule):
    """A function builds a client and never closes it.

    ## What it does
    Reports a client with its own pool that a function builds and only uses.

    Not reported:

    - a client that is closed, entered by `with`, returned, yielded, stored or passed on
    - a client that a function, method or generator captures, as that may run later
    - a client whose pipeline, subscription or lock is entered, returned, stored or the like
    - a client in a function that ends in a `while True` which nothing leaves

    ## Why is this bad?
    The connections of its pool stay open until the client is garbage-collected. An asyncio client has
    to be closed explicitly: the library says that there is no asynchronous destructor to do it.

    Measured: 20 calls of a coroutine that forgets its asyncio client left 20 connections open until
    the garbage collector ran. With `async with`, none was left (`tests/evidence/test_red306.py`).

    ## Example
    ```python
    import redis


    def name_of(user):
        client = redis.Redis(host="cache")
        return client.get(f"name:{user}")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    def name_of(user):
        return redis_manager.get(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis-py: asyncio examples](https://redis.readthedocs.io/en/stable/examples/asyncio_examples.html)
    """

    code = "RED306"
    name = "unclosed-client"
    since = "0.1.0"
    follows = True
    default = False

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            function = function_of(made.point)
            if (
                made.kind == "client"
                and made.brings_pool
                and isinstance(function, Function)
                and not any(
                    b.library in UNCLOSABLE or b.target.endswith(SENTINEL) for b in made.reached.values()
                )
                and lifetimes(function, made.call) == {"used"}
                and not goes_on(function, made.call)
            ):
                yield self.diagnostic(
                    context,
                    made.range,
                    f"{made.label} makes a client that `{function.name}` never closes; "
                    "enter it with `with`, or close it",
                    symbols=made.symbols,
                )
