"""RED102."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.import_purposes import purpose_of
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.builder_table import star_names
from flake8_redis_ssot.rule import Rule, RuleContext, on
from flake8_redis_ssot.syntax.bindings import ProgramPoint


class RawClientImport(Rule):
    """A Redis client library, or a builder of one, is imported outside the manager.

    ## What it does
    Reports each import of a Redis client library, or of a class or function that builds clients or
    pools. Off unless selected.

    Not reported, if imported by their own name: imports under `TYPE_CHECKING`, exceptions, and parts
    that build nothing (`Retry`, search fields). `import redis.retry` is reported, because it binds
    `redis` itself.

    If the file needs the import for annotations alone, or for parts that build nothing
    (`redis.RedisError`), the message says how to import that instead.

    ## Why is this bad?
    Code that does not import the library cannot build a client from it. This rule is stricter than
    RED201, which reports only the construction.

    ## Example
    ```python
    import redis
    ```

    ## Use instead
    ```python
    from typing import TYPE_CHECKING

    from redis.exceptions import ConnectionError

    if TYPE_CHECKING:
        from redis import Redis
    ```

    ## Options
    - `manager`
    - `extend-client-builders`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [Python: TYPE_CHECKING](https://docs.python.org/3/library/typing.html#typing.TYPE_CHECKING)
    """

    code = "RED102"
    name = "raw-client-import"
    since = "0.1.0"
    default = False

    @on(ast.Import, ast.ImportFrom)
    def check(self, point: ProgramPoint, context: RuleContext) -> Iterator[Diagnostic]:
        if context.place.is_manager or point.for_typing:
            return
        for alias, names in context.imported(point):
            if isinstance(point.node, ast.Import):
                bound = alias.name if alias.asname else alias.name.split(".")[0]
                raw = [] if alias.name.endswith(".exceptions") else [bound]
            elif alias.name == "*":
                raw = [name for name in names if any(star_names(name, context.names.table))]
            else:
                raw = list(names)
            name = next((name for name in raw if context.names.leads_to_builder(name)), None)
            if name is not None:
                local = alias.asname or alias.name.split(".")[0]
                instead = _instead(context, local, name) or context.use_instead()
                yield self.diagnostic(
                    context,
                    context.source.range_of(alias),
                    f"`{name}` is imported outside the Redis manager; {instead}",
                    symbols=(name,),
                )


def _instead(context: RuleContext, local: str, name: str) -> str:
    """How to import what the file needs of the import, where it builds nothing by that; empty elsewhere."""
    purpose = purpose_of(context.source.tree, local, name, context.names.leads_to_builder)
    if purpose is None:
        return ""
    how = []
    if purpose.parts:
        more = " and others" if len(purpose.parts) > 1 else ""
        how.append(f"import `{purpose.parts[0]}`{more} by name")
    if purpose.is_annotating:
        what = "the rest" if how else "it"
        how.append(f"{what} under `if TYPE_CHECKING:` unless annotations are read at run time")
        how[0] = how[0] if purpose.parts else f"import {how[0]}"
    return f"nothing here builds by it, so {', and '.join(how)}"
