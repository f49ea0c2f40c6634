"""What must not be done to an object that others share, or by the members of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.fix.escape import Uses
from flake8_redis_ssot.fix.making import Making
from flake8_redis_ssot.fix.reads import reads
from flake8_redis_ssot.fix.replacements import Refusal
from flake8_redis_ssot.fix.symbols import Member, Thing
from flake8_redis_ssot.fix.ties import reached_members
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.libraries.commands import EXPIRING, EXPIRY_KEYWORDS
from flake8_redis_ssot.libraries.standard import CHANGING_METHODS
from flake8_redis_ssot.libraries.vocabulary import ENDING, FLUSHING
from flake8_redis_ssot.syntax.nodes import last_name, unparsed


class Dangers:
    """Refuses uses that would hit all who share the new object."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.objects = making.objects

    def check(self, view: View, uses: Uses, old: Thing | None, *, fresh: bool, shared: bool) -> None:
        """Refusal where one of the uses empties, changes or ends what is `shared` then.

        `fresh` says that the old object was made for this one use.
        """
        known = self.objects.members(old).named if old is not None else {}
        for attribute, call in uses.members:
            member = known.get(attribute.attr)
            inner = set(inner_names(attribute.attr, known))
            is_data = member is None or member.colour in ("property", "attribute")
            if call is None and is_data:
                inner |= {text.rpartition(".")[2] for text in reads(view.source.tree).read}
            line = attribute.lineno
            for name in sorted(inner & FLUSHING):
                raise Refusal(f"line {line} leads to `{name}`, which would empty what is shared")
            self._check_below(view, attribute, is_data)
            if (fresh or shared) and attribute.attr in ENDING:
                raise Refusal(
                    f"line {line} calls `{attribute.attr}`, which would end it for all who share it"
                )
        for stored, name in uses.stored:
            raise Refusal(f"line {stored.lineno} sets its attribute `{name}`, for all who share it")
        for entered in uses.entered if fresh else ():
            raise Refusal(f"the `with` in line {entered.lineno} would end it for all who share it")

    def _check_below(self, view: View, attribute: ast.Attribute, is_data: bool) -> None:
        """Refusal where something below a member is emptied or changed, there or by another name of it."""
        chained: ast.AST | None = attribute
        while isinstance(chained, ast.Attribute | ast.Call | ast.Subscript):
            if not isinstance(chained, ast.Call) and not isinstance(chained.ctx, ast.Load):
                what = chained.attr if isinstance(chained, ast.Attribute) else unparsed(chained.slice)
                raise Refusal(f"line {chained.lineno} sets `{what}` below it, for all who share it")
            if isinstance(chained, ast.Attribute) and chained.attr in FLUSHING:
                raise Refusal(
                    f"line {attribute.lineno} calls `{chained.attr}`, which would empty what is shared"
                )
            if isinstance(chained, ast.Call):
                is_data = False
            above = view.uses.parents.get(chained)
            is_called = isinstance(above, ast.Call) and chained is not attribute
            if is_data and is_called and last_name(chained) in CHANGING_METHODS:
                raise Refusal(f"line {chained.lineno} changes `{attribute.attr}`, for all who share it")
            chained = above
        if is_data and not isinstance(view.uses.parents.get(attribute), ast.Attribute | ast.Call):
            held = view.uses.follow(attribute, view.exported, lambda: view.exposed)
            for place, _ in held.stored:
                raise Refusal(f"line {place.lineno} changes `{attribute.attr}`, for all who share it")
            for member, call in held.members:
                if call is not None and member.attr in CHANGING_METHODS:
                    raise Refusal(f"line {member.lineno} changes `{attribute.attr}`, for all who share it")

    def added(self, before: set[str], new: Thing, name: str) -> str | None:
        """What a member of a class ends or empties that code with the attributes `before` does not."""
        now = self.objects.members(new).named
        after = set(inner_names(name, now))
        for worse in sorted((after & FLUSHING) - before):
            return f"it leads to `{worse}` there, which would empty what is shared"
        for worse in sorted((after & ENDING) - before) or sorted(_ended_by(now.get(name))):
            return f"it leads to `{worse}` there, which would end it for all who share it"
        return None

    def difference(self, old: Thing, new: Thing, name: str) -> str | None:
        """What a member of the new class does that the old one does not: empty, end, let expire."""
        was, now = self.objects.members(old).named, self.objects.members(new).named
        why = self.added(set(inner_names(name, was)), new, name)
        if why is not None:
            return why
        ends = [set(_ends(name, members)) for members in (was, now)]
        for end in sorted(ends[0] ^ ends[1]):
            return f"what it keeps ends by `{end}` in one of them alone"
        return None


def attributes_in(node: ast.AST) -> Iterator[str]:
    """The attributes that code reads or sets, of whatever."""
    return (part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute))


def inner_names(name: str, known: Mapping[str, Member]) -> Iterator[str]:
    """All attributes that a method reads, those of the methods of its class that it uses included."""
    for member in reached_members(name, known):
        yield from attributes_in(member.node)


def _ended_by(member: Member | None) -> set[str]:
    """The methods by which a member itself ends what its object holds."""
    return {
        part.func.attr
        for part in (ast.walk(member.node) if member is not None else ())
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr in ENDING
        and last_name(getattr(part.func.value, "value", None)) == "self"
    }


def _ends(name: str, known: Mapping[str, Member]) -> Iterator[str]:
    """The constant times after which what a method keeps is gone."""
    for member in reached_members(name, known):
        for part in ast.walk(member.node):
            if not isinstance(part, ast.Call):
                continue
            for keyword in part.keywords:
                if keyword.arg in EXPIRY_KEYWORDS and _is_time(keyword.value):
                    yield unparsed(keyword.value)
            if last_name(part.func) in EXPIRING:
                yield from (unparsed(a) for a in part.args if _is_time(a))


def _is_time(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
