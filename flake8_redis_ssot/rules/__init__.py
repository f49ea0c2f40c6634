"""The rules, one a file, found by their names."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from flake8_redis_ssot.rule import ProjectRule, Rule


@cache
def all_rules() -> tuple[type[Rule], ...]:
    """Every rule class, sorted by code."""
    found: list[type[Rule]] = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("red"):
            members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
            found += [
                m
                for m in members
                if isinstance(m, type) and issubclass(m, Rule) and m not in (Rule, ProjectRule)
            ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def defaults() -> dict[str, bool]:
    """Each code with whether it is on by default."""
    return {rule.code: rule.default for rule in all_rules()}
