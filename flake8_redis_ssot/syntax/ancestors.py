"""What stands around an expression: its parents, found along the lines of the statements."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import block_of


def ancestors(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The parents of `node` in `tree`, the innermost first."""
    found: list[ast.AST] = []
    here: ast.AST | None = tree
    while here is not None:
        found.append(here)
        here = next((part for body in _bodies(here) if (part := _holding(body, node)) is not None), None)
    inner = found[-1]
    if inner is not node:
        above = _above(inner)
        chain = []
        here = above.get(node)
        while here is not None:
            chain.append(here)
            here = above.get(here)
        return [*chain, *reversed(found)]
    return [*reversed(found[:-1])]


def before_in_blocks(tree: ast.AST, node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that come before `node` in the blocks around it, up to those of `tree`."""
    for inner, outer in pairwise([node, *ancestors(tree, node)]):
        block = block_of(outer, inner)
        yield from block[: block.index(inner)] if block else ()


def leaves_block(block: list[ast.stmt]) -> bool:
    """Whether a block ends by leaving what it stands in: a function, or a round of a loop."""
    return isinstance(block[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


@memoized
def _above(inner: ast.AST) -> dict[ast.AST, ast.AST]:
    """The parent of each node in one statement; those right below the statement itself left out."""
    return {child: part for part in _own(inner) if part is not inner for child in ast.iter_child_nodes(part)}


def _bodies(node: ast.AST) -> Iterator[list[ast.AST]]:
    """The lists of statements or handlers directly below a node, each in the order of the source."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        parts = getattr(node, name, None)
        if isinstance(parts, list):
            yield from ([*part.body] for part in parts) if name == "cases" else [parts]


def _holding(body: list[ast.AST], node: ast.AST) -> ast.AST | None:
    """The statement of a body in which `node` stands."""
    at = bisect_right(body, _place(node), key=_start) - 1
    return body[at] if at >= 0 and _holds(body[at], node) else None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is below it, the statements of its bodies apart."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += [c for c in ast.iter_child_nodes(part) if not isinstance(c, ast.stmt | ast.ExceptHandler)]


def _holds(outer: ast.AST, node: ast.AST) -> bool:
    """Whether `node` begins between the first decorator and the end of a statement."""
    end = (getattr(outer, "end_lineno", 0), getattr(outer, "end_col_offset", 0))
    return _start(outer) <= _place(node) < end


def _start(node: ast.AST) -> tuple[int, int]:
    """Where a statement begins, with its decorators."""
    return min([_place(node), *(_place(decorator) for decorator in getattr(node, "decorator_list", ()))])


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
