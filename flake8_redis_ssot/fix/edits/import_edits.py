"""The edits by which an import, with all its uses, comes to name another object."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import exported_names
from flake8_redis_ssot.fix.compatibility.patch_targets import MODULE, PUT
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.edits.ended_twice import take_out_ended
from flake8_redis_ssot.fix.edits.module_members import Group, by_member, check_module
from flake8_redis_ssot.fix.edits.naming import (
    dotted_places,
    exact,
    first_name,
    module_name,
    spelled,
)
from flake8_redis_ssot.fix.edits.object_edits import UNSEEN, ObjectEdits
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.unused import Kept, why_kept, why_tested
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.module_names import is_readable, star_names
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.imports import Imported


class ImportEdits(ObjectEdits):
    """Proposes what settles a diagnostic of an import."""

    def propose(self, view: View, diagnostic: Diagnostic, wanted: str = "") -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does.

        `wanted` says why an import is not to go, though its file does not read it.
        """
        if diagnostic.range not in view.aliases:
            raise Refusal(
                "it is used as an attribute of its module", "import it by name, or change what is used"
            )
        statement, alias = view.aliases[diagnostic.range]
        scope = view.uses.scope_of(statement)
        if scope.kind == "class":
            raise Refusal(
                "the import binds a class attribute, whose readers cannot be determined",
                "import it at the top of the file",
            )
        if len(set(view.bases(statement))) > 1:
            raise Refusal(
                "the file can be imported by several names, so its relative import has several meanings",
                "write the whole name of the module, or name one import root in `src`",
            )
        proposal = Proposal(diagnostic, "", "safe", statement, [alias])
        late = scope.kind == "function"
        if alias.name == "*":
            return self._noted(view, self._star(view, proposal, diagnostic.symbols[0].removesuffix(".*")))
        found = view.uses.binding(statement, alias)
        if found is None or found[1].always:
            raise Refusal("the name that it binds has several meanings in this file", "rename one of them")
        return self._noted(view, self._by_name(view, proposal, found[0], late, wanted), found[0])

    def _by_name(self, view: View, proposal: Proposal, name: str, late: bool, wanted: str) -> Proposal:
        """`import module`, and `from module import object`."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        old = proposal.diagnostic.symbols[0]
        places = list(self._places(view, statement, alias, name))
        symbol = self.symbols.symbol(old)
        self._check_tested(view, proposal, self.effects.module_of(old))
        ended = take_out_ended(view, proposal, symbol, places, self.replacements)
        places = [place for place in places if place not in ended]
        if not places:
            return self._unused(view, proposal, name, symbol, late, wanted)
        if symbol is not None and symbol.kind == "module" and self._same(view, old, symbol) is None:
            return self._of_module(view, proposal, name, old, places, late)
        self.effects.check(view, proposal, old.rpartition(".")[0], old)
        return self._of_object(view, proposal, name, old, places, late)

    def _check_tested(self, view: View, proposal: Proposal, module: str) -> None:
        """Refusal where a test is about the import of a module, unless a copy takes the place of all of it."""
        assert proposal.statement is not None
        tested = why_tested(view, proposal.statement, self.effects.acts.directly(module))
        if tested is None:
            return
        refusal = Refusal(tested, "change the test by hand")
        if not (copy := self.effects.copy_of(module)):
            raise refusal
        proposal.modules, proposal.unless_whole = (module, copy), refusal

    def _noted(self, view: View, proposal: Proposal, name: str | None = None) -> Proposal:
        """The proposal, which notes what it imports no more, and that a patch of its new names did not reach it."""
        statement = proposal.statement
        assert statement is not None
        if view.uses.scope_of(statement).kind != "function":
            for new in proposal.names - {name}:
                proposal.reach |= {f"{m}.{new}": proposal.reach.get(f"{m}.{new}") for m in view.place.modules}
        self.effects.note_unloaded(view, proposal, statement)
        self.effects.note_loads(view, proposal)
        return proposal

    def _places(
        self, view: View, statement: ast.Import | ast.ImportFrom, alias: ast.alias, name: str
    ) -> Iterable[ast.expr]:
        """Where what an import binds is used."""
        found = view.uses.binding(statement, alias)
        assert found is not None
        if not isinstance(statement, ast.Import) or alias.asname is not None:
            return dict.fromkeys(node for node, _ in view.uses.of(*found))
        places = dotted_places(view, alias)
        roots = {first_name(place) for place in places}
        shared = [
            a for _, a in view.aliases.values()
            if a is not alias and a.name.split(".")[0] == name and a.asname is None
        ]  # fmt: skip
        if [n for n, _ in view.uses.of(*found) if n not in roots] and not shared:
            raise Refusal(
                f"`{name}` is also used by itself, and only this import binds it", f"import `{name}` too"
            )
        return places

    # nothing reads it

    def _unused(
        self, view: View, proposal: Proposal, name: str, symbol: Symbol | None, late: bool, wanted: str
    ) -> Proposal:
        """An import that nothing needs goes; one that others ask for names the very same object at its home."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        old = proposal.diagnostic.symbols[0]
        module = self.effects.module_of(old)
        acts = self.effects.acts.of(module)
        if acts is not None:
            acts = self.effects.acts.of(module, but_for=self.effects.others(view, statement))
        kept = why_kept(view, statement, alias, name, symbol, acts, wanted)
        if kept is None:
            proposal.title = f"Remove the unused import of `{old}`"
            if not late:
                proposal.reach = {f"{module}.{name}": None for module in view.place.modules}
            return proposal
        same = self._same(view, old, symbol)
        if same is None or self.effects.acts.directly(module) is not None:
            return self._unread(view, proposal, name, kept, late)
        module, _, last = same.new.qualified_name.rpartition(".")
        written = spelled(view, statement, module)
        proposal.adds = [Imported(written, last, name if name != last else None)]
        proposal.written.append(same.new.qualified_name)
        proposal.title = f"Import `{same.new.qualified_name}` from its home"
        if same.old.qualified_name != same.new.qualified_name:
            proposal.ties.weak.add(f"identity {same.old.qualified_name}")
            proposal.roots.add(same.old.qualified_name)
        if late:
            proposal.reach = {old: same.new.qualified_name}
        else:
            proposal.early |= {old, same.new.qualified_name}
        return proposal

    def _unread(self, view: View, proposal: Proposal, name: str, kept: Kept, late: bool) -> Proposal:
        """An import of which others may want the name, or what is done by it: it names the object that replaces it."""
        old = proposal.diagnostic.symbols[0]
        stays = Refusal(
            f"nothing in this file uses it, but {kept.why}", "remove the import by hand if it can go"
        )
        self.effects.check(view, proposal, old.rpartition(".")[0], old)
        if "itself" in kept.wanted or proposal.applicability != "safe":
            raise stays
        try:
            self._of_object(view, proposal, name, old, [], late)
        except Refusal as refusal:
            if name in (exported_names(view.source.tree) or ()):
                raise  # it is there to be handed on
            raise stays from refusal
        if kept.wanted != {"name"}:
            replacement, verdict = self.replacements.find(old, view.place.boundary), Verdict()
            # only a copy fails where the other one does
            is_told = "attempt" not in kept.wanted or bool(proposal.modules[0])
            if not is_told or not self.compatibility.part_none(
                replacement.old, replacement.new, kept.why, verdict
            ):
                raise stays
            proposal.take(verdict)
        return proposal

    def _same(self, view: View, old: str, symbol: Symbol | None) -> Replacement | None:
        """The exchange for the very same object, where there is one."""
        if (
            symbol is None
            or (symbol.kind == "module" and symbol.qualified_name == old)
            or view.place.is_manager
        ):
            return None
        try:
            replacement = self.replacements.find(old, view.place.boundary)
        except Refusal:
            return None
        return replacement if replacement.is_same and not replacement.collapses else None

    # import module

    def _of_module(
        self, view: View, proposal: Proposal, name: str, old: str, places: list[ast.expr], late: bool
    ) -> Proposal:
        """The module itself is imported: what is read of it is exchanged, if all of it can be, or the module as a whole."""
        self.effects.check(view, proposal, old, old)
        elsewhere = self._named_elsewhere(view, name, late)
        try:
            if elsewhere is not None:
                raise elsewhere
            check_module(self.symbols, old)
            groups = by_member(view, self.replacements, old, places)
        except Refusal as refusal:
            if not (copy := self.effects.copy_of(old)):
                raise
            homes = {copy}
            self._take_copy(view, proposal, name, (old, copy), places, refusal)
            if elsewhere is not None and name not in {one.local_name for one in proposal.adds}:
                raise
        else:
            homes = {replacement.new.module for replacement, _ in groups.values()}
            self._by_members(view, proposal, name, groups, late=late)
        proposal.reach |= {f"{PUT}{old}": None, f"{MODULE}{old}": None}
        if not late:
            proposal.reach |= dict.fromkeys(f"{m}.{name}" for m in view.place.modules)
        proposal.title = f"Replace `{old}` with `{' and '.join(sorted(homes))}`"
        return proposal

    @staticmethod
    def _named_elsewhere(view: View, name: str, late: bool) -> Refusal | None:
        """That others may have a module by the name that a file gives it."""
        unseen = view.is_read_unseen(name) if not late or view.reads_by_name else None
        if unseen is not None:
            return Refusal(f"`{name}` would become another module, and {unseen}", UNSEEN)
        if name in view.exported or name in view.uses.texts:
            return Refusal(
                f"the module `{name}` is named elsewhere too, by an import from here or in a string",
                "import by name what is needed of it",
            )
        return None

    def _by_members(
        self,
        view: View,
        proposal: Proposal,
        name: str,
        groups: dict[str, Group],
        *,
        late: bool,
    ) -> None:
        """Exchange what is read of a module."""
        self._check_only(view, proposal, name)
        homes = {replacement.new.module for replacement, _ in groups.values()}
        keeps = len(homes) == 1 and not any(replacement.collapses for replacement, _ in groups.values())
        keeps = (
            keeps and is_readable(self.symbols, next(iter(homes))) and self._is_free(view, proposal, *homes)
        )
        self._exchange_members(view, proposal, name, groups, keeps=keeps, late=late)

    def _take_copy(
        self,
        view: View,
        proposal: Proposal,
        name: str,
        modules: tuple[str, str],
        places: Sequence[ast.expr],
        refusal: Refusal,
    ) -> None:
        """Put a copy in the place of a module, with which something is done that is right where it replaces all of it."""
        new = modules[1]
        self._check_only(view, proposal, name)
        if not self._is_free(view, proposal, new) or not is_readable(self.symbols, new):
            raise refusal
        prefix = module_name(view, proposal, name, new)
        proposal.parts += [(*exact(view, place), prefix) for place in places]
        proposal.modules, proposal.unless_whole = modules, refusal
        proposal.written.append(new)

    def _check_only(self, view: View, proposal: Proposal, name: str) -> None:
        """Refusal where what an import binds may mean something else where it is used."""
        is_plain = isinstance(proposal.statement, ast.Import) and proposal.drops[0].asname is None
        if not is_plain and any(not is_only for _, is_only in self._meanings(view, proposal)):
            raise self._ambiguous(name)

    @staticmethod
    def _is_free(view: View, proposal: Proposal, module: str) -> bool:
        """Whether a module can have its own name in a file, or takes one that the file has given to the old one."""
        alias = proposal.drops[0]
        is_own = isinstance(proposal.statement, ast.Import) or alias.asname is not None
        last = module.rpartition(".")[2]
        return is_own or last == alias.name or last not in view.uses.words

    def _exchange_members(
        self, view: View, proposal: Proposal, name: str, groups: dict[str, Group], *, keeps: bool, late: bool
    ) -> None:
        """Exchange what is read of a module, through another module where that `keeps` all of it."""
        for dotted, (replacement, members) in groups.items():
            if keeps or late:
                self.check_moment(replacement, dotted)
            verdict = self.compatibility.judge(view, replacement, members)
            self.take(view, proposal, replacement, verdict)
            module, _, last = replacement.new.qualified_name.rpartition(".")
            found = verdict.reach
            if keeps or late:
                proposal.reach.setdefault(
                    replacement.new.qualified_name, None
                )  # it is looked up there from now on
            if keeps:
                prefix = module_name(view, proposal, name, module)
                proposal.parts += [(*exact(view, m), f"{prefix}.{last}") for m in members]
                new, place = last, replacement.new.qualified_name
            else:
                new, place = self._collapsed(view, proposal, replacement, members), None
                found = found if replacement.is_same else self.compatibility.patch_targets.unmoved(found)
            proposal.reach |= {
                **self.compatibility.patch_targets.through(view, replacement, new, late or keeps), **found, dotted: place
            }  # fmt: skip
            self.note(proposal, replacement, dotted)

    # from module import *

    def _star(self, view: View, proposal: Proposal, module: str) -> Proposal:
        """A star import, which stands at the top level alone, becomes one of the names that are used."""
        statement = proposal.statement
        assert statement is not None
        names = star_names(self.symbols, module)
        if names is None:
            raise Refusal("a star import hides which names are used", "import them by name")
        if view.reads_by_name or view.place.is_package or any(view.readers(name) for name in names):
            raise Refusal("a star import hands names on to others", "import by name those that they need")
        self._check_tested(view, proposal, module)
        unseen = next(filter(None, map(view.is_read_unseen, sorted(names))), None)
        if unseen is not None:
            raise Refusal(
                f"a star import gives more names than are used here, and {unseen}",
                "import by name those that are needed",
            )
        groups: dict[str, Group] = {}
        for name in sorted(names):
            places = view.uses.of_star(name, statement)
            if places is None or name in view.uses.texts:
                raise self._ambiguous(name)
            if places:
                replacement = self.replacements.find(f"{module}.{name}", view.place.boundary)
                groups[name] = (replacement, list(places))
        if not groups:
            raise Refusal(
                "nothing of the star import is used, which may be there for what importing the module does",
                "remove it by hand if it can go",
            )
        for name, (replacement, members) in groups.items():
            old = f"{module}.{name}"
            self.effects.check(view, proposal, module, old)
            verdict = self.compatibility.judge(view, replacement, members)
            self.take(view, proposal, replacement, verdict)
            proposal.early |= {old, replacement.new.qualified_name}
            new = name
            if replacement.collapses:
                new = self._collapsed(view, proposal, replacement, members)
            else:
                home, _, last = replacement.new.qualified_name.rpartition(".")
                bound = name if name != last else None
                proposal.adds.append(Imported(spelled(view, statement, home), last, bound))
            proposal.reach |= self.compatibility.patch_targets.unmoved(
                self.compatibility.patch_targets.through(view, replacement, new, late=False) | verdict.reach
            )
            self.note(proposal, replacement, old)
        proposal.reach |= dict.fromkeys(f"{m}.{name}" for m in view.place.modules for name in names)
        proposal.title = f"Import by name what is used of `{module}`"
        return proposal
