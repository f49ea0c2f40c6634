"""The values in tuples, lists, sets and dicts, and those that generators yield.

A container is an `Items`: its element expressions as they are written, evaluated only when one is read. What is
unpacked into it (`[*others]`, `{**others}`) is looked through; an element may also stand for any number of values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls, records
from flake8_redis_ssot.inference.stores import either, keys_of
from flake8_redis_ssot.inference.values import (
    NOTHING,
    Definition,
    Filled,
    Generator,
    Instance,
    Items,
    Pairs,
    QualifiedName,
    Value,
    Values,
)
from flake8_redis_ssot.libraries.standard import GETTERS, TAKERS
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Projection, Rest, Scope
from flake8_redis_ssot.syntax.nodes import unparsed
from flake8_redis_ssot.syntax.synthetic import Element, Promised

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


_MOST_UNPACKED = 100
"""How often what is unpacked into a container is looked into: each may be made of two others."""

_METHODS = GETTERS | TAKERS | {"values", "items", "copy"}


def projected(inference: Inference, values: Values, step: Projection) -> Iterator[Value]:
    """The values of a target that gets a part of `values`: by an index (`a, b = x`), a loop, or a `with` (see `Projection`)."""
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
                for name in records.places_of(inference, scope)[step : step + 1 or None]:
                    yield from inference.attribute(value, name)  # a NamedTuple, or what a pattern takes apart
            case Instance() if step == "enter":
                yield from _context_value(inference, value)
            case Generator(scope=scope, how="manager", context=context) if step == "enter":
                yield from inference.run_in_context(context, inference.given_by, scope)
            case Generator(scope=scope, how="iterator", context=context) if step != "enter":
                yield from inference.run_in_context(context, yielded, inference, scope)


def yielded(inference: Inference, function: Scope) -> Iterable[Value]:
    """The values that a generator yields, or what its annotation promises."""
    values = frozenset(v for point in function.yields for v in inference.values(point.node, point))
    stated = calls.result_type(inference, function, function.yields) if function.yields else None
    if any(map(inference.is_known, values)):
        return values
    whole = inference.known_or_promised(NOTHING, stated, inference.definition_point(function))
    return [*projected(inference, frozenset(whole), "item")] or values


def comprehended(
    inference: Inference,
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    element: ast.expr,
    point: ProgramPoint,
    *,
    keys: tuple[None] | None = None,
) -> Items:
    """The container that a comprehension makes: any number of `element`; `keys` where it is a dict."""
    inner = inference.scopes_of(point.scope).comprehension_of(node, point)
    at = ProgramPoint(element, inner, point.order + len(node.generators), point.path)
    return Items((element,), at, keys, inference.context)


def _context_value(inference: Inference, value: Instance) -> Iterable[Value]:
    """The value of `x` in `with value as x`: what `__enter__` or `__aenter__` gives, else the object itself."""
    if isinstance(value.of, Definition):
        for name in ("__enter__", "__aenter__"):
            methods = [m for m in inference.attribute(value, name) if isinstance(m, Definition)]
            results = [v for m in methods for v in inference.awaited(calls.given_back(inference, m))]
            if results:
                return results
    return (value,)


def are_told(inference: Inference, values: Iterable[Value], steps: Sequence[Projection]) -> bool:
    """Whether something is known of each element that a target may get of containers by `steps`."""
    step, rest = (steps[0], steps[1:]) if steps else (None, ())
    for value in values if step is not None else ():
        match value:
            case Pairs() if step == "item":
                if not are_told(inference, [value], rest):
                    return False
                continue
            case Pairs(of=Items() as items) if step == 1:
                entries = [*_entries(inference, items)]
            case Items(keys=keys) if step == "item" or (keys is None and isinstance(step, int)):
                entries = [*_entries(inference, value)]
                entries = entries if isinstance(step, str) else entries[step : step + 1 or None]
            case Items(keys=None) if isinstance(step, tuple):
                if not are_told(inference, projected(inference, frozenset([value]), step), rest):
                    return False
                continue
            case _:
                continue
        if not all(_is_told(inference, element, owner, rest) for _, element, owner in entries):
            return False
    return True


def _is_told(
    inference: Inference, element: ast.expr, owner: Items | None, rest: Sequence[Projection]
) -> bool:
    if owner is None:
        return False
    if isinstance(element, Element):  # of each of many
        many = inference.run_in_context(owner.context, inference.values, element.of, owner.point)
        return are_told(inference, many, ("item", *rest))
    found = _element_values(inference, owner, element)
    return isinstance(element, ast.Constant) or (bool(found) and are_told(inference, found, rest))


def is_told_at(inference: Inference, node: ast.Subscript, point: ProgramPoint) -> bool:
    """Whether something is known of each element that an index may mean."""
    values: Iterable[Value] = inference.values(node.value, point)
    if keys_of(inference, node.slice, point):
        values = (value for value in values if not is_dict(value))
    return are_told(inference, values, (_projection_of(node.slice),))


def each(inference: Inference, items: Items | Filled) -> Iterator[Value]:
    """The values of all elements of a container."""
    if isinstance(items, Filled):
        yield from inference.stores.each(items.stores)
        return
    for _, element, owner in _entries(inference, items):
        if owner is not None:
            yield from _element_values(inference, owner, element)


def merged(
    keys: Iterable[ast.expr | None], elements: Iterable[ast.expr], point: ProgramPoint, inference: Inference
) -> Items:
    """A dict by its keys and elements; a key of None marks an element that is unpacked (`**other`), which becomes its own key."""
    pairs = [(element if key is None else key, element) for key, element in zip(keys, elements, strict=True)]
    return Items(
        tuple(element for _, element in pairs), point, tuple(key for key, _ in pairs), inference.context
    )


def union(inference: Inference, node: ast.BinOp, point: ProgramPoint) -> Iterator[Items]:
    """The container that `dict | dict`, `list + list` or `list * number` makes."""
    sides = (node.left, node.right)
    if isinstance(node.op, ast.Mult) and not any(isinstance(side, ast.List | ast.Tuple) for side in sides):
        return  # nearly all are of numbers
    containers = [
        value for side in sides for value in inference.values(side, point) if isinstance(value, Items)
    ]
    if isinstance(node.op, ast.BitOr):
        if any(map(is_dict, containers)):
            yield merged((None, None), sides, point, inference)
    elif isinstance(node.op, ast.Mult):
        for side in sides if any(value.keys is None for value in containers) else ():
            yield any_number(inference, inference.synthetic(Element, side), point)
    elif containers:
        both = tuple(inference.synthetic(ast.Starred, side) for side in sides)
        yield Items(both, point, None, inference.context)


def any_number(inference: Inference, element: ast.expr, point: ProgramPoint) -> Items:
    """A list of any number of values of the expression `element`."""
    at = ProgramPoint(element, point.scope, point.order, point.path)
    return Items((element,), at, None, inference.context)


def is_dict(value: Value) -> bool:
    """Whether a value is a dict whose keys are known."""
    return isinstance(value, Items) and value.keys is not None


def _entries(
    inference: Inference, items: Items, around: tuple[Items, ...] = (), room: Iterator[int] | None = None
) -> Iterator[tuple[ast.expr | None, ast.expr, Items | None]]:
    """Each element of a container, with its key and the container in whose source it stands.

    For what is unpacked these are the elements of the unpacked container. Where that is unknown, a dict has an element
    with no container, and a list the starred expression itself. `around` are the containers that are being unpacked.
    """
    room = iter(range(_MOST_UNPACKED)) if room is None else room
    for key, element in zip(items.keys or (None,) * len(items.elements), items.elements, strict=True):
        is_list = isinstance(element, ast.Starred)
        if key is not element and not is_list:
            yield key, element, items
            continue
        found = _element_values(
            inference, items, element.value if isinstance(element, ast.Starred) else element
        )
        match [*found] if next(room, None) is not None else []:
            case [Items() as unpacked] if is_dict(unpacked) is not is_list and unpacked not in (
                *around,
                items,
            ):
                yield from _entries(inference, unpacked, (*around, items), room)
            case _:
                yield None, element, items if is_list else None


def _element_values(inference: Inference, items: Items, element: ast.expr) -> Values:
    """The values of an element expression; of a starred one any element of what is unpacked."""
    if isinstance(element, ast.Starred):
        element = inference.synthetic(Element, element.value)
    return inference.run_in_context(items.context, inference.values, element, items.point)


def texts_in(inference: Inference, items: Items) -> Iterator[set[str]]:
    """For each element of a list the strings that it can be; an empty set for one that stands for many."""
    for _, element, owner in _entries(inference, items):
        is_one = owner is not None and not _stands_for_many(element, owner)
        yield (
            inference.run_in_context(owner.context, inference.all_texts, element, owner.point)
            if is_one and owner
            else set()
        )


def under(inference: Inference, items: Items, name: str) -> Iterator[Value]:
    """The values of a dict under the constant key `name`."""
    for key, element, owner in _entries(inference, items):
        if owner is not None and isinstance(key, ast.Constant) and key.value == name:
            yield from _element_values(inference, owner, element)


def subscript(inference: Inference, node: ast.Subscript, point: ProgramPoint) -> Iterator[Value]:
    """What `value[key]` can be."""
    stored = inference.stores.of_item(node.value, node.slice, point)
    yield from inference.stores.each(stored)
    if any(store.key is not None for store in stored) and keys_of(inference, node.slice, point):
        return
    for value in inference.values(node.value, point):
        match value:
            case Items(keys=keys) if keys is not None:
                yield from _values_under(inference, value, node.slice, point)
            case Items() if isinstance(node.slice, ast.Slice):
                yield from _sliced(
                    inference,
                    value,
                    node.slice,
                    any_number(inference, inference.synthetic(Element, node.value), point),
                )
            case Items() | Instance() | Filled(keyed=False):
                yield from projected(inference, frozenset([value]), _projection_of(node.slice))
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
    """What `get`, `values`, `pop` and the like of a container give."""
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
                yield from _values_under(inference, value, call.args[0], point)
            elif func.attr == "values":
                yield from _lists(_listed(inference, value))
            elif func.attr == "items":
                yield Pairs(value)
        elif isinstance(value, Filled) and value.keyed:
            if func.attr == "values":
                yield Filled(value.stores, keyed=False)
            elif func.attr == "items":
                yield Pairs(value)
        elif isinstance(value, Items | Filled) and func.attr in TAKERS and len(call.args) < 2:
            yield from each(inference, value)


def _values_under(
    inference: Inference, items: Items, index: ast.expr, point: ProgramPoint
) -> Iterator[Value]:
    """The values of a dict under `index`: of matching keys, and of those that may match as they are unknown."""
    wanted = keys_of(inference, index, point)
    entries = [*_entries(inference, items)]
    if isinstance(index, ast.Attribute) and not any(
        isinstance(key, ast.Attribute) and unparsed(key.value) == unparsed(index.value)
        for key, _, _ in entries
    ):
        wanted = {key for key in wanted if key != ("name", unparsed(index))}
    known = [
        keys_of(inference, key, owner.point) if key is not None and owner is not None else set()
        for key, _, owner in entries
    ]
    matching = [n for n, key in enumerate(known) if key & wanted]
    unknown = [n for n, key in enumerate(known) if not key]
    if wanted and matching:
        # of equal keys the last one counts, and what is unknown after it
        unknown = [n for n in unknown if n > matching[-1]]
        chosen: Iterable[int] = [*(matching if len(wanted) > 1 else matching[-1:]), *unknown]
    else:
        chosen = unknown if wanted else range(len(known))
    yield from either(
        [
            (element, _element_values(inference, owner, element) if owner is not None else NOTHING)
            for _, element, owner in (entries[n] for n in chosen)
        ]
    )


def _projection_of(index: ast.expr) -> Projection:
    """What an index of a list asks for; any element where it is unknown."""
    number = _number(index)
    return "item" if number is None else number


def _number(node: ast.expr) -> int | None:
    """The integer that a literal is, also a negative one."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None


