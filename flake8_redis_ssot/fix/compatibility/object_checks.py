"""Whether what is done with an object can be done with the one that takes its place."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Mapping

from flake8_redis_ssot.fix.compatibility.alike import Alike
from flake8_redis_ssot.fix.compatibility.around import Around
from flake8_redis_ssot.fix.compatibility.call_checks import CallChecks
from flake8_redis_ssot.fix.compatibility.dangers import Dangers
from flake8_redis_ssot.fix.compatibility.given_clients import GivenClients
from flake8_redis_ssot.fix.compatibility.member_checks import MemberChecks
from flake8_redis_ssot.fix.compatibility.name_keepers import NameKeepers
from flake8_redis_ssot.fix.compatibility.obstacles import Obstacle
from flake8_redis_ssot.fix.compatibility.patch_targets import OBJECT, PatchTargets
from flake8_redis_ssot.fix.compatibility.replacements import Replacement, Replacements
from flake8_redis_ssot.fix.compatibility.ties import EXCEPTION, STATE, TieFinder, Ties
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.objects.connecting import read_in
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.objects.state import State
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.escape import TEXT
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.fix.sources.uses import Uses
from flake8_redis_ssot.fix.sources.view import UnseenReader, View
from flake8_redis_ssot.inference.builder_table import builders
from flake8_redis_ssot.libraries.vocabulary import FLUSHING
from flake8_redis_ssot.project.index import ProjectIndex

_NAMES_ASKED = re.compile(rb"\.(?:__(?:name|qualname|annotations)__|annotation)\b")
_ASKING = [b".__name__", b".__qualname__", b".__annotations__", b".annotation"]
"""What asks classes for their names, or functions for the types that they state."""


class ObjectChecks:
    """Follows an object where it is got, and judges what is done with it there."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads) -> None:
        self.index = index
        self._reads = reads
        self._mentions: dict[tuple[str, bool], frozenset[str]] = {}
        self.symbols = Symbols(index.modules, index.settings.root)
        self.replacements = Replacements(index, reads, self.symbols)
        settings = index.settings
        table = builders(settings.client_builders, settings.pool_builders)
        self.making = Making(self.symbols, table, self.replacements.is_rebound)
        self.state = State(self.making)
        self.alike = Alike(self.making, self.state)
        self.dangers = Dangers(self.making)
        self.members = MemberChecks(self.symbols, self.alike, self.dangers, self._is_asked_for)
        self.calls = CallChecks(self.symbols, self.making, self.members)
        self.ties = TieFinder(self.state)
        self.patch_targets = PatchTargets(index, self.symbols)
        self.keepers = NameKeepers(index, reads, self.symbols)
        self.around = Around(index, reads)
        self.given_clients = GivenClients(self.making, self.replacements, self.patch_targets, self.around)

    def check_object(
        self, view: View, replacement: Replacement, node: ast.expr, before: Symbol, after: Symbol, verdict: Verdict,
        unseen: UnseenReader | None = None,
    ) -> None:  # fmt: skip
        """What is done with the object that `node` gives: once `before`, then `after`; `unseen` as in `judge`."""
        old, new = before.of, after.of if after.kind == "instance" else None
        uses = view.follow(node)
        fresh = replacement.collapses and (
            replacement.old.kind == "class" or (before.kind == "instance" and not before.qualified_name)
        )
        if not replacement.is_same or fresh:
            self.dangers.check(
                view,
                uses,
                old,
                fresh=fresh,
                shared=not replacement.is_same,
                may_end=lambda why: self._may_end(before, after, why, verdict),
            )
        if fresh:
            self._check_fresh(old, uses, verdict)
        if replacement.is_same:
            if old is not None:
                verdict.builders |= self.making.looked_up(old, old)[0].keys()
            return
        is_copy = self.alike.copies.are(replacement.old, replacement.new)
        if before.may_be_none and not is_copy:
            self._check_untested(replacement, uses)
        if old is not None and new is not None and old.qualified_name == new.qualified_name:
            return
        if old is None and new is None and self._is_client(view, replacement, before, after, verdict):
            self._take_client(before, after, {a.attr for a, _ in uses.members}, verdict)
            if uses.escapes:
                _part_none_of(before, after, _where(uses.escapes[0]), verdict)
            elif unseen is not None:
                _part_none_of(before, after, unseen.does, verdict)
            return
        if (old is None or new is None) and is_copy:
            verdict.ties.strong.add(f"{STATE}{before.qualified_name or replacement.old.qualified_name}")
            verdict.as_whole = (
                verdict.as_whole or f"what `{replacement.old.qualified_name}` keeps cannot be determined"
            )
            return
        if old is None or new is None:
            unfit = self.given_clients.unfit(replacement.old) if old is None else None
            if unfit is not None:
                raise Refusal(unfit, "let it give one client that is built once, or change this by hand")
            raise self.calls.unknown_class(replacement, old, before, after)
        homes = [
            home
            for home in (before.qualified_name, replacement.old.qualified_name, old.qualified_name)
            if home
        ]
        names = self._check_members(view, uses, homes, after, (old, new), verdict)
        if not is_copy:
            why = self.making.difference(
                replacement.old, old, replacement.new, new, lambda: self.alike.is_same_code(old, new)
            )
            if why is not None:
                raise why
        self._note_moment(view, before, after, (old, new), verdict)
        self._check_asked(view, uses, old, new, verdict)
        escapes = [
            (place, what) for place, what in uses.escapes if not self.is_patched(view, place, old, new)
        ]
        if escapes:
            self._check_escape(view, node, escapes[0], (old, before), (new, after), verdict)
        used = None if escapes else {attribute.attr for attribute, _ in uses.members}
        if unseen is not None and used is not None:
            more = self._mentioned(old, is_test=self.index.settings.is_test(unseen.path))
            self.check_covered((old, before), (new, after), unseen.does, verdict, more)
            used |= more
        may_use = {*self.symbols.members(old).named} if used is None else used
        for name in sorted(may_use):
            differing = self.state.difference(old, new, name, names.get(name, name))
            if differing is not None:
                raise self.members.another(new, names.get(name, name), [Obstacle(differing)])
        self._note_reach(replacement, (old, before), (new, after), used, may_use, names, verdict)

    def _check_fresh(self, old: Symbol | None, uses: Uses, verdict: Verdict) -> None:
        """What is done with an object that was each time another one, and becomes the one that all share."""
        if old is not None and self.state.kept(old):
            verdict.unsafe(
                "an object with a state of its own becomes the one that all share, so that others see what it keeps"
            )
        if uses.escapes:
            raise Refusal(
                f"{_where(uses.escapes[0])}, and what is done with it there cannot be determined",
                f"change the import and line {uses.escapes[0][0].lineno} by hand",
            )

    def _check_untested(self, replacement: Replacement, uses: Uses) -> None:
        """Refusal where something may test whether an object is None, which the new one never is."""
        asked = [place for place, *_ in (*uses.asked, *uses.escapes)] + uses.none_asked
        if asked:
            raise Refusal(
                f"`{replacement.old.qualified_name}`{self.symbols.at(replacement.old)} may be None, for which line {asked[0].lineno} "
                f"may test, and `{replacement.new.qualified_name}` never is",
                "take that test out, and change this by hand",
            )

    def _is_client(
        self, view: View, replacement: Replacement, before: Symbol, after: Symbol, verdict: Verdict
    ) -> bool:
        """Whether both objects, of no class of the project, are clients that connect alike, or are made alike."""
        if self.alike.clients(before, after):
            return True
        if self.alike.made(before, after):
            verdict.ties.strong.add(f"{STATE}{before.qualified_name}")  # what it keeps is not known
            verdict.alone[after.qualified_name] = f"what `{before.qualified_name}` keeps cannot be determined"
            return True
        leads = self.given_clients.alike(replacement)
        if leads is not None:
            self.given_clients.note(view, replacement, leads, verdict)
        return leads is not None

    def _check_members(
        self,
        view: View,
        uses: Uses,
        homes: Collection[str],
        after: Symbol,
        of: tuple[Symbol, Symbol],
        verdict: Verdict,
    ) -> dict[str, str]:
        """What is read and called of an object: each name with the one that the new object has for it."""
        old, new = of
        called = {
            attribute: self.replacements.renamed(
                homes, {after.qualified_name, new.qualified_name}, attribute.attr
            )
            for attribute, _ in uses.members
        }
        self.members.check_all({attribute: name for attribute, (name, _) in called.items()}, old, new)
        names: dict[str, str] = {}
        for attribute, call in uses.members:
            name, renamed = called[attribute]
            inherited = self.members.inherited(old, attribute.attr)
            if inherited and self.replacements.is_declared(homes, attribute.attr):
                verdict.unsafe(
                    f"`{attribute.attr}` is inherited from {inherited}, and only the settings speak of it"
                )
            else:
                self.members.check(view, attribute, call, old, new, name, renamed)
            names[attribute.attr] = name
            if call is None and self._is_another(old, new, attribute.attr, name):
                self.note_keeper(view, attribute, (old, new), verdict)
                if self.keepers.is_kept(view, attribute):
                    verdict.ties.needs.add(f"identity {old.qualified_name}")
            verdict.note_names(attribute, call, name, renamed)
        return names

    def _check_asked(self, view: View, uses: Uses, old: Symbol, new: Symbol, verdict: Verdict) -> None:
        """Refusal where the classes may answer otherwise what Python itself asks an object."""
        for entered in uses.entered:
            raise Refusal(
                f"line {entered.lineno} enters it by `with`, which may mean something else for "
                f"`{new.qualified_name}`{self.symbols.at(new)}",
                "use the shared object there without `with`",
            )
        telling = self.symbols.members(old).named.keys() | self.symbols.members(new).named.keys()
        for asked_at, methods in uses.asked:
            for method in sorted(methods & telling):
                raise Refusal(
                    f"line {asked_at.lineno} asks for its truth, length or text, to which `{method}` of one of the "
                    "two classes may answer otherwise",
                    "ask for what is meant, as `is not None`",
                )
            if methods is TEXT and (why := self.keepers.in_text(view, asked_at, old, new)):
                verdict.unsafe(f"{why} for `{new.qualified_name}`")

    def _check_escape(
        self,
        view: View,
        node: ast.expr,
        escape: tuple[ast.expr, str],
        old: tuple[Symbol, Symbol],
        new: tuple[Symbol, Symbol],
        verdict: Verdict,
    ) -> None:
        """An object that goes out of sight; `old` and `new` are classes with their objects."""
        where = _where(escape)
        flushing = sorted(self.symbols.members(old[0]).named.keys() & FLUSHING)
        if flushing:
            raise Refusal(
                f"{where}, where `{flushing[0]}` can be called of it, which would empty the whole database of the manager",
                f"change the import and line {escape[0].lineno} by hand",
            )
        self.check_covered(old, new, where, verdict)
        self.note_keeper(view, node, (old[0], new[0]), verdict, is_object=True)
        if not self.part_none(old[1], new[1], where, verdict):
            verdict.unsafe(f"{where}, and what is done with it there is not seen")

    def _note_reach(
        self,
        replacement: Replacement,
        was: tuple[Symbol, Symbol],
        now: tuple[Symbol, Symbol],
        used: set[str] | None,
        may_use: set[str],
        names: Mapping[str, str],
        verdict: Verdict,
    ) -> None:
        """Note what hangs together with two objects, and what reaches them, by what is or may be used of them."""
        (old, before), (new, after) = was, now
        before_reach = self.patch_targets.of_members(old, used, replacement)
        after_reach = self.patch_targets.of_new(after, new, {names.get(name, name) for name in may_use})
        same = {n for n in may_use if names.get(n, n) == n and self.alike.members(old, new, n)}
        for name in sorted(same):
            before_reach |= self.patch_targets.twins(old, new, name, after_reach)
        if same == may_use:
            after_reach |= self.patch_targets.of_both(before_reach, after_reach)
        verdict.reach |= before_reach
        verdict.roots.add(old.qualified_name)
        ties = self.ties.of_members(old, used)
        verdict.ties.add(ties)
        after_ties = self.ties.of_members(new, None)
        self.check_names(
            {old.qualified_name, *_raised(ties)}, {new.qualified_name, *_raised(after_ties)}, verdict
        )
        verdict.objects.add(
            (
                old.qualified_name,
                before.qualified_name or f"one of `{replacement.old.qualified_name}`",
                new.qualified_name,
            )
        )
        self.note_builders(before, after, old, new, verdict)
        for symbol, of in ((replacement.old, old), (replacement.new, new)):
            verdict.lasting |= {
                (name, symbol.qualified_name) for name in self._found_at_first_use(symbol, of)
            }
        verdict.reach |= after_reach
        if before.qualified_name and not replacement.is_same:
            verdict.reach[f"{OBJECT}{before.qualified_name}"] = None
        for name in may_use:
            for of, to in ((old, new), (before, after)):
                if of.qualified_name:
                    there = f"{to.qualified_name}.{names.get(name, name)}" if to.qualified_name else None
                    verdict.reach[f"{of.qualified_name}.{name}"] = there

    def _is_another(self, old: Symbol, new: Symbol, name: str, to: str) -> bool:
        """Whether a member, called `to` there, is a method of its own in each of two classes."""
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(to)
        return was is not None and now is not None and was.node is not now.node and was.kind != "attribute"

    def note_keeper(
        self,
        view: View,
        node: ast.expr,
        of: tuple[Symbol, Symbol],
        verdict: Verdict,
        *,
        is_object: bool = False,
    ) -> None:
        """Note that something may keep a name of what `node` gives, of a class or function, that is another one then."""
        why = self.keepers.why(view, node, *of, is_object=is_object)
        if why is not None:
            verdict.unsafe(f"{why} for `{of[1].qualified_name}`")

    def _note_moment(
        self, view: View, before: Symbol, after: Symbol, of: tuple[Symbol, Symbol], verdict: Verdict
    ) -> None:
        """Note what may set where they connect, before one of two objects is made and after the other is."""
        if all(one.qualified_name and not one.is_set_later for one in (before, after)):
            return  # their modules make both
        texts = {text for one in of for text in self.making.connections(one, None).clients}
        read = {name for text in texts for name in read_in(ast.parse(text, mode="eval").body)}
        self.around.judge(
            view, verdict, read=read, late=read, sources=set(), attributes=set(), is_async=False
        )

    def note_builders(
        self, before: Symbol, after: Symbol, old: Symbol, new: Symbol, verdict: Verdict
    ) -> None:
        """Note the names that objects of two classes look up to connect, where a patch may be on meanwhile."""
        builders, is_late = self.making.looked_up(old, new)
        verdict.builders |= builders.keys()
        is_made_here = not before.qualified_name
        if is_late or is_made_here:
            is_same = not after.qualified_name if is_made_here else self.alike.classes(old, new)
            verdict.reach |= {name: name if both and is_same else None for name, both in builders.items()}

    def check_names(self, old: Collection[str], new: Collection[str], verdict: Verdict) -> None:
        """Note that a file may tell old classes by their names, which none of the new ones has."""
        kept = {home.rpartition(".")[2] for home in new}
        for name in sorted({home.rpartition(".")[2] for home in old} - kept):
            quoting = self._reads.matching(re.compile(rb"[\"']%b[\"']" % name.encode()), [name.encode()])
            telling = {path for path, _ in self._reads.matching(_NAMES_ASKED, _ASKING)}
            for path, line in quoting:
                if path in telling:
                    where = os.path.relpath(path, self.index.settings.root)
                    verdict.unsafe(
                        f"{where}:{line} may tell `{name}` by its name, and the new one has another"
                    )

    def _found_at_first_use(self, symbol: Symbol, of: Symbol) -> set[str]:
        """The names that are looked up when an object is first used, and never after that."""
        names, code = self.making.found_at_first_use(symbol, of) if symbol.kind != "class" else (set(), [])
        for one in code:
            own = {f"{one.module}.{name}" for name in self.symbols.set_by_functions(one.module)}
            names |= self.patch_targets.globals_of(one.node, one.module).keys() - own
        return {name for name in names if " " not in name}

    def _is_asked_for(self, name: str, modules: Collection[str]) -> bool:
        """Whether a file beside some modules may ask for a member of that name, of whatever."""
        own = {self.index.modules.find(module) for module in modules}
        word = name.encode()
        pattern = re.compile(rb"(?:\.|[\"'])%b\b" % re.escape(word))
        return any(path not in own for path, _ in self._reads.matching(pattern, [word]))

    def _mentioned(self, of: Symbol, *, is_test: bool) -> frozenset[str]:
        """The members of a class that other files may ask for, of whatever: tests alone, or all files."""
        key = (of.qualified_name, is_test)
        if key not in self._mentions:
            names = b"|".join(re.escape(name.encode()) for name in self.symbols.members(of).named)
            pattern = re.compile(rb"(?:\.|[\"'])(%b)\b" % names)
            own = self.index.modules.find(of.module)
            self._mentions[key] = frozenset(
                name.decode()
                for path in self.index.facts
                if path != own and (not is_test or self.index.settings.is_test(path))
                for name in self._reads.found(path, pattern)
            )
        return self._mentions[key]

    def _take_client(self, before: Symbol, after: Symbol, used: set[str], verdict: Verdict) -> None:
        """Note by which names a client of a library, made as another one is, was reached, and what reaches the other."""
        for name in used:
            verdict.reach |= {
                f"{before.qualified_name}.{name}": f"{after.qualified_name}.{name}",
                f"{after.qualified_name}.{name}": None,
            }
        verdict.reach |= {f"{OBJECT}{after.qualified_name}": None}
        verdict.builders |= self.making.builders_of(before) | self.making.builders_of(after)
        verdict.roots.add(before.qualified_name)
        verdict.ties.weak.add(f"identity {before.qualified_name}")

    def check_covered(
        self,
        old: tuple[Symbol, Symbol],
        new: tuple[Symbol, Symbol],
        where: str,
        verdict: Verdict,
        asked: Collection[str] | None = None,
    ) -> None:
        """Refusal unless objects of one class, or one of these, may go where those of another one went, unseen.

        Those members count that may be `asked` for. One of a copy may, also if it may be ended there, where nobody else
        has it.
        """
        try:
            self.members.covered(old[0], new[0], where, asked)
        except Refusal:
            if not self.alike.copies.are(old[0], new[0]):
                raise
            if not self.part_none(old[1], new[1], where, verdict):
                verdict.as_whole = verdict.as_whole or where

    def part_none(self, before: Symbol, after: Symbol, why: str, verdict: Verdict) -> bool:
        """Whether two objects do the same wherever they go, if all who have the one come to have the other.

        They are made in the same way, of classes that are the same, or are these; `why` says what is not seen.
        """
        if before.kind == after.kind == "class":
            if not self.alike.classes(before, after):
                return False
            verdict.ties.needs.add(f"identity {before.qualified_name}")
            verdict.alone[after.qualified_name] = why
            return True
        if (
            before.kind != "instance"
            or after.kind != "instance"
            or not (before.qualified_name and after.qualified_name)
        ):
            return False
        if before.of is None or after.of is None:
            if before.of is not after.of or not (
                self.alike.clients(before, after) or self.alike.made(before, after)
            ):
                return False
            _part_none_of(before, after, why, verdict)
            return True
        if not self.alike.classes(before.of, after.of):
            return False
        verdict.ties.needs.add(f"identity {before.of.qualified_name}")
        verdict.alone[after.qualified_name] = why
        return True

    def _may_end(self, before: Symbol, after: Symbol, why: str, verdict: Verdict) -> bool:
        """Whether the new object may be ended, as the old one is, which does the same: a copy where it is the only one."""
        if self.alike.copies.are(before, after):
            verdict.as_whole = why
        else:
            verdict.unsafe(why)
        return self.part_none(before, after, why, verdict)

    def check_unread(self, before: Symbol, after: Symbol, why: str, verdict: Verdict) -> None:
        """Refusal unless one object can take the place of another one that its file does not use; `why` says who may."""
        if self.part_none(before, after, why, verdict):
            return
        if before.of is None or after.of is None:
            raise self.calls.unknown_class(Replacement(before, after), before.of, before, after)
        self.members.covered(before.of, after.of, why)
        verdict.unsafe(why)

    def is_patched(self, view: View, node: ast.expr, old: Symbol, new: Symbol) -> bool:
        """Whether an object is handed to what patches an attribute of it, which has to be of the same kind there."""
        name = view.uses.patched_name(node)
        if name is None:
            return False
        if self.alike.copies.are(old, new):
            return True
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(name)
        if was is None or now is None or was.kind != now.kind:
            raise Refusal(
                f"line {node.lineno} patches `{name}` of it, and `{new.qualified_name}`{self.symbols.at(new)} has none of "
                "that kind",
                "patch there what takes its place",
            )
        return True


def _raised(ties: Ties) -> set[str]:
    return {key.removeprefix(EXCEPTION) for key in ties.weak if key.startswith(EXCEPTION)}


def _where(escape: tuple[ast.expr, str]) -> str:
    """Where an object goes out of sight, and how."""
    place, what = escape
    return f"in line {place.lineno} it {what}"


def _part_none_of(before: Symbol, after: Symbol, why: str, verdict: Verdict) -> None:
    """Note that all who have one client have to come to have another one, of which `why` says what is not seen."""
    verdict.ties.needs.add(f"{STATE}{before.qualified_name}")
    verdict.alone[after.qualified_name] = why
