"""The import graph of the project: its modules, and which file imports what, from the facts of each file alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.facts.import_scan import Edge, edges
from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.facts.texts import Texts
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.project.import_names import ImportNames
from flake8_redis_ssot.settings.boundaries import Place, place_of
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.syntax.memo import memoized


class ProjectIndex:
    """Answers questions about all files below the settings file, by their absolute paths.

    `quoted` gives the dotted names in strings that are known besides those of the facts.
    """

    def __init__(
        self,
        settings: Settings,
        facts: Iterable[FileFacts],
        managers: ManagerFacts,
        quoted: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.settings = settings
        self.facts: Mapping[str, FileFacts] = {fact.path: fact for fact in facts}
        self.managers = managers
        self.modules = managers.modules
        self.texts = Texts(managers.modules.filesystem)
        self._quoted = quoted

    @memoized
    def place(self, path: str) -> Place:
        """The boundary of a file, and its dotted names: of several those by which it is imported."""
        place = self._place_with_all_names(path)
        if len(place.modules) < 2:
            return place
        return replace(place, modules=self._import_names.of(place.modules))

    @memoized
    def _place_with_all_names(self, path: str) -> Place:
        """The same, with all dotted names that the file has by the import roots."""
        return place_of(self.settings, path)

    @cached_property
    def _import_names(self) -> ImportNames:
        quoted = {text for fact in self.facts.values() for text in fact.quoted.split("\n")}
        return ImportNames(
            self.settings, self.modules, [*self._unambiguous_importers[0], *quoted, *self._quoted()]
        )

    @memoized
    def edges(self, path: str) -> tuple[Edge, ...]:
        """The import edges of a file, relative modules made absolute."""
        return tuple(
            edge
            for line in self.facts[path].imports.split("\n")
            for module in self._absolute(path, line.partition(" ")[0])
            for edge in edges(f"{module} {line.partition(' ')[2]}")
        )

    def _absolute(self, path: str, module: str) -> Iterator[str]:
        """The absolute names of a relative module (`..shop`): one for each dotted name of the importing file."""
        if not module.startswith("."):
            yield module
            return
        place = self.place(path)
        rest = module.lstrip(".")
        drop = len(module) - len(rest) - (1 if place.is_package else 0)
        for name in place.modules:
            parts = name.split(".")
            if drop <= len(parts):
                yield ".".join([*parts[: len(parts) - drop], *filter(None, [rest])])

    @cached_property
    def _importers_by_module(self) -> dict[str, list[str]]:
        """Module -> the files whose import statements name it after `from` or `import`."""
        found, relative = self._unambiguous_importers
        for path, module in relative:
            for name in self._absolute(path, module):
                found.setdefault(name, []).append(path)
        return found

    @cached_property
    def _unambiguous_importers(self) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
        """The same without relative imports in files that have several dotted names; and these, as pairs of file and module.

        What they mean depends on which of its names such a file is imported by, and that is found from all others.
        """
        found: dict[str, list[str]] = {}
        relative = []
        for path, fact in self.facts.items():
            for line in set(fact.imports.split("\n")):
                module = line.partition(" ")[0]
                if module == "-":
                    for edge in edges(line):
                        found.setdefault(edge.module, []).append(path)
                elif module.startswith("."):
                    if len(self._place_with_all_names(path).modules) > 1:
                        relative.append((path, module))
                        continue
                    for name in self._absolute(path, module):
                        found.setdefault(name, []).append(path)
                elif module:
                    found.setdefault(module, []).append(path)
        return found, relative

    def file_of(self, name: str) -> str | None:
        """The project's file that has the dotted `name`: of the longest prefix of it that is a module."""
        while name:
            path = self.modules.find(name)
            if path in self.facts:
                return path
            name = name.rpartition(".")[0]
        return None

    def importing(self, module: str) -> list[str]:
        """The files that import a module, a package around it, or something from one of these."""
        parts = module.split(".")
        names = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        return sorted({path for name in names for path in self._importers_by_module.get(name, ())})

    def handles(self, path: str, module: str) -> set[str]:
        """The expressions by which the file at `path` has the module itself: `m` after `import a.b as m`, else `a.b`."""
        expressions = set()
        parent, _, last = module.rpartition(".")
        for edge in self.edges(path):
            if edge.name is None and (module == edge.module or module.startswith(f"{edge.module}.")):
                expressions.add(
                    module
                    if edge.local_name == edge.module.split(".")[0]
                    else edge.local_name + module[len(edge.module) :]
                )
            elif edge.name is None and edge.module.split(".")[0] == module.split(".")[0] == edge.local_name:
                expressions.add(module)
            elif edge.module == parent and edge.name == last:
                expressions.add(edge.local_name)
            elif edge.name is not None and module.startswith(f"{edge.module}.{edge.name}."):
                expressions.add(edge.local_name + module[len(f"{edge.module}.{edge.name}") :])
        if not self.modules.is_ours(module):
            expressions |= set(self._library_handles(path, module))
        return expressions

    def having(self, module: str) -> set[str]:
        """The files that may have a module itself, not only names from it: in no other file has it `handles`."""
        parts = module.split(".")
        packages = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        files = self._having_top.get(parts[0], set()) | {
            user
            for name in packages
            for user, taken in self._importers_with_names(name).items()
            if None in taken
        }
        files |= {user for name in packages for user in self._submodule_importers(name)}
        if not self.modules.is_ours(module):
            handing_on = {name for path in files for name in self.place(path).modules}
            files |= {user for name in handing_on for user in self.importing(name)}
        return files

    @cached_property
    def _having_top(self) -> dict[str, set[str]]:
        """For each top-level package the files that have it by `import package.module`."""
        found: dict[str, set[str]] = {}
        for path in self.facts:
            for edge in self.edges(path):
                if edge.name is None and edge.local_name == edge.module.partition(".")[0]:
                    found.setdefault(edge.local_name, set()).add(path)
        return found

    def _library_handles(self, path: str, library: str) -> Iterator[str]:
        """The expressions by which a file has a library's module through one of the project's: `deps.redis`."""
        for edge in self.edges(path):
            whole = edge.module if edge.name is None else f"{edge.module}.{edge.name}"
            for module in {edge.module, whole}:
                facts = self.modules.facts(module) if self.modules.find(module) is not None else None
                for name, known in facts.names.items() if facts is not None else ():
                    if known.target == library:
                        if edge.name in (name, "*"):
                            yield edge.local_name if edge.name == name else name
                        yield from (f"{handle}.{name}" for handle in self.handles(path, module))

    @memoized
    def _importers_with_names(self, module: str) -> Mapping[str, Collection[str | None]]:
        """The files whose import statements name a module, each with the names it imports; None stands for the module itself."""
        users = dict.fromkeys(self._importers_by_module.get(module, ()))
        return {user: {edge.name for edge in self.edges(user) if edge.module == module} for user in users}

    def _submodule_importers(self, module: str) -> Iterator[str]:
        """The files that import a module by `from package import module`."""
        parent, _, last = module.rpartition(".")
        return (
            user for user, taken in self._importers_with_names(parent).items() if parent and last in taken
        )

    def asked_names(self, path: str) -> set[str] | None:
        """The names that others import from the file at `path`; None where one imports it as a whole."""
        found: set[str | None] = set()
        for module in self.place(path).modules:
            found.update(*self._importers_with_names(module).values())
            found.update(None for _ in self._submodule_importers(module))
        return None if found & {None, "*"} else {name for name in found if name}

    def taken_names(self, path: str) -> set[str | None]:
        """The names that other files import, by name, from the file at `path`."""
        return {
            name
            for module in self.place(path).modules
            for user, taken in self._importers_with_names(module).items()
            if user != path
            for name in taken
            if name not in (None, "*")
        }

    @memoized
    def all_users(self, path: str) -> frozenset[str]:
        """The files whose import statements name the file at `path`, whatever they take of it."""
        found: set[str] = set()
        for module in self.place(path).modules:
            found.update(self._importers_with_names(module), self._submodule_importers(module))
        return frozenset(found - {path})

    @memoized
    def indirect_users(self, path: str) -> Mapping[str, set[str]]:
        """The files that may get the module at `path` through another module, each with the names by which that has it.

        The other module is its package, or a file that imports it as a whole.
        """
        names_by_user: dict[str, set[str]] = {}
        for module in self.place(path).modules:
            parent, _, last = module.rpartition(".")
            for user in self.having(parent) if parent else ():
                names_by_user.setdefault(user, set()).add(last)
            names_seen: defaultdict[str, set[str]] = defaultdict(set)
            todo = [
                (holder, name)
                for holder in self.users(path, set())
                for name in sorted(filter(str.isidentifier, self.handles(holder, module)))
            ]
            for holder, name in todo:
                homes = self.place(holder).modules
                for user in self.users(holder, {name}):
                    taken = (e for e in self.edges(user) if e.module in homes and e.name == name)
                    local_names = {edge.local_name for edge in taken}
                    todo += [(user, fresh) for fresh in sorted(local_names - names_seen[user])]
                    names_seen[user] |= local_names
                    names_by_user.setdefault(user, set()).update(local_names or {name})
        names_by_user.pop(path, None)
        return names_by_user

    def is_taken_whole(self, path: str) -> bool:
        """Whether a file imports all names of the file at `path`."""
        modules = self.place(path).modules
        return any(
            "*" in taken for module in modules for taken in self._importers_with_names(module).values()
        )

    def number_in_imports(self, path: str, word: str) -> int:
        """How often `word` occurs in the import statements of a file, as a name that is imported or bound."""
        file_edges = (edge for line in self.facts[path].imports.split("\n") for edge in edges(line))
        return sum((edge.name == word) + (edge.local_name == word != edge.name) for edge in file_edges)

    def users(self, path: str, names: set[str]) -> list[str]:
        """The files that import one of `names` from the file at `path`, or the module as a whole."""
        wanted = {*names, None, "*"}
        found: set[str] = set()
        for module in self.place(path).modules:
            found.update(
                u for u, taken in self._importers_with_names(module).items() if not wanted.isdisjoint(taken)
            )
            found.update(self._submodule_importers(module))
        return sorted(found - {path})

    def indirect_imports(self) -> dict[str, dict[str, str]]:
        """For each file, the names that it imports from elsewhere though its boundary's manager defines them.

        Each dotted name with the one in the manager. Imports in managers themselves are left out.
        """
        found: dict[str, dict[str, str]] = {}
        for boundary in self.settings.boundaries:
            new = self.manager_users(boundary)
            seen: set[str] = set()
            while new:
                path = new.pop()
                place = self.place(path)
                if path in seen or place.is_manager:
                    continue
                seen.add(path)
                bound = {
                    edge.local_name
                    for edge in self.edges(path)
                    if self.managers.owns(boundary, edge.full_name)
                    or edge.local_name in found.get(path, {}).values()
                    or edge.full_name in found.get(path, {})
                    or edge.name == "*"
                }
                for module in place.modules:
                    for user in self._importers_by_module.get(module, ()):
                        names = self._at_second_hand(user, module, bound, boundary)
                        known = found.setdefault(user, {})
                        if names.keys() - known.keys():
                            known.update(names)
                            seen.discard(user)
                            new.append(user)
        return {path: names for path, names in found.items() if names}

    def _at_second_hand(self, path: str, module: str, bound: set[str], boundary: Boundary) -> dict[str, str]:
        """What the file at `path` imports from `module` that is the manager's, by the names `bound` there that may lead to it."""
        place = self.place(path)
        if place.boundary is not boundary or place.is_manager:
            return {}
        found = {}
        for edge in self.edges(path):
            if edge.module == module and edge.name and (edge.name in bound or "*" in bound):
                name = f"{module}.{edge.name}"
                home = self.modules.lookup(name)
                owns = self.managers.owns
                if home is not None and owns(boundary, home.qualified_name) and not owns(boundary, name):
                    found[name] = home.qualified_name
        return found

    def importers(self, module: str) -> list[str]:
        """The files that import the dotted `module`, or something that it defines, sorted."""
        parent = module.rpartition(".")[0]

        def is_in(name: str) -> bool:
            return name == module or (name.rpartition(".")[0] == module and self.modules.find(name) is None)

        return self._naming([module, parent], is_in)

    def users_of(self, path: str) -> set[str]:
        """The other files that import the one at `path`, or something that it defines."""
        return {user for module in self.place(path).modules for user in self.importers(module)} - {path}

    def manager_users(self, boundary: Boundary) -> list[str]:
        """The files that import a manager of `boundary`, or something that one defines, sorted."""
        homes = [module for module in self._importers_by_module if boundary.is_manager(module)]
        homes += [manager.rpartition(".")[0] for manager in boundary.managers]
        return self._naming(homes, lambda name: self.managers.owns(boundary, name))

    def _naming(self, modules: Iterable[str], is_meant: Callable[[str], bool]) -> list[str]:
        """The files that import something for which `is_meant` holds from one of the `modules`."""
        candidates = {path for module in modules for path in self._importers_by_module.get(module, ())}
        return sorted(p for p in candidates if any(is_meant(edge.full_name) for edge in self.edges(p)))

    def importers_of(self, modules: Collection[str], names: Collection[str]) -> set[str]:
        """The files that import one of the `modules` whole, or one of the dotted `names` from anywhere."""
        found = set()
        lasts = {name.rpartition(".")[2] for name in names}
        tails = {module.rpartition(".")[2] for module in modules}
        for path, fact in self.facts.items():
            if not any(word in fact.imports for word in (*lasts, *tails)):
                continue
            for edge in self.edges(path):
                full = edge.full_name
                if full in modules or full in names or (edge.name in lasts and self._home(full) in names):
                    found.add(path)
                    break
        return found

    def _home(self, name: str) -> str | None:
        """The dotted name of something where it is defined."""
        home = self.modules.lookup(name)
        return None if home is None else home.qualified_name
