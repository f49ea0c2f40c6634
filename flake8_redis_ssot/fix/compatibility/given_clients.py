"""Whether what takes the place of a function or an object gives a client that is like the one it gives."""

from __future__ import annotations

import ast
import re

from flake8_redis_ssot.fix.compatibility.around import Around
from flake8_redis_ssot.fix.compatibility.patch_targets import OBJECT, PUT, PatchTargets
from flake8_redis_ssot.fix.compatibility.replacements import Replacement, Replacements
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.objects.accessors import Accessors, Lead, Unfit
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.connecting import Told, difference, read_in, waits_differently
from flake8_redis_ssot.fix.objects.making import ALIKE, Making
from flake8_redis_ssot.fix.objects.resolver import Untold
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.inference.methods import is_asyncio
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, unparsed

_ONE = "let it give one client that is built once"


class GivenClients:
    """Compares the clients of a library that functions, objects and their attributes give."""

    def __init__(
        self, making: Making, replacements: Replacements, patch_targets: PatchTargets, around: Around
    ) -> None:
        self.making = making
        self.symbols = making.symbols
        self.replacements = replacements
        self.patch_targets = patch_targets
        self.around = around
        self.accessors = Accessors(making, making.table)
        self._known: dict[Replacement, tuple[Lead, Lead] | Refusal | None] = {}

    def alike(self, replacement: Replacement) -> tuple[Lead, Lead] | None:
        """How the old and the new one give a client; None where the old one gives none, Refusal where they differ."""
        if replacement.is_same:
            return None
        if replacement not in self._known:
            try:
                self._known[replacement] = self._compared(replacement)
            except Refusal as refusal:
                self._known[replacement] = refusal.untraced()
        known = self._known[replacement]
        if isinstance(known, Refusal):
            raise known
        return known

    def _compared(self, replacement: Replacement) -> tuple[Lead, Lead] | None:
        old, new = replacement.old, replacement.new
        try:
            before = self.accessors.lead(self._got(old))
        except Unfit:
            return None
        here, there = (f"`{symbol.qualified_name}`{self.symbols.at(symbol)}" for symbol in (old, new))
        try:
            after = self.accessors.lead(self._got(new))
        except Unfit as error:
            if new.of is not None and new.kind == "instance":
                return None  # an object of a class of the project
            why = str(error).format(new.qualified_name)
            raise Refusal(f"{here} gives a client, and {why}{self.symbols.at(new)}", _ONE) from error
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

    def check_used(self, view: View, replacement: Replacement, verdict: Verdict) -> None:
        """Refusal where two functions give no client, but do what they do by clients that differ."""
        theirs = self._used_by(replacement.new)
        for one in self._used_by(replacement.old) if theirs else ():
            differing: Refusal | None = None
            for other in theirs:
                pair = replace(
                    replacement, old=one, new=other, is_same=one.qualified_name == other.qualified_name
                )
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

    def check_forwarded(self, replacement: Replacement, verdict: Verdict) -> None:
        """The same where a method takes the place of a function, and its object has the client."""
        held = replacement.new.of
        used = self._used_by(replacement.old)
        if not used or held is None or held.of is None:
            return
        there = self.making.connections(held.of, self.making.maker(held))
        for one in used:
            text = self.making.text(self.accessors.lead(self._got(one)).made)
            if text is None or there.unknown is not None:
                verdict.unsafe(
                    f"nothing shows that `{one.qualified_name}` and `{held.qualified_name}` connect to the same server"
                )
            elif there.clients and text not in there.clients:
                raise Refusal(
                    f"they may connect to different servers: `{one.qualified_name}`{self.symbols.at(one)} by `{text}`, "
                    f"`{held.of.qualified_name}`{self.symbols.at(held.of)} by {' and '.join(f'`{c}`' for c in sorted(there.clients))}",
                    ALIKE,
                )

    def _used_by(self, function: Symbol) -> list[Symbol]:
        """The objects that are clients, and the functions that give one, that a function uses, or those that it calls."""
        found: dict[str, Symbol] = {}
        seen: set[str] = set()
        waiting = [function]
        while waiting:
            one = waiting.pop()
            if one.qualified_name in seen or not isinstance(one.node, Function):
                continue
            seen.add(one.qualified_name)
            for part in all_nodes(one.node):
                if not isinstance(part, ast.Name | ast.Attribute):
                    continue
                symbol = self.symbols.value(part, one.module, one.node)
                if symbol is None or not symbol.qualified_name or symbol.kind not in ("instance", "function"):
                    continue
                try:
                    self.accessors.lead(self._got(symbol))
                except Unfit:
                    waiting += [symbol] if symbol.kind == "function" else []
                else:
                    found[symbol.qualified_name] = symbol
        return [found[home] for home in sorted(found)]

    def unshown(
        self, old: Symbol, new: Symbol, why: str = "", advice: str = "build both where that is seen"
    ) -> Refusal:
        """That nothing shows where two clients connect to."""
        here, there = (f"`{symbol.qualified_name}`{self.symbols.at(symbol)}" for symbol in (old, new))
        return Refusal(f"nothing shows that {here} and {there} connect to the same server{why}", advice)

    def _told(self, lead: Lead, *, is_tuned: bool = False) -> str:
        return self._resolver(lead, is_tuned=is_tuned).text()

    def _resolver(self, lead: Lead, *, is_tuned: bool = False, is_made_early: bool = False) -> Told:
        return Told(
            self.making, lead.made,
            leads=self.accessors.shared, is_tuned=is_tuned, is_made_early=is_made_early,
        )  # fmt: skip

    def _got(self, symbol: Symbol) -> Code:
        """The expression by which a thing's module gets the client."""
        held = symbol.of if symbol.kind in ("member", "method") and symbol.of is not None else symbol
        node: ast.expr = ast.Name(held.qualified_name.rpartition(".")[2], ast.Load())
        if held is not symbol:
            node = ast.Attribute(node, symbol.qualified_name.rpartition(".")[2], ast.Load())
        return Code(ast.Call(node, [], []) if symbol.kind in ("function", "method") else node, held.module)

    def unfit(self, symbol: Symbol) -> str | None:
        """Why something gives no client that all can share; None where nothing is known of it."""
        try:
            self.accessors.lead(self._got(symbol))
        except Unfit as error:
            return (
                str(error).format(symbol.qualified_name) + self.symbols.at(symbol)
                if error.code is None
                else None
            )
        return None

    def names_client(self, said: str) -> bool:
        """Whether the type that a function is said to give is that of a client, which says nothing of its server."""
        return any(name in self.making.table for name in re.findall(r"[\w.]+", said))

    def note(self, view: View, replacement: Replacement, leads: tuple[Lead, Lead], verdict: Verdict) -> None:
        """Note what makes the exchange unsafe, and by what tests reach the two clients."""
        for symbol, lead in zip((replacement.old, replacement.new), leads, strict=True):
            if lead.acts:
                verdict.unsafe(f"`{symbol.qualified_name}` does more than to give it")
        if not _are_one(*leads):
            self._note_connecting(view, replacement, leads, verdict)
        held = None
        for symbol in (replacement.old, replacement.new):
            held = symbol.of if symbol.kind in ("member", "method") else None
            if held is not None and held.of is not None:
                verdict.reach |= self.patch_targets.of_new(
                    held, held.of, {symbol.qualified_name.rpartition(".")[2]}
                )
            elif symbol.kind == "function" and symbol.node is not None:
                verdict.reach |= self.patch_targets.globals_of(symbol.node, symbol.module)
        module = replacement.new.module if held is None else held.module
        keys = {replacement.new.qualified_name, f"{OBJECT}{replacement.new.qualified_name}", f"{PUT}{module}"}
        for symbol, lead in zip((replacement.old, replacement.new), leads, strict=True):
            late = late_names(self.making, lead.made)
            keys |= late
            home = (
                symbol.of.qualified_name
                if symbol.kind in ("member", "method") and symbol.of is not None
                else symbol.qualified_name
            )
            verdict.lasting |= {(name, home) for name in late if not lead.is_fresh}
        verdict.reach |= dict.fromkeys(keys)

    def _note_connecting(
        self, view: View, replacement: Replacement, leads: tuple[Lead, Lead], verdict: Verdict
    ) -> None:
        """Note what may set otherwise where the two connect, and whether they wait otherwise."""
        texts = [self._told(lead, is_tuned=True) for lead in leads]
        differing = waits_differently(texts[0], texts[1], replacement.new.qualified_name)
        if differing is not None:
            verdict.unsafe(differing)
        pairs = zip(leads, (replacement.old, replacement.new), strict=True)
        resolvers = [
            self._resolver(lead, is_made_early=symbol.kind in ("instance", "member"))
            for lead, symbol in pairs
        ]
        told = [resolver.text() for resolver in resolvers]
        for doubt in sorted({doubt for resolver in resolvers for doubt in resolver.doubts}):
            verdict.unsafe(f"`{doubt}`, which says where it connects, may give something else each time")
        late = (resolver.late(text) for resolver, text in zip(resolvers, told, strict=True))
        target = self.accessors.target(leads[0])
        self.around.judge(
            view, verdict,
            read=set(read_in(ast.parse(told[0], mode="eval").body)), late=set().union(*late),
            sources={name for resolver in resolvers for name in resolver.attributes}, attributes=set(),
            is_async=is_asyncio(target) and not leads[0].is_of_loop,
        )  # fmt: skip
        self.around.judge_import(view, verdict, replacement.new.qualified_name)


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


def late_names(making: Making, made: Code) -> set[str]:
    """The names by which what builds a client, and what that calls, is looked up, where a test may patch it meanwhile."""
    if not is_late(made):
        return set()
    assert isinstance(made.node, ast.Call)
    root, *rest = unparsed(made.node.func).split(".")
    facts = making.symbols.modules.facts(made.module)
    known = facts.names.get(root) if facts is not None else None
    parts = [*(known.target or root if known is not None else root).split("."), *rest]
    keys = making.table.looked_up(".".join(parts))
    return keys | {".".join([made.module, root, *rest[:n]]) for n in range(len(rest) + 1)}
