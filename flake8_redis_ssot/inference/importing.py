"""Imports by a string: `import_module("redis.asyncio")`, `sys.modules["redis"]`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.libraries.frameworks import IMPORTED, IMPORTERS, LOADERS
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.memo import memoized

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_LOADER_NAMES = frozenset(name.rpartition(".")[2] for name in LOADERS)


def loaded(
    inference: Inference,
    node: ast.Call | ast.Subscript,
    point: ProgramPoint,
    importers: frozenset[str] = IMPORTERS,
) -> set[str]:
    """The dotted names that a call of an importer, or a read of `sys.modules`, loads; none for any other node."""
    if isinstance(node, ast.Subscript):
        is_modules = QualifiedName("sys.modules") in inference.values(node.value, point)
        return {text.value for text in inference.texts(node.slice, point)} if is_modules else set()
    built_in = (
        isinstance(node.func, ast.Name)
        and node.func.id == "__import__"
        and not inference.names.bindings("__import__", point)
    )
    if not built_in and not any(
        isinstance(value, QualifiedName) and value.name in importers
        for value in inference.values(node.func, point)
    ):
        return set()
    names = [k.value for k in node.keywords if k.arg in IMPORTED] or node.args[:1]
    packages = [k.value for k in node.keywords if k.arg == "package"] or node.args[1:2]
    found: set[str] = set()
    for text in inference.texts(names[0] if names else None, point):
        name = text.value.replace(":", ".")
        if name.startswith("."):
            found.update(full for package in packages for full in _relative(inference, name, package, point))
        else:
            found.add(name)
    return found


@memoized
def loads(inference: Inference) -> list[tuple[ast.Call | ast.Subscript, list[str]]]:
    """What a file loads by the text of its name, in source order: each call or subscript with the dotted names, sorted."""
    found = []
    for point in inference.scopes.points((ast.Call, ast.Subscript)) if inference.scopes.may_load else ():
        match point.node:
            case ast.Call(func=func) as node if inference.may_be_one_of(_LOADER_NAMES, func, point):
                pass
            case ast.Subscript(ctx=ast.Load()) as node:
                pass
            case _:
                continue
        names = loaded(inference, node, point, LOADERS)
        if names:
            found.append((node, sorted(names)))
    return found


def imported(inference: Inference, call: ast.Call, point: ProgramPoint) -> Iterator[QualifiedName]:
    """The modules or objects that a call of an importer gives."""
    for name in loaded(inference, call, point):
        if isinstance(call.func, ast.Name) and call.func.id == "__import__":
            lists = [*call.args[3:4], *(k.value for k in call.keywords if k.arg == "fromlist")]
            whole = any(not isinstance(part, ast.List | ast.Tuple) or part.elts for part in lists)
            name = name if whole else name.split(".")[0]
        yield QualifiedName(name)


def _relative(inference: Inference, name: str, package: ast.expr, point: ProgramPoint) -> Iterator[str]:
    """The absolute names of a relative one (`.tasks`) in the packages that the expression `package` can be."""
    if isinstance(package, ast.Name) and package.id in ("__package__", "__name__"):
        here, is_package = inference.home(point)
        own = is_package or package.id == "__name__"
        bases = list(here) if own else [m.rpartition(".")[0] for m in here]
    else:
        bases = [text.value for text in inference.texts(package, point)]
    level = len(name) - len(name.lstrip("."))
    for base in bases:
        parts = base.split(".")
        if level <= len(parts):
            yield ".".join([*parts[: len(parts) - level + 1], name[level:]]).rstrip(".")
