"""The values that annotations promise: `client: Redis` promises an instance of `Redis`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Definition, Instance, Items, QualifiedName, Value
from flake8_redis_ssot.libraries.standard import ITERATORS, MAPPINGS, SEQUENCES
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint
from flake8_redis_ssot.syntax.nodes import last_name
from flake8_redis_ssot.syntax.synthetic import Promised

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_OF_ALL = frozenset(["Optional", "Union", "Final", "ClassVar"])
_CASTS = re.compile(r"typing(?:_extensions)?\.cast")
_STANDS_IN = re.compile(r"(?:unittest\.)?mock\.(?:\w*Mock|create_autospec|sentinel\.\w+)")
"""Calls that make a mock, which is no object of the class that an annotation may state."""


def stands_in(inference: Inference, node: ast.AST | None, point: ProgramPoint) -> bool:
    """Whether an expression makes a mock, or is a name that is bound to one."""
    if isinstance(node, ast.Name):
        return any(
            isinstance(b.value, ast.Call)
            and b.scope is not None
            and _is_call_of(inference, _STANDS_IN, b.value, ProgramPoint(b.value, b.scope, b.order, b.path))
            for b in inference.bindings(node.id, point)
        )
    return isinstance(node, ast.expr) and _is_call_of(inference, _STANDS_IN, node, point)


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
            last = last_name(value)
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if last == "Annotated":
                # `Annotated[Redis, Depends(get)]`: what the framework passes is surer than the type
                injected = [
                    v for p in parts[1:] if isinstance(p, ast.Call) for v in inference.values(p, point)
                ]
                yield from injected or promised(inference, parts[0], point)
            elif last in _OF_ALL:
                for part in parts:
                    yield from promised(inference, part, point)
            elif last in ("type", "Type"):
                names = inference.names.dotted(parts[0], point, typing=True)
                yield from (QualifiedName(name) for name in names)
                yield from inference.values(parts[0], point)
            elif last in MAPPINGS and len(parts) == 2:
                yield Items(
                    (inference.synthetic(Promised, parts[1], True),), point, (None,), inference.context
                )
            elif last in ITERATORS:
                yield Items((inference.synthetic(Promised, parts[0], True),), point, None, inference.context)
            elif last in SEQUENCES or last in ("tuple", "Tuple"):
                is_many = last in SEQUENCES or any(map(_is_ellipsis, parts))
                elements = tuple(
                    inference.synthetic(Promised, p, is_many) for p in parts if not _is_ellipsis(p)
                )
                yield Items(elements, point, None, inference.context)
            else:
                yield from promised(inference, value, point)
        case ast.Name() | ast.Attribute():
            for binding in inference.bindings_of(node, point):
                yield from aliased(inference, binding)
            for name in inference.names.dotted(node, point, typing=True):
                if inference.names.is_builder(name) or inference.is_open_name(name):
                    yield Instance(QualifiedName(name), is_promised=True)
            stated = map(QualifiedName, inference.names.dotted(node, point, typing=True))
            for known in inference.values(node, point).union(*map(inference.resolved, stated)):
                if isinstance(known, Definition) or (
                    isinstance(known, QualifiedName) and inference.names.is_builder(known.name)
                ):
                    yield Instance(known, is_promised=True)


def aliased(inference: Inference, binding: Binding) -> Iterator[Value]:
    """What an alias of a type with brackets promises: `Cache = Annotated[...]`."""
    written = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
    if isinstance(written, ast.Subscript) and binding.scope is not None:
        at = ProgramPoint(written, binding.scope, binding.order, binding.path)
        yield from promised(inference, written, at)


def narrowed(inference: Inference, subject: ast.expr, cls: ast.expr, point: ProgramPoint) -> Iterator[Value]:
    """`subject` narrowed to instances of `cls`: its known values of that class, else what the class promises."""
    known = [value for value in inference.values(subject, point) if isinstance(value, Instance)]
    for promise in promised(inference, cls, point):
        if isinstance(promise, Instance):
            yield from [value for value in known if _is_of(inference, value, promise)] or (promise,)


def _is_of(inference: Inference, value: Instance, promise: Instance) -> bool:
    """Whether `value` is an instance of the class of `promise`, or of a subclass."""
    if isinstance(value.of, Definition) and isinstance(promise.of, Definition):
        return promise.of.scope in inference.classes.lineage(value.of.scope)
    return value.of == promise.of


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def stated(inference: Inference, node: ast.AnnAssign, point: ProgramPoint) -> Iterable[Value]:
    """The values of `x: T = value`: those of the value, or what `T` promises where nothing is known of it."""
    values = inference.values(node.value, point)
    if _is_call_of(inference, _CASTS, node.value, point):
        return (*values, *promised(inference, node.annotation, point))  # one is as sure as the other
    if stands_in(inference, node.value, point):
        return values
    return inference.known_or_promised(values, node.annotation, point)


def _is_call_of(
    inference: Inference, names: re.Pattern[str], node: ast.expr | None, point: ProgramPoint
) -> bool:
    """Whether an expression calls something whose dotted name matches `names`."""
    return isinstance(node, ast.Call) and any(
        isinstance(v, QualifiedName) and names.fullmatch(v.name) for v in inference.values(node.func, point)
    )
