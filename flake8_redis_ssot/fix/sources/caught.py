"""What a file does with the class of an exception."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flake8_redis_ssot.libraries.frameworks import RAISING_TESTS
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

Parents = Mapping[ast.AST, ast.AST]


def is_exception(node: ast.AST, parents: Parents) -> bool:
    """Whether an expression says what an `except` catches, or what a `raise` raises."""
    parent = parents.get(node)
    if isinstance(parent, ast.Tuple):
        parent = parents.get(parent)
    if isinstance(parent, ast.Call):
        return parent.func is not node and last_name(parent.func) in RAISING_TESTS
    return isinstance(parent, ast.ExceptHandler | ast.Raise)


def tried(node: ast.AST, parents: Parents) -> list[ast.AST]:
    """What may raise the exception that the class `node` catches; nothing where it is raised there."""
    handler = parents.get(node)
    if isinstance(handler, ast.Tuple):
        handler = parents.get(handler)
    around = parents.get(handler) if handler is not None else None
    if isinstance(handler, ast.ExceptHandler) and isinstance(around, ast.Try | ast.TryStar):
        return [*around.body]
    if isinstance(handler, ast.Call) and handler.func is not node:
        above = parents.get(around) if isinstance(around, ast.withitem) else None
        return [*above.body] if isinstance(above, ast.With | ast.AsyncWith) else [handler]
    return []


def read_of_caught(node: ast.AST, parents: Parents) -> set[str]:
    """What is read of an exception that is caught by the class `node`."""
    handler = parents.get(node)
    if isinstance(handler, ast.Tuple):
        handler = parents.get(handler)
    if not isinstance(handler, ast.ExceptHandler):
        return set()
    return {
        part.attr
        for statement in handler.body
        for part in all_nodes(statement)
        if isinstance(part, ast.Attribute) and last_name(part.value) == handler.name
    }
