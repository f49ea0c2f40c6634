"""What must not be done to an object that others share, or by the members of one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flake8_redis_ssot.fix.compatibility.keys import Keys
from flake8_redis_ssot.fix.compatibility.ties import reached_members
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.reads import reads
from flake8_redis_ssot.fix.sources.symbols import Member, Symbol
from flake8_redis_ssot.fix.sources.uses import BY_KEY, BY_NAME, Uses
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.commands import EXPIRING, EXPIRY_KEYWORDS
from flake8_redis_ssot.libraries.standard import CHANGING_METHODS, RECEIVERS
from flake8_redis_ssot.libraries.vocabulary import ENDING, FLUSHING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, attributes_in, last_name, unparsed

_ENDED_LATER = frozenset(["weakref.finalize", "finalize", "atexit.register"])
"""Calls that have something run when an object goes, or the process ends."""
EMPTIED = "which empties the whole database of the manager, perhaps as it does today"
UNEMPTY = "take that out, or change this by hand where it is meant, as in tests"
UNSHARE = "remove that use, or let the manager do it, and run again"
_UNEND = "take that out, since the manager ends what it shares, and run again"


class Dangers:
    """Refuses uses that would hit all who share the new object."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.symbols = making.symbols
        self.keys = Keys(making)

    def check(
        self,
        view: View,
        uses: Uses,
        old: Symbol | None,
        *,
        fresh: bool,
        shared: bool,
        may_end: Callable[[str], bool],
    ) -> None:
        """Refusal where one of the uses empties, changes or ends what is `shared` then.

        `fresh` says that the old object was made for this one use; one that was shared before, too, may be ended
        where `may_end` says so of the reason against it.
        """
        known = self.symbols.members(old).named if old is not None else {}
        if fresh and old is not None and (end := self._end_of_its_own(old)) is not None:
            raise Refusal(
                f"each `{old.qualified_name}` is ended by {end} when nothing has it any more, and the shared one is not",
                "let the manager do what has to be done then, and run again",
            )
        for attribute, call in uses.members:
            member = known.get(attribute.attr)
            inner = self._inner(old, attribute.attr)
            is_data = member is None or member.kind in ("property", "attribute")
            if call is None and is_data:
                inner |= {text.rpartition(".")[2] for text in reads(view.source.tree).read}
            line = attribute.lineno
            for name in sorted(inner & FLUSHING):
                raise Refusal(f"line {line} leads to `{name}`, {EMPTIED}", UNEMPTY)
            self._check_below(view, attribute, is_data)
            ends = attribute.attr in ENDING or bool(_ended_by(member))
            if (fresh or shared) and ends:
                why = f"line {line} calls `{attribute.attr}`, which would end it for all who share it"
                if fresh or not may_end(why):
                    raise Refusal(why, _UNEND)
        for stored, name in uses.stored:
            what = {BY_KEY: "an item of it", BY_NAME: "an attribute of it"}.get(
                name, f"`{name}` on the object"
            )
            raise Refusal(f"line {stored.lineno} sets {what}, which all who share it would see", UNSHARE)
        for entered in uses.entered if fresh else ():
            raise Refusal(f"the `with` in line {entered.lineno} would end it for all who share it", _UNEND)

    def _end_of_its_own(self, of: Symbol) -> str | None:
        """What runs by itself when an object of a class is deleted, or when the process ends."""
        for name in ("__del__", "__init__", "__post_init__", "__new__"):
            member = self.symbols.members(of).named.get(name)
            if member is not None and name == "__del__":
                return f"`__del__`{self.symbols.at(member)}"
            for part in all_nodes(member.node) if member is not None else ():
                if isinstance(part, ast.Call) and unparsed(part.func) in _ENDED_LATER:
                    return f"`{unparsed(part.func)}`{self.symbols.at(Code(part, member.module))}"  # type: ignore[union-attr]
        return None

    def _check_below(self, view: View, attribute: ast.Attribute, is_data: bool) -> None:
        """Refusal where something below a member is emptied or changed, there or by another name of it."""
        chained: ast.AST | None = attribute
        while isinstance(chained, ast.Attribute | ast.Call | ast.Subscript):
            if not isinstance(chained, ast.Call) and not isinstance(chained.ctx, ast.Load):
                what = chained.attr if isinstance(chained, ast.Attribute) else unparsed(chained.slice)
                raise Refusal(
                    f"line {chained.lineno} sets `{what}` in what it keeps, which all who share it would see",
                    UNSHARE,
                )
            if isinstance(chained, ast.Attribute) and chained.attr in FLUSHING:
                raise Refusal(
                    f"line {attribute.lineno} calls `{chained.attr}`, {EMPTIED}",
                    UNEMPTY,
                )
            if isinstance(chained, ast.Call):
                is_data = False
            above = view.uses.parents.get(chained)
            is_called = isinstance(above, ast.Call) and chained is not attribute
            if is_data and is_called and last_name(chained) in CHANGING_METHODS:
                raise Refusal(
                    f"line {chained.lineno} changes `{attribute.attr}`, which all who share it would see",
                    UNSHARE,
                )
            chained = above
        if is_data and not isinstance(view.uses.parents.get(attribute), ast.Attribute | ast.Call):
            held = view.follow(attribute)
            for place, _ in held.stored:
                raise Refusal(
                    f"line {place.lineno} changes `{attribute.attr}`, which all who share it would see",
                    UNSHARE,
                )
            for member, call in held.members:
                if call is not None and member.attr in CHANGING_METHODS:
                    raise Refusal(
                        f"line {member.lineno} changes `{attribute.attr}`, which all who share it would see",
                        UNSHARE,
                    )

    def reached_by(self, function: Symbol) -> set[str]:
        """All attributes that a function reads, those in the members of the objects that it uses included."""
        assert function.node is not None
        found = attributes_in(function.node)
        for part in all_nodes(function.node):
            if isinstance(part, ast.Attribute):
                held = self.symbols.value(part.value, function.module)
                found |= self._inner(held.of, part.attr) if held is not None else set()
        return found

    def _inner(self, of: Symbol | None, name: str) -> set[str]:
        """All attributes that a member reads, those in the members and functions that it uses included."""
        if of is None:
            return set()
        found: set[str] = set()
        seen: set[ast.AST] = set()
        new = [(m.node, m.module) for m in reached_members(name, self.symbols.members(of).named).values()]
        while new:
            node, module = new.pop()
            if node in seen:
                continue
            seen.add(node)
            found |= attributes_in(node)
            for part in all_nodes(node):
                if isinstance(part, ast.Call) and isinstance(part.func, ast.Name | ast.Attribute):
                    called = self.symbols.value(part.func, module)
                    if called is not None and called.kind == "function" and called.node is not None:
                        new.append((called.node, called.module))
        return found

    def _ends(self, of: Symbol, name: str) -> Iterator[str]:
        """The constant times after which what a method keeps is gone."""
        for member in reached_members(name, self.symbols.members(of).named).values():
            function = member.node if isinstance(member.node, Function) else None
            for part in all_nodes(member.node):
                if not isinstance(part, ast.Call):
                    continue
                given = [k.value for k in part.keywords if k.arg in EXPIRY_KEYWORDS]
                given += part.args if last_name(part.func) in EXPIRING else []
                for value in given:
                    for inner in _led_to(value, function):
                        text = self.making.text(Code(inner, member.module, of, function))
                        if text is not None and text.replace(".", "").isdigit():
                            yield text

    def added(self, before: set[str], new: Symbol, name: str, *, is_alike: bool = False) -> str | None:
        """What a member of a class ends or empties that code with the attributes `before` does not.

        One that `is_alike` ends of its own what the old one does; whether that may be is asked where it is called.
        """
        ended = set() if is_alike else _ended_by(self.symbols.members(new).named.get(name))
        after = self._inner(new, name)
        for worse in sorted((after & FLUSHING) - before):
            return f"it leads to `{worse}` there, which would empty the whole database of the manager"
        for worse in sorted((after & ENDING) - before) or sorted(ended):
            return f"it leads to `{worse}` there, which would end it for all who share it"
        return None

    def difference(
        self, old: Symbol, new: Symbol, name: str, to: str, *, is_alike: bool = False
    ) -> str | None:
        """What a member of the new class does that the old one does not: empty, end, let expire."""
        why = self.added(self._inner(old, name), new, to, is_alike=is_alike)
        if why is not None:
            return why
        ends = [set(self._ends(old, name)), set(self._ends(new, to))]
        for end in sorted(ends[0] ^ ends[1]):
            return f"what it keeps ends by `{end}` in one of them alone"
        return self.keys.difference(old, new, name, to)


def _led_to(value: ast.expr, function: Function | None) -> Iterator[ast.expr]:
    """The parts of an expression, and of what its names are given in the function, without the function's own names."""
    own = locals_of(function) - RECEIVERS if function is not None else set()
    new, seen = [value], set()
    while new:
        for part in all_nodes(new.pop()):
            if not isinstance(part, ast.expr):
                continue
            if not isinstance(part, ast.Name) or part.id not in own:
                yield part
            elif part.id not in seen:
                seen.add(part.id)
                new += [
                    one.value
                    for one in all_nodes(function or ast.Pass())
                    if isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr)
                    and one.value is not None
                    and part.id
                    in {
                        n.id
                        for n in all_nodes(one)
                        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                    }
                ]


def _ended_by(member: Member | None) -> set[str]:
    """The methods by which a member itself ends what its object holds."""
    return {
        part.func.attr
        for part in (all_nodes(member.node) if member is not None else ())
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr in ENDING
        and last_name(getattr(part.func.value, "value", None)) == "self"
    }
