"""The rules, one a file, found by their names."""

from __future__ import annotations

import importlib
import os
from functools import cache

from flake8_redis_ssot.rule import Rule


@cache
def all_rules() -> tuple[type[Rule], ...]:
    """Every rule class, sorted by code."""
    found: list[type[Rule]] = []
    for file in os.listdir(os.path.dirname(__file__)):
        if not file.startswith("red") or not file.endswith(".py"):
            continue
        home = importlib.import_module(f"{__name__}.{file.removesuffix('.py')}")
        own = [m for m in vars(home).values() if getattr(m, "__module__", "") == home.__name__]
        found += [m for m in own if isinstance(m, type) and issubclass(m, Rule)]
    return tuple(sorted(found, key=lambda rule: rule.code))


def defaults() -> dict[str, bool]:
    """Each code with whether it is on by default."""
    return {rule.code: rule.default for rule in all_rules()}
