"""RED203."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, on


class ManagerInstantiation(Rule):
    """A manager's class is called outside its module.

    ## What it does
    Reports a call of a manager class outside the manager's module. A manager class is the class of
    `instance`, or a class of the manager's module that builds a client or pool for each of its
    objects and keeps it in an attribute. It may build it at once or later, or in a base class. Of a
    forbidden manager, every class that has to do with Redis is reported.

    Not reported:

    - classes that borrow a client
    - locks, key builders, settings and exceptions
    - classes with a method that only returns what it builds
    - singletons by `__new__`, metaclass or decorator
    - classes whose pool belongs to the class itself
    - calls that pass in the client or pool that would be built
    - in tests, calls with arguments of a class that only borrows its client, also if it is the class of
      `instance`

    The rule reads the manager's files once per run. If they are not found below `src`, nothing is
    reported. In tests of the manager itself, add an `allow`.

    ## Why is this bad?
    Another instance of the manager has its own connection pool and its own state. It is a second
    manager that no import shows.

    Measured: the manager and four more instances of its class kept 5 connections open, where a single
    instance kept 1. Closing the manager left 4 of them open (`tests/evidence/test_red203.py`).

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
