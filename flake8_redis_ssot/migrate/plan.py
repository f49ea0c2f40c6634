"""The four phases of a migration for one project: what there is, what is missing, what moves, what can go."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.fix.apply import FixResult
from flake8_redis_ssot.fix.compatibility.member_checks import is_used
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.lint.run import Outcome
from flake8_redis_ssot.migrate.references import References
from flake8_redis_ssot.migrate.silenced import BASELINE, Silenced
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.project.shims import is_shim
from flake8_redis_ssot.settings.model import Boundary, Settings

CONSTRUCTIONS = frozenset(["RED201", "RED202", "RED206", "RED301"])
"""The rules on what is built outside of a manager."""

COUNTED = (None, BASELINE)
"""What is counted of what something silences: the baseline only puts off."""

STRINGS = frozenset(["RED106"])
"""The rules on strings that name a forbidden manager."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place: path from the project's folder, and line."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that names a module, and `how`."""

    site: Site
    how: str


@dataclass(frozen=True, slots=True)
class Manager:
    """A module that is a manager, or does what one does.

    `role` is `manager`, `forbidden` or `competing`; `classes` are those of it that do so;
    `importers` the files that import it, `tests` those of them, and others that name it in a
    string, which are tests; `named` says what still names it after the migration, as far as fixes do that.
    """

    module: str
    role: str
    boundary: str
    path: str | None
    classes: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    is_shim: bool = False
    named: tuple[Mention, ...] = ()

    @property
    def can_go(self) -> bool:
        """Whether nothing names the module after the migration."""
        return self.role != "manager" and self.path is not None and not self.named


@dataclass(frozen=True, slots=True)
class Gap:
    """A method that callers use of another class, and that the manager lacks or has in another way."""

    of: str
    member: str
    target: str
    what: str
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One reference: `what` is done with it, or the `reason` why a person has to; `silenced` by what, today."""

    code: str
    site: Site
    what: str
    applicability: str | None = None
    reason: str | None = None
    silenced: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A count `before` the migration, `after` what fixes do of it, and `expected` in the end.

    `name` is what programs know it by, `what` what people read.
    """

    name: str
    what: str
    before: int
    after: int
    expected: int


@dataclass(frozen=True, slots=True)
class Importing:
    """How many files import the `one` manager of their boundary alone, of those that import `any`."""

    one: int
    any: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do, by phase; `needed` is how many methods of others callers use, `gaps` those that lack."""

    managers: tuple[Manager, ...] = ()
    needed: int = 0
    gaps: tuple[Gap, ...] = ()
    moving: tuple[Step, ...] = ()
    by_hand: tuple[Step, ...] = ()
    measures: tuple[Measure, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """What carries out all of `moving`: after that the numbers are as `measures` and `named` say."""
        unsafe = any(step.applicability == "unsafe" for step in self.moving)
        return f"redis-ssot migrate{' --include-unsafe' if unsafe else ''}"

    @property
    def left(self) -> list[Step]:
        """What is left for a person."""
        return [step for step in self.by_hand if step.silenced in COUNTED]

    @property
    def kept(self) -> list[Step]:
        """What an allowance or a comment says shall stay."""
        return [step for step in self.by_hand if step.silenced not in COUNTED]

    def as_object(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return asdict(self)


def plan(
    mended: FixResult, codes: Collection[str], settings: Settings, whole: Outcome, filesystem: FileSystem
) -> Plan:
    """The plan of a project, by what the fixes of the rules `codes` came to, and by the `whole` of what is there.

    Of the whole some is silenced, and some of other rules.
    """
    rewriter = mended.rewriter
    assert rewriter is not None
    index, after = rewriter.index, mended.index or rewriter.index
    site = _sites(settings)
    silenced = Silenced(whole.diagnostics, settings, filesystem)
    moving, by_hand = steps(mended, silenced, site, as_before=True)
    building = 0
    for diagnostic in whole.diagnostics:
        by = silenced.by(diagnostic)
        is_built, counts = diagnostic.code in CONSTRUCTIONS, by in COUNTED
        building += is_built and counts
        is_said = counts and diagnostic.code in codes
        # what a forbidden module has itself goes with it
        if not is_said and not index.place(diagnostic.path).is_forbidden:
            what = diagnostic.message
            where = site(diagnostic.path, diagnostic.range.start.line)
            by_hand.append(Step(diagnostic.code, where, what, None, what, by))
    references = References(settings, after, filesystem.with_edits(mended.changes))
    shifts = mended.shifts()

    def with_names(manager: Manager) -> Manager:
        """A manager with what still names it, if it is to go."""
        if manager.role == "manager" or manager.path is None:
            return manager
        there = references.to(os.path.join(settings.root, manager.path))
        before = [(site(one.path, shifts.line_before(one.path, one.line)), one.how) for one in there]
        return replace(manager, named=tuple(Mention(*one) for one in before))

    managers = [*map(with_names, managers_of(index, settings))]
    left = {d.path for d, _ in mended.left}
    near = {user for path in left for user in index.users_of(path)}
    covering = {path for path in (*_covering(index, mended.changes), *left, *near) if settings.is_test(path)}
    naming = {test for manager in managers for test in manager.tests}
    needed, gaps = _gaps(managers, rewriter, settings)
    found = Plan(
        managers=tuple(managers),
        needed=needed,
        gaps=tuple(gaps),
        moving=tuple(sorted(moving, key=_order)),
        by_hand=tuple(sorted(by_hand, key=_order)),
        tests=tuple(sorted({*(site(path, 1).path for path in covering), *naming})),
    )
    return replace(found, measures=tuple(_measures(found, index, after, settings, building)))


def steps(
    mended: FixResult, silenced: Silenced, site: Callable[[str, int], Site], *,
    as_before: bool, followed: Sequence[Diagnostic] = (),
) -> tuple[list[Step], list[Step]]:  # fmt: skip
    """What moves, with the strings that `followed`, and what is left with the reasons; `site` words a path and a line.

    What is left stands where it does afterwards, or `as_before`.
    """
    moving, left = [], []
    for diagnostic in (*mended.settled, *followed):
        assert diagnostic.fix is not None
        where = site(diagnostic.path, diagnostic.range.start.line)
        by = silenced.by(diagnostic)
        fix = diagnostic.fix
        moving.append(Step(diagnostic.code, where, fix.message, fix.applicability, silenced=by))
    shifts = mended.shifts()
    for diagnostic, reason in mended.left:
        before = shifts.diagnostic_before(diagnostic)
        where = site(diagnostic.path, (before if as_before else diagnostic).range.start.line)
        if as_before:
            reason = shifts.reason_before(diagnostic.path, reason)
        left.append(Step(diagnostic.code, where, diagnostic.message, None, reason, silenced.by(before)))
    return moving, left


def _order(step: Step) -> tuple[str, int, str]:
    return step.site.path, step.site.line, step.code


def importing(index: ProjectIndex, managers: Iterable[Manager], settings: Settings) -> Importing:
    """The files that import a manager, or one of the others; `managers` are those of `index`."""
    one = {path for boundary in settings.boundaries for path in index.manager_users(boundary)}
    others = (path for m in managers if m.role != "manager" for path in m.importers)
    rest = {os.path.join(settings.root, *path.split("/")) for path in others}
    return Importing(len(one - rest), len(one | rest))


def _measures(
    found: Plan, index: ProjectIndex, after: ProjectIndex, settings: Settings, building: int
) -> Iterator[Measure]:
    managers = found.managers
    others = [manager for manager in managers if manager.role != "manager"]
    later = [*managers_of(after, settings)]
    still = {manager.module for manager in later}
    then = sum(m.role != "competing" or m.module in still for m in managers)  # no module is deleted
    yield Measure("managers", "managers", len(managers), then, len(managers) - len(others))
    before, now = importing(index, managers, settings), importing(after, later, settings)
    yield Measure(
        "importing-files",
        "files that import the one manager alone, of "
        + (
            f"{before.any} that import any"
            if before.any == now.any
            else f"{before.any} that import any now, {now.any} then"
        ),
        before.one,
        now.one,
        now.any,
    )
    gone = sum(step.code in CONSTRUCTIONS for step in found.moving)
    yield Measure(
        "constructions", "clients and pools built outside of a manager", building, building - gone, 0
    )
    stale = [step for step in found.by_hand if step.code in STRINGS and step.silenced in COUNTED]
    mended = [step for step in found.moving if step.code in STRINGS]
    yield Measure("strings", "strings that name a forbidden manager", len(stale) + len(mended), len(stale), 0)


def _covering(index: ProjectIndex, changing: Iterable[str]) -> set[str]:
    """The files that change, and those that import one of them, directly or not."""
    todo = list(changing)
    seen = set(todo)
    while todo:
        new = index.users_of(todo.pop()) - seen
        seen |= new
        todo += new
    return seen


def _sites(settings: Settings) -> Callable[[str, int], Site]:
    return lambda path, line: Site(settings.short(path), line)


def managers_of(index: ProjectIndex, settings: Settings) -> Iterator[Manager]:
    """The managers that the settings name, those they forbid, and the classes that compete with them."""
    competing = competing_managers(index)
    seen: set[str] = set()
    for boundary in settings.boundaries:
        for module in boundary.managers:
            seen.add(module)
            yield _manager(index, settings, module, "manager", boundary)
    for path in sorted(index.facts):
        place = index.place(path)
        for module in place.modules:
            if module in seen or not any(p.covers(module) for p in place.boundary.forbidden):
                continue
            seen.add(module)
            made = _manager(index, settings, module, "forbidden", place.boundary)
            defined = index.modules.facts(module)
            if place.is_package and defined is not None and not defined.names:
                break
            if made.importers or path in competing or index.facts[path].shim is not None:
                yield made
            break
    for path in sorted(competing):
        place = index.place(path)
        if not place.modules or set(place.modules) & seen:
            continue
        names = [
            f"{module}.{one}" for module in place.modules for made in competing[path] for one in made.known_as
        ]
        found = _manager(index, settings, place.modules[0], "competing", place.boundary, names)
        yield replace(found, classes=tuple(one.name for one in competing[path]))


def _manager(
    index: ProjectIndex,
    settings: Settings,
    module: str,
    role: str,
    boundary: Boundary,
    names: Collection[str] = (),
) -> Manager:
    """A manager, with the files that import it, or one of the `names` in it from wherever that is handed on."""
    path = index.modules.find(module)
    taking = index.importers_of([module], names) if names else ()
    importers = sorted({*index.importers(module), *taking} - {path or ""})
    naming = [
        p for p, fact in index.facts.items()
        if p != path and any(is_under(n, module) for n in fact.quoted.split("\n"))
    ]  # fmt: skip
    tests = sorted({p for p in (*importers, *naming) if settings.is_test(p)})

    def short(paths: Collection[str]) -> tuple[str, ...]:
        return tuple(settings.short(p) for p in paths)

    return Manager(
        module,
        role,
        boundary.name,
        short([path])[0] if path is not None else None,
        tuple(index.managers.classes(module)),
        short(importers),
        short(tests),
        path is not None and is_shim(index, path),
    )


def _gaps(managers: Iterable[Manager], rewriter: Rewriter, settings: Settings) -> tuple[int, list[Gap]]:
    """How many methods the users of the other managers need, and those that the one lacks, or has otherwise."""
    needed: set[tuple[str, str]] = set()
    found: dict[tuple[str, str, str, str], dict[Site, None]] = {}
    site = _sites(settings)
    for manager in managers:
        if manager.role == "manager":
            continue
        for path in manager.importers:
            view = rewriter.view(os.path.join(settings.root, path))
            if view is None or view.place.is_manager:
                continue
            for old, target, attribute, call in used_members(rewriter, view, manager.module):
                if not _is_manager_class(old, manager, settings):
                    continue
                needed.add((target.qualified_name, attribute.attr))
                what = rewriter.compatibility.members.difference(
                    old, target, attribute.attr, call, is_used=call is None or is_used(view, call)
                )
                if what is not None:
                    key = (old.qualified_name, attribute.attr, target.qualified_name, what)
                    found.setdefault(key, {})[site(view.path, attribute.lineno)] = None
    gaps = (Gap(*key, tuple(sites)) for key, sites in found.items())
    return len(needed), sorted(gaps, key=lambda g: (g.of, -len(g.sites), g.member))


def _is_manager_class(of: Symbol, manager: Manager, settings: Settings) -> bool:
    """Whether a class acts as a manager: of a module that the settings do not speak of those that RED401 names."""
    module, _, name = of.qualified_name.rpartition(".")
    is_other = manager.role == "competing" and module == manager.module and name not in manager.classes
    return not is_other or settings.replacement_of(of.qualified_name) is not None


def used_members(
    rewriter: Rewriter, view: View, module: str
) -> Iterator[tuple[Symbol, Symbol, ast.Attribute, ast.Call | None]]:
    """Each use in one file of a member of an object that comes from `module`.

    With the class of that object, and the class of the manager's that would take its place.
    """
    for place, dotted in rewriter.places(view, module):
        old = rewriter.symbols.symbol(dotted)
        if old is None:
            continue
        target = rewriter.replacements.target(dotted, view.place.boundary)
        node: ast.expr = place
        symbol: Symbol | None = old
        if old.kind in ("function", "class"):
            call = view.uses.parents.get(place)
            if not isinstance(call, ast.Call) or call.func is not place:
                continue
            symbol = rewriter.symbols.given(old)
            awaited = view.uses.parents.get(call)
            node = (
                awaited
                if isinstance(old.node, ast.AsyncFunctionDef) and isinstance(awaited, ast.Await)
                else call
            )
        if (
            symbol is None
            or symbol.of is None
            or target is None
            or symbol.of.qualified_name == target.qualified_name
        ):
            continue
        for attribute, called in view.follow(node).members:
            yield symbol.of, target, attribute, called
