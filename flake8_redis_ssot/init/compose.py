"""From the evidence to a proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flake8_redis_ssot.analysis.operations import words
from flake8_redis_ssot.analysis.renewal import giving_anew
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.init.another import why_another
from flake8_redis_ssot.init.competitors import competitors, shims
from flake8_redis_ssot.init.evidence import Evidence
from flake8_redis_ssot.init.exchanges import exchanges
from flake8_redis_ssot.init.modules import Module, is_plain_name
from flake8_redis_ssot.init.proposal import Choice, Proposal, Scope
from flake8_redis_ssot.init.ranking import Candidate, candidates, close_to, listed, spoken_for
from flake8_redis_ssot.init.services import Group, grouped, tests_of, without_manager
from flake8_redis_ssot.libraries.vocabulary import MAKING
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.wording import counted

Choose = Callable[[str, Sequence[Candidate]], int | None]
"""Asks which of several is meant, and tells its number; None where nobody can be asked."""

_MAKING = MAKING | {"from"}
_SHOWN = 6


def compose(evidence: Evidence, choose: Choose) -> Proposal:
    """The proposal for a project; `choose` is asked where several managers are about as likely."""
    values = evidence.values
    proposal = Proposal(evidence.settings.root, src=values.get("src"), tests=values.get("tests"))
    ranked = candidates(evidence)
    if evidence.libraries and not any(one.is_shared for one in ranked):
        evidence = evidence.followed()
        ranked = candidates(evidence)
    if not evidence.libraries and not evidence.modules:
        proposal.uses_redis = False
        proposal.summary = (
            "no file imports what builds clients of a Redis client library, so there is nothing to set up"
        )
        return proposal
    groups = grouped(evidence, _real(ranked))
    if groups[0].candidates:
        groups += without_manager(evidence, groups[0].candidates[0], ranked, groups)
    others: list[Candidate] = []
    for group in groups:
        scope, rest = _scope(evidence, group, choose, proposal)
        others += rest
        if group.folder:
            proposal.boundaries.append(scope)
        else:
            proposal.scope = scope
    names = [one.name for one in proposal.boundaries]
    for one in proposal.boundaries:
        if names.count(one.name) > 1:
            one.name = one.folder.replace("/", "-")
    if proposal.has_manager:
        index = evidence.with_managers(proposal.values())
        homes = {scope.home for scope in (proposal.scope, *proposal.boundaries)}
        managers = [module for module in evidence.modules if module.name in homes]
        found = [*shims(evidence, index), *competitors(evidence, index, managers, others)]
        close = {name for scope in (proposal.scope, *proposal.boundaries) for name in scope.close}
        plain = [one.choice for one in found if one.is_plain and one.choice.value not in close]
        proposal.forbidden = sorted(plain, key=lambda choice: choice.value)
        others_found = [one.choice for one in found if one.choice not in plain]
        proposal.undecided = [f"{choice.value}: {choice.why}" for choice in others_found]
        proposal.replacements = list(exchanges(evidence, proposal))
        _say_what_is_decided(evidence, index, proposal)
    else:
        _say_that_there_is_none(evidence, ranked, proposal)
    return proposal


def _real(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Those that are managers, as far as can be told.

    Others take a client from them; else the only one that is called after Redis, where it builds most of what is
    built, or one of each mode, blocking and asyncio.
    """
    shared = [one for one in ranked if one.is_shared]
    if shared:
        return shared + [one for one in ranked if one.is_named_so and not one.is_shared]
    named = [one for one in ranked if one.is_named_so]
    total = sum(len(one.module.built) for one in ranked)
    if len(named) == 2 and named[0].module.modes.isdisjoint(named[1].module.modes):
        return named
    return named if len(named) == 1 and 2 * len(named[0].module.built) > total else []


def _scope(
    evidence: Evidence, group: Group, choose: Choose, proposal: Proposal
) -> tuple[Scope, list[Candidate]]:
    """The managers of one boundary, and the candidates that are none of them."""
    scope = Scope(name=group.name, folder=group.folder)
    if group.folder:
        scope.tests = tests_of(evidence, group)
        what = "no file outside uses its manager" if group.candidates else "it has no manager yet"
        if group.outside:
            what = f"{counted(len(group.outside), 'file')} outside use{'s' * (len(group.outside) == 1)} its manager, which `check` reports as RED103"
        scope.reason = f"a service of its own: {', '.join(group.signs)}; {what}"
    if not group.candidates:
        return scope, []
    best, *rest = group.candidates
    pairs = {one: why for one in rest if (why := why_another(evidence, best, one)) is not None}
    near = [one for one in close_to(best, rest) if one not in pairs and not _is_narrower(one, best)]
    if near:
        near = sorted([best, *near], key=lambda one: not one.is_called_manager)
        chosen = choose(f"Which module is the manager{f' of {group.folder}' if group.folder else ''}?", near)
        best = near[chosen or 0]
        rest = [one for one in group.candidates if one is not best]
        pairs = {one: why for one in rest if (why := why_another(evidence, best, one)) is not None}
        against = [one for one in near if one is not best]
        names = "; ".join(f"`{one.name}` ({spoken_for(one.module)})" for one in against)
        if chosen is None:
            scope.close = [one.name for one in against]
            proposal.doubts.append(
                f"cannot tell for certain: `{best.name}` is close to {names}; set `manager` to the one that is meant"
            )
    for one in (best, *pairs):
        pattern = _pattern(evidence, one.module)
        if all(choice.value != pattern for choice in scope.managers):
            why = f"; {pairs[one]}" if one in pairs else ""
            scope.managers.append(Choice(pattern, spoken_for(one.module) + why))
    scope.home = best.name
    scope.instance = _instance(evidence, best.module)
    return scope, [one for one in rest if one not in pairs]


