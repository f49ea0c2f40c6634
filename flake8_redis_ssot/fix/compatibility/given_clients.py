"""Whether what takes the place of a function or an object gives a client that is like the one it gives."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from flake8_redis_ssot.fix.code.reach import OBJECT, PUT, Reach
from flake8_redis_ssot.fix.code.replacements import Refusal, Replacement, Replacements
from flake8_redis_ssot.fix.code.signatures import Function
from flake8_redis_ssot.fix.code.symbols import Objects, Thing
from flake8_redis_ssot.fix.code.view import View
from flake8_redis_ssot.fix.compatibility.around import Around
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.objects.accessors import Accessors, Lead, Unfit
from flake8_redis_ssot.fix.objects.connecting import Told, difference, read_in, waits_differently
from flake8_redis_ssot.fix.objects.making import ALIKE, Making
from flake8_redis_ssot.fix.objects.resolver import Untold
from flake8_redis_ssot.fix.objects.stores import Code
from flake8_redis_ssot.libraries.traits import ASYNC_PART
from flake8_redis_ssot.syntax.nodes import all_nodes, unparsed

_ONE = "let it give one client that is built once"


class GivenClients:
    """Compares the clients of a library that functions, objects and their attributes give."""

    def __init__(self, making: Making, replacements: Replacements, reach: Reach, around: Around) -> None:
        self.making = making
        self.objects = making.objects
        self.replacements = replacements
        self.reach = reach
        self.around = around
        self.accessors = Accessors(making, making.table)
        self._known: dict[Replacement, tuple[Lead, Lead] | Refusal | None] = {}

    def alike(self, aim: Replacement) -> tuple[Lead, Lead] | None:
        """How the old and the new one give a client; None where the old one gives none, Refusal where they differ."""
        if aim.is_same:
            return None
        if aim not in self._known:
            try:
                self._known[aim] = self._compared(aim)
            except Refusal as refusal:
                self._known[aim] = refusal.untraced()
        known = self._known[aim]
        if isinstance(known, Refusal):
            raise known
        return known

    def _compared(self, aim: Replacement) -> tuple[Lead, Lead] | None:
        old, new = aim.old, aim.new
        try:
            before = self.accessors.lead(self._got(old))
        except Unfit:
            return None
        here, there = (f"`{thing.home}`{self.objects.at(thing)}" for thing in (old, new))
        try:
            after = self.accessors.lead(self._got(new))
        except Unfit as error:
            if new.of is not None and new.sort == "instance":
                return None  # an object of a class of the project
            why = str(error).format(new.home)
            raise Refusal(f"{here} gives a client, and {why}{self.objects.at(new)}", _ONE) from error
        self.replacements.check_read(old)
        if _are_one(before, after):
            return before, after
        if before.is_fresh != after.is_fresh:
            other = there if before.is_fresh else here
            raise Refusal(
                f"{here if before.is_fresh else there} builds another client at every call, and {other} does not",
                "let both keep the client that they build",
            )
        if before.is_of_loop != after.is_of_loop:
            one = here if before.is_of_loop else there
            raise Refusal(f"{one} alone keeps a client for each event loop", "let both do so")
        try:
            texts = [self._told(lead) for lead in (before, after)]
            for lead in (before, after):
                self._told(lead, is_tuned=True)
        except Untold as error:
            raise self.unshown(old, new, f": {error}", error.advice) from error
        differing = difference(texts[0], texts[1], there)
        if differing is not None:
            raise Refusal(f"{here}: {differing.what}", differing.advice)
        return before, after

    def check_used(self, view: View, aim: Replacement, verdict: Verdict) -> None:
        """Refusal where two functions give no client, but do what they do by clients that differ."""
        theirs = self._used_by(aim.new)
        for one in self._used_by(aim.old) if theirs else ():
            differing: Refusal | None = None
            for other in theirs:
                pair = replace(aim, old=one, new=other, is_same=one.home == other.home)
                try:
                    leads = self.alike(pair)
                except Refusal as refusal:
                    differing = differing or refusal
                    continue
                if leads is not None:
                    self.note(view, pair, leads, verdict)
                differing = None
                break
            if differing is not None:
                raise differing

    def check_forwarded(self, aim: Replacement, verdict: Verdict) -> None:
        """The same where a method takes the place of a function, and its object has the client."""
        held = aim.new.of
        used = self._used_by(aim.old)
        if not used or held is None or held.of is None:
            return
        there = self.making.connections(held.of, self.making.maker(held))
        for one in used:
            text = self.making.text(self.accessors.lead(self._got(one)).made)
            if text is None or there.unknown is not None:
                verdict.unsafe(
                    f"nothing shows that `{one.home}` and `{held.home}` connect to the same server"
                )
            elif there.clients and text not in there.clients:
                raise Refusal(
                    f"they may connect to different servers: `{one.home}`{self.objects.at(one)} by `{text}`, "
                    f"`{held.of.home}`{self.objects.at(held.of)} by {' and '.join(f'`{c}`' for c in sorted(there.clients))}",
                    ALIKE,
                )

    def _used_by(self, function: Thing) -> list[Thing]:
        """The objects that are clients, and the functions that give one, that a function uses, or those that it calls."""
        found: dict[str, Thing] = {}
        seen: set[str] = set()
        waiting = [function]
        while waiting:
            one = waiting.pop()
            if one.home in seen or not isinstance(one.node, Function):
                continue
            seen.add(one.home)
            for part in all_nodes(one.node):
                if not isinstance(part, ast.Name | ast.Attribute):
                    continue
                thing = self.objects.value(part, one.module, one.node)
                if thing is None or not thing.home or thing.sort not in ("instance", "function"):
                    continue
                try:
                    self.accessors.lead(self._got(thing))
                except Unfit:
                    waiting += [thing] if thing.sort == "function" else []
                else:
                    found[thing.home] = thing
        return [found[home] for home in sorted(found)]

    def unshown(
        self, old: Thing, new: Thing, why: str = "", advice: str = "build both where that is seen"
    ) -> Refusal:
        """That nothing shows where two clients connect to."""
        here, there = (f"`{thing.home}`{self.objects.at(thing)}" for thing in (old, new))
        return Refusal(f"nothing shows that {here} and {there} connect to the same server{why}", advice)

    def _told(self, lead: Lead, *, is_tuned: bool = False) -> str:
        return self._resolver(lead, is_tuned=is_tuned).text()

    def _resolver(self, lead: Lead, *, is_tuned: bool = False, is_made_early: bool = False) -> Told:
        return Told(
            self.making, lead.made,
            leads=self.accessors.shared, is_tuned=is_tuned, is_made_early=is_made_early,
        )  # fmt: skip

    def _got(self, thing: Thing) -> Code:
        """The expression by which a thing's module gets the client."""
        held = thing.of if thing.sort in ("member", "method") and thing.of is not None else thing
        node: ast.expr = ast.Name(held.home.rpartition(".")[2], ast.Load())
        if held is not thing:
            node = ast.Attribute(node, thing.home.rpartition(".")[2], ast.Load())
        return Code(ast.Call(node, [], []) if thing.sort in ("function", "method") else node, held.module)

    def unfit(self, thing: Thing) -> str | None:
        """Why something gives no client that all can share; None where nothing is known of it."""
        try:
            self.accessors.lead(self._got(thing))
        except Unfit as error:
            return str(error).format(thing.home) + self.objects.at(thing) if error.code is None else None
        return None

    def names_client(self, said: str) -> bool:
        """Whether the type that a function is said to give is that of a client, which says nothing of its server."""
        return any(name in self.making.table for name in re.findall(r"[\w.]+", said))

    def note(self, view: View, aim: Replacement, leads: tuple[Lead, Lead], verdict: Verdict) -> None:
        """Note what makes the exchange unsafe, and by what tests reach the two clients."""
        for thing, lead in zip((aim.old, aim.new), leads, strict=True):
            if lead.acts:
                verdict.unsafe(f"`{thing.home}` does more than to give it")
        if not _are_one(*leads):
            self._note_connecting(view, aim, leads, verdict)
        held = None
        for thing in (aim.old, aim.new):
            held = thing.of if thing.sort in ("member", "method") else None
            if held is not None and held.of is not None:
                verdict.reach |= self.reach.of_new(held, held.of, {thing.home.rpartition(".")[2]})
            elif thing.sort == "function" and thing.node is not None:
                verdict.reach |= self.reach.globals_of(thing.node, thing.module)
        module = aim.new.module if held is None else held.module
        keys = {aim.new.home, f"{OBJECT}{aim.new.home}", f"{PUT}{module}"}
        for thing, lead in zip((aim.old, aim.new), leads, strict=True):
            late = late_names(self.objects, lead.made)
            keys |= late
            home = (
                thing.of.home if thing.sort in ("member", "method") and thing.of is not None else thing.home
            )
            verdict.lasting |= {(name, home) for name in late if not lead.is_fresh}
        verdict.reach |= dict.fromkeys(keys)

    def _note_connecting(
        self, view: View, aim: Replacement, leads: tuple[Lead, Lead], verdict: Verdict
    ) -> None:
        """Note what may set otherwise where the two connect, and whether they wait otherwise."""
        texts = [self._told(lead, is_tuned=True) for lead in leads]
        differing = waits_differently(texts[0], texts[1], aim.new.home)
        if differing is not None:
            verdict.unsafe(differing)
        pairs = zip(leads, (aim.old, aim.new), strict=True)
        resolvers = [
            self._resolver(lead, is_made_early=thing.sort in ("instance", "member")) for lead, thing in pairs
        ]
        told = [resolver.text() for resolver in resolvers]
        for doubt in sorted({doubt for resolver in resolvers for doubt in resolver.doubts}):
            verdict.unsafe(f"`{doubt}`, which says where it connects, may give something else each time")
        late = (resolver.late(text) for resolver, text in zip(resolvers, told, strict=True))
        target = self.accessors.target(leads[0])
        self.around.judge(
            view, verdict, home=aim.new.home,
            read=set(read_in(ast.parse(told[0], mode="eval").body)), late=set().union(*late),
            sources={name for resolver in resolvers for name in resolver.attributes}, attributes=set(),
            is_async=ASYNC_PART in target.split(".") and not leads[0].is_of_loop,
        )  # fmt: skip


def _are_one(one: Lead, other: Lead) -> bool:
    """Whether two expressions give the very same client, built by one call for one object."""
    makers = [lead.made.maker.node if lead.made.maker is not None else None for lead in (one, other)]
    return (
        one.made.node is other.made.node and makers[0] is makers[1] and not (one.is_fresh or other.is_fresh)
    )


def is_late(made: Code) -> bool:
    """Whether a client is built when it is asked for, not as its module runs."""
    is_object_late = made.maker is not None and made.maker.function is not None
    return made.function is not None and (made.function.name != "__init__" or is_object_late)


def late_names(objects: Objects, made: Code) -> set[str]:
    """The names by which what builds a client is looked up, where a test may patch it meanwhile."""
    if not is_late(made):
        return set()
    assert isinstance(made.node, ast.Call)
    root, *rest = unparsed(made.node.func).split(".")
    facts = objects.modules.facts(made.module)
    known = facts.names.get(root) if facts is not None else None
    parts = [*(known.target or root if known is not None else root).split("."), *rest]
    keys = {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
    return keys | {".".join([made.module, root, *rest[:n]]) for n in range(len(rest) + 1)}
