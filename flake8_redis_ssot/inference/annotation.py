"""What annotations promise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName, Value
from flake8_redis_ssot.syntax.scopes import ProgramPoint

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_OF_ALL = frozenset(["Optional", "Union", "Annotated", "Final", "ClassVar"])


def promised(inference: Inference, node: ast.expr, point: ProgramPoint) -> Iterator[Value]:
    """What an annotation promises: an instance of each class, `type[X]` the class itself."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                written = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            yield from promised(inference, written, point)
        case ast.BinOp(op=ast.BitOr()):
            yield from promised(inference, node.left, point)
            yield from promised(inference, node.right, point)
        case ast.Subscript(value=value):
            last = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if last in _OF_ALL:
                for part in parts[:1] if last == "Annotated" else parts:
                    yield from promised(inference, part, point)
            elif last in ("type", "Type"):
                names = inference.names.dotted(parts[0], point, typing=True)
                yield from (QualifiedName(name) for name in names)
                yield from inference.values(parts[0], point)
            else:
                yield from promised(inference, value, point)
        case ast.Name() | ast.Attribute():
            for name in inference.names.dotted(node, point, typing=True):
                if inference.names.is_builder(name):
                    yield Instance(QualifiedName(name), said=True)
            for known in inference.values(node, point):
                if isinstance(known, Definition) or (
                    isinstance(known, QualifiedName) and inference.names.is_builder(known.name)
                ):
                    yield Instance(known, said=True)
