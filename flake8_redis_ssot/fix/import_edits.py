"""The edits by which an import, with all its uses, comes to name another object."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.compatibility import Compatibility
from flake8_redis_ssot.fix.ended_beside import take_out_ended
from flake8_redis_ssot.fix.import_effects import ImportEffects
from flake8_redis_ssot.fix.import_graph import ImportGraph
from flake8_redis_ssot.fix.module_members import Group, by_member, check_module
from flake8_redis_ssot.fix.module_names import is_readable, star_names
from flake8_redis_ssot.fix.naming import (
    dotted_places,
    exact,
    module_name,
    name_for,
    renamed,
    root_of,
    spelled,
)
from flake8_redis_ssot.fix.proposal import Proposal
from flake8_redis_ssot.fix.reach import MODULE, OBJECT, PUT
from flake8_redis_ssot.fix.replacements import Refusal, Replacement
from flake8_redis_ssot.fix.symbols import Thing
from flake8_redis_ssot.fix.unused import Kept, why_kept, why_tested
from flake8_redis_ssot.fix.verdict import Verdict
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.syntax.imports import Imported

_UNSEEN = "change the import by hand, and what reads the name"


class ImportEdits:
    """Proposes what settles a diagnostic of an import."""

    def __init__(self, exchange: Compatibility, graph: ImportGraph) -> None:
        self.exchange = exchange
        self.objects = exchange.objects
        self.replacements = exchange.replacements
        self.effects = ImportEffects(self.objects, self.replacements, exchange.alike.copies, graph)

    def propose(self, view: View, diagnostic: Diagnostic, wanted: str = "") -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does.

        `wanted` says why an import is not to go, though its file does not read it.
        """
        if diagnostic.range not in view.aliases:
            raise Refusal(
                "it is used as an attribute of its module", "import it by name, or change what is used"
            )
        statement, alias = view.aliases[diagnostic.range]
        scope = view.uses.home(statement)
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
        thing = self.objects.thing(old)
        tested = why_tested(view, statement, self.effects.what_acts(old))
        if tested is not None:
            raise Refusal(tested, "change the test by hand")
        ended = take_out_ended(view, proposal, thing, places, self.replacements)
        places = [place for place in places if place not in ended]
        if not places:
            return self._unused(view, proposal, name, thing, late, wanted)
        if thing is not None and thing.sort == "module":
            return self._of_module(view, proposal, name, old, places, late)
        self.effects.check(view, proposal, old.rpartition(".")[0], old)
        return self._of_object(view, proposal, name, old, places, late)

    def _noted(self, view: View, proposal: Proposal, name: str | None = None) -> Proposal:
        """The proposal, which notes what it imports no more, and that a patch of its new names did not reach it."""
        statement = proposal.statement
        assert statement is not None
        if view.uses.home(statement).kind != "function":
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
        roots = {root_of(place) for place in places}
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
        self, view: View, proposal: Proposal, name: str, thing: Thing | None, late: bool, wanted: str
    ) -> Proposal:
        """An import that nothing needs goes; one that others ask for names the very same object at its home."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        old = proposal.diagnostic.symbols[0]
        module = old if thing is not None and thing.sort == "module" else old.rpartition(".")[0]
        acts = self.effects.acts.of(module)
        if acts is not None:
            acts = self.effects.acts.of(module, but_for=self.effects.others(view, statement))
        kept = why_kept(view, statement, alias, name, thing, acts, wanted)
        if kept is None:
            proposal.title = f"Remove the unused import of `{old}`"
            if not late:
                proposal.reach = {f"{module}.{name}": None for module in view.place.modules}
            return proposal
        same = self._same(view, old, thing)
        if same is None or self.effects.acts.directly(module) is not None:
            return self._unread(view, proposal, name, kept, late)
        module, _, last = same.new.home.rpartition(".")
        written = spelled(view, statement, module)
        proposal.adds = [Imported(written, last, name if name != last else None)]
        proposal.written.append(same.new.home)
        proposal.title = f"Import `{same.new.home}` from its home"
        if same.old.home != same.new.home:
            proposal.ties.weak.add(f"identity {same.old.home}")
            proposal.roots.add(same.old.home)
        if late:
            proposal.reach = {old: same.new.home}
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
            raise stays from refusal
        if kept.wanted != {"name"}:
            aim, verdict = self.replacements.aim(old, view.place.boundary), Verdict()
            # only a copy fails where the other one does
            is_told = "attempt" not in kept.wanted or bool(proposal.modules[0])
            if not is_told or not self.exchange.part_none(aim.old, aim.new, kept.why, verdict):
                raise stays
            proposal.take(verdict)
        return proposal

    def _same(self, view: View, old: str, thing: Thing | None) -> Replacement | None:
        """The exchange for the very same object, where there is one."""
        if thing is None or thing.sort == "module" or view.place.is_manager:
            return None
        try:
            aim = self.replacements.aim(old, view.place.boundary)
        except Refusal:
            return None
        return aim if aim.is_same and not aim.collapses else None

    # from module import object

    def _of_object(
        self, view: View, proposal: Proposal, name: str, old: str, places: list[ast.expr], late: bool
    ) -> Proposal:
        """`from module import object`: the object is exchanged where it is imported, or where it is used."""
        aim = self.replacements.aim(old, view.place.boundary)
        kept, groups = self._grouped(view, aim, places)
        unseen = view.unseen_reader(name) if not late else None
        verdict = self.exchange.judge(view, aim, kept, unseen)
        listed = view.listed_by if not late and not aim.is_same else None
        if listed is not None and not self.exchange.part_none(aim.old, aim.new, listed, verdict):
            verdict.unsafe(listed)
        is_read = name in view.imported and not aim.is_same
        why = f"{view.reader_of(name)} reads `{name}` from here"
        is_read = is_read and not self.exchange.part_none(aim.old, aim.new, why, verdict)
        self.take(view, proposal, aim, verdict)
        if is_read:
            before, after = aim.old.of or aim.old, aim.new.of or aim.new
            if before.sort != after.sort or before.sort not in ("class", "function"):
                raise Refusal(
                    f"{why}, and what is done with it there is not seen",
                    f"let that import `{aim.new.home}` first",
                )
            self.exchange.members.covered(before, after, why)
            proposal.unsafe(why)
        keys = [f"{m}.{name}" for m in view.place.modules]
        others = name in view.exported or name in view.uses.texts or name in view.uses.type_comments
        sure = all(is_only for _, is_only in self._meanings(view, proposal, name))
        sure = sure and all(isinstance(getattr(place, "ctx", None), ast.Load) for place in places)
        if aim.collapses or groups:
            self._check_name_goes(view, name, aim, others, sure, late)
        if aim.collapses:
            groups = [(aim, kept), *groups]
        elif kept or not groups:
            self._renamed(view, proposal, aim, name, kept, others=others, sure=sure, late=late)
            proposal.reach |= verdict.reach
        for one, inner in groups:
            found = verdict if one is aim else self.exchange.judge(view, one, inner)
            self.take(view, proposal, one, found)
            new = self._collapsed(view, proposal, one, inner)
            proposal.reach |= {
                **self.exchange.reach.through(view, one, new, late),
                **(found.reach if one.is_same else self.exchange.reach.unmoved(found.reach)),
            }
        if aim.collapses or groups:
            proposal.reach |= {old: None} if late else dict.fromkeys(keys)
        if not late:
            proposal.early |= {old, aim.new.home}
        if late:
            proposal.reach.setdefault(aim.new.home, None)  # it is looked up there from now on
        self.note(proposal, aim, old)
        proposal.title = f"Replace `{old}` with `{aim.new.home}{'()' if aim.calls else ''}`"
        return proposal

    @staticmethod
    def _ambiguous(name: str) -> Refusal:
        """That a name means something else too."""
        return Refusal(
            f"`{name}` has another meaning too where it is used",
            "rename that, and import what is meant by name",
        )

    def take(self, view: View, proposal: Proposal, aim: Replacement, verdict: Verdict) -> None:
        """Take in what was found of one of the exchanges, with the members that are called otherwise."""
        proposal.take(verdict)
        if verdict.builders and self.effects.is_timed(view, proposal, aim):
            modules = (aim.old.module, aim.new.module)
            at_import = frozenset().union(*map(self.effects.looked_up, modules))
            timed = dict.fromkeys(verdict.builders & at_import)  # the modules may run while they are patched
            proposal.reach |= timed
            verdict.reach |= timed
        proposal.parts += [renamed(view, node, name) for node, name in verdict.renames]

    def _grouped(
        self, view: View, aim: Replacement, places: list[ast.expr]
    ) -> tuple[list[ast.expr], list[Group]]:
        """The places where a class is used as such, and those where an object of it is got, with what these become."""
        if aim.old.sort != "class" or aim.new.sort != "class":
            return places, []
        groups: dict[str, Group] = {}
        kept = []
        for place in places:
            above = view.uses.parents.get(place)
            one: Replacement | None = None
            if isinstance(above, ast.Attribute):
                one = self.replacements.of_member(aim.old, above.attr)
                node: ast.expr = above
            elif isinstance(above, ast.Call) and above.func is place and not view.is_test and aim.is_declared:
                one, node = self._shared(view, aim, place), place
            if one is None:
                kept.append(place)
            else:
                groups.setdefault(f"{one.old.home} {one.new.home}", (one, []))[1].append(node)
        return kept, list(groups.values())

    def _shared(self, view: View, aim: Replacement, place: ast.expr) -> Replacement | None:
        """The shared object of the new class, where one more object of the old one can safely be that."""
        try:
            shared = self.replacements.shared(aim.new, view.place.boundary)
            one = replace(shared, old=aim.old, is_declared=True)
            verdict = self.exchange.judge(view, one, [place])
        except Refusal:
            return None
        return one if verdict.applicability == "safe" else None

    def _check_name_goes(
        self, view: View, name: str, aim: Replacement, others: bool, sure: bool, late: bool
    ) -> None:
        """Refusal where somebody else asks for a name that is there no more."""
        last = aim.new.home.rpartition(".")[2]
        unseen = view.is_read_unseen(name) if not late or view.reads_by_name else None
        if unseen is not None:
            raise Refusal(f"`{name}` would become `{last}`, and {unseen}", _UNSEEN)
        if others:
            readers = view.readers(name)
            who = (
                f"{view.reader_of(name)} imports it from here"
                if readers
                else "a string of this file names it"
            )
            raise Refusal(
                f"`{name}` would become `{last}`, and {who}",
                f"let that import `{aim.new.home}` first" if readers else "change the string by hand",
            )
        if not sure:
            raise self._ambiguous(name)

    def _renamed(
        self, view: View, proposal: Proposal, aim: Replacement, name: str, places: Sequence[ast.expr],
        *, others: bool, sure: bool, late: bool,
    ) -> None:  # fmt: skip
        """The new object under its own name where nobody minds, else under the old one."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        module, _, last = aim.new.home.rpartition(".")
        is_spelled = re.search(rf"\{{\s*{name}\s*=", view.source.text) is not None  # f"{{name=}}"
        own = alias.asname is None and last != name and not others and sure and not is_spelled
        own = own and (
            not view.reads_by_name if late else not view.is_open and view.is_read_unseen(name) is None
        )
        new = name
        if own and last not in view.uses.words and not view.is_submodule(last):
            new = last
            proposal.parts += [(*exact(view, place, name), new) for place in places]
        proposal.adds.append(Imported(spelled(view, statement, module), last, new if new != last else None))
        proposal.names.add(new)
        old = proposal.diagnostic.symbols[0]
        proposal.reach |= self.exchange.reach.through(view, aim, new, late)
        if late:
            proposal.reach[old] = aim.new.home
        elif new != name:
            proposal.reach |= {f"{m}.{name}": f"{m}.{new}" for m in view.place.modules}

    def _collapsed(self, view: View, proposal: Proposal, aim: Replacement, places: Sequence[ast.expr]) -> str:
        """Put the new object where the old one was got by a call, or by its name; how it is called there."""
        held = aim.new.of if aim.new.sort in ("method", "member") else None
        home = held.home if held is not None else aim.new.home
        new = name_for(view, proposal, home, places)
        proposal.names.add(new)
        proposal.collapses |= aim.collapses
        text = f"{new}.{aim.new.home.rpartition('.')[2]}" if held is not None else new
        for place in places:
            node = place
            if aim.collapses and aim.old.sort in ("function", "class") and aim.new.sort != "method":
                call = view.uses.parents.get(place)
                assert isinstance(call, ast.Call)
                node = self.exchange.got(view, aim, call)
            start, end = exact(view, node)
            if view.has_comment(start, end):
                raise Refusal(
                    f"a comment stands inside the call in line {node.lineno}", "put it above that line"
                )
            proposal.parts.append((start, end, f"{text}()" if aim.calls else text))
        return new

    def _meanings(self, view: View, proposal: Proposal, name: str) -> list[tuple[ast.Name, bool]]:
        assert proposal.statement is not None
        found = view.uses.binding(proposal.statement, proposal.drops[0])
        return view.uses.of(*found) if found is not None else []

    @staticmethod
    def note(proposal: Proposal, aim: Replacement, old: str) -> None:
        """What of the tests depends on it: the module in `sys.modules`, and the object itself."""
        proposal.reach[f"{PUT}{old.rpartition('.')[0]}"] = None
        if not aim.is_same:
            of = aim.old.of
            proposal.reach[f"{OBJECT}{aim.old.home}"] = None
            if of is not None:
                proposal.reach[f"{OBJECT}{of.home}"] = None
        proposal.written.append(aim.new.home)

    # import module

    def _of_module(
        self, view: View, proposal: Proposal, name: str, old: str, places: list[ast.expr], late: bool
    ) -> Proposal:
        """The module itself is imported: what is read of it is exchanged, if all of it can be."""
        unseen = view.is_read_unseen(name) if not late or view.reads_by_name else None
        if unseen is not None:
            raise Refusal(f"`{name}` would become another module, and {unseen}", _UNSEEN)
        if name in view.exported or name in view.uses.texts:
            raise Refusal(
                f"the module `{name}` is named elsewhere too, by an import from here or in a string",
                "import by name what is needed of it",
            )
        check_module(self.objects, old)
        self.effects.check(view, proposal, old, old)
        groups = by_member(view, self.replacements, old, places)
        if any(not is_only for _, is_only in self._meanings(view, proposal, name)) and not (
            isinstance(proposal.statement, ast.Import) and proposal.drops[0].asname is None
        ):
            raise self._ambiguous(name)
        homes = {aim.new.module for aim, _ in groups.values()}
        keeps = len(homes) == 1 and not any(aim.collapses for aim, _ in groups.values())
        keeps = (
            keeps and is_readable(self.objects, next(iter(homes))) and self._is_free(view, proposal, *homes)
        )
        self._exchange_members(view, proposal, name, groups, keeps=keeps, late=late)
        proposal.reach |= {f"{PUT}{old}": None, f"{MODULE}{old}": None}
        if not late:
            proposal.reach |= dict.fromkeys(f"{m}.{name}" for m in view.place.modules)
        proposal.title = f"Replace `{old}` with `{' and '.join(sorted(homes))}`"
        return proposal

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
        for dotted, (aim, members) in groups.items():
            verdict = self.exchange.judge(view, aim, members)
            self.take(view, proposal, aim, verdict)
            module, _, last = aim.new.home.rpartition(".")
            found = verdict.reach
            if keeps or late:
                proposal.reach.setdefault(aim.new.home, None)  # it is looked up there from now on
            if keeps:
                prefix = module_name(view, proposal, name, module)
                proposal.parts += [(*exact(view, m), f"{prefix}.{last}") for m in members]
                new, place = last, aim.new.home
            else:
                new, place = self._collapsed(view, proposal, aim, members), None
                found = found if aim.is_same else self.exchange.reach.unmoved(found)
            proposal.reach |= {
                **self.exchange.reach.through(view, aim, new, late or keeps), **found, dotted: place
            }  # fmt: skip
            self.note(proposal, aim, dotted)

    # from module import *

    def _star(self, view: View, proposal: Proposal, module: str) -> Proposal:
        """A star import, which stands at the top level alone, becomes one of the names that are used."""
        statement = proposal.statement
        assert statement is not None
        names = star_names(self.objects, module)
        if names is None:
            raise Refusal("a star import hides which names are used", "import them by name")
        if view.reads_by_name or view.place.is_package or any(view.readers(name) for name in names):
            raise Refusal("a star import hands names on to others", "import by name those that they need")
        tested = why_tested(view, statement, self.effects.what_acts(module))
        if tested is not None:
            raise Refusal(tested, "change the test by hand")
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
                aim = self.replacements.aim(f"{module}.{name}", view.place.boundary)
                groups[name] = (aim, list(places))
        if not groups:
            raise Refusal(
                "nothing of the star import is used, which may be there for what importing the module does",
                "remove it by hand if it can go",
            )
        for name, (aim, members) in groups.items():
            old = f"{module}.{name}"
            self.effects.check(view, proposal, module, old)
            verdict = self.exchange.judge(view, aim, members)
            self.take(view, proposal, aim, verdict)
            proposal.early |= {old, aim.new.home}
            new = name
            if aim.collapses:
                new = self._collapsed(view, proposal, aim, members)
            else:
                home, _, last = aim.new.home.rpartition(".")
                bound = name if name != last else None
                proposal.adds.append(Imported(spelled(view, statement, home), last, bound))
            proposal.reach |= self.exchange.reach.unmoved(
                self.exchange.reach.through(view, aim, new, late=False) | verdict.reach
            )
            self.note(proposal, aim, old)
        proposal.reach |= dict.fromkeys(f"{m}.{name}" for m in view.place.modules for name in names)
        proposal.title = f"Import by name what is used of `{module}`"
        return proposal
