"""RED302."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, library_needles, on
from flake8_redis_ssot.semantic.pools import pool_target
from flake8_redis_ssot.semantic.scopes import exclusive
from flake8_redis_ssot.settings.model import Settings


class DuplicatePool(Rule):
    """A second pool for the same target in one file.

    ## What it does
    Reports a pool whose class and arguments equal those of an earlier pool of the file, sizes
    and timeouts apart. In the manager a client's own pool counts too. Not reported: arguments
    whose value the file does not show, other databases, roles or credentials, and branches of
    which only one runs.

    ## Why is this bad?
    Two pools for one target double the largest number of connections, and each keeps idle
    ones of its own.

    ## Example
    ```python
    from redis import ConnectionPool

    READS = ConnectionPool(host="cache", port=6379)
    WRITES = ConnectionPool(host="cache", port=6379)
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager

    POOL = redis_manager.pool
    ```

    ## Options
    - `manager`
    - `extend-pool-builders`

    ## References
    - [pypi/warehouse#3288](https://github.com/pypi/warehouse/issues/3288)
    """

    code = "RED302"
    name = "duplicate-pool"
    since = "0.1.0"

    def needles(self, settings: Settings) -> Iterable[str]:
        return library_needles(settings)

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        counted = [made for made in context.constructions if made.kind == "pool" or context.place.is_manager]
        if len(counted) < 2:
            return
        sites = {site.node: site for site in context.full_walk.sites}
        seen: dict[object, list[Construction]] = {}
        for made in counted:
            made = replace(made, site=sites[made.call])
            target = _target(made, context)
            if target is None:
                continue
            earlier = seen.setdefault(target, [])
            first = next((e for e in earlier if not _either(e, made)), None)
            if first is not None:
                yield self.diagnostic(
                    context,
                    made.range,
                    f"{made.label} opens a second pool to the same server as line "
                    f"{first.range.start.line}; use one pool for both",
                    symbols=made.symbols,
                )
            earlier.append(made)


def _either(one: Construction, other: Construction) -> bool:
    same_scope = one.site.scope is other.site.scope
    return same_scope and exclusive(one.site.path, other.site.path, tried=True)


def _target(made: Construction, context: RuleContext) -> str | None:
    """What the pool connects to; names count as equal where both have the same one binding."""
    if len(made.reached) != 1:
        return None

    def meaning(node: ast.expr) -> str | None:
        text = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name) or not text:
            return None
        bound = context.names.bindings(node.id, made.site)
        return f"{text}@{bound[0].order}" if len(bound) == 1 else None

    (builder,) = made.reached.values()
    return pool_target(builder, made.call, meaning)
