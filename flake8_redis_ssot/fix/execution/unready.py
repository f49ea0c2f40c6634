"""What a module would miss of a package around it, if it came to run before that has run to its end."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.execution.import_graph import (
    ImportGraph,
    at_import,
    imports_at_top,
    packages_of,
    with_parents,
)
from flake8_redis_ssot.syntax.imports import local_name_of
from flake8_redis_ssot.syntax.nodes import all_nodes, names_in

_GIVEN = frozenset(
    ["__name__", "__doc__", "__package__", "__loader__", "__spec__", "__path__", "__file__", "__builtins__"]
)
"""The names that a package has before its first statement runs."""


def unready(graph: ImportGraph, here: str, target: str) -> tuple[str, str] | None:
    """What importing `target` at the top of `here` reads of a package around both that runs, with the module that does.

    The package imports `here`, so that it is there with the names alone that it had before that.
    """
    for package in packages_of(here):
        if package not in packages_of(target):
            continue
        tree = graph.symbols.tree(package)
        begun = {*with_parents(package), here}
        loaded: set[str] = set()
        for statement in imports_at_top(tree) if tree is not None else ():
            more = _loaded(graph, graph.named(statement, package), begun - {here})
            if here in more:
                loaded |= _loaded(graph, graph.imports(here), begun)
                ready = {*_bound(tree.body, statement.lineno), *_GIVEN}  # type: ignore[union-attr]
                for module in sorted(_loaded(graph, [target], begun | loaded)):
                    for name in _read_of(graph, package, module):
                        if name not in ready:
                            return f"{package}.{name}", module
                break
            loaded |= more
    return None


def _loaded(graph: ImportGraph, names: Iterable[str], begun: set[str]) -> set[str]:
    """The modules of the project that come to run when some are imported, while those `begun` run or have run."""
    found: set[str] = set()
    new = list(names)
    while new:
        fresh = {one for one in with_parents(new.pop()) if graph.symbols.modules.find(one) is not None}
        fresh -= found | begun
        found |= fresh
        new += [name for one in fresh for name in graph.imports(one)]
    return found


def _bound(body: list[ast.stmt], line: int) -> Iterator[str]:
    """The names that the statements above a line bind in their module."""
    for statement in at_import([one for one in body if one.lineno < line]):
        match statement:
            case _ if statement.lineno >= line:
                continue
            case ast.Import() | ast.ImportFrom():
                yield from (local_name_of(statement, alias) for alias in statement.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                yield from names_in(statement)


def _read_of(graph: ImportGraph, package: str, module: str) -> Iterator[str]:
    """The names of a package, other than its modules, that a module reads; `*` is all of them."""
    symbols = graph.symbols
    for part, home in graph.running(module):
        if isinstance(part, ast.ImportFrom) and absolute(part, home, symbols.is_package(home)) == package:
            yield from (a.name for a in part.names if symbols.modules.find(f"{package}.{a.name}") is None)
    tree = symbols.tree(module)
    for part in all_nodes(tree) if tree is not None else ():
        if isinstance(part, ast.Attribute):
            dotted = symbols.dotted(part.value, module)
            led = symbols.modules.lookup(dotted) if dotted is not None else None
            is_of = led is not None and led.kind == "module" and led.qualified_name == package
            if is_of and symbols.modules.find(f"{package}.{part.attr}") is None:
                yield part.attr
