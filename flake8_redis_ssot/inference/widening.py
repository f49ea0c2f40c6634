"""Where an expression can be more values of a kind than are worth telling apart."""

from __future__ import annotations

from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import MANY_ITEMS, MANY_TEXTS, Items, Text, Value

_TOLD_APART = 32
"""Strings of one expression, and containers as written, that are told apart; past it none of them is known.

What all callers of a large project hand to a function would be passed on in hundreds.
"""

_MANY = frozenset([MANY_TEXTS, MANY_ITEMS])


def widened(found: set[Value], names: Names) -> set[Value]:
    """Values with one for all of a kind, where these are too many.

    Strings that name something of a library or a manager are always told apart.
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
