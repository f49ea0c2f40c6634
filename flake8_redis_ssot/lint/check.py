"""Checks one file by the file rules, and takes its facts."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from functools import cached_property, partial
from typing import Any

from flake8_redis_ssot.analysis.client_makers import ClientMakers, client_facts
from flake8_redis_ssot.analysis.manager_classes import ManagerClasses, manager_classes
from flake8_redis_ssot.analysis.renewal import giving_anew
from flake8_redis_ssot.analysis.shims import shim_facts
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.import_scan import edges, quoted, statements
from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.facts.model import FileFacts, ShimFacts
from flake8_redis_ssot.facts.modules import ClientFacts
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.inference import reach
from flake8_redis_ssot.inference.builder_table import builders
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.lint.baseline import Baseline, read_baseline
from flake8_redis_ssot.lint.fingerprint import fingerprinted
from flake8_redis_ssot.lint.prefilter import Prefilter
from flake8_redis_ssot.lint.suppress import unsuppressed
from flake8_redis_ssot.rule import Noqa, ProjectContext, ProjectRule, Rule, RuleContext
from flake8_redis_ssot.settings.boundaries import place_of
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import PYTHON, SourceError, SourceFile

# as flake8 does, a `noqa` is read to the end of its line; most in a project name no code of ours
_OUR_NOQA = re.compile(rb"#\s*noqa[^\r\n]*RED", re.IGNORECASE)

Handlers = dict[type, list[Callable[..., Iterator[Diagnostic]]]]


@dataclass(frozen=True, slots=True)
class Checked:
    """The results of one file; `limits` say, one line each, which bounds were reached, so that findings may be missing."""

    diagnostics: list[Diagnostic]
    facts: FileFacts | None = None
    limits: tuple[str, ...] = ()


class FileChecker:
    """The chosen rules with their settings, to check file after file."""

    def __init__(
        self,
        settings: Settings,
        rules: Collection[type[Rule]],
        *,
        filesystem: FileSystem = DISK,
        parse_all: bool = False,
        keeps_facts: bool = False,
        follows: bool = False,
        heeds_noqa: bool = True,
        fingerprints: bool = False,
        today: date | None = None,
    ) -> None:
        self.settings = settings
        self.filesystem = filesystem
        self.parse_all = parse_all
        self.heeds_noqa = heeds_noqa
        self.today = today or date.today()
        self.fingerprints = fingerprints or settings.baseline is not None
        """Whether diagnostics get fingerprints, by which a baseline recognizes them in changed code."""
        self.handlers: Handlers = {}
        self.codes: frozenset[str] = frozenset(rule.code for rule in rules)
        self._table = builders(settings.client_builders, settings.pool_builders)
        self._quoted_packages = tuple(f"{quote}{p}".encode() for p in self._table.packages for quote in "'\"")
        self.managers = ManagerFacts(settings, filesystem)
        self._first_party: dict[str, frozenset[str]] = {}
        self.managers.modules.judge = self._clients_of
        self.project_rules: list[ProjectRule] = []
        self.following: list[Rule] = []
        """The file rules that also run over files with the values that come from other files."""
        self._judges_classes = any(issubclass(r, ProjectRule) and r.judges_classes for r in rules)
        self._judges_settings = any(issubclass(r, ProjectRule) and r.judges_settings for r in rules)
        self._words = tuple(
            sorted({w for r in rules if issubclass(r, ProjectRule) for w in r.words(settings)})
        )
        self._needles = tuple({needle for rule in rules for needle in rule.needles})
        self.prefilter = Prefilter(
            settings, self._table, self.managers, wants_manager_classes=self._judges_classes
        )
        for rule_type in rules:
            rule = rule_type()
            if isinstance(rule, ProjectRule):
                self.project_rules.append(rule)
            if rule.follows and follows:
                self.following.append(rule)
            for node_type, handlers in _handlers(rule).items():
                self.handlers.setdefault(node_type, []).extend(handlers)
        self.judges_comments = heeds_noqa and Noqa in self.handlers
        self.keeps_facts = keeps_facts or bool(self.project_rules or self.following) or self.judges_comments
        """Whether a run needs the facts of all files: for project rules, `noqa` comments or fixes."""

    def check(self, source: SourceFile) -> Checked:
        """The sorted diagnostics of `source` that no allowance or per-file-ignore silences, and its facts if they are kept."""
        used: set[str] = set()
        found, context = self._diagnostics_of(source)
        kept = self.fingerprinted(unsuppressed(found, self.settings, used), source)
        facts = self._facts(source, context, used) if self.keeps_facts else None
        limits: tuple[str, ...] = ()
        if context is not None:
            limits = context.limits
            context.release()
        return Checked(kept, facts, limits)

    def fingerprinted(self, diagnostics: Iterable[Diagnostic], source: SourceFile) -> list[Diagnostic]:
        """The diagnostics of one file, with their fingerprints where these are wanted."""
        return list(fingerprinted(diagnostics, source) if self.fingerprints else diagnostics)

    @cached_property
    def baseline(self) -> Baseline | None:
        """The baseline of the settings, if any; SettingsError if it cannot be read."""
        file = self.settings.baseline
        return read_baseline(file, self.filesystem) if file is not None else None

    def _diagnostics_of(self, source: SourceFile) -> tuple[list[Diagnostic], RuleContext | None]:
        """All diagnostics of a file, and its context if it had to be parsed for the rules."""
        if not self._is_of_interest(source):
            if self._must_be_parsed(source):
                try:
                    source.check_syntax()
                except SourceError as error:
                    return self.unreadable(source, error), None
            return [], None
        try:
            _ = source.text, source.tree
        except SourceError as error:
            return self.unreadable(source, error), None
        context = self._context(source)
        found: list[Diagnostic] = []
        for handler, subject in _handled(self.handlers, context):
            try:
                found += handler(subject, context)
            except RecursionError:
                context.give_up("an expression is nested too deeply for some of the rules")
        found.sort(key=lambda diagnostic: diagnostic.sort_key)
        return found, context

    def check_followed(self, rule: Rule, project: ProjectContext) -> Iterator[Diagnostic]:
        """What a rule finds in followed files only by the values that come from other files."""
        for followed in project.followed:
            for alone, context in followed.contexts:
                found = list(_diagnostics_by(rule, context))
                own = {d.range for d in _diagnostics_by(rule, alone)} if found else set()
                yield from (d for d in found if d.range not in own)

    def needs_parsing(self, source: SourceFile) -> bool:
        """Whether a file must be parsed: for rules, or to report its syntax errors."""
        return self._is_of_interest(source) or self._must_be_parsed(source)

    def _must_be_parsed(self, source: SourceFile) -> bool:
        """Whether a file that no rule is interested in must be parsed, to report its syntax errors."""
        is_python = source.path.endswith(PYTHON)  # another file is here only if it was named
        return self.parse_all or not is_python or self._uses_manager(source)

    def _uses_manager(self, source: SourceFile) -> bool:
        """Whether the file imports a manager, so that project rules may need to parse it."""
        if not self.project_rules or not any(word.encode() in source.data for word in self._manager_words):
            return False
        lines = statements(source.data).decode("utf-8", "replace").split("\n")
        names = {
            name for line in lines for name in (line.partition(" ")[0], *(e.full_name for e in edges(line)))
        }
        return any(
            any(word in name for word in self._manager_words)
            if name[:1] == "."
            else self.managers.owner(name)
            for name in names
        )

    @cached_property
    def _manager_words(self) -> frozenset[str]:
        """The last parts of the managers' names, one of which a file that imports one must contain."""
        return frozenset(m.rpartition(".")[2] for b in self.settings.boundaries for m in b.managers)

    @cached_property
    def _manager_paths(self) -> frozenset[str | None]:
        """The files of the managers, if a rule needs to know what they hand out."""
        boundaries = self.settings.boundaries if self._judges_classes else ()
        return frozenset(
            self.managers.modules.find(m) for b in boundaries for m in self.managers.modules_of(b)
        )

    def _is_of_interest(self, source: SourceFile) -> bool:
        """Whether the file must be parsed for the rules."""
        if any(needle in source.data for needle in self._needles) or source.path in self._manager_paths:
            return True
        return self.prefilter.concerns(source.path, source.data)

    def _facts(self, source: SourceFile, context: RuleContext | None, used: set[str]) -> FileFacts:
        """The facts of `source`, those of its bytes alone if there is no `context`, or code is nested too deeply."""
        try:
            return self._facts_of(source, context, used)
        except RecursionError:
            assert context is not None
            context.give_up("an expression is nested too deeply for some of the project rules")
            return self._facts_of(source, None, used)

    def _facts_of(self, source: SourceFile, context: RuleContext | None, used: set[str]) -> FileFacts:
        data = source.data
        judged = context if self._judges_classes and context and not context.place.is_manager else None
        found = (
            manager_classes(source, judged.inference, judged.built)
            if judged is not None
            else ManagerClasses()
        )
        if judged is not None and not found.is_complete:
            judged.give_up("what its classes hold may flow in more ways than are followed")
        return FileFacts(
            source.path,
            imports=statements(data).decode("utf-8", "replace"),
            quoted=quoted(data).decode("utf-8", "replace"),
            has_noqa=b"noqa" in data.lower() and _OUR_NOQA.search(data) is not None,
            has_all=b"__all__" in data,
            words=tuple(word.decode() for word in self._words if word in data),
            used=tuple(sorted(used)),
            pools=context.pools() if context is not None else (),
            callees_given_clients=tuple(
                sorted(reach.callees_given_clients(context.inference, context.points))
            )
            if context is not None
            else (),
            callees_given_library_names=tuple(
                sorted(reach.callees_given_library_names(context.inference, context.points))
            )
            if context is not None and any(word in data for word in self._quoted_packages)
            else (),
            exposed_names=context.exposed_names() if context is not None else (),
            defaults=tuple(context.defaults()) if context is not None and self._judges_settings else (),
            classes=found.classes,
            clients=found.clients,
            handed_out=self._handed_out(context) if self._judges_classes and context is not None else (),
            shim=self._shim_of(judged) if judged is not None else None,
        )

    def _shim_of(self, context: RuleContext) -> ShimFacts | None:
        """The facts of a file that is a shim: it only hands on what a manager has, and some of it the manager defines."""
        owns = partial(self.managers.owns, context.boundary)
        shim = shim_facts(context.source, context.inference, owns)
        return shim if shim is not None and any(map(context.is_own, shim.targets)) else None

    def _handed_out(self, context: RuleContext) -> tuple[str, ...]:
        """The classes of other files whose objects a manager makes and hands out."""
        module = next(filter(context.boundary.is_manager, context.place.modules), None)
        if module is None:
            return ()
        names = ClientMakers(context.inference, module).handed_out()
        return tuple(sorted({name for name in names if context.names.is_ours(name)}))

    def context_of(self, path: str) -> RuleContext | None:
        """The rule context of a file, which is read and parsed anew; None if that fails."""
        try:
            source = self.filesystem.source(path)
            _ = source.text, source.tree
        except SourceError:
            return None
        return self._context(source)

    def _clients_of(self, module: str) -> ClientFacts:
        """What the classes of a module of the project have to do with clients."""
        path = self.managers.modules.find(module)
        context = self.context_of(path) if path is not None and self.filesystem.is_file(path) else None
        if context is None:
            return ClientFacts()
        instances = {b.instance for b in self.settings.boundaries if b.instance and b.is_manager(module)}
        found = client_facts(context.inference, module, instances)
        if any(b.is_manager(module) for b in self.settings.boundaries):
            found = replace(found, anew=tuple(sorted(giving_anew(context.constructions, context.scopes))))
        context.release()
        return found

    def names_of(self, boundary: Boundary) -> Names:
        """The resolver of names in the files of `boundary`."""
        return Names(self._table, self.first_party(boundary), self.managers)

    def first_party(self, boundary: Boundary) -> frozenset[str]:
        """The top-level modules below the import roots of `boundary`, cached."""
        if boundary.name not in self._first_party:
            roots = boundary.roots
            self._first_party[boundary.name] = frozenset(
                name for root in roots for name in _top_level(root, self.filesystem)
            )
        return self._first_party[boundary.name]

    def _context(self, source: SourceFile) -> RuleContext:
        place = place_of(self.settings, source.path)
        names = self.names_of(place.boundary)
        return RuleContext(
            source, self.settings, place, names, enabled=self.codes, wanted=list(self.handlers)
        )

    def unreadable(self, source: SourceFile, error: SourceError) -> list[Diagnostic]:
        """What the rules say of a file that could not be read, decoded or parsed."""
        context = self._context(source)
        return [d for handler in self.handlers.get(SourceError, ()) for d in handler(error, context)]

    def unread(self, path: str) -> list[Diagnostic]:
        """What the rules say of a file that a project rule needed, and that could not be read or parsed."""
        source = SourceFile(path, b"")
        try:
            source = self.filesystem.source(path)
            source.check_syntax()
        except SourceError as error:
            return self.unreadable(source, error)
        return []

    def judged(self, source: SourceFile, noqas: Iterable[Noqa]) -> Iterator[Diagnostic]:
        """What the rules say of the file's `noqa` comments."""
        context = self._context(source)
        found = [
            d for noqa in noqas for handler in self.handlers.get(Noqa, ()) for d in handler(noqa, context)
        ]
        return unsuppressed(found, self.settings)


