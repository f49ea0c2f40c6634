"""What a loop or comprehension evaluates in every turn, with the same result."""

from __future__ import annotations

import ast

from flake8_redis_ssot.libraries.standard import CHANGING, CONSUMING, LEAVING_EARLY
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import (
    Comprehension,
    FunctionOrLambda,
    Loop,
    all_nodes,
    last_name,
    ways_out,
)


def loop_around(parents: list[ast.AST], node: ast.expr) -> Loop | Comprehension | None:
    """The innermost loop or comprehension that evaluates `node` in each iteration, with the same result.

    None if the loop ends at success (a retry), iterates only after a failure (a reconnect), or `node` depends on it.
    """
    inner: ast.AST = node
    for parent, outer in zip(parents, [*parents[1:], None], strict=True):
        if isinstance(parent, Comprehension) and node not in all_nodes(parent.generators[0].iter):
            return None if _may_end_early(parent, outer) or _depends_on_loop(parent, node) else parent
        if isinstance(
            parent,
            FunctionOrLambda | ast.ClassDef | ast.ExceptHandler,
        ):
            return None
        if isinstance(parent, Loop) and inner in parent.body:
            is_repeated = not (
                _may_end_after(parent, node)
                or _has_serving_loop(parent, node)
                or _depends_on_loop(parent, node)
            )
            return parent if is_repeated else None
        inner = parent
    return None


def _may_end_early(comprehension: Comprehension, outer: ast.AST | None) -> bool:
    """Whether the consumer of a generator expression may stop before its end, as `any` does."""
    if not isinstance(comprehension, ast.GeneratorExp):
        return False
    return not (isinstance(outer, ast.Call) and last_name(outer.func) in CONSUMING - LEAVING_EARLY)


def _may_end_after(loop: Loop, node: ast.expr) -> bool:
    """Whether the loop may be left after `node`, as one that retries is at success."""
    return any((leaving.end_lineno or 0) >= node.lineno for leaving in ways_out(loop))


def _has_serving_loop(loop: Loop, node: ast.expr) -> bool:
    """Whether an inner endless loop works with what `node` made, so that the outer one only reconnects."""
    return isinstance(loop, ast.While) and any(
        part.lineno > node.lineno
        and (
            isinstance(part, ast.While)
            or (
                isinstance(part, ast.For | ast.AsyncFor)
                and last_name(getattr(part.iter, "func", part.iter)) == "listen"
            )
        )
        for part in _loops(loop)
    )


@memoized
def _loops(loop: Loop) -> tuple[Loop, ...]:
    """The loops inside of a loop."""
    return tuple(
        p for p in all_nodes(loop) if isinstance(p, ast.For | ast.AsyncFor | ast.While) and p is not loop
    )


def _depends_on_loop(loop: Loop | Comprehension, node: ast.AST) -> bool:
    """Whether `node` uses a name that the loop binds, or calls something that gives another result each time (`uuid4`)."""
    bound = _bound_in(loop)
    return any(
        (isinstance(part, ast.Name) and part.id in bound)
        or (isinstance(part, ast.Call) and part is not node and last_name(part.func) in CHANGING)
        for part in all_nodes(node)
    )


@memoized
def _bound_in(loop: Loop | Comprehension) -> frozenset[str]:
    """The names that a loop binds, cached."""
    names = (n for n in all_nodes(loop) if isinstance(n, ast.Name))
    return frozenset(name.id for name in names if not isinstance(name.ctx, ast.Load))
