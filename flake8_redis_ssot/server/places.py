"""What stands at a place of a file, and where its boundary's manager is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.settings.boundaries import place_of
from flake8_redis_ssot.settings.model import Boundary
from flake8_redis_ssot.settings.show import shown_globs
from flake8_redis_ssot.source import Position, Range

_START = Range(Position(1, 1), Position(1, 1))


def managers(checker: FileChecker, path: str) -> Iterator[tuple[str, Range]]:
    """Where the managers of a file's boundary are: the shared object, or the beginning of the module."""
    boundary = place_of(checker.settings, path).boundary
    for module in checker.managers.homes(boundary):
        home = checker.managers.modules.find(module)
        if home is not None and checker.filesystem.is_file(home):
            yield home, _definition(checker.context_of(home), boundary) or _START


def _definition(context: RuleContext | None, boundary: Boundary) -> Range | None:
    """Where a manager's module binds the shared object."""
    name = (boundary.instance or "").removesuffix("()")
    if context is None or not name:
        return None
    for binding in context.scopes.module.bindings.get(name, ()):
        if isinstance(binding.value, ast.expr | ast.stmt):
            row = context.source.range_of(binding.value).start.line
            bound = re.search(rf"\b{re.escape(name)}\b", context.source.line(row))
            if bound is not None:
                return Range(Position(row, bound.start() + 1), Position(row, bound.end() + 1))
    return None


def manager_at(checker: FileChecker, path: str, position: Position) -> tuple[Range, str] | None:
    """The name of a manager at a place of a file, and what is to be said of it; None where there is none."""
    context = checker.context_of(path)
    if context is None:
        return None
    for place, name in _names_at(context, position):
        said = _said(context, name)
        if said:
            return place, said
    return None


def _names_at(context: RuleContext, position: Position) -> Iterator[tuple[Range, str]]:
    """The dotted names that the import or expression at a place can mean, of the smallest one first."""
    wanted = (ast.Import, ast.ImportFrom, ast.Name, ast.Attribute)
    around = []
    for point in context.scopes.points(wanted):
        node = point.node
        assert isinstance(node, wanted)
        place = context.source.range_of(node)
        if not place.start <= position <= place.end:
            continue
        if isinstance(node, ast.Name | ast.Attribute):
            around.append((place, context.names.dotted(node, point, typing=True)))
            continue
        for alias, names in context.imported(point):
            own = context.source.range_of(alias)
            if own.start <= position <= own.end:
                around.append((own, names))
        if isinstance(node, ast.ImportFrom):
            around.append((place, tuple(context.scopes.bases(node))))
    around.sort(key=lambda found: (-found[0].start.line, -found[0].start.column, found[0].end))
    for place, names in around:
        yield from ((place, name) for name in names)


def _said(context: RuleContext, name: str) -> str:
    """What is to be said of a dotted name in this file, in Markdown; empty where it has to do with no manager."""
    managers = context.names.managers
    owner = managers.owner(name)
    if owner is not None:
        lines = [f"`{name}` {context.belongs(name)} the Redis manager of {_boundary(owner, context)}."]
        if owner.name:
            lines.append(
                f"Paths: {', '.join(f'`{g}`' for g in shown_globs(owner.paths, context.settings.root))}"
            )
        if owner.reason:
            lines.append(f"Reason: {owner.reason}")
        if owner.name != context.boundary.name:
            lines.append(f"This file is in {_boundary(context.boundary, context)}: {context.use_instead()}.")
        elif owner.instance:
            lines.append(f"Shared object: `{owner.instance}`")
        return "\n\n".join(lines)
    if context.forbids(name):
        return (
            f"`{name}` {context.belongs(name)} a forbidden Redis manager of {_boundary(context.boundary, context)}; "
            f"{context.use_instead()}."
        )
    return ""


def _boundary(boundary: Boundary, context: RuleContext) -> str:
    return "the project" if len(context.settings.boundaries) == 1 else boundary.label
