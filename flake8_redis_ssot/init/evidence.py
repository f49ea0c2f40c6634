"""What a project's files say of Redis: what builds clients, what acts as a manager, and who uses that."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from flake8_redis_ssot.analysis.operations import gives_a_client, words
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.model import ClassFacts, FileFacts
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.inference.methods import colour_of
from flake8_redis_ssot.init.layout import Roots, Tree, import_roots, test_globs
from flake8_redis_ssot.libraries.vocabulary import SERVERS, SUBJECTS
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Outcome, Progress, available_processors, check_project, run
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import DEFAULT_TESTS, Settings
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.source import SourceError

CONSTRUCTIONS = frozenset(["RED201", "RED202", "RED204", "RED206", "RED301"])
"""The rules on what is built."""
_JUDGING = frozenset(["RED401", "RED402"])
_ASKED = CONSTRUCTIONS | _JUDGING | {"RED000"}


@dataclass(frozen=True, slots=True)
class Module:
    """A module that builds clients or pools, or has `classes` that do what a manager does.

    Of a test nothing more is known than what it builds.
    `name` is the one by which most files import it, `importers` their number. `names` are those in it by which others get at a client or
    manager, each with the number of files that take it; `users` the files of the application that do, `tests`
    the tests. `built` are the lines that build, `colours` what that is.
    """

    path: str
    name: str
    importers: int = 0
    built: tuple[int, ...] = ()
    colours: frozenset[str] = frozenset()
    classes: tuple[ClassFacts, ...] = ()
    names: tuple[tuple[str, int], ...] = ()
    users: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def operations(self) -> list[str]:
        """The methods that stand for a command."""
        return list(dict.fromkeys(name for made in self.classes for name, _ in made.operations))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a project: its files, and its `modules` that have to do with Redis, tests included.

    `roots` are the import roots, empty where the default ones will do, `tests` more globs of tests than the
    default ones, `libraries` the client libraries that are imported, `unread` the files that could not be parsed.
    """

    settings: Settings
    checker: FileChecker
    facts: tuple[FileFacts, ...]
    index: ProjectIndex
    tree: Tree
    roots: Roots
    tests: tuple[str, ...]
    modules: tuple[Module, ...]
    libraries: tuple[str, ...]
    unread: tuple[str, ...]

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self.settings.root).replace(os.sep, "/")

    def with_managers(self, values: Mapping[str, Any]) -> ProjectIndex:
        """The index of facts as they are where a table has these `values`.

        Only what the managers hand out, and the files that import one, are looked at anew.
        """
        settings = provisional(self.settings.root, {**self.values, **values})
        checker = _checker(settings, _JUDGING)
        index = ProjectIndex(settings, self.facts, checker.managers)
        concerned = {path for boundary in settings.boundaries for path in index.manager_users(boundary)}
        concerned |= {module.path for module in self.modules if index.place(module.path).is_manager}
        fresh = {fact.path: fact for fact in run(sorted(concerned), checker).facts}
        return ProjectIndex(settings, [fresh.get(f.path, f) for f in self.facts], checker.managers)

    @property
    def values(self) -> dict[str, Any]:
        """What the layout makes of a table: keys with their values."""
        found: dict[str, Any] = {}
        if not self.roots.are_default:
            found["src"] = [root or "." for root in self.roots.folders]
        if self.tests:
            found["tests"] = [*DEFAULT_TESTS, *self.tests]
        return found


def provisional(root: str, values: Mapping[str, Any]) -> Settings:
    """The settings that a table of these values would give in the folder `root`."""
    return load_settings(None, root=root, codes=list(defaults()), overrides=[Table("init", root, {**values})])


def gather(root: str, files: Sequence[str], progress: Progress) -> Evidence:
    """The evidence in `files`, all below the folder `root`."""
    checker = _checker(provisional(root, {}))
    outcome = run(files, checker, jobs=available_processors(), progress=progress)
    tree = Tree(root, outcome.facts)
    relevant = {d.path for d in outcome.diagnostics if d.code in CONSTRUCTIONS}
    relevant |= {fact.path for fact in outcome.facts if fact.classes or fact.clients}
    roots = import_roots(tree, [os.path.relpath(path, root).replace(os.sep, "/") for path in relevant])
    known = Evidence(
        checker.settings,
        checker,
        tuple(outcome.facts),
        ProjectIndex(checker.settings, outcome.facts, checker.managers),
        tree,
        roots,
        tuple(test_globs(tree, checker.settings)),
        (),
        tuple(sorted(_libraries(tree))),
        tuple(sorted({d.path for d in outcome.diagnostics if d.code == "RED000"})),
    )
    diagnostics = outcome.diagnostics
    if known.values:
        checker = _checker(provisional(root, known.values))
        concerned = [] if roots.are_default else [os.path.join(root, path) for path in roots.concerned]
        again = run(sorted(concerned), checker, jobs=available_processors(), progress=progress)
        diagnostics = [d for d in diagnostics if d.path not in {*concerned}] + again.diagnostics
        fresh = {fact.path: fact for fact in again.facts}
        facts = tuple(fresh.get(fact.path, fact) for fact in known.facts)
        index = ProjectIndex(checker.settings, facts, checker.managers)
        known = replace(known, settings=checker.settings, checker=checker, facts=facts, index=index)
    whole = check_project(Outcome(facts=[*known.facts]), checker, set(), progress)
    return replace(known, modules=tuple(_modules(known.index, [*diagnostics, *whole])))