def _handlers(rule: Rule) -> Handlers:
    """The handlers of a rule by the type of node that they handle."""
    found: Handlers = {}
    for node_type, name in rule.handlers():
        found.setdefault(node_type, []).append(getattr(rule, name))
    return found


def _handled(
    handlers: Handlers, context: RuleContext
) -> Iterator[tuple[Callable[..., Iterator[Diagnostic]], Any]]:
    """Each handler with each subject: the tree, or a point whose node is of its type."""
    for handler in handlers.get(ast.Module, ()):
        yield handler, context.source.tree
    if handlers.keys() - {ast.Module}:
        for point in context.points:
            for handler in handlers.get(type(point.node), ()):
                yield handler, point


def _diagnostics_by(rule: Rule, context: RuleContext) -> Iterator[Diagnostic]:
    """What one rule reports in one file."""
    for handler, subject in _handled(_handlers(rule), context):
        yield from handler(subject, context)


def _top_level(root: str, filesystem: FileSystem) -> Iterator[str]:
    """The modules and packages in a folder that hide an installed library of the same name.

    A folder without `__init__.py` does not: Python prefers an installed package to it.
    """
    for name in filesystem.names(root):
        stem, suffix = os.path.splitext(name)
        inside = (os.path.join(root, name, "__init__.py"), os.path.join(root, name, "__init__.pyi"))
        if suffix in PYTHON:
            yield stem
        elif not suffix and any(map(filesystem.is_file, inside)):
            yield name
