"""Widening: many values of one kind become one that stands for all, so that sets of values stay small."""

from __future__ import annotations

from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import MANY_ITEMS, MANY_TEXTS, Items, Text, Value

_TOLD_APART = 32
"""How many strings, or containers, of one expression are told apart; with more of them none is known.

A parameter that gets a string from all over a large project would otherwise pass hundreds of them on.
"""

_MANY = frozenset([MANY_TEXTS, MANY_ITEMS])


def widened(found: set[Value], names: Names) -> set[Value]:
    """The values `found`, with all strings or all containers replaced by one `Many` where there are too many.

    Strings that name something of a library or a manager are always kept.
    """
    if len(found) <= _TOLD_APART and found.isdisjoint(_MANY):
        return found
    texts = {value for value in found if isinstance(value, Text) and not names.is_told_apart(value.value)}
    if MANY_TEXTS in found or len({text.value for text in texts}) > _TOLD_APART:
        found = (found - texts) | {MANY_TEXTS}
    items = {value for value in found if isinstance(value, Items)}
    if MANY_ITEMS in found or len(items) > _TOLD_APART:
        found = (found - items) | {MANY_ITEMS}
    return found
