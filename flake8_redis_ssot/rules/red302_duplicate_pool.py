"""RED302."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.pools import pool_target
from flake8_redis_ssot.diagnostic import Diagnostic, Related
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, on
from flake8_redis_ssot.syntax.nodes import root_of, unparsed


class DuplicatePool(Rule):
    """A second pool for the same target in one file.

    ## What it does
    Reports a pool whose class and arguments equal those of an earlier pool of the file. Sizes and
    timeouts do not count. In the manager, a client's own pool counts too.

    Not reported: arguments whose value the file does not show; other databases, roles or credentials;
    and pools in alternative branches.

    ## Why is this bad?
    Two pools for one target double the maximum number of connections, and each keeps its own idle
    ones.

    Measured: after a peak of 4 reads and then a peak of 4 writes, two pools for one server kept 8
    connections open, where one pool kept 4 (`tests/evidence/test_red302.py`).

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

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        # what a value stands for may hold arguments of its own, as a `partial` does
        counted = [
            made
            for made in context.constructions
            if not made.inferred
            and (made.kind == "pool" or context.place.is_manager)
            and context.pool_position(made) is None
        ]
        if len(counted) < 2:
            return
        points = {point.node: point for point in context.scopes.calls}
        seen: dict[object, list[Construction]] = {}
        for made in counted:
            made = replace(made, point=points[made.call])
            target = _target(made, context)
            if target is None:
                continue
            earlier = seen.setdefault(target, [])
            first = next((e for e in earlier if context.scopes.both_run(e.point, made.point)), None)
            if first is not None:
                yield self.diagnostic(
                    context,
                    made.range,
                    f"{made.label} opens a second pool to the same server as line "
                    f"{first.range.start.line}; use one pool for both",
                    symbols=made.symbols,
                    related=(Related(context.source.path, first.range, "the first pool"),),
                )
            earlier.append(made)


def _target(made: Construction, context: RuleContext) -> str | None:
    """What the pool connects to; names count as equal where both have the same one binding."""
    if len(made.reached) != 1:
        return None

    def meaning(node: ast.expr) -> str | None:
        text = unparsed(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        node = root_of(node)
        if not isinstance(node, ast.Name) or not text:
            return None
        owner = context.scopes.class_of(made.point.scope.enclosing("function", "module"))
        if owner is not None and "." in text and len(owner.attributes.get(text.split(".")[1], ())) > 1:
            return None  # `self.host` may have changed between the two
        bound = context.names.bindings(node.id, made.point)
        return f"{text}@{bound[0].order}" if len(bound) == 1 else None

    (builder,) = made.reached.values()
    return pool_target(builder, made.call, meaning)
