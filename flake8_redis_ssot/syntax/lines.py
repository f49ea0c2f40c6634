"""The lines of statements."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Sequence

_DECORATED = frozenset([ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef])

Statement = ast.stmt | ast.excepthandler | ast.match_case
"""What has lines, and expressions of its own."""

Lines = tuple[int, int]
"""The first and the last of some lines."""


def lines_of(node: Statement) -> Lines:
    """The lines of a statement, with its decorators and its body."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or 0
    first = node.lineno
    if type(node) in _DECORATED and node.decorator_list:  # type: ignore[union-attr]
        first = min(first, node.decorator_list[0].lineno)  # type: ignore[union-attr]
    return first, node.end_lineno or first


def touches(lines: Sequence[int], part: Lines) -> bool:
    """Whether one of the sorted `lines` is in a part."""
    at = bisect_left(lines, part[0])
    return at < len(lines) and lines[at] <= part[1]
