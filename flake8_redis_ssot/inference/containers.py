"""Values in tuples, lists, sets and dicts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import (
    Definition,
    Generator,
    Instance,
    Items,
    Pairs,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.standard import GETTERS
from flake8_redis_ssot.syntax.nodes import unparsed
from flake8_redis_ssot.syntax.scopes import ProgramPoint, Projection

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


def projected(inference: Inference, values: Values, step: Projection) -> Iterator[Value]:
    """What a target has of the values that are unpacked, gone through, or entered."""
    for value in values:
        match value:
            case Pairs(of=items):
                if step == "item":
                    yield value
                elif step == 1:
                    yield from each(inference, items)
            case Items() if step == "item" and value.keys is None:
                yield from each(inference, value)
            case Items(keys=None) if isinstance(step, int) and step < len(value.elements):
                yield from _element(inference, value, value.elements[step])
            case Instance() if step == "enter":
                yield value
            case Generator(scope=scope, how="manager", context=context) if step == "enter":
                yield from inference.within(context, inference.given_by, scope)


def each(inference: Inference, items: Items) -> Iterator[Value]:
    """All elements."""
    for element in items.elements:
        yield from _element(inference, items, element.value if isinstance(element, ast.Starred) else element)


def _element(inference: Inference, items: Items, element: ast.expr) -> Values:
    return inference.within(items.context, inference.values, element, items.point)


def subscript(inference: Inference, node: ast.Subscript, point: ProgramPoint) -> Iterator[Value]:
    """What `value[key]` can be."""
    stored = _stored(inference, node, point)
    if stored is not None:
        yield from stored
        if _keys(inference, node.slice, point):
            return
    for value in inference.values(node.value, point):
        match value:
            case Items():
                yield from _select(inference, value, node.slice, point)
            case QualifiedName(name="sys.modules"):
                yield from (QualifiedName(text.value) for text in inference.texts(node.slice, point))
            case QualifiedName(name=name) if name.endswith(".__dict__"):
                owner = QualifiedName(name.removesuffix(".__dict__"))
                for text in inference.texts(node.slice, point):
                    yield from inference.attribute(owner, text.value)
            case QualifiedName() | Definition():
                yield value  # Redis[bytes]


def method_call(
    inference: Inference, func: ast.Attribute, call: ast.Call, point: ProgramPoint
) -> Iterator[Value]:
    """What `get`, `values` and the like of a container give."""
    if func.attr in GETTERS and len(call.args) == 2:
        yield from inference.values(call.args[1], point)  # the default, of whatever mapping
    for value in inference.values(func.value, point):
        if isinstance(value, Items) and value.keys is not None:
            if func.attr in GETTERS and call.args:
                yield from _select(inference, value, call.args[0], point)
            elif func.attr == "values":
                yield Items(value.elements, value.point, None, value.context)
            elif func.attr == "items":
                yield Pairs(value)


def _select(inference: Inference, items: Items, index: ast.expr, point: ProgramPoint) -> Iterator[Value]:
    """The element at `index`; all that it may be where the index or a key is unknown."""
    if items.keys is None:
        yield from _at(inference, items, index)
        return
    asked = _keys(inference, index, point)
    if isinstance(index, ast.Attribute) and not any(
        isinstance(key, ast.Attribute) and unparsed(key.value) == unparsed(index.value) for key in items.keys
    ):
        asked = {key for key in asked if key != ("name", unparsed(index))}
    known = [_keys(inference, key, items.point) if key is not None else set() for key in items.keys]
    matching = [n for n, key in enumerate(known) if key & asked]
    unknown = [n for n, key in enumerate(known) if not key]
    if asked and matching:
        # of equal keys the last one counts, and what is unknown after it
        unknown = [n for n in unknown if n > matching[-1]]
        chosen: Iterable[int] = [*(matching if len(asked) > 1 else matching[-1:]), *unknown]
    else:
        chosen = unknown if asked else range(len(known))
    for n in chosen:
        yield from _element(inference, items, items.elements[n])


def _at(inference: Inference, items: Items, index: ast.expr) -> Iterator[Value]:
    try:
        at = ast.literal_eval(index)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        at = None
    if not isinstance(at, int):
        yield from each(inference, items)
    elif -len(items.elements) <= at < len(items.elements):
        yield from _element(inference, items, items.elements[at])


def _keys(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[object]:
    """What a key can be: its constants, or its own text where it is a dotted name."""
    if isinstance(node, ast.Constant):
        return {("constant", repr(node.value))}
    texts: set[object] = {("constant", repr(text.value)) for text in inference.texts(node, point)}
    if not texts and isinstance(node, ast.Attribute):
        return {("name", unparsed(node))}
    return texts


def _stored(inference: Inference, node: ast.Subscript, point: ProgramPoint) -> Values | None:
    """What has been stored under that key of a name, by an assignment of its own; None where nothing."""
    if not isinstance(node.value, ast.Name):
        return None
    stores = [s for s in inference.stores if s[0] == node.value.id]
    if not stores:
        return None
    owner = {id(b) for b in inference.bindings(node.value.id, point)}
    stores = [
        s
        for s in stores
        if s[2].scope is not None
        and owner
        & {id(b) for b in inference.bindings(s[0], ProgramPoint(s[1], s[2].scope, s[2].order, s[2].path))}
    ]
    asked = _keys(inference, node.slice, point)
    same = [
        b
        for _, key, b in stores
        if not asked or asked & _keys(inference, key, point) or not _keys(inference, key, point)
    ]
    return frozenset(v for b in same for v in inference.bound(b)) if same else None
