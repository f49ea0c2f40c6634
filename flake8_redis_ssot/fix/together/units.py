"""What has to move together: references to one object that keeps state, its exceptions, and what patches it.

A reference is a proposal, or stays. One that stays holds back all that hang together with it, in safe runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.fix.compatibility.patch_targets import LOADED, OBJECT
from flake8_redis_ssot.fix.compatibility.ties import STATE
from flake8_redis_ssot.fix.edits.naming import renamed_text
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS, Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.execution.runs import Runs
from flake8_redis_ssot.fix.refusal import Cause, Refusal
from flake8_redis_ssot.fix.together.causes import Left
from flake8_redis_ssot.fix.together.patch import Patch
from flake8_redis_ssot.fix.together.patches import PatchFinder, heads
from flake8_redis_ssot.fix.together.staying import Reference, Staying, goes_along
from flake8_redis_ssot.fix.together.timing import LOOK, WITH_IT, Timing, held_by
from flake8_redis_ssot.fix.together.whole_modules import Strings, WholeModules
from flake8_redis_ssot.fix.together.wider import Wider
from flake8_redis_ssot.libraries.frameworks import MAKING_NAMES
from flake8_redis_ssot.syntax.imports import Part

Unmoved = tuple[Refusal, set[str]]
"""Why a patch cannot follow, and the files that it holds back."""


class Units:
    """Decides which proposals can be carried out, each with all that belongs to it.

    `within` are the files that may change, `dynamic` the diagnostics of imports by a string. An `unsafe` run may
    part what belongs together.
    """

    def __init__(
        self,
        rewriter: Rewriter,
        within: Collection[str],
        dynamic: list[Diagnostic],
        *,
        unsafe: bool,
    ) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self.within = within
        self.unsafe = unsafe
        self.runs = Runs(rewriter.around, rewriter.reads)
        self.finder = PatchFinder(rewriter)
        self.staying = Staying(rewriter, within, dynamic)
        self.timing = Timing(rewriter, self.runs)
        self.wider = Wider(rewriter, self.staying, self.runs)
        self.whole = WholeModules(rewriter, self.staying, within)
        self.effects = rewriter.imports.effects
        self._dynamic = dynamic
        self.unmoved: dict[tuple[str, int], Unmoved] = {}
        """The patches that cannot follow, by path and line."""
        self.met = False
        """Whether a patch was found on which some proposal depends."""

    def settled(self, proposals: list[Proposal], refused: Left) -> tuple[list[Proposal], Strings]:
        """The proposals that leave nothing behind, with the strings of tests that follow them.

        `refused` says what else is left, and receives the proposals that cannot be.
        """
        found = self._patches_of(proposals)
        while True:
            replaced = self.whole.replaced(proposals, refused)
            held = {
                id(p): p.unless_whole
                for p in proposals
                if p.unless_whole is not None and p.modules[0] not in replaced
            }
            if not held and not self.unsafe:
                held = self.tied(proposals, refused, replaced) or self._merged(proposals)
            strings: Strings = {}
            doubts: dict[int, Refusal] = {}
            if not held:
                held, strings = self._patched(found, proposals, refused, replaced)
            if not held:
                doubts = self.timing.doubts(found, proposals, replaced)
            if not self.unsafe and (instead := self.timing.instead(proposals, doubts)):
                proposals = [instead.get(id(p), p) for p in proposals]
                found = self._patches_of(proposals)
                continue
            if not self.unsafe:
                held = held or doubts
            elif not held:
                doubts |= self._merged(proposals)
            if not held:
                for proposal in proposals:
                    if id(proposal) in doubts:
                        proposal.unsafe(doubts[id(proposal)].what)
                return proposals, strings
            refused += [(p.diagnostic, held[id(p)]) for p in proposals if id(p) in held]
            proposals = [proposal for proposal in proposals if id(proposal) not in held]

    def _patches_of(self, proposals: list[Proposal]) -> list[Patch]:
        """What may patch something that has to do with one of the proposals."""
        keys = {key for proposal in proposals for key in (*proposal.reach, *proposal.early)}
        keys |= {name for proposal in proposals for name, _ in proposal.lasting}
        keys |= {n for p in proposals for module in p.loads for n in self.effects.looked_up(module)}
        return list(self.finder.of(keys))

    # state, exceptions, identity

    def tied(self, proposals: list[Proposal], refused: Left, replaced: Collection[str]) -> dict[int, Refusal]:
        """The proposals that share something with a reference that stays, each with the reason.

        Nothing stays of the modules that are `replaced`.
        """
        roots = {
            root
            for proposal in proposals
            for root in proposal.roots | _owners(proposal.ties.keys | proposal.ties.needs)
        }
        staying = [one for root in sorted(roots) for one in self.staying.of(root, proposals, refused)]
        staying.sort(key=lambda one: one.why is None)  # first those that say why they stay
        every = [*(proposal.ties for proposal in proposals), *(one.ties for one in staying)]
        strong = {key for ties in every for key in ties.strong}
        held: dict[int, Refusal] = {}
        for proposal in proposals:
            if proposal.modules[0] in replaced:
                continue
            mine = (proposal.ties.keys & strong) | proposal.ties.needs
            for one in staying:
                shared = sorted(mine & one.ties.keys) if mine else []
                if shared:
                    own = [key for key in shared if key in one.ties.strong]
                    held[id(proposal)] = _why((own or shared)[0], one)
                    break
        return held

    def _merged(self, proposals: list[Proposal]) -> dict[int, Refusal]:
        """The proposals whose state or exceptions would become one with those of others; each with the reason."""
        held: dict[int, Refusal] = {}
        before: dict[tuple[str, str], set[str]] = {}
        for proposal in proposals:
            for of, one, new in proposal.objects if _keeps(proposal) else ():
                before.setdefault((of, new), set()).add(one)
        for proposal in proposals:
            for home, why in sorted(proposal.alone.items()):
                users = self.staying.users_of(home)
                if users:
                    met = (
                        f"{why}, and {users[0]}, which uses `{home}` already, would see what is done with it"
                    )
                    held[id(proposal)] = Refusal(met, LOOK)
            for home in self._asked_as(proposal):
                users = self.staying.users_asking(home)
                if users:
                    held[id(proposal)] = Refusal(
                        f"{users[0]} asks for `{home}` as that very one, and could not tell the two apart then",
                        LOOK,
                    )
            for raised in sorted(proposal.caught):
                users = self.staying.users_raising(raised)
                if not proposal.caught[raised]:
                    users = sorted(set(users) & self.runs.imported(proposal.path))
                if users:
                    where = self.staying.where(users[0], raised.rpartition(".")[0], {raised})
                    held[id(proposal)] = Refusal(
                        f"{where} uses what raises `{raised}`, which would be caught here too",
                        "catch the two apart, or change both by hand",
                    )
            for of, _, new in proposal.objects if _keeps(proposal) else ():
                ones = sorted(before[of, new])
                users = self.staying.users_of_state(new)
                if len(ones) > 1:
                    held[id(proposal)] = Refusal(
                        f"{' and '.join(map(self._named, ones))} each keep a state of their own, which would become one",
                        LOOK,
                    )
                elif users:
                    held[id(proposal)] = Refusal(
                        f"{users[0]} uses {'' if of == new else 'a '}`{new}` already, and what the two keep would become one",
                        LOOK,
                    )
        return held

    def _asked_as(self, proposal: Proposal) -> Iterator[str]:
        """The new classes of a proposal whose file asks for the very class, as `type(x) is C` does."""
        if any(key.startswith("identity ") for key in proposal.ties.strong):
            for home in proposal.written:
                symbol = self.rewriter.symbols.symbol(home)
                if symbol is not None and symbol.kind == "class":
                    yield home

    def _named(self, home: str) -> str:
        """An object with where it is made."""
        symbol = self.rewriter.symbols.symbol(home) if "`" not in home else None
        return f"`{home}`{self.rewriter.symbols.at(symbol)}" if symbol is not None else home

    # patches

    def _patched(
        self, found: Iterable[Patch], proposals: list[Proposal], refused: Left, replaced: Mapping[str, str]
    ) -> tuple[dict[int, Refusal], Strings]:
        """The proposals that a patch holds back, each with the reason, and the strings that follow the others.

        Modules that are `replaced` as a whole have another name in all strings.
        """
        by_key: dict[str, list[Proposal]] = {}
        for proposal in proposals:
            for key in proposal.reach:
                by_key.setdefault(key, []).append(proposal)
        renamed = {old: self.whole.strings(old, new) for old, new in replaced.items()}
        whole = {old: strings for old, strings in renamed.items() if strings is not None}
        strings: Strings = {}
        for of_module in whole.values():
            for path, parts in of_module.items():
                strings.setdefault(path, {}).update(parts)
        held: dict[int, Refusal] = {}
        for patch in found:
            if self.whole.follows(patch, whole, proposals):
                self.met = True
                continue
            mine = [
                (proposal, key)
                for key in heads(patch.text)
                for proposal in by_key.get(key, ())
                if id(proposal) not in held
                and not (patch.is_none and patch.text in proposal.asked)
                and self._may_meet(patch, proposal, key)
                and not (patch.written and self._follows(patch, proposal, proposals, held))
            ]
            if not mine or all(p.reach[key] == key for p, key in mine):
                continue
            if patch.is_listing and self.unsafe:
                self._widened(patch, "would not find it there without this import", mine)
                continue
            self.met = True
            try:
                moving = [p for p in proposals if id(p) not in held]
                part = self._followed(patch, mine, moving, refused)
                if part is not None:
                    strings.setdefault(patch.path, {})[part] = patch.text
            except Refusal as refusal:
                where = f"{self.rewriter.short(patch.path)}:{patch.line}"
                why = refusal.after(f"{where} {patch.act}, and ")
                held |= {id(p): why for p, _ in mine}
                own = refusal.after(f"it {patch.act}, and ")
                self.unmoved[patch.path, patch.line] = own, {p.path for p, _ in mine}
        return held, strings

    def _follows(
        self, patch: Patch, mine: Proposal, proposals: list[Proposal], held: Collection[int]
    ) -> bool:
        """Whether a patch by the name of another file comes to patch what a proposal uses then, or is its own."""
        names = {*heads(patch.written)}
        if not names.isdisjoint(mine.reach):
            return True
        return any(
            not set(mine.written).isdisjoint(one.written)
            and any(one.reach.get(name) is not None for name in names)
            for one in proposals
            if id(one) not in held
        )

    def _may_meet(self, patch: Patch, proposal: Proposal, key: str) -> bool:
        """Whether a patch can be on when the code of `proposal` runs."""
        if patch.code and (run := self.runs.of_code(patch.code)) is not None:
            return proposal.path in run
        own = self.index.file_of(key)
        return own == proposal.path or self.runs.may_meet(patch.path, proposal.path)

    def _followed(
        self, patch: Patch, mine: list[tuple[Proposal, str]], proposals: list[Proposal], refused: Left
    ) -> Part | None:
        """The change of a string that patches, None where none is needed; Refusal where it cannot follow."""
        longest = max((key for _, key in mine), key=len)
        mine = [(proposal, key) for proposal, key in mine if key == longest]
        places = {proposal.reach[longest] for proposal, _ in mine}
        if patch.is_listing:
            raise Refusal("would not find it there without this import", LOOK)
        if longest.startswith(LOADED):
            raise Refusal("would get another answer without this import", "change both by hand")
        if patch.is_asking:
            raise Refusal("may get another answer with this import", "change both by hand")
        if patch.is_written:
            if longest.rpartition(".")[2] in MAKING_NAMES and any(p.collapses for p, _ in mine):
                raise self._out_of_reach(patch, mine)
            key = f"{OBJECT}{patch.owner}"
            if not any(p.path == patch.path and key in p.reach for p in proposals):
                raise self._out_of_reach(patch, mine)
            self._check_rest(patch, patch.owner, mine, {patch.path}, proposals, refused)
            return None
        if None in places or patch.written:
            late = next((p for p, key in mine if p.reach[key] is None and _is_beside(key, p.written)), None)
            # in an unsafe run it may reach more, where nobody needs it to follow
            is_only_wider = all(p.reach[key] == key or _is_beside(key, p.written) for p, key in mine)
            if late is not None and (is_only_wider or not self.unsafe):
                wider = f"would affect {self._where(late)} then, which it does not today"
                self._widened(patch, wider, mine)
                return None
            raise self._out_of_reach(patch, [(p, key) for p, key in mine if p.reach[key] is None] or mine)
        if len(places) > 1:
            several = " and ".join(f"`{place}`" for place in sorted(filter(None, places)))
            raise Refusal(
                f"what it patches would be looked up in {len(places)} places then, {several}",
                "patch each of them there, and change both by hand",
            )
        place = places.pop()
        assert place is not None
        self._check_shared(place, longest, proposals)
        self._check_rest(patch, longest, mine, set(), proposals, refused, place)
        more = self.wider.reached(patch, longest, place, proposals)
        if more is not None:
            wider = f"would reach {more} too, which runs meanwhile, if it followed to `{place}`"
            self._widened(patch, wider, mine)
        if patch.path not in self.within:
            raise Refusal("that file is not among those to change", "name it too, or leave the paths out")
        view = self.rewriter.view(patch.path)
        if view is None or patch.string is None:
            raise Refusal("what it patches is not written as one string, which could follow", WITH_IT)
        return renamed_text(view, patch.string, longest, place)

    def _widened(self, patch: Patch, why: str, mine: list[tuple[Proposal, str]]) -> None:
        """Refusal of a patch that would reach more than it does; an unsafe run only notes that."""
        if not self.unsafe:
            raise Refusal(why, WITH_IT)
        for proposal, _ in mine:
            proposal.unsafe(held_by(self.rewriter, patch, f"and {why}").what)

    def _out_of_reach(self, patch: Patch, mine: list[tuple[Proposal, str]]) -> Refusal:
        """That a patch would not reach what takes the place of what it patches, or that as well."""
        proposal = mine[0][0]
        if any(is_under(patch.owner, name) for name in proposal.written):
            return Refusal(f"would affect {self._where(proposal)} then, which it does not today", WITH_IT)
        news = f", which would use `{proposal.written[0]}` then" if proposal.written else ""
        return Refusal(f"would no longer affect {self._where(proposal)}{news}", WITH_IT)

    def _where(self, proposal: Proposal) -> str:
        """Where what a proposal settles stands."""
        return f"{self.rewriter.short(proposal.path)}:{proposal.diagnostic.range.start.line}"

    def _check_shared(self, place: str, key: str, proposals: list[Proposal]) -> None:
        """Refusal where a patch that follows to a name of a file would reach what it did not reach there before."""
        path = self.index.file_of(place)
        last = place.rpartition(".")[2]
        mine = [p for p in proposals if p.path == path and last in p.names]
        view = self.rewriter.view(path) if mine and path is not None else None
        if any(key not in p.reach for p in mine) or (view is not None and last in view.uses.words):
            raise Refusal(
                f"the patch would reach other uses of `{place}` too",
                "give what is patched a name of its own there",
            )

    def _check_rest(
        self,
        patch: Patch,
        key: str,
        mine: list[tuple[Proposal, str]],
        more: set[str],
        proposals: list[Proposal],
        refused: Left,
        place: str | None = None,
    ) -> None:
        """Refusal where a file is reached that has the old object still, or had the new one before.

        An unsafe run lets a patch reach the latter.
        """
        own = self.index.file_of(key)
        done = {proposal.path for proposal, _ in mine} | more
        if own in done:
            return  # the name of the file that is changed
        rest = self._rest(patch, key, done, proposals, refused)
        if rest is not None:
            path, why = rest
            where = self.staying.where(path, key.rpartition(".")[0], {key})
            raise Refusal(
                f"{where} still uses what it {'loads' if patch.is_loaded else 'patches'}",
                "change that line and the test together by hand",
                Cause(where, why) if why is not None else None,
            )
        reached = self.runs.reached(patch.path)
        homes = (
            {place.rpartition(".")[0]}
            if place
            else {n for p in proposals if p.path in done for n in p.written}
        )
        for path in sorted(self._holders(homes)):
            if path != own and path not in done and (reached is None or path in reached):
                where = self.staying.where(path, min(homes).rpartition(".")[0], homes)
                wider = f"{where} uses the new object already, and would be patched too"
                self._widened(patch, wider, mine)
                return

    def _holders(self, homes: set[str]) -> Iterator[str]:
        """The files that had one of these objects before, its own apart."""
        for home in homes:
            symbol = self.rewriter.symbols.symbol(home)
            if symbol is None or symbol.kind == "module":
                continue
            names = {home} | ({symbol.of.qualified_name} if symbol.of is not None else set())
            files = self.index.importers_of({symbol.module}, names)
            yield from (path for path in files if self.index.modules.find(symbol.module) != path)

    def _rest(
        self, patch: Patch, key: str, done: set[str], proposals: list[Proposal], refused: Left
    ) -> tuple[str, Refusal | None] | None:
        """A file that may run with a patch, and still reaches the object by `key` afterwards; why it does."""
        own = self.index.file_of(key)
        module = self.index.modules.around(key.rpartition(".")[0])
        reached = self.runs.reached(patch.path)
        for diagnostic, why in refused:
            if (
                (reached is None or diagnostic.path in reached)
                and any(is_under(name, module) for name in diagnostic.symbols)
                and FIX_KINDS.get(diagnostic.code) != "string"
                and not goes_along(diagnostic, why, proposals)
            ):
                return diagnostic.path, why
        settled = {proposal.path for proposal in proposals} | done
        dynamic = {d.path for d in self._dynamic if any(is_under(name, module) for name in d.symbols)}
        for path in (*sorted(dynamic), *self.index.importers(module)):
            if path not in settled and path != own and (reached is None or path in reached):
                return path, None
        return None


def _keeps(proposal: Proposal) -> bool:
    """Whether what a proposal exchanges keeps state."""
    return any(key.startswith(STATE) for key in proposal.ties.strong)


def _owners(keys: Iterable[str]) -> set[str]:
    """The classes and names of modules that keep what keys are about."""
    found = set()
    for key in keys:
        kind, _, name = key.partition(" ")
        found |= {name, name.rpartition(".")[0]} if kind == "state" else {name}
    return found


def _why(key: str, one: Reference) -> Refusal:
    """Why a reference holds others back, by the key that they share."""
    kind, _, name = key.partition(" ")
    owner, _, last = name.rpartition(".")
    what = {
        "state": f"uses `{last}` of `{owner}`, of which there has to be one for all",
        "connection": f"asks the old `{name}` whether it is connected",
        "exception": f"raises or catches `{name}`, which moves with all that raise it",
        "identity": f"uses `{name}` itself, not only what it gives"
        if key in one.ties.strong
        else f"uses `{name}` or what it gives",
    }[kind]
    together = f"this moves together with {one.where}, which {what}"
    if one.why is None:
        return Refusal(f"{together}, and that stays", "change both by hand")
    return Refusal(together, "", Cause(one.where, one.why))


def _is_beside(key: str, written: Collection[str]) -> bool:
    """Whether a name is one of a module from which something is imported then, or a member of what is."""
    modules = {name.rpartition(".")[0] for name in written}
    return key.rpartition(".")[0] in modules or any(is_under(key, name) for name in written)
