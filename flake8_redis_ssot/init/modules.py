"""A module that has to do with Redis: what it builds and does, and who takes something of it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.analysis.operations import gives_a_client, method_meanings, words
from flake8_redis_ssot.facts.import_scan import Edge
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.facts.modules import Found
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.inference.methods import mode_of
from flake8_redis_ssot.init.layout import Tree
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.vocabulary import CLIENTS, GETTING, PLAIN_WORDS, SUBJECTS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.source import SourceError

_HELD = frozenset(["client", "conn", "connection", "pool"])
"""Last words, in the singular, of what holds clients or pools and nothing else."""


@dataclass(frozen=True, slots=True)
class Built:
    """A line that builds a client or pool, by the builders that `symbols` name."""

    path: str
    line: int
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A module that builds clients or pools, or has `classes` that do what a manager does.

    Of a test nothing more is known than what it builds.
    `name` is the one by which most files import it, `importers` their number. `built` are the lines that build, `modes`
    whether that blocks. `names` are those in it by which others get at a client or manager, each with the number of
    files of the application that take it. `users` are these files, `tests` the tests that do, and `beside` those of
    the users that stand beside the application.
    """

    path: str
    name: str
    importers: int = 0
    built: tuple[int, ...] = ()
    modes: frozenset[str] = frozenset()
    classes: tuple[ClassFacts, ...] = ()
    names: tuple[tuple[str, int], ...] = ()
    users: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def operations(self) -> list[str]:
        """The methods that stand for a command."""
        return list(dict.fromkeys(name for made in self.classes for name, _ in made.operations))

    def repeats(self, other: Module) -> bool:
        """Whether it does operations that mean what another's do, as many as make a manager."""
        known = {meaning for name in other.operations for meaning in method_meanings(name)}
        repeated = [name for name in self.operations if not known.isdisjoint(method_meanings(name))]
        return len(repeated) >= ENOUGH


def is_plain_name(name: str, purposes: Collection[str] = ()) -> bool:
    """Whether a name says Redis, or one of the `purposes` of it, and nothing else."""
    found = {*words(name)}
    return found <= PLAIN_WORDS.union(purposes) and not SUBJECTS.union(purposes).isdisjoint(found)


def module_of(
    index: ProjectIndex, tree: Tree, path: str, built: Sequence[Built], classes: Sequence[ClassFacts]
) -> Module | None:
    """The module at `path`; None where it can be imported by no name."""
    modules = [name for name in index.place(path).modules if all(map(str.isidentifier, name.split(".")))]
    lines = tuple(made.line for made in built)
    if not modules:
        return None
    if index.settings.is_test(path):
        return Module(path, min(modules, key=len), built=lines)
    importers = {name: [p for p in index.importers(name) if p != path] for name in modules}
    name = max(modules, key=lambda module: (len(importers[module]), -len(module)))
    names = {*index.facts[path].clients, *(known for made in classes for known in made.known_as)}
    if built:
        holders = {*_holders(index, name)}
        is_named_so = bool(holders) or is_plain_name(name.rpartition(".")[2])
        names |= {*_accessors(index, path, name), *holders, *_objects(index, path, name, is_named_so)}
    handing_on = {*_packages_around(index, path)}
    taken = {
        one: {user for user in users if user not in handing_on or _is_used(index, user, one)}
        for one, users in _taken(index, path, modules, names).items()
    }
    users = sorted({user for users in taken.values() for user in users})
    tests = tuple(filter(index.settings.is_test, users))
    others = tuple(user for user in users if user not in tests)
    beside = tuple(user for user in others if tree.is_beside(tree.short(user)))
    # what examples take says little where the application takes something itself
    telling = {*others} - {*beside} or {*others}
    numbers = {one: len(taken.get(one, set()) & telling) for one in names}
    counts = sorted(numbers.items(), key=lambda pair: (-pair[1], pair))
    return Module(
        path,
        name,
        len(importers[name]),
        lines,
        frozenset(mode for made in built if (mode := _mode(made)) is not None),
        tuple(classes),
        tuple(counts),
        others,
        tests,
        beside,
    )


def _packages_around(index: ProjectIndex, path: str) -> Iterator[str]:
    """The `__init__` files of the packages in which a file lies."""
    folder = os.path.dirname(path)
    while (inside := os.path.join(folder, "__init__.py")) in index.facts:
        if inside != path:
            yield inside
        folder = os.path.dirname(folder)