def _checker(settings: Settings, codes: frozenset[str] = _ASKED) -> FileChecker:
    rules = [rule for rule in all_rules() if rule.code in codes]
    return FileChecker(settings, rules, heeds_noqa=False)


def _libraries(tree: Tree) -> set[str]:
    """The libraries that some file imports which are, or bring, clients of Redis."""
    found = {name.partition(".")[0] for path in tree.files for name in tree.modules_of(path)}
    return {
        name
        for name in found
        if (name in BUILDERS.packages or not SERVERS.isdisjoint(words(name))) and not tree.has(name)
    }


def _modules(index: ProjectIndex, diagnostics: Iterable[Diagnostic]) -> Iterator[Module]:
    built: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.code in CONSTRUCTIONS:
            built.setdefault(diagnostic.path, []).append(diagnostic)
    classes = competing_managers(index)
    for path in sorted({*built, *classes}):
        modules = index.place(path).modules
        makes = built.get(path, [])
        if not modules or index.settings.is_test(path):
            yield Module(
                path, min(modules, key=len, default=""), built=tuple(d.range.start.line for d in makes)
            )
            continue
        importers = {name: [p for p in index.importers(name) if p != path] for name in modules}
        name = max(modules, key=lambda module: (len(importers[module]), -len(module)))
        found = tuple(classes.get(path, ()))
        names = {*index.facts[path].clients, *(known for made in found for known in made.known_as)}
        if makes:
            names |= {*_accessors(index, path, name)}
        taken = _taken(index, path, modules, names)
        users = sorted({user for users in taken.values() for user in users})
        counts = sorted(((one, len(taken.get(one, ()))) for one in names), key=lambda pair: (-pair[1], pair))
        yield Module(
            path,
            name,
            len(importers[name]),
            tuple(d.range.start.line for d in makes),
            frozenset(colour for d in makes if (colour := _colour(d)) is not None),
            found,
            tuple(counts),
            tuple(user for user in users if not index.settings.is_test(user)),
            tuple(user for user in users if index.settings.is_test(user)),
        )


def _accessors(index: ProjectIndex, path: str, module: str) -> Iterator[str]:
    """The functions of a module that give, by their names, a client or pool."""
    known, exposed = index.modules.facts(module), index.facts[path].exposed
    for name, what in known.names.items() if known is not None else ():
        is_one = gives_a_client(name) or words(name)[-1:] == ["pool"]
        if (
            what.kind == "function"
            and is_one
            and name[0] != "_"
            and (name in exposed or not SUBJECTS.isdisjoint(words(name)))
        ):
            yield name


def _colour(diagnostic: Diagnostic) -> str | None:
    builders = (BUILDERS[name] for name in diagnostic.symbols if name in BUILDERS)
    return next((colour for builder in builders if (colour := colour_of(builder)) is not None), None)


def _taken(
    index: ProjectIndex, path: str, modules: Sequence[str], names: Iterable[str]
) -> dict[str, set[str]]:
    """Each of the `names` of a module with the files that take it from there, or through a re-export."""
    found: dict[str, set[str]] = {}
    full = {f"{module}.{name}": name for module in modules for name in names}
    for user in index.importers_of(modules, full.keys()) - {path}:
        for edge in index.edges(user):
            home = index.modules.lookup(edge.full_name) if edge.name in full.values() else None
            name = full.get(edge.full_name) or (full.get(home.home) if home is not None else None)
            if name is not None:
                found.setdefault(name, set()).add(user)
            elif edge.full_name in modules:
                for one in _read(index, user, edge.full_name, full.values()):
                    found.setdefault(one, set()).add(user)
    return found


def _read(index: ProjectIndex, user: str, module: str, names: Iterable[str]) -> Iterator[str]:
    """The names of a module that a file has as a whole which it reads of it."""
    text = ""
    with suppress(SourceError):
        text = index.modules.filesystem.source(user).data.decode("utf-8", "replace")
    for name in names:
        if any(f"{handle}.{name}" in text for handle in index.handles(user, module)):
            yield name
