"""Which objects of forbidden managers the manager's may take the place of, as far as fixes are granted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.fix.apply import Step
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.unchecked import Unchecked
from flake8_redis_ssot.init.evidence import Evidence, provisional
from flake8_redis_ssot.init.proposal import Exchange, Proposal, Scope
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import run
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.model import is_below

_CODE = "RED101"


def exchanges(evidence: Evidence, proposal: Proposal) -> Iterator[Exchange]:
    """An entry for each object that some file takes from a forbidden manager, and that a fix needs one for.

    What the verifier does not grant carries its reason.
    """
    wanted = dict(_wanted(evidence, proposal))
    if not wanted:
        return
    settings = provisional(evidence.settings.root, {**proposal.values(), "replacements": wanted})
    rules = [rule for rule in all_rules() if rule.code == _CODE]
    checker = FileChecker(settings, rules, keeps_facts=True)
    index = ProjectIndex(settings, evidence.facts, checker.managers)
    users = {user for choice in proposal.forbidden for user in index.importing(choice.value)}
    outcome = run(sorted(users, key=lambda path: (settings.is_test(path), path)), checker)
    refused = _refused(
        evidence,
        outcome.diagnostics,
        wanted,
        Rewriter(
            index,
            checker.context_of,
            ProjectReads(index.facts, checker.filesystem),
            Unchecked(settings, index.facts, checker.filesystem),
        ),
    )
    outcome.facts = list(evidence.facts)
    outcome.diagnostics = [d for d in outcome.diagnostics if _old(d, wanted) not in {*refused, None}]
    granted: set[str | None] = set()
    if outcome.diagnostics:
        step = Step(checker, outcome, users, unsafe=False)
        granted = {_old(diagnostic, wanted) for diagnostic in step.settled}
        for diagnostic, refusal in step.refused:
            refused.setdefault(
                _old(diagnostic, wanted) or "", f"{evidence.short(diagnostic.path)}: {refusal.reason}"
            )
    for old, new in sorted(wanted.items()):
        if old in refused or old in granted:
            yield Exchange(old, new, refused.get(old))


def _refused(
    evidence: Evidence, diagnostics: Iterable[Diagnostic], wanted: Mapping[str, str], rewriter: Rewriter
) -> dict[str, str]:
    """Each object of which some reference cannot be exchanged, with the first reason: one is enough."""
    found: dict[str, str] = {}
    for diagnostic in diagnostics:
        old = _old(diagnostic, wanted)
        if old is not None and old not in found:
            try:
                if _is_used(rewriter, diagnostic):
                    rewriter.propose(diagnostic, ())
            except Refusal as refusal:
                found[old] = f"{evidence.short(diagnostic.path)}: {refusal.reason}"
            rewriter.forget(diagnostic.path)
    return found


def _is_used(rewriter: Rewriter, diagnostic: Diagnostic) -> bool:
    """Whether the name that an import binds is used in its file: else nothing is exchanged there."""
    view = rewriter.view(diagnostic.path)
    statement, alias = view.aliases.get(diagnostic.range, (None, None)) if view is not None else (None, None)
    if view is None or statement is None or alias is None or alias.name == "*":
        return True
    found = view.uses.binding(statement, alias)
    return found is None or any(True for _ in view.uses.of(*found)) or found[0] in view.exported


def _old(diagnostic: Diagnostic, wanted: Iterable[str]) -> str | None:
    """The object that a diagnostic refers to."""
    return next((old for old in wanted for symbol in diagnostic.symbols if is_under(symbol, old)), None)


def _wanted(evidence: Evidence, proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Each object of a forbidden module that others may have, with what would take its place."""
    modules = {module.name: module for module in evidence.modules}
    for choice in proposal.forbidden:
        module = modules.get(choice.value)
        scope = _scope_of(proposal, evidence.short(module.path)) if module is not None else None
        if module is None or scope is None or not scope.managers:
            continue
        home = scope.home
        mine = {made.name for made in modules[home].classes}
        for name, number in module.names:
            if not number and not module.tests:
                continue
            known = evidence.index.modules.facts(module.name)
            kind = known.names[name].kind if known is not None and name in known.names else None
            if kind in ("class", "data") and mine:
                yield f"{module.name}.{name}", f"{home}.{min(mine)}"
            elif kind in ("object", "function") and scope.instance is not None:
                yield f"{module.name}.{name}", f"{home}.{scope.instance.value}"


def _scope_of(proposal: Proposal, path: str) -> Scope:
    """The boundary of a file."""
    around = [scope for scope in proposal.boundaries if is_below(path, scope.folder)]
    return max(around, key=lambda scope: len(scope.folder), default=proposal.scope)
