"""What the managers and the forbidden managers define."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

from flake8_redis_ssot.facts.modules import Built, ClassTraits, Kind, Modules
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.libraries.frameworks import VALIDATING
from flake8_redis_ssot.libraries.vocabulary import INTERFACE_WORDS
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import PYTHON

_ASKING_NOTHING = sys.stdlib_module_names | VALIDATING
"""Packages whose classes leave it to those derived from them which methods to have."""


class ManagerFacts:
    """The kinds of the names in the managers and forbidden managers of all boundaries.

    A file is read at the first question about it, once a run; one that is missing or broken
    knows no names.
    """

    def __init__(self, settings: Settings, filesystem: FileSystem) -> None:
        self._boundaries = settings.boundaries
        roots = dict.fromkeys(root for b in settings.boundaries for root in b.roots)
        self.modules = Modules(tuple(roots), filesystem)

    def is_forbidden(self, name: str) -> bool:
        """Whether some boundary forbids the dotted `name`."""
        return any(pattern.covers(name) for b in self._boundaries for pattern in b.forbidden)

    def may_reach_forbidden(self, name: str) -> bool:
        """Whether the dotted `name`, or something below it, may be forbidden by some boundary."""
        return any(pattern.reaches(name) for b in self._boundaries for pattern in b.forbidden)

    def covers(self, name: str) -> bool:
        """Whether the dotted `name` is, or is in, a manager or a forbidden one."""
        return self.owner(name) is not None or self.is_forbidden(name)

    def owner(self, name: str) -> Boundary | None:
        """The boundary whose manager the dotted `name` is, or is in."""
        return next((boundary for boundary in self._boundaries if self.owns(boundary, name)), None)

    def owns(self, boundary: Boundary, name: str) -> bool:
        """Whether the dotted `name` is a manager of `boundary`, or something that one defines.

        A submodule of a package is not part of it, unless the settings say so (`a.b.**`).
        """
        for manager in boundary.managers:
            if name == manager:
                return True
            if name.startswith(f"{manager}."):
                below = f"{manager}.{name[len(manager) + 1 :].partition('.')[0]}"
                if manager in boundary.packages or self.modules.find(below) is None:
                    return True
        return False

    def defines(self, boundary: Boundary, name: str) -> bool:
        """Whether a manager of `boundary` is or defines the dotted `name`, or has it as the shared object: not only imports it."""
        if not self.owns(boundary, name):
            return False
        found = self.modules.lookup(name)
        is_instance = name.rpartition(".")[2] == (boundary.instance or "").removesuffix("()")
        return found is None or is_instance or self.owns(boundary, found.qualified_name)

    def is_built_anew(self, name: str, boundary: Boundary, given: Callable[[str, int], bool]) -> bool:
        """Whether a call of the class `name` makes a further object that acts as a manager of `boundary`.

        `given` tells whether the call has an argument for a parameter, by its name and position.
        """
        found = self.modules.traits(name) if self.owns(boundary, name) else None
        if found is None:
            return False
        built = self._built(found[0], frozenset())
        if built is None:
            return False
        if any(found[0] in self._of_instance(module) for module in self.modules_of(boundary)):
            return True
        return self.owns(boundary, found[0]) and any(
            not any(given(*parameter) for parameter in one.unless) for one in built
        )

    def _of_instance(self, module: str) -> set[str]:
        """The classes of the shared object in a manager's `module`.

        Where it may be of several, one that reaches no client stands in for Redis: a store in memory, say.
        """
        names = (self.modules.lookup(name) for name in self.modules.clients(module).of_instance)
        classes = {found.qualified_name for found in names if found is not None}
        return set(filter(self.reaches, classes)) or classes

    def _built(self, name: str, seen: frozenset[str]) -> list[Built] | None:
        """What each object of a class builds, by its bases too; None if a call may return an existing object."""
        known = self.modules.traits(name) if name not in seen else None
        if known is None:
            return []
        home, traits = known
        if traits.is_shared:
            return None
        found = [*traits.built]
        for base in traits.bases:
            inherited = self._built(base, seen | {name, home})
            if inherited is None:
                return None
            found += [one for one in inherited if one.method not in traits.replaced]
        return found

    def reaches(self, name: str) -> bool:
        """Whether the class `name` builds, borrows or holds a client, pool or manager."""
        return any(traits.reaches for traits in self._lineage(name))

    def holds(self, name: str) -> bool:
        """Whether objects of the class `name` keep a client, pool or manager, beyond the call that got it."""
        return any(traits.holds or (traits.is_shared and traits.reaches) for traits in self._lineage(name))

    def may_be_asked_for(self, name: str) -> bool:
        """Whether a base of the class `name` is another package's, and by its name asks for the methods of the class.

        Other bases, such as a mixin that logs, ask for none.
        """
        return any(
            not self.modules.is_ours(base)
            and base.partition(".")[0] not in _ASKING_NOTHING
            and any(word in base.rpartition(".")[2].lower() for word in INTERFACE_WORDS)
            for traits in self._lineage(name)
            for base in traits.bases
        )

    def _lineage(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[ClassTraits]:
        """The traits of a class and of its bases."""
        known = self.modules.traits(name) if name not in seen else None
        if known is not None:
            yield known[1]
            for base in known[1].bases:
                yield from self._lineage(base, seen | {name, known[0]})

    def modules_of(self, boundary: Boundary) -> Iterator[str]:
        """The modules that are managers of `boundary`, as far as they exist."""
        for manager in boundary.managers:
            yield from self._below(manager) if manager in boundary.packages else [manager]

    def kind(self, name: str) -> Kind | None:
        """The kind of the dotted `name`; None if it belongs to no manager, or is not defined."""
        found = self.modules.lookup(name, self.covers) if self.covers(name) else None
        return None if found is None or found.kind == "unknown" else found.kind

    def homes(self, boundary: Boundary) -> list[str]:
        """The modules to import the managers of `boundary` from: for a package its module that has the shared object."""
        name = (boundary.instance or "").removesuffix("()")
        found = []
        for manager in boundary.managers:
            inside = self._below(manager) if name and manager in boundary.packages else ()
            found.append(next((m for m in inside if self.has(m, name)), manager))
        return found

    def has(self, module: str, name: str) -> bool:
        """Whether a module has, or may have, an object `name` that is no submodule."""
        found = self.modules.lookup(f"{module}.{name}")
        return found is not None and found.kind != "module"

    def is_missing(self, module: str) -> bool:
        """Whether the manager `module` is missing from a package that is there."""
        package = self.modules.find(module.partition(".")[0])
        return package is not None and package.endswith(PYTHON) and self.modules.find(module) is None

    def mode(self, name: str) -> str | None:
        """The mode, `sync` or `async`, of the client that `name` is or returns (`get()` too), if its module tells."""
        found = self.modules.lookup(name.removesuffix("()"))
        module, _, last = (found.qualified_name if found is not None else name).rpartition(".")
        modes = dict(self.modules.clients(module).modes)
        return modes.get(last) or modes.get(f"{last}()")

    def is_made_anew(self, name: str) -> bool:
        """Whether `name` is a function of a manager that gives a new client at each call."""
        found = self.modules.lookup(name.removesuffix("()"))
        module, _, last = (found.qualified_name if found is not None else name).rpartition(".")
        return last in self.modules.clients(module).anew

    def only_borrows(self, name: str) -> bool:
        """Whether an object of the class `name` builds nothing, but uses the client that it is given."""
        found = self.modules.traits(name)
        return found is not None and self._built(found[0], frozenset()) == [] and self.reaches(name)

    def of_mode(self, boundary: Boundary, mode: str) -> str | None:
        """The only object of the managers with a client of that `mode`, else the only function that returns one."""
        found = self.all_of_mode(boundary, mode)
        objects = [name for name in found if not name.endswith("()")]
        only = objects or found
        return only[0] if len(only) == 1 else None

    def all_of_mode(self, boundary: Boundary, mode: str) -> list[str]:
        """The public objects, and functions (`get()`), of the managers that are or return a shared client of that `mode`."""
        return [
            f"{module}.{name}"
            for module in self.modules_of(boundary)
            for name, known in self.modules.clients(module).modes
            if known == mode
            and not name.startswith("_")
            and name.removesuffix("()") not in self.modules.clients(module).anew
        ]

    def classes(self, module: str) -> Iterator[str]:
        """The classes that a manager module defines or imports."""
        facts = self.modules.facts(module) if self.covers(module) else None
        for name in facts.names if facts is not None else ():
            if self.kind(f"{module}.{name}") == "class":
                yield name

    def _below(self, module: str) -> Iterator[str]:
        """A module, and if it is a package all modules in it."""
        yield module
        path = self.modules.find(module)
        if path is not None and not path.endswith(PYTHON):
            folder = path
        elif path is not None and os.path.basename(path).startswith("__init__."):
            folder = os.path.dirname(path)
        else:
            return
        for entry in self.modules.filesystem.names(folder):
            stem, suffix = os.path.splitext(entry)
            if suffix in ("", ".py", ".pyi") and stem.isidentifier() and not stem.startswith("__"):
                yield from self._below(f"{module}.{stem}")