def _is_narrower(one: Candidate, best: Candidate) -> bool:
    """Whether a candidate repeats the best one for a purpose of its own, so that it is not the one for all."""
    return bool(one.purposes - best.purposes) and one.module.repeats(best.module)


def _pattern(evidence: Evidence, module: Module) -> str:
    """A manager as the settings name it: with the package around it, if most files get it by that one's name."""
    package = module.name.rpartition(".")[0]
    index = evidence.index
    users = {
        user
        for user in (*module.users, *module.tests)
        if not any(is_under(name, package) for name in index.place(user).modules)
    }
    through = {
        user
        for user in users
        if any(e.module == package and index.modules.find(e.full_name) is None for e in index.edges(user))
    }
    is_meant = is_plain_name(package.rpartition(".")[2]) and 2 * len(through) > len(users)
    return f"{package}.**" if is_meant else module.name


def _instance(evidence: Evidence, module: Module) -> Choice | None:
    """The shared object of a manager, or the function that gives it: what most files take, classes apart.

    What is named after making (`create_client`, `redis_from_config`) gives another one each time. What can be seen to
    do so comes last: it is to keep one, and RED303 says so.
    """
    context = evidence.checker.context_of(module.path)
    anew = {*giving_anew(context.constructions, context.scopes)} if context is not None else set()
    known = evidence.index.modules.facts(module.name)
    taken: list[tuple[str, int]] = []
    for name, number in module.names:
        what = known.names.get(name) if known is not None else None
        if what is None or not number or name.startswith("_"):
            continue
        if what.kind == "object" or (what.kind == "function" and _MAKING.isdisjoint(words(name))):
            taken.append((f"{name}()" if what.kind == "function" else name, number))
    if not taken:
        return None
    (first, number), *others = sorted(taken, key=lambda one: one[0].removesuffix("()") in anew)
    also = ", ".join(f"`{name}` by {count}" for name, count in others[:_SHOWN])
    return Choice(first, f"what most files take from it: {number}{f'; {also}' if also else ''}")


def _say_what_is_decided(evidence: Evidence, index: ProjectIndex, proposal: Proposal) -> None:
    scopes = [scope for scope in (proposal.scope, *proposal.boundaries) if scope.managers]
    managers = {choice.value for scope in scopes for choice in scope.managers}
    parts = [counted(len(managers), "manager") + (f" in {len(scopes)} boundaries" if len(scopes) > 1 else "")]
    if proposal.forbidden:
        parts.append(f"{counted(len(proposal.forbidden), 'module')} that should not be imported any more")
    outside = [
        module for module in evidence.modules if module.built and not index.place(module.path).is_manager
    ]
    places = sum(len(module.built) for module in outside)
    proposal.summary = ", ".join(parts)
    if outside:
        proposal.summary += (
            f"; {counted(places, 'place')} in {counted(len(outside), 'other file')} "
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
    where = f"{counted(places, 'place')} in {counted(len(built), 'file')}"
    proposal.summary = f"{what}: {where} build{'s' * (places == 1)} clients or pools"
    beside = places - sum(len(one.module.built) for one in ranked)
    if ranked and beside:
        proposal.summary += f", {beside} of them in tests and what stands beside the application"
    first, *more = sorted(((_importers(one.module), one.name) for one in ranked), reverse=True) or [(0, "")]
    if more and first[0] > more[0][0]:
        proposal.undecided.append(
            f"most files import `{first[1]}` of those that build: {counted(first[0], 'file')}"
        )
    for one in sorted(ranked, key=lambda one: (-len(one.module.built), one.name))[:_SHOWN]:
        proposal.undecided.append(f"{one.name}: {spoken_for(one.module)}")


def _importers(module: Module) -> int:
    """How many files import a module, or take something of it through a re-export."""
    return max(module.importers, len(module.users) + len(module.tests))
