"""The builders by every dotted name that reaches them, with those that the settings add."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache, cached_property

from flake8_redis_ssot.libraries.builders import (
    BUILDING_METHODS,
    CLASSES,
    FUNCTIONS,
    MODULE_ALIASES,
    Builder,
)
from flake8_redis_ssot.libraries.frameworks import MAKING_NAMES
from flake8_redis_ssot.libraries.traits import WAITING, WRAPPING

_POOLS = frozenset(target.rpartition(".")[2] for _, kind, target, *_ in CLASSES if kind == "pool")
_METHODS = frozenset(name for *_, names in BUILDING_METHODS for name in names.split())


def _table() -> dict[str, Builder]:
    table = {}
    for library, kind, target, homes, constructors in CLASSES:
        for home in homes.split():
            table[home] = Builder(library, kind, target)
            for constructor in constructors.split():
                table[f"{home}.{constructor}"] = Builder(library, kind, f"{target}.{constructor}")
    for library, kind, target, homes in FUNCTIONS:
        for home in homes.split():
            table[home] = Builder(library, kind, target)
    homes_of = BuilderTable(table).by_target
    for library, kind, target, methods in BUILDING_METHODS:
        for home in homes_of[target]:
            for method in methods.split():
                table[f"{home}.{method}"] = Builder(library, kind, f"{target}.{method}")
    for alias, module in MODULE_ALIASES:
        inside = {name: builder for name, builder in table.items() if name.startswith(module + ".")}
        table |= {alias + name.removeprefix(module): builder for name, builder in inside.items()}
    return table


class BuilderTable(dict[str, Builder]):
    """Builders by every dotted name that reaches them.

    `extended` are those that the settings add, with what leads to them; they may be the
    project's own.
    """

    extended: frozenset[str] = frozenset()

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level packages of the libraries."""
        return frozenset(name.split(".")[0] for name in self)

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """The builders and all modules and classes on the way to one."""
        found = set()
        for name in self:
            while name:
                found.add(name)
                name = name.rpartition(".")[0]
        return frozenset(found)

    @cached_property
    def by_target(self) -> dict[str, list[str]]:
        """All names of each callable, by its target."""
        found: dict[str, list[str]] = {}
        for name, builder in self.items():
            found.setdefault(builder.target, []).append(name)
        return found

    def names_of(self, name: str) -> list[str]:
        """All names of what `name` stands for; that name alone where it is no builder's."""
        return self.by_target[self[name].target] if name in self else [name]

    def looked_up(self, name: str) -> set[str]:
        """The names that are looked up where one is called, and, where it builds, what the library looks up then.

        That is what makes an object of the class and of that of its pool, which tests may have by any of their names.
        """
        parts = name.split(".")
        found = {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
        if name in self:
            own = [] if self[name].is_class else [self[name].target.rpartition(".")[2]]
            found |= self.pools_of(name) | self.methods_of(name, [*MAKING_NAMES, *own])
            if (
                own and name.rpartition(".")[0] not in self
            ):  # a function of the library, which looks its class up
                found.add(self._class_of(name) or name)
        return found

    def methods_of(self, name: str, methods: Iterable[str]) -> set[str]:
        """Methods of what a builder makes, and of the pool that this brings, by all names of their classes."""
        homes = {home for pool in self.pools_of(name) for home in self.names_of(pool)}
        homes |= {*self.by_target.get(self._class_of(name), [self._class_of(name)])} - {""}
        return {f"{home}.{method}" for home in homes for method in methods}

    def pools_of(self, name: str) -> set[str]:
        """The names by which the class of what a builder makes can look up that of its pool: those in its module."""
        prefix = self._class_of(name).rpartition(".")[0] + "."
        is_client = name in self and self[name].kind == "client"
        return {f"{prefix}{last}" for last in _POOLS} & self.keys() if is_client else set()

    def _class_of(self, name: str) -> str:
        """The class of what a builder makes, where it is a class or a method of one."""
        if name not in self:
            return ""
        builder = self[name]
        made = builder.target if builder.is_class else builder.target.rpartition(".")[0]
        return made if made.rpartition(".")[2][:1].isupper() else ""

    @cached_property
    def last_names(self) -> frozenset[str]:
        """The last parts of all names."""
        return frozenset(name.rpartition(".")[2] for name in self)

    @cached_property
    def with_methods(self) -> frozenset[str]:
        """The builders whose results have methods that build again, as a Sentinel's."""
        return frozenset(name.rpartition(".")[0] for name in self if name.rpartition(".")[2] in _METHODS)


BUILDERS = BuilderTable(_table())


@cache
def builders(clients: tuple[str, ...], pools: tuple[str, ...]) -> BuilderTable:
    """The table with a project's own builders, `extend-client-builders` and `extend-pool-builders`."""
    own = {name: Builder(name, "client", name) for name in clients}
    own |= {name: Builder(name, "pool", name) for name in pools}
    table = BuilderTable({**BUILDERS, **own})
    table.extended = BuilderTable(own).prefixes
    return table


def star_names(module: str, names: Iterable[str]) -> Iterator[str]:
    """What `from module import *` binds of the builders, and of what leads to one."""
    prefix = module + "."
    yield from {name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix)}


def builds(builder: Builder, call: ast.Call) -> bool:
    """Whether a call of `builder` makes something: it neither wraps what is there, nor waits for an application."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if builder.target in WRAPPING:
        return not call.args and WRAPPING[builder.target] not in keywords
    if builder.target in WAITING:
        before = WAITING[builder.target]
        apps = [*call.args[before : before + 1], *(keywords[k] for k in ("app", None) if k in keywords)]
        return any(not (isinstance(app, ast.Constant) and app.value is None) for app in apps)
    return True
