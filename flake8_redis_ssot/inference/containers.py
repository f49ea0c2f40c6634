"""Values in tuples, lists, sets and dicts, and those that generators yield."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls
from flake8_redis_ssot.inference.stores import either, keys_of
from flake8_redis_ssot.inference.values import (
    NOTHING,
    Definition,
    Filled,
    Generator,
    Instance,
    Items,
    Pairs,
    Promised,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.standard import GETTERS, TAKERS
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Projection, Rest, Scope
from flake8_redis_ssot.syntax.nodes import unparsed

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


_METHODS = GETTERS | TAKERS | {"values", "items", "copy"}


def projected(inference: Inference, values: Values, step: Projection) -> Iterator[Value]:
    """What a target has of the values that are unpacked, gone through, or entered."""
    for value in values:
        match value:
            case Pairs(of=items):
                if step == "item":
                    yield value
                elif step == 1:
                    yield from each(inference, items)
            case Filled(keyed=False) if step == "item":
                yield from inference.stores.each(value.stores)
            case Filled(keyed=False) if isinstance(step, tuple):
                yield value
            case Items(keys=None) if step == "item":
                yield from each(inference, value)
            case Items(keys=None) if isinstance(step, int | tuple):
                yield from _at(inference, value, step)
            case Instance(of=Definition(scope=scope)) if isinstance(step, int):
                for field in calls.fields_of(inference, scope)[step : step + 1 or None]:
                    yield from inference.attribute(value, field)  # a NamedTuple
            case Instance() if step == "enter":
                yield from _entered(inference, value)
            case Generator(scope=scope, how="manager", context=context) if step == "enter":
                yield from inference.within(context, inference.given_by, scope)
            case Generator(scope=scope, how="iterator", context=context) if step != "enter":
                yield from inference.within(context, yielded, inference, scope)


def yielded(inference: Inference, function: Scope) -> Iterable[Value]:
    """What a generator yields."""
    found = frozenset(v for point in function.yields for v in inference.values(point.node, point))
    stated = calls.result_type(inference, function, function.yields) if function.yields else None
    if any(map(inference.is_known, found)):
        return found
    whole = inference.known_or_promised(NOTHING, stated, inference.outside(function))
    return [*projected(inference, frozenset(whole), "item")] or found


def comprehended(
    inference: Inference,
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    element: ast.expr,
    point: ProgramPoint,
    *,
    keys: tuple[None] | None = None,
) -> Items:
    """What a comprehension makes, of one expression."""
    inner = inference.scopes_of(point.scope).comprehension_of(node, point)
    at = ProgramPoint(element, inner, point.order + len(node.generators), point.path)
    return Items((element,), at, keys, inference.context)


def _entered(inference: Inference, value: Instance) -> Iterable[Value]:
    """What `with` gets of an object: what its `__enter__` or `__aenter__` gives, else the object."""
    if isinstance(value.of, Definition):
        for name in ("__enter__", "__aenter__"):
            methods = [m for m in inference.attribute(value, name) if isinstance(m, Definition)]
            given = [v for m in methods for v in inference.awaited(calls.given_back(inference, m))]
            if given:
                return given
    return (value,)


def each(inference: Inference, items: Items | Filled) -> Iterator[Value]:
    """What the elements can be, of all together."""
    if isinstance(items, Filled):
        yield from inference.stores.each(items.stores)
        return
    for _, element, owner in _entries(inference, items):
        if owner is not None:
            yield from _element(inference, owner, element)


def merged(
    keys: Iterable[ast.expr | None], elements: Iterable[ast.expr], point: ProgramPoint, inference: Inference
) -> Items:
    """A dict as it is written: what is unpacked into it is a key of its own."""
    pairs = [(element if key is None else key, element) for key, element in zip(keys, elements, strict=True)]
    return Items(
        tuple(element for _, element in pairs), point, tuple(key for key, _ in pairs), inference.context
    )


def union(inference: Inference, node: ast.BinOp, point: ProgramPoint) -> Iterator[Items]:
    """What `one | other` of dicts is, `one + other` of lists, and `one * many`."""
    sides = (node.left, node.right)
    if isinstance(node.op, ast.Mult) and not any(isinstance(side, ast.List | ast.Tuple) for side in sides):
        return  # nearly all are of numbers
    found = [value for side in sides for value in inference.values(side, point) if isinstance(value, Items)]
    if isinstance(node.op, ast.BitOr):
        if any(map(is_dict, found)):
            yield merged((None, None), sides, point, inference)
    elif isinstance(node.op, ast.Mult):
        for side in sides if any(value.keys is None for value in found) else ():
            yield any_number(inference, inference.element(side), point)
    elif found:
        both = inference.stand_ins.setdefault(node, tuple(ast.Starred(side) for side in sides))
        yield Items(both, point, None, inference.context)


def any_number(inference: Inference, element: ast.expr, point: ProgramPoint) -> Items:
    """Any number of what an expression gives."""
    at = ProgramPoint(element, point.scope, point.order, point.path)
    return Items((element,), at, None, inference.context)


def is_dict(value: Value) -> bool:
    """Whether a value is a dict as it is written."""
    return isinstance(value, Items) and value.keys is not None


def _entries(
    inference: Inference, items: Items, around: tuple[Items, ...] = ()
) -> Iterator[tuple[ast.expr | None, ast.expr, Items | None]]:
    """The elements with their keys and with what they are written in; of what is unpacked the elements of that.

    They are written in nothing where that is unknown; of a list it stays as it is written.
    """
    for key, element in zip(items.keys or (None,) * len(items.elements), items.elements, strict=True):
        is_list = isinstance(element, ast.Starred)
        if key is not element and not is_list:
            yield key, element, items
            continue
        match [*_element(inference, items, element.value if isinstance(element, ast.Starred) else element)]:
            case [Items() as one] if is_dict(one) is not is_list and one not in (*around, items):
                yield from _entries(inference, one, (*around, items))
            case _:
                yield None, element, items if is_list else None


def _element(inference: Inference, items: Items, element: ast.expr) -> Values:
    """What is written there; where many are unpacked, any of them."""
    if isinstance(element, ast.Starred):
        element = inference.element(element.value)
    return inference.within(items.context, inference.values, element, items.point)


def texts_in(inference: Inference, items: Items) -> Iterator[set[str]]:
    """The strings that each element of a list can be; none of one that stands for many."""
    for _, element, owner in _entries(inference, items):
        is_one = owner is not None and not _is_many(element, owner)
        yield (
            inference.within(owner.context, inference.all_texts, element, owner.point)
            if is_one and owner
            else set()
        )


def under(inference: Inference, items: Items, name: str) -> Iterator[Value]:
    """What a dict as it is written has under a key that is this string."""
    for key, element, owner in _entries(inference, items):
        if owner is not None and isinstance(key, ast.Constant) and key.value == name:
            yield from _element(inference, owner, element)


def subscript(inference: Inference, node: ast.Subscript, point: ProgramPoint) -> Iterator[Value]:
    """What `value[key]` can be."""
    stored = inference.stores.of_item(node.value, node.slice, point)
    yield from inference.stores.each(stored)
    if any(store.key is not None for store in stored) and keys_of(inference, node.slice, point):
        return
    for value in inference.values(node.value, point):
        match value:
            case Items(keys=keys) if keys is not None:
                yield from _select(inference, value, node.slice, point)
            case Items() | Instance() | Filled(keyed=False):
                yield from projected(inference, frozenset([value]), _step(node.slice))
            case QualifiedName(name="sys.modules"):
                yield from (QualifiedName(text.value) for text in inference.texts(node.slice, point))
            case QualifiedName(name=name) if name.endswith(".__dict__"):
                owner = QualifiedName(name.removesuffix(".__dict__"))
                for text in inference.texts(node.slice, point):
                    yield from inference.attribute(owner, text.value)
            case QualifiedName() | Definition() if inference.is_known(value):
                yield value  # Redis[bytes]


def method_call(
    inference: Inference, func: ast.Attribute, call: ast.Call, point: ProgramPoint
) -> Iterator[Value]:
    """What `get`, `values` and the like of a container give."""
    if func.attr not in _METHODS:
        return
    if func.attr in GETTERS and len(call.args) == 2:
        yield from inference.values(call.args[1], point)  # the default, of whatever mapping
    if func.attr in GETTERS and call.args:
        yield from inference.stores.each(inference.stores.of_item(func.value, call.args[0], point))
    for value in inference.values(func.value, point):
        if func.attr == "copy":
            if isinstance(value, Items | Filled):
                yield value
        elif isinstance(value, Items) and value.keys is not None:
            if func.attr in GETTERS and call.args:
                yield from _select(inference, value, call.args[0], point)
            elif func.attr == "values":
                yield from _without_keys(inference, value)
            elif func.attr == "items":
                yield Pairs(value)
        elif isinstance(value, Filled) and value.keyed:
            if func.attr == "values":
                yield Filled(value.stores, keyed=False)
            elif func.attr == "items":
                yield Pairs(value)
        elif isinstance(value, Items | Filled) and func.attr in TAKERS and len(call.args) < 2:
            yield from each(inference, value)


def _without_keys(inference: Inference, items: Items) -> Iterator[Items]:
    """The elements of a dict alone."""
    entries = [*_entries(inference, items)]
    for one in dict.fromkeys(owner for _, _, owner in entries if owner is not None):
        elements = tuple(element for _, element, owner in entries if owner is one)
        yield Items(elements, one.point, None, one.context)


def _select(inference: Inference, items: Items, index: ast.expr, point: ProgramPoint) -> Iterator[Value]:
    """What a dict has under `index`; all that it may be where the index or a key is unknown."""
    asked = keys_of(inference, index, point)
    entries = [*_entries(inference, items)]
    if isinstance(index, ast.Attribute) and not any(
        isinstance(key, ast.Attribute) and unparsed(key.value) == unparsed(index.value)
        for key, _, _ in entries
    ):
        asked = {key for key in asked if key != ("name", unparsed(index))}
    known = [
        keys_of(inference, key, owner.point) if key is not None and owner is not None else set()
        for key, _, owner in entries
    ]
    matching = [n for n, key in enumerate(known) if key & asked]
    unknown = [n for n, key in enumerate(known) if not key]
    if asked and matching:
        # of equal keys the last one counts, and what is unknown after it
        unknown = [n for n in unknown if n > matching[-1]]
        chosen: Iterable[int] = [*(matching if len(asked) > 1 else matching[-1:]), *unknown]
    else:
        chosen = unknown if asked else range(len(known))
    yield from either(
        [
            (element, _element(inference, owner, element) if owner is not None else NOTHING)
            for _, element, owner in (entries[n] for n in chosen)
        ]
    )


def _step(index: ast.expr) -> Projection:
    """What an index of a list asks for; any element where it is unknown."""
    match index:
        case ast.Slice(lower=lower, upper=upper, step=None):
            first, last = (0 if bound is None else _number(bound) for bound in (lower, upper))
            # counted from the one end to the other: any other bound leaves as many as it may
            return (
                first if first is not None and first > 0 else 0,
                last if last is not None and last < 0 else 0,
            )
        case ast.Slice():
            return (0, 0)
    number = _number(index)
    return "item" if number is None else number


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None


def _at(inference: Inference, items: Items, step: int | Rest) -> Iterator[Value]:
    """The element of a list at an index, or a list of some of its elements."""
    entries = [(element, owner) for _, element, owner in _entries(inference, items) if owner is not None]
    are_many = [_is_many(element, owner) for element, owner in entries]
    if isinstance(step, int):
        before = are_many[: step + 1] if step >= 0 else are_many[step:]
        one_of = entries if any(are_many) and len(entries) == 1 else []
        for element, owner in one_of if any(before) else entries[step : step + 1 or None]:
            yield from _element(inference, owner, element)
    elif any(are_many) or any(owner is not items for _, owner in entries):
        yield items
    else:
        yield replace(items, elements=items.elements[step[0] : step[1] or None])


def _is_many(element: ast.expr, owner: Items) -> bool:
    """Whether an element of a list stands for any number of one kind."""
    is_made = isinstance(element, Promised) and element.is_many
    return is_made or isinstance(element, ast.Starred) or owner.point.node is element
