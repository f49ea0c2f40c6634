"""From the evidence to a proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.init.another import why_another
from flake8_redis_ssot.init.evidence import Evidence, Module
from flake8_redis_ssot.init.exchanges import exchanges
from flake8_redis_ssot.init.proposal import Choice, Proposal, Scope
from flake8_redis_ssot.init.ranking import (
    Candidate,
    candidates,
    close_to,
    count,
    imported_by,
    is_of_application,
    is_plain,
    is_plain_class,
    listed,
    names_a_server,
    spoken_for,
    used_by,
)
from flake8_redis_ssot.init.services import Group, grouped
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.project.shims import is_shim

Choose = Callable[[str, Sequence[Candidate]], int | None]
"""Asks which of several is meant, and tells its number; None where nobody can be asked."""

_SHOWN = 6


def compose(evidence: Evidence, choose: Choose) -> Proposal:
    """The proposal for a project; `choose` is asked where several managers are about as likely."""
    values = evidence.values
    proposal = Proposal(evidence.settings.root, src=values.get("src"), tests=values.get("tests"))
    ranked = candidates(evidence)
    if not evidence.libraries and not evidence.modules:
        proposal.uses_redis = False
        proposal.summary = "no file imports a client library of Redis, so there is nothing to set up"
        return proposal
    groups = grouped(evidence, _real(evidence, ranked))
    others: list[Candidate] = []
    for group in groups:
        scope, rest = _scope(evidence, group, choose, proposal)
        others += rest
        if group.folder:
            proposal.boundaries.append(scope)
        else:
            proposal.scope = scope
    if proposal.has_manager:
        _forbid(evidence, proposal, others)
        _say_what_is_decided(evidence, proposal)
    else:
        _say_that_there_is_none(evidence, ranked, proposal)
    return proposal


def _real(evidence: Evidence, ranked: Sequence[Candidate]) -> list[Candidate]:
    """Those that are managers, as far as can be told.

    Others take a client from them; else the only one that is called after Redis, where it builds most of what is
    built, or one of each colour.
    """
    shared = [one for one in ranked if one.is_shared]
    if shared:
        return shared + [one for one in ranked if one.is_named_so and not one.is_shared]
    named = [one for one in ranked if one.is_named_so]
    total = sum(len(one.module.built) for one in ranked)
    if len(named) == 2 and named[0].module.colours.isdisjoint(named[1].module.colours):
        return named
    return named if len(named) == 1 and 2 * len(named[0].module.built) > total else []


def _scope(
    evidence: Evidence, group: Group, choose: Choose, proposal: Proposal
) -> tuple[Scope, list[Candidate]]:
    """The managers of one boundary, and the candidates that are none of them."""
    scope = Scope(group.name, group.folder)
    if group.folder:
        scope.reason = f"a service of its own: {', '.join(group.signs)}; no file outside uses its manager"
    if not group.candidates:
        return scope, []
    best, *rest = group.candidates
    pairs = {one: why for one in rest if (why := why_another(evidence, best, one)) is not None}
    near = [one for one in close_to(best, rest) if one not in pairs]
    if near:
        chosen = choose(
            f"Which module is the manager{f' of {group.folder}' if group.folder else ''}?", [best, *near]
        )
        best = [best, *near][chosen or 0]
        rest = [one for one in group.candidates if one is not best]
        pairs = {one: why for one in rest if (why := why_another(evidence, best, one)) is not None}
        against = [one for one in near if one is not best]
        names = "; ".join(f"`{one.name}` ({spoken_for(one.module)})" for one in against)
        if chosen is None:
            proposal.doubts.append(f"cannot tell for certain: `{best.name}` is close to {names}")
    scope.managers = [
        Choice(one.name, spoken_for(one.module) + (f"; {pairs[one]}" if one in pairs else ""))
        for one in (best, *pairs)
    ]
    scope.instance = _instance(evidence, best.module)
    return scope, [one for one in rest if one not in pairs]


def _instance(evidence: Evidence, module: Module) -> Choice | None:
    """The shared object of a manager, or the function that gives it: what most files take, classes apart."""
    known = evidence.index.modules.facts(module.name)
    for name, number in module.names:
        what = known.names.get(name) if known is not None else None
        if what is not None and what.kind in ("object", "function") and number and not name.startswith("_"):
            return Choice(
                f"{name}()" if what.kind == "function" else name, f"what most files take from it: {number}"
            )
    return None


def _forbid(evidence: Evidence, proposal: Proposal, others: Sequence[Candidate]) -> None:
    """Forbid what does what the managers do, and say what else does so."""
    index = evidence.with_managers(proposal.values())
    by_path = {module.path: module for module in evidence.modules}
    rest = {one.module.path: one for one in others}
    for path in sorted(index.facts):
        module = by_path.get(path) or Module(path, next(iter(index.place(path).modules), ""))
        if not module.name or index.place(path).is_manager or not is_of_application(evidence, module):
            continue
        if is_shim(index, path, deprecated=False) and is_plain(module):
            names = index.place(path).modules
            users = len({user for name in names for user in index.importers(name)} - {path})
            proposal.forbidden.append(Choice(module.name, f"only hands the manager on; {imported_by(users)}"))
    competing = competing_managers(index)
    for path in sorted({*competing, *rest}):
        module = by_path[path]
        place = index.place(path)
        if place.is_manager or not is_of_application(evidence, module) or is_shim(index, path):
            continue
        classes = competing.get(path, [])
        what = _does(module, classes)
        # a cache of something may well be built on the manager
        is_redis = bool(module.built) or names_a_server(module)
        plain = is_redis and bool(classes) and all(is_plain_class(made.name) for made in classes)
        if plain or (path in rest and rest[path].is_named_so and rest[path].is_shared):
            proposal.forbidden.append(Choice(module.name, what))
        elif classes or (path in rest and rest[path].is_shared):
            proposal.undecided.append(f"{module.name}: {what}")
    proposal.forbidden.sort(key=lambda choice: choice.value)
    proposal.replacements = list(exchanges(evidence, proposal))


def _does(module: Module, classes: Sequence[ClassFacts]) -> str:
    parts = []
    for made in classes:
        operations = list(dict.fromkeys(name for name, _ in made.operations))
        if operations:
            parts.append(f"`{made.name}` duplicates {count(len(operations), 'operation')}")
        elif made.handing_out:
            parts.append(f"`{made.name}` hands out a client that it built")
    if not parts:
        parts.append(f"builds in {count(len(module.built), 'place')}")
    return f"{' and '.join(parts)}; {used_by(module)}"


def _say_what_is_decided(evidence: Evidence, proposal: Proposal) -> None:
    scopes = [scope for scope in (proposal.scope, *proposal.boundaries) if scope.managers]
    managers = {choice.value for scope in scopes for choice in scope.managers}
    parts = [count(len(managers), "manager") + (f" in {len(scopes)} boundaries" if len(scopes) > 1 else "")]
    if proposal.forbidden:
        parts.append(f"{count(len(proposal.forbidden), 'module')} that should not be imported any more")
    outside = [module for module in evidence.modules if module.built and module.name not in managers]
    places = sum(len(module.built) for module in outside)
    proposal.summary = ", ".join(parts)
    if outside:
        proposal.summary += (
            f"; {count(places, 'place')} in {count(len(outside), 'other file')} "
            f"build{'s' * (places == 1)} a client or pool beside {'it' if len(managers) == 1 else 'them'}"
        )


def _say_that_there_is_none(evidence: Evidence, ranked: Sequence[Candidate], proposal: Proposal) -> None:
    built = [module for module in evidence.modules if module.built]
    places = sum(len(module.built) for module in built)
    if not built:
        libraries = listed(evidence.libraries)
        proposal.summary = (
            f"{libraries} is imported, and no file builds a client in a way that can be followed"
        )
        return
    what = (
        "no module is the manager yet"
        if ranked
        else "nothing but tests and what stands beside the application builds"
    )
    where = f"{count(places, 'place')} in {count(len(built), 'file')}"
    proposal.summary = f"{what}: {where} build{'s' * (places == 1)} clients or pools"
    if len(ranked) > 1:
        most = max(ranked, key=lambda one: _importers(one.module))
        proposal.undecided.append(
            f"most files import `{most.name}` of those that build: {count(_importers(most.module), 'file')}"
        )
    for one in sorted(ranked, key=lambda one: (-len(one.module.built), one.name))[:_SHOWN]:
        proposal.undecided.append(f"{one.name}: {spoken_for(one.module)}")


def _importers(module: Module) -> int:
    """How many files import a module, or take something of it through a re-export."""
    return max(module.importers, len(module.users) + len(module.tests))
