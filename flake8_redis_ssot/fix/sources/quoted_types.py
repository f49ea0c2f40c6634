"""Types that a file states as strings: `store: "cache.CacheManager"`."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name
from flake8_redis_ssot.syntax.scopes import Scopes

_OTHER = frozenset(["Annotated", "Literal"])
"""What may hold strings that are no types."""


def quoted_types(
    scopes: Scopes, names: Names, parents: Mapping[ast.AST, ast.AST]
) -> Iterator[tuple[ast.Constant, ast.expr, list[ProgramPoint]]]:
    """The strings that state types, each with the type, its nodes where they stand in the file, and its names.

    A string is left out if a name of it may mean something else by the time that somebody looks it up.
    """
    counts: Counter[str] | None = None
    for point in scopes.points((ast.Constant,)):
        text = point.node
        found = _quoted(text, parents) if isinstance(text, ast.Constant) else None
        if not isinstance(text, ast.Constant) or found is None:
            continue
        counts = counts or Counter(name for name, _ in scopes.all_bindings)
        inner = [node for node in all_nodes(found) if isinstance(node, ast.Name)]
        if all(
            counts[node.id] < 2 and bool(counts[node.id]) == bool(names.bindings(node.id, point, typing=True))
            for node in inner
        ):
            yield text, found, [replace(point, node=node) for node in inner]


def _quoted(text: ast.Constant, parents: Mapping[ast.AST, ast.AST]) -> ast.expr | None:
    """The type in a string of an annotation; None where that is not one, as it is written."""
    length = (text.end_col_offset or 0) - text.col_offset
    if not isinstance(text.value, str) or not _states_type(text, parents):
        return None
    if text.lineno != text.end_lineno or length != len(text.value.encode()) + 2:
        return None  # with a prefix, escapes or other quotes: where its names stand is not told
    try:
        found = ast.parse(text.value, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    for node in all_nodes(found):
        if isinstance(node, ast.expr):
            node.lineno = node.end_lineno = text.lineno
            node.col_offset += text.col_offset + 1
            node.end_col_offset = (node.end_col_offset or 0) + text.col_offset + 1
    return found


def _states_type(text: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a string is a type of an annotation, or a part of one."""
    node = text
    while (parent := parents.get(node)) is not None:
        match parent:
            case ast.Tuple() | ast.List() | ast.BinOp(op=ast.BitOr()):
                pass
            case ast.Subscript(value=value, slice=inner) if inner is node and last_name(value) not in _OTHER:
                pass
            case ast.arg() | ast.AnnAssign():
                return parent.annotation is node
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return parent.returns is node
            case _:
                return False
        node = parent
    return False
