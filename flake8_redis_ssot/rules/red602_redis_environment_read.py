"""RED602."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.rule import Rule, RuleContext, on


class RedisEnvironmentRead(Rule):
    """A Redis setting is read from the environment outside the manager.

    ## What it does
    Reports reading a variable `REDIS_*` outside the manager and `settings-modules`: from
    `os.environ`, by `os.getenv`, or with decouple, environs, django-environ or Starlette.

    ## Why is this bad?
    Each place that reads the environment has its own default and conversion. So two parts of the
    service may run with different settings.

    ## Example
    ```python
    import os

    REDIS_URL = os.environ["REDIS_URL"]
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    client = redis_manager.client
    ```

    ## Options
    - `manager`
    - `settings-modules`
    - `allow`

    ## References
    - [The Twelve-Factor App: config](https://12factor.net/config)
    """

    code = "RED602"
    name = "redis-environment-read"
    since = "0.1.0"
    default = False
    needles = (VARIABLE_PREFIX.encode(),)

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        if context.place.is_manager or context.is_settings_module:
            return
        for reading in context.readings:
            yield self.diagnostic(
                context,
                context.source.range_of(reading.node),
                f"`{reading.name}` is read from the environment here; {context.take_from_settings()}",
                symbols=(reading.name,),
            )
