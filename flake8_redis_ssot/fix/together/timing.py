"""When objects are made, kept and ended, and modules imported: what a change of that lets a patch of a test reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.execution.runs import Change, Runs
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.together.patch import Patch
from flake8_redis_ssot.fix.together.patches import heads

LOOK = "look there, and run with --include-unsafe if that does no harm"
_FIRST = "import that file at the top of the test, or run with --include-unsafe if it may have there what the test patches"
WITH_IT = "change both together by hand"


class Timing:
    """Finds the proposals after which something is made, kept, ended or imported at another time than today."""

    def __init__(self, rewriter: Rewriter, runs: Runs) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self.runs = runs
        self.effects = rewriter.imports.effects
        self._users: dict[str, set[str]] = {}

    def doubts(
        self, found: Iterable[Patch], proposals: list[Proposal], replaced: Collection[str]
    ) -> dict[int, Refusal]:
        """Those proposals, each with the reason; `replaced` are the modules of which a copy takes the place."""
        # where a copy takes the place of all of a module, it does each thing when that did
        others = [p for p in proposals if p.modules[0] not in replaced]
        ending = {id(p): _of_some_users(p) for p in others if p.as_whole}
        return ending or self._kept(found, others) or self._loaded(found, proposals, replaced)

    def instead(self, proposals: list[Proposal], doubts: dict[int, Refusal]) -> dict[int, Proposal]:
        """What takes the place of removals that are in doubt, and leaves the time of the import as it is."""
        held = [p for p in proposals if id(p) in doubts and p.is_removal]
        found = {id(p): self.rewriter.instead_of_removal(p, doubts[id(p)].what) for p in held}
        return {key: one for key, one in found.items() if one is not None}

    def _kept(self, found: Iterable[Patch], proposals: list[Proposal]) -> dict[int, Refusal]:
        """The proposals whose objects are made when they are first used, which a test may do while it patches."""
        by_name: dict[str, list[tuple[Proposal, str]]] = {}
        for proposal in proposals:
            for name, home in proposal.lasting:
                by_name.setdefault(name, []).append((proposal, home))
        held: dict[int, Refusal] = {}
        for patch in found:
            for name in heads(patch.text):
                for proposal, home in by_name.get(name, ()):
                    reached = self.runs.reached(patch.path)
                    if reached is None or not reached.isdisjoint(self._having(home)):
                        why = f"and `{home}` keeps what it finds when it is first used"
                        held[id(proposal)] = held_by(self.rewriter, patch, why)
        return held

    def _loaded(
        self, found: Iterable[Patch], proposals: list[Proposal], replaced: Collection[str]
    ) -> dict[int, Refusal]:
        """The proposals that change what a test is the first to import, while it patches what is looked up then."""
        by_name: dict[str, list[tuple[Proposal, str]]] = {}
        for proposal in proposals:
            if proposal.modules[0] in replaced and proposal.loads <= {*proposal.modules}:
                continue  # nothing else comes to be imported than the one for the other
            for name in sorted(proposal.early):
                by_name.setdefault(name, []).append((proposal, proposal.path))
            for module in sorted(proposal.loads):
                path = self.index.modules.find(module)
                for name in self.effects.looked_up(module) if path is not None else ():
                    by_name.setdefault(name, []).append((proposal, path or ""))
        held: dict[int, Refusal] = {}
        touching = [patch for patch in found if patch.text in by_name]
        after = self._runs_after(proposals) if touching else self.runs
        for patch in touching:
            for proposal, path in by_name[patch.text]:
                if id(proposal) in held:
                    continue
                runs = [self.runs]
                if path == proposal.path or after.is_imported(path):  # else nothing loads it any more
                    runs.append(after)
                runs = [one for one in runs if one.may_meet(patch.path, proposal.path)]
                if any(one.may_load(patch.path, patch.line, path, patch.text) for one in runs):
                    where = self.rewriter.short(path)
                    why = f"and may be the first to import {where}, which looks it up then"
                    held[id(proposal)] = Refusal(held_by(self.rewriter, patch, why).what, _FIRST)
        return held

    def _runs_after(self, proposals: Iterable[Proposal]) -> Runs:
        """What runs with what when all these are carried out."""
        changes: dict[str, Change] = {}
        for proposal in proposals:
            if proposal.lets_go:
                change = changes.setdefault(proposal.path, Change())
                change.gone.append(proposal.lets_go)
                change.come += proposal.written
                if not proposal.is_late:
                    change.gone_at_top.append(proposal.lets_go)
                    change.come_at_top += proposal.written
        return Runs(self.rewriter.around, self.rewriter.reads, changes, self.runs.budget)

    def _having(self, home: str) -> set[str]:
        """The files that use something of the module of an object, its classes apart."""
        if home not in self._users:
            module, symbols = home.rpartition(".")[0], self.rewriter.symbols
            facts = self.index.modules.facts(module)
            names = {f"{module}.{name}" for name in (facts.names if facts is not None else ())}
            used = {n for n in names if (one := symbols.symbol(n)) is not None and one.kind != "class"}
            own = self.index.modules.find(module)
            self._users[home] = self.index.importers_of({module}, used) - {own or ""}
        return self._users[home]


def _of_some_users(proposal: Proposal) -> Refusal:
    """That something is right only where all who use a module leave it."""
    module = proposal.modules[0] or proposal.diagnostic.symbols[0].rpartition(".")[0]
    return Refusal(
        f"{proposal.as_whole}, and not all that use `{module}` can leave it at once",
        f"settle what else is left of `{module}`, or look there, and run with --include-unsafe if that does no harm",
    )


def held_by(rewriter: Rewriter, patch: Patch, why: str) -> Refusal:
    """That a patch holds something back."""
    where = f"{rewriter.short(patch.path)}:{patch.line}"
    return Refusal(f"{where} {patch.act}, {why}", WITH_IT)
