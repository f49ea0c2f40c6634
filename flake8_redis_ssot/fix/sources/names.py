"""What the names of the project's modules mean where they are written: as dotted names, with where these are defined."""

from __future__ import annotations

import ast
import os
from contextlib import suppress
from typing import Protocol

from flake8_redis_ssot.facts.modules import Modules, absolute
from flake8_redis_ssot.fix.sources.module_names import is_readable
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.source import PYTHON, SourceError
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, own_nodes


class Placed(Protocol):
    """A part of the source."""

    @property
    def node(self) -> ast.AST | None: ...

    @property
    def module(self) -> str: ...


class Names:
    """The names of a project's modules, from their sources alone."""

    def __init__(self, modules: Modules, root: str) -> None:
        self.modules = modules
        self._root = root
        self._trees: dict[str, ast.Module | None] = {}
        self._rebound: dict[str, frozenset[str]] = {}
        self._functions: dict[Function, tuple[frozenset[str], dict[str, str]]] = {}

    def at(self, symbol: Placed) -> str:
        """Where something of the project is defined, as a message has it behind its name; empty where nobody knows."""
        path, line = self.modules.find(symbol.module), getattr(symbol.node, "lineno", None)
        return f" ({self.short(path)}:{line})" if path and line else ""

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def tree(self, module: str) -> ast.Module | None:
        """The syntax tree of a dotted module of the project."""
        if module not in self._trees:
            path = self.modules.find(module)
            self._trees[module] = None
            if path is not None and path.endswith(PYTHON):
                with suppress(SourceError):
                    self._trees[module] = self.modules.filesystem.source(path).tree
        return self._trees[module]

    def dotted(self, node: ast.expr, module: str, function: Function | None = None) -> str | None:
        """The dotted name of an expression at the top level of `module`, or in one of its functions."""
        tail: list[str] = []
        while isinstance(node, ast.Attribute):
            tail.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        own, imported = self._names_of(function, module) if function is not None else (frozenset(), {})
        local = imported.get(node.id)
        if local is None and node.id in own:
            return None
        facts = self.modules.facts(module)
        if local is None and (facts is None or node.id not in facts.names):
            return None
        is_alias = local is None and facts is not None and facts.names[node.id].target is not None
        if is_alias and node.id in self.set_by_functions(module):
            return None  # imported, and exchanged at run time
        optional = facts.optional.get(node.id) if local is None and facts is not None else None
        if optional is not None and not self.modules.is_ours(optional):
            local = optional  # of a library, which is there where anything is done with it
        name = local or f"{module}.{node.id}"
        led = self.modules.lookup(name) if tail else None
        if led is not None and led.kind == "module" and not is_readable(self, led.qualified_name):
            return None  # the package gives the module's name to something else
        return ".".join([name, *tail])

    def _names_of(self, function: Function, module: str) -> tuple[frozenset[str], dict[str, str]]:
        """The names that are a function's own, and those that it imports."""
        if function not in self._functions:
            imported = _imported_in(function, module, self.is_package(module))
            self._functions[function] = frozenset(locals_of(function)), imported
        return self._functions[function]

    def set_by_functions(self, module: str) -> frozenset[str]:
        """The names of a module that its functions set, by `global`."""
        if module not in self._rebound:
            tree = self.tree(module) or ast.Module([], [])
            parts = (part for part in all_nodes(tree) if isinstance(part, ast.Global))
            self._rebound[module] = frozenset(name for part in parts for name in part.names)
        return self._rebound[module]

    def is_package(self, module: str) -> bool:
        path = self.modules.find(module) or ""
        return path.rpartition("/")[2].startswith("__init__.")


def locals_of(function: Function) -> set[str]:
    """The names that are a function's own."""
    found = set(parameter_names(function))
    shared: set[str] = set()
    for part in own_nodes(function):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.Global):
            shared |= set(part.names)
    return found - shared


def _imported_in(function: Function, module: str, is_package: bool) -> dict[str, str]:
    """The names that imports within `function` bind, each with its dotted name."""
    found: dict[str, str] = {}
    for part in own_nodes(function):
        if isinstance(part, ast.ImportFrom):
            for alias in part.names:
                name = f"{absolute(part, module, is_package)}.{alias.name}"
                found.setdefault(alias.asname or alias.name, name)
        elif isinstance(part, ast.Import):
            for alias in part.names:
                first = alias.name.split(".")[0]
                found.setdefault(alias.asname or first, alias.name if alias.asname else first)
    return found
