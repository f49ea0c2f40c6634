"""What a file needs an import of a client library for, where it builds nothing by that."""

from __future__ import annotations

import ast
from collections.abc import Callable

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import all_nodes


@dataclass(frozen=True, slots=True)
class Purpose:
    """All that a file does with an imported name: it stands in annotations, and `parts` of it are used that build nothing."""

    is_annotating: bool
    parts: tuple[str, ...]


def purpose_of(tree: ast.Module, local: str, target: str, builds: Callable[[str], bool]) -> Purpose | None:
    """What the name `local`, which an import of the dotted `target` binds, is for.

    None if something else is done with it that may build, as `builds` says of dotted names, or if it is only handed on.
    """
    names, annotations, around = _uses(tree)
    is_annotating, parts = False, set[str]()
    for node in names.get(local, ()):
        if node in annotations:
            is_annotating = True
            continue
        dotted, part = target, around.get(node)
        while part is not None and builds(dotted):
            dotted = f"{dotted}.{part.attr}"
            part = around.get(part)
        if builds(dotted):
            return None
        parts.add(dotted)
    return Purpose(is_annotating, tuple(sorted(parts))) if is_annotating or parts else None


@memoized
def _uses(
    tree: ast.Module,
) -> tuple[dict[str, list[ast.Name]], set[ast.AST], dict[ast.expr, ast.Attribute]]:
    """The names of a file that are read, the nodes in annotations, and the attributes by what they are of."""
    names: dict[str, list[ast.Name]] = {}
    annotations: set[ast.AST] = set()
    around: dict[ast.expr, ast.Attribute] = {}
    for node in all_nodes(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                names.setdefault(name, []).append(node)
            case ast.Attribute(value=value):
                around[value] = node
            case ast.arg(annotation=ast.expr() as noted) | ast.AnnAssign(annotation=noted):
                annotations.update(all_nodes(noted))
            case (
                ast.FunctionDef(returns=ast.expr() as noted)
                | ast.AsyncFunctionDef(returns=ast.expr() as noted)
            ):
                annotations.update(all_nodes(noted))
    return names, annotations, around
