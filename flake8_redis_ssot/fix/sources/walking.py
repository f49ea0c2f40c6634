"""Packages whose modules a file goes through, to import each of them and use what it has."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.libraries.frameworks import LOADER_NAMES
from flake8_redis_ssot.libraries.standard import PACKAGE_WALKERS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.nodes import Comprehension, all_nodes, last_name, parents_of, unparsed

_OWN = frozenset(["__path__", "__file__"])


def had_by_walking(index: ProjectIndex, reads: ProjectReads) -> Iterator[tuple[str, str, str]]:
    """The files that get something of a forbidden module so: with the module and what of it, `*` for all."""
    for path in reads.loading:
        chains = reads.summary(path, _walked) if path in index.facts else None
        for module in _forbidden(index) if chains else ():
            if not any(_is_of(index, path, package, chains or ()) for package in _packages(module)):
                continue
            known, told = index.modules.facts(module), reads.of(path)
            yield from (
                (path, module, name)
                for name in (known.names if known is not None else ())
                if reads.may_read(path, name)
            )
            if told.computes or told.listed:
                yield path, module, "*"


def had_by_asking(index: ProjectIndex, reads: ProjectReads) -> Iterator[tuple[str, str, str]]:
    """The files that ask a package for a name which its `__getattr__` may take from a forbidden module: with that and the name."""
    for module in _forbidden(index):
        known = index.modules.facts(module)
        quoting = {index.place(path) for path in reads.quoted.get(module, ()) if path in index.facts}
        named = {name for place in quoting for name in place.modules}
        for package in {*_packages(module), *named} if known is not None else ():
            own = index.modules.facts(package)
            if known is None or own is None or "__getattr__" not in own.names:
                continue
            for path in index.importing(package):
                asked = {edge.name for edge in index.edges(path) if edge.module == package and edge.name}
                asked |= reads.of(path).of(index.handles(path, package))
                yield from ((path, module, name) for name in asked & known.names.keys() - own.names.keys())


def _forbidden(index: ProjectIndex) -> Iterator[str]:
    patterns = [pattern for boundary in index.settings.boundaries for pattern in boundary.forbidden]
    for path in index.facts:
        for module in index.place(path).modules:
            if any(pattern.covers(module) for pattern in patterns):
                yield module


def _packages(module: str) -> Iterator[str]:
    """The packages in which a module stands."""
    while module := module.rpartition(".")[0]:
        yield module


def _is_of(index: ProjectIndex, path: str, package: str, chains: Collection[str]) -> bool:
    """Whether a file goes through a package, which it has by one of these `chains`, or is in; then that is empty."""
    own = index.place(path).modules
    if not path.endswith("__init__.py"):
        own = tuple(name.rpartition(".")[0] for name in own)
    return not index.handles(path, package).isdisjoint(chains) or ("" in chains and package in own)


def _walked(tree: ast.Module) -> frozenset[str]:
    """By which chains a file has the packages that it goes through; none where it uses nothing of their modules."""
    found: set[str] = set()
    loads: list[ast.Call] = []
    for part in all_nodes(tree):
        if not isinstance(part, ast.Call) or not part.args:
            continue
        if last_name(part.func) in LOADER_NAMES and not isinstance(part.args[0], ast.Constant):
            loads.append(part)
        elif last_name(part.func) in PACKAGE_WALKERS:
            for inner in all_nodes(part.args[0]):
                if isinstance(inner, ast.Attribute) and inner.attr == "__path__":
                    found.add(unparsed(inner.value))
                elif isinstance(inner, ast.Name) and inner.id in _OWN:
                    found.add("")
    if not found:
        return frozenset()
    parents = parents_of(tree)
    return frozenset(found) if any(_is_used(one, parents) for one in loads) else frozenset()


def _is_used(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether something is done with what a call gives."""
    above: ast.AST | None = parents.get(call)
    while isinstance(above, Comprehension):
        above = parents.get(above)
    return not isinstance(above, ast.Expr)
