"""Turns frozen dataclasses into lists that JSON can store, and back."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from flake8_redis_ssot.lazy_dataclass import fields, is_dataclass


def plain(value: Any) -> Any:
    """`value` as lists, strings, numbers and None; a dataclass is the list of its fields."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, date):
        return value.isoformat()
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} has no plain form")
    return [plain(getattr(value, name)) for name in value.__dataclass_fields__]


@cache
def reader(hint: Any) -> Callable[[Any], Any]:
    """A function that turns the plain form of a value of the type `hint` back into the value."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (str, int, bool, float, type(None)) or origin is Literal:
        return _same
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        item = reader(arguments[0])
        return tuple if item is _same else lambda data: tuple(map(item, data))
    if origin is tuple:
        items = [reader(argument) for argument in arguments]
        return lambda data: tuple(read(part) for read, part in zip(items, data, strict=True))
    if origin in (Union, types.UnionType):
        others = [reader(argument) for argument in arguments if argument is not type(None)]
        if all(other is _same for other in others):
            return _same
        if len(others) == 1:
            return lambda data: None if data is None else others[0](data)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = [reader(hints[field.name]) for field in fields(hint)]
        return lambda data: hint(*[read(part) for read, part in zip(parts, data, strict=True)])
    raise TypeError(f"{hint} has no plain form")


def shape(hint: Any) -> Any:
    """A description of the plain form of the type `hint`, which changes if its fields do."""
    if isinstance(hint, type) and is_dataclass(hint):
        return [[name, shape(inner)] for name, inner in get_type_hints(hint).items()]
    return [str(hint), [shape(inner) for inner in get_args(hint)]]


def _same(value: Any) -> Any:
    return value