def _at(inference: Inference, items: Items, step: int | Rest) -> Iterator[Value]:
    """The element of a list at an index, or a list of some of its elements."""
    entries = _listed(inference, items)
    are_many = [_stands_for_many(element, owner) for element, owner in entries]
    if isinstance(step, int):
        before = are_many[: step + 1] if step >= 0 else are_many[step:]
        one_of = entries if any(are_many) and len(entries) == 1 else []
        for element, owner in one_of if any(before) else entries[step : step + 1 or None]:
            yield from _element_values(inference, owner, element)
    elif step == (0, 0):
        yield items
    else:
        # of what stands for many as many as there may be are left
        first, last = (
            min(n, (sides + [True]).index(True))
            for n, sides in ((step[0], are_many), (-step[1], are_many[::-1]))
        )
        yield from _lists(entries[first : len(entries) - last])


def _sliced(inference: Inference, items: Items, index: ast.Slice, any_of_them: Items) -> Iterator[Value]:
    """A part of a list, as far as its bounds and the elements before them are known."""
    parts = (index.lower, index.upper, index.step)
    bounds = [None if part is None else _number(part) for part in parts]
    is_known = all(part is None or _number(part) is not None for part in parts)
    first, last, step = bounds
    entries = _listed(inference, items)
    if not is_known or step == 0:
        yield any_of_them
    elif not any(_stands_for_many(element, owner) for element, owner in entries):
        yield from _lists(entries[slice(*bounds)])
    elif step in (None, 1) and (first or 0) >= 0 and (last is None or last < 0):
        yield from _at(inference, items, (first or 0, last or 0))
    else:
        yield any_of_them


def _listed(inference: Inference, items: Items) -> list[tuple[ast.expr, Items]]:
    return [(element, owner) for _, element, owner in _entries(inference, items) if owner is not None]


def _lists(entries: Sequence[tuple[ast.expr, Items]]) -> Iterator[Items]:
    """Elements as lists: those that are written in one are one."""
    for one in dict.fromkeys(owner for _, owner in entries):
        yield Items(
            tuple(element for element, owner in entries if owner is one), one.point, None, one.context
        )


def _stands_for_many(element: ast.expr, owner: Items) -> bool:
    """Whether an element stands for any number of values: promised, unpacked, or made by a comprehension."""
    is_made = isinstance(element, Promised) and element.is_many
    return is_made or isinstance(element, ast.Starred) or owner.point.node is element
