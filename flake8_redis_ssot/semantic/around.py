"""What stands around an expression: its parents, found along the lines of the statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache


def around(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The parents of `node` in `tree`, the innermost first."""
    found: list[ast.AST] = []
    here: ast.AST | None = tree
    while here is not None:
        found.append(here)
        here = next((part for part in _bodies(here) if _holds(part, node)), None)
    inner = found[-1]
    if inner is not node:
        above = _above(inner)
        chain = []
        here = above.get(node)
        while here is not None and here is not inner:
            chain.append(here)
            here = above.get(here)
        return [*chain, *reversed(found)]
    return [*reversed(found[:-1])]


@lru_cache(maxsize=1)
def _above(inner: ast.AST) -> dict[ast.AST, ast.AST]:
    """The parent of each node of one statement, kept for the next question about the same one."""
    return {child: part for part in _own(inner) for child in ast.iter_child_nodes(part)}


def _bodies(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly below a node."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        parts = getattr(node, name, None)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, ast.stmt | ast.ExceptHandler):
                yield part
            else:
                yield from part.body


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is below it, the statements of its bodies apart."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += [c for c in ast.iter_child_nodes(part) if not isinstance(c, ast.stmt | ast.ExceptHandler)]


def _holds(outer: ast.AST, node: ast.AST) -> bool:
    start, end = _place(outer), (getattr(outer, "end_lineno", 0), getattr(outer, "end_col_offset", 0))
    start = min([start, *(_place(d) for d in getattr(outer, "decorator_list", ()))])
    return start <= _place(node) < end


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
