"""RED203."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on


class ManagerInstantiation(Rule):
    """A manager's class is called outside its module.

    ## What it does
    Reports a call of a manager class of the boundary outside its module: the class of `instance`, or
    a class of the manager's module that builds a client or pool for each of its objects and keeps it
    (in an attribute, at once or later, by its base too). No manager are classes that borrow a client,
    locks, key builders, settings, exceptions, a method that only gives what it builds, singletons by
    `__new__`, metaclass or decorator, and classes whose pool is the class's own; nor a call that hands
    over the client or pool that would be built. Of a forbidden manager every class that has to do with
    Redis is reported. The manager's files are read for this, once a run; where they are not found
    below `src`, nothing is reported. In tests of the manager itself, add an `allow`.

    ## Why is this bad?
    One more instance of the manager has a connection pool, and state, of its own: it is a
    second manager that no import shows.

    Measured: the manager and four more instances of its class kept 5 connections open where the
    one instance kept 1, and closing the manager left 4 of them open
    (`tests/evidence/test_red203.py`).

    ## Example
    ```python
    from app.redis_manager import RedisManager

    manager = RedisManager()
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager
    ```

    ## Options
    - `manager`
    - `instance`
    - `forbidden-managers`
    - `src`
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED203"
    name = "manager-instantiation"
    since = "0.1.0"
    fix_kind = "call"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for call, name in context.made_managers.items():
            yield self.diagnostic(
                context,
                context.source.range_of(call),
                f"Calling `{name}` makes one more Redis manager; {context.use_instead(name)}",
                symbols=(name,),
            )
