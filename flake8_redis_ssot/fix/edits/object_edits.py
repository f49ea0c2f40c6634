"""The edits by which an object that an import binds becomes another one, where it is imported or where it is used."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from flake8_redis_ssot.fix.compatibility.judge import Compatibility
from flake8_redis_ssot.fix.compatibility.patch_targets import OBJECT, PUT
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.edits.import_effects import ImportEffects
from flake8_redis_ssot.fix.edits.module_members import Group
from flake8_redis_ssot.fix.edits.naming import (
    exact,
    is_shown,
    name_for,
    renamed,
    spelled,
)
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.execution.import_graph import ImportGraph
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.syntax.imports import Imported

UNSEEN = "change the import by hand, and what reads the name"


class ObjectEdits:
    """Exchanges what an import binds."""

    def __init__(self, compatibility: Compatibility, graph: ImportGraph) -> None:
        self.compatibility = compatibility
        self.symbols = compatibility.symbols
        self.replacements = compatibility.replacements
        self.effects = ImportEffects(self.symbols, self.replacements, compatibility.alike.copies, graph)

    def _of_object(
        self, view: View, proposal: Proposal, name: str, old: str, places: list[ast.expr], late: bool
    ) -> Proposal:
        """`from module import object`: the object is exchanged where it is imported, or where it is used."""
        replacement = self.replacements.find(old, view.place.boundary)
        if self.replacements.is_patched(replacement.old.qualified_name) if late else view.is_exchanged(name):
            replacement = self.replacements.followable(replacement)
        if late:
            self.check_moment(replacement, old)
        kept, groups = self._grouped(view, replacement, name, places)
        unseen = view.unseen_reader(name) if not late else None
        verdict = self.compatibility.judge(view, replacement, kept, unseen)
        listed = view.listed_by if not late and not replacement.is_same else None
        if listed is not None and not self.compatibility.part_none(
            replacement.old, replacement.new, listed, verdict
        ):
            verdict.unsafe(f"{listed}, and would find another object")
        is_read = name in view.imported and not replacement.is_same
        why = f"{view.reader_of(name)} reads `{name}` from here"
        is_read = is_read and not self.compatibility.part_none(replacement.old, replacement.new, why, verdict)
        self.take(view, proposal, replacement, verdict)
        if is_read:
            before, after = replacement.old.of or replacement.old, replacement.new.of or replacement.new
            if before.kind != after.kind or before.kind not in ("class", "function"):
                raise Refusal(
                    f"{why}, and what is done with it there is not seen",
                    f"let that import `{replacement.new.qualified_name}` first",
                )
            self.compatibility.members.covered(before, after, why)
            proposal.unsafe(f"{why}, and what is done with it there is not seen")
        keys = [f"{m}.{name}" for m in view.place.modules]
        others = name in view.exported or name in view.uses.texts or name in view.uses.type_comments
        sure = all(is_only for _, is_only in self._meanings(view, proposal))
        sure = sure and all(isinstance(getattr(place, "ctx", None), ast.Load) for place in places)
        if replacement.collapses or groups:
            self._check_name_goes(view, name, replacement, others, sure, late)
        if replacement.collapses:
            groups = [(replacement, kept), *groups] if kept or not groups else groups
        elif kept or not groups:
            self._renamed(view, proposal, replacement, name, kept, others=others, sure=sure, late=late)
            proposal.reach |= verdict.reach
        for one, inner in groups:
            found = verdict if one is replacement else self.compatibility.judge(view, one, inner)
            self.take(view, proposal, one, found)
            new = self._collapsed(view, proposal, one, inner)
            proposal.reach |= {
                **self.compatibility.patch_targets.through(view, one, new, late),
                **(found.reach if one.is_same else self.compatibility.patch_targets.unmoved(found.reach)),
            }
        if replacement.collapses or groups:
            proposal.reach |= {old: None} if late else dict.fromkeys(keys)
        if not late:
            proposal.early |= {old, replacement.new.qualified_name}
        if late:
            proposal.reach.setdefault(
                replacement.new.qualified_name, None
            )  # it is looked up there from now on
        self.note(proposal, replacement, old)
        proposal.title = (
            f"Replace `{old}` with `{replacement.new.qualified_name}{'()' if replacement.calls else ''}`"
        )
        return proposal

    @staticmethod
    def _ambiguous(name: str) -> Refusal:
        """That a name means something else too."""
        return Refusal(
            f"`{name}` has another meaning too where it is used",
            "rename that, and import what is meant by name",
        )

    def check_moment(self, replacement: Replacement, old: str) -> None:
        """Refusal where the name `old` has what its home had when its module was imported, and the home gives another one later."""
        home, module = replacement.new.qualified_name, old.rpartition(".")[0]
        is_own = replacement.old.qualified_name == home and module != replacement.new.module
        if is_own and (replacement.new.is_set_later or self.replacements.is_rebound(home)):
            raise Refusal(
                f"`{home}`{self.symbols.at(replacement.new)} is given another object later, and `{old}` may be the one before",
                "bind the name once, or change this by hand",
            )

    def take(self, view: View, proposal: Proposal, replacement: Replacement, verdict: Verdict) -> None:
        """Take in what was found of one of the exchanges, with the members that are called otherwise."""
        proposal.take(verdict)
        if verdict.builders and self.effects.is_timed(view, proposal, replacement):
            modules = (replacement.old.module, replacement.new.module)
            at_import = frozenset().union(*map(self.effects.looked_up, modules))
            timed = dict.fromkeys(verdict.builders & at_import)  # the modules may run while they are patched
            proposal.reach |= timed
            verdict.reach |= timed
        proposal.parts += [renamed(view, node, name) for node, name in verdict.renames]

    def _grouped(
        self, view: View, replacement: Replacement, name: str, places: list[ast.expr]
    ) -> tuple[list[ast.expr], list[Group]]:
        """The places where a class is used as such, and those where an object of it is got, with what these become.

        A function that is handed on becomes the one that gives the new object.
        """
        if replacement.old.kind == "function" and replacement.new.kind == "instance":
            handed = [place for place in places if not _is_called(view, place)]
            giver = self.replacements.giver(replacement.old, replacement.new) if handed else None
            if giver is not None:
                called = [place for place in places if place not in handed]
                return called, [(replace(replacement, new=giver), handed)]
        if replacement.old.kind != "class" or replacement.new.kind != "class":
            return places, []
        groups: dict[str, Group] = {}
        kept = []
        for place in places:
            above = view.uses.parents.get(place)
            one: Replacement | None = None
            if isinstance(above, ast.Attribute):
                one = self.replacements.of_member(replacement.old, above.attr)
                node: ast.expr = above
            elif (
                isinstance(above, ast.Call)
                and above.func is place
                and not view.is_test
                and replacement.is_declared
                and not view.is_exchanged(name)  # by a test, which makes it give something else
            ):
                one, node = self._shared(view, replacement, place), place
            if one is None:
                kept.append(place)
            else:
                groups.setdefault(f"{one.old.qualified_name} {one.new.qualified_name}", (one, []))[1].append(
                    node
                )
        return kept, list(groups.values())

    def _shared(self, view: View, replacement: Replacement, place: ast.expr) -> Replacement | None:
        """The shared object of the new class, where one more object of the old one can safely be that."""
        try:
            shared = self.replacements.shared(replacement.new, view.place.boundary)
            one = replace(shared, old=replacement.old, is_declared=True)
            verdict = self.compatibility.judge(view, one, [place])
        except Refusal:
            return None
        return one if verdict.applicability == "safe" else None

    def _check_name_goes(
        self, view: View, name: str, replacement: Replacement, others: bool, sure: bool, late: bool
    ) -> None:
        """Refusal where somebody else asks for a name that is there no more."""
        last = replacement.new.qualified_name.rpartition(".")[2]
        unseen = view.is_read_unseen(name) if not late or view.reads_by_name else None
        if unseen is not None:
            raise Refusal(f"`{name}` would become `{last}`, and {unseen}", UNSEEN)
        if others:
            readers = view.readers(name)
            who = (
                f"{view.reader_of(name)} imports it from here"
                if readers
                else "a string of this file names it"
            )
            raise Refusal(
                f"`{name}` would become `{last}`, and {who}",
                f"let that import `{replacement.new.qualified_name}` first"
                if readers
                else "change the string by hand",
            )
        if not sure:
            raise self._ambiguous(name)

    def _renamed(
        self, view: View, proposal: Proposal, replacement: Replacement, name: str, places: Sequence[ast.expr],
        *, others: bool, sure: bool, late: bool,
    ) -> None:  # fmt: skip
        """The new object under its own name where nobody minds, else under the old one."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        module, _, last = replacement.new.qualified_name.rpartition(".")
        own = alias.asname is None and last != name and not others and sure
        # a name that only another module gave the same object was chosen: `redis_init` for `init`
        old = view.modules.lookup(proposal.diagnostic.symbols[0])
        own = own and (old is None or old.qualified_name != replacement.new.qualified_name)
        own = own and not any(is_shown(view, place) for place in places)
        own = own and (
            not view.reads_by_name if late else not view.is_open and view.is_read_unseen(name) is None
        )
        new = name
        own = own and (late or not view.is_asked_for(last))
        if own and last not in view.uses.words and not view.is_submodule(last):
            new = last
            proposal.parts += [(*exact(view, place, name), new) for place in places]
        proposal.adds.append(Imported(spelled(view, statement, module), last, new if new != last else None))
        proposal.names.add(new)
        proposal.reach |= self.compatibility.patch_targets.through(view, replacement, new, late)
        if late:
            proposal.reach[proposal.diagnostic.symbols[0]] = replacement.new.qualified_name
        elif new != name:
            proposal.reach |= {f"{m}.{name}": f"{m}.{new}" for m in view.place.modules}

    def _collapsed(
        self, view: View, proposal: Proposal, replacement: Replacement, places: Sequence[ast.expr]
    ) -> str:
        """Put the new object where the old one was got by a call, or by its name; how it is called there."""
        held = replacement.new.of if replacement.new.kind in ("method", "member") else None
        home = held.qualified_name if held is not None else replacement.new.qualified_name
        new = name_for(view, proposal, home, places)
        proposal.names.add(new)
        proposal.collapses |= replacement.collapses
        text = f"{new}.{replacement.new.qualified_name.rpartition('.')[2]}" if held is not None else new
        for place in places:
            node = place
            if replacement.takes_calls:
                call = view.uses.parents.get(place)
                assert isinstance(call, ast.Call)
                node = self.compatibility.got(view, replacement, call)
            start, end = exact(view, node)
            if view.has_comment(start, end):
                raise Refusal(
                    f"a comment stands inside the call in line {node.lineno}", "put it above that line"
                )
            proposal.parts.append((start, end, f"{text}()" if replacement.calls else text))
        return new

    def _meanings(self, view: View, proposal: Proposal) -> list[tuple[ast.Name, bool]]:
        """The names that are what the import of a proposal binds, each with whether it is nothing else."""
        assert proposal.statement is not None
        found = view.uses.binding(proposal.statement, proposal.drops[0])
        return view.uses.of(*found) if found is not None else []

    @staticmethod
    def note(proposal: Proposal, replacement: Replacement, old: str) -> None:
        """What of the tests depends on it: the module in `sys.modules`, and the object itself."""
        proposal.reach[f"{PUT}{old.rpartition('.')[0]}"] = None
        if not replacement.is_same:
            of = replacement.old.of
            proposal.reach[f"{OBJECT}{replacement.old.qualified_name}"] = None
            if of is not None:
                proposal.reach[f"{OBJECT}{of.qualified_name}"] = None
        proposal.written.append(replacement.new.qualified_name)


def _is_called(view: View, place: ast.expr) -> bool:
    call = view.uses.parents.get(place)
    return isinstance(call, ast.Call) and call.func is place