def _accessors(index: ProjectIndex, path: str, module: str) -> Iterator[str]:
    """The functions of a module that give, by their names, a client or pool."""
    known, exposed = index.modules.facts(module), index.facts[path].exposed_names
    for name, what in known.names.items() if known is not None else ():
        parts = words(name)
        is_one = what.kind == "function" and (gives_a_client(name) or parts[-1:] == ["pool"])
        is_one = is_one and name[0] != "_" and parts[0] in GETTING | CLIENTS | SUBJECTS
        if is_one and (name in exposed or not SUBJECTS.isdisjoint(parts)):
            yield name


def _holders(index: ProjectIndex, module: str) -> Iterator[str]:
    """The classes of a module that hold a client and are called after Redis, whatever their methods do.

    What a framework asks for is none: it takes the class by its interface, and not the client.
    """
    known = index.modules.facts(module)
    for name, what in known.names.items() if known is not None else ():
        full = f"{module}.{name}"
        is_one = what.kind == "class" and is_plain_name(name) and index.managers.holds(full)
        if is_one and not index.managers.may_be_asked_for(full):
            yield name


def _objects(index: ProjectIndex, path: str, module: str, is_named_so: bool) -> Iterator[str]:
    """The objects of a module by which others get at a client: by their names, or those of the module or a class of it.

    What else leads to a client is of the domain, and keeps it for itself.
    """
    known, exposed = index.modules.facts(module), index.facts[path].exposed_names
    holding = dict(index.modules.clients(module).modes) if is_named_so else {}
    for name, what in known.names.items() if known is not None else ():
        # a class or a library has another name here, or none where it is not installed
        is_one = what.kind == "object" and name in exposed and name[0].islower()
        if not is_one or known is None or name in known.optional:
            continue
        if (
            is_plain_name(name)
            or _holds_clients(name)
            or name in holding
            or (is_named_so and gives_a_client(name))
        ):
            yield name


def _holds_clients(name: str) -> bool:
    """Whether a name is that of clients or pools, and of nothing else."""
    parts = words(name)
    return bool(parts) and {*parts} <= PLAIN_WORDS and parts[-1].removesuffix("s") in _HELD


def _mode(made: Built) -> str | None:
    builders = (BUILDERS[name] for name in made.symbols if name in BUILDERS)
    return next((mode for builder in builders if (mode := mode_of(builder)) is not None), None)


def _taken(
    index: ProjectIndex, path: str, modules: Sequence[str], names: Iterable[str]
) -> dict[str, set[str]]:
    """Each of the `names` of a module with the files that take it from there, or through a re-export."""
    found: dict[str, set[str]] = {}
    full = {f"{module}.{name}": name for module in modules for name in names}
    for user in index.importers_of(modules, full.keys()) - {path}:
        for edge in index.edges(user):
            home = _given(index, edge) if edge.name in full.values() else None
            name = full.get(edge.full_name) or (full.get(home.qualified_name) if home is not None else None)
            if name is not None:
                found.setdefault(name, set()).add(user)
            elif edge.full_name in modules:
                for one in _read(index, user, edge.full_name, full.values()):
                    found.setdefault(one, set()).add(user)
    return found


def _given(index: ProjectIndex, edge: Edge) -> Found | None:
    """What an import gets: a name that a package binds, even if a submodule has the same."""
    package = index.modules.facts(edge.module)
    bound = package.names.get(edge.name or "") if package is not None else None
    return index.modules.lookup(edge.full_name if bound is None or bound.target is None else bound.target)


def _is_used(index: ProjectIndex, path: str, name: str) -> bool:
    """Whether a file does something with a name that it imports, and not only hands it on."""
    with suppress(SourceError):
        text = index.modules.filesystem.source(path).text
        return re.search(rf"^(?!\s*(?:from|import)\b).*\b{name}[.(\[]", text, re.MULTILINE) is not None
    return False


def _read(index: ProjectIndex, user: str, module: str, names: Iterable[str]) -> Iterator[str]:
    """The names of a module that a file has as a whole which it reads of it."""
    text = ""
    with suppress(SourceError):
        text = index.modules.filesystem.source(user).data.decode("utf-8", "replace")
    for name in names:
        if any(f"{handle}.{name}" in text for handle in index.handles(user, module)):
            yield name
