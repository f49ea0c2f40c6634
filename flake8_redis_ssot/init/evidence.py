"""What a project's files say of Redis: what builds clients, what acts as a manager, and who uses that."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flake8_redis_ssot.analysis.operations import words
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.init.layout import Roots, Tree, import_roots, test_globs
from flake8_redis_ssot.init.modules import Built, Module, module_of
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.libraries.traits import INITIALISING
from flake8_redis_ssot.libraries.vocabulary import SERVER_WORDS
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Progress, available_processors, run
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.project_context import Followed, ProjectContext
from flake8_redis_ssot.rule import Construction, RuleContext
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import DEFAULT_TESTS, Settings
from flake8_redis_ssot.settings.patterns import literal
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.syntax.bindings import ProgramPoint

CONSTRUCTIONS = frozenset(["RED201", "RED202", "RED204", "RED301"])
"""The rules on what is built, by one file alone."""
_JUDGING = frozenset(["RED401", "RED402"])
_ASKED = CONSTRUCTIONS | _JUDGING | {"RED000"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a project: its files, and its `modules` that have to do with Redis, tests included.

    `tests` are more globs of tests than the default ones, `libraries` the client libraries that are imported,
    `built` what they build, `unread` the files that could not be parsed, `failures` our own.
    """

    settings: Settings
    checker: FileChecker
    facts: tuple[FileFacts, ...]
    index: ProjectIndex
    tree: Tree
    roots: Roots
    tests: tuple[str, ...]
    built: tuple[Built, ...]
    modules: tuple[Module, ...]
    libraries: tuple[str, ...]
    unread: tuple[str, ...]
    failures: tuple[str, ...]

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return self.tree.short(path)

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

    def followed(self) -> Evidence:
        """The same with what is built by values that come from other files, which takes long to find out."""
        checker = self.checker
        project = ProjectContext(
            self.settings,
            self.index,
            checker.context_of,
            checker.codes,
            set(),
            checker.names_of,
            checker.today,
        )
        built = [
            Built(*_home(followed, context, made), made.symbols)
            for followed in project.followed
            for _, context in followed.contexts
            for made in context.constructions
            if made.inferred
        ]
        project.release()
        return replace(self, modules=tuple(_modules(self, [*self.built, *built])))

    @property
    def values(self) -> dict[str, Any]:
        """What the layout makes of a table: keys with their values."""
        found: dict[str, Any] = {}
        if not self.roots.are_default:
            found["src"] = [literal(root) or "." for root in self.roots.folders]
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
    named = [
        short
        for path in sorted(relevant)
        if not checker.settings.is_test(path) and not tree.is_beside(short := tree.short(path))
    ]
    roots = import_roots(tree, named)
    known = Evidence(
        checker.settings,
        checker,
        tuple(outcome.facts),
        ProjectIndex(checker.settings, outcome.facts, checker.managers),
        tree,
        roots,
        tuple(test_globs(tree, checker.settings, named)),
        (),
        (),
        tuple(sorted(_libraries(tree))),
        tuple(sorted({d.path for d in outcome.diagnostics if d.code == "RED000"})),
        tuple(outcome.failures),
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
    built = [Built(d.path, d.range.start.line, d.symbols) for d in diagnostics if d.code in CONSTRUCTIONS]
    return replace(known, built=tuple(built), modules=tuple(_modules(known, built)))


def _checker(settings: Settings, codes: frozenset[str] = _ASKED) -> FileChecker:
    rules = [rule for rule in all_rules() if rule.code in codes]
    return FileChecker(settings, rules, heeds_noqa=False)


def _home(followed: Followed, context: RuleContext, made: Construction) -> tuple[str, int]:
    """Whose client a call makes: the file and line of an object that is given what it waited for, else its own."""
    func, inference = made.call.func, followed.inference
    if isinstance(func, ast.Attribute) and func.attr in INITIALISING:
        for binding in inference.bindings_of(func.value, made.point):
            if binding.value is not None and binding.scope is not None:
                point = ProgramPoint(binding.value, binding.scope, binding.order, binding.path)
                return inference.path_of(point), getattr(binding.value, "lineno", 1)
    return context.source.path, made.range.start.line


def _libraries(tree: Tree) -> set[str]:
    """The libraries that some file imports which are, or bring, clients of Redis."""
    found = {edge.full_name for path in tree.files for edge in tree.edges(path)}
    tops = {name.partition(".")[0] for name in found if not _builds_nothing(name)}
    return {
        name
        for name in tops
        if (name in BUILDERS.packages or not SERVER_WORDS.isdisjoint(words(name))) and not tree.has(name)
    }


def _builds_nothing(name: str) -> bool:
    """Whether an imported name is of a client library, and leads to nothing that builds: an exception, a type."""
    return name.partition(".")[0] in BUILDERS.packages and name not in BUILDERS.prefixes


def _modules(evidence: Evidence, built: Iterable[Built]) -> Iterator[Module]:
    by_path: dict[str, dict[int, Built]] = {}
    for made in built:
        by_path.setdefault(made.path, {}).setdefault(made.line, made)
    index = evidence.index
    classes = competing_managers(index)
    for path in sorted({*by_path, *classes}):
        lines = by_path.get(path, {})
        building = [lines[line] for line in sorted(lines)]
        found = module_of(index, evidence.tree, path, building, classes.get(path, []))
        if found is not None:
            yield found
