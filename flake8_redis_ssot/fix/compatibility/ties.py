"""By what references to objects hang together, so that one cannot move without the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.fix.objects.state import State
from flake8_redis_ssot.fix.sources.symbols import Member, Symbol
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.syntax.nodes import all_nodes, attributes_in

EXCEPTION = "exception "
"""How the key of an exception begins."""
STATE = "state "
"""How that of something begins that is kept."""


@dataclass(slots=True)
class Ties:
    """Keys of state, exceptions and identity that a reference shares with others.

    References that share a key move together, if it is a `strong` one of at least one of them. One moves by what it
    `needs` only if no other stays.
    """

    strong: set[str] = field(default_factory=set)
    weak: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)

    @property
    def keys(self) -> set[str]:
        """Those by which others hang together with it."""
        return self.strong | self.weak

    def add(self, other: Ties) -> None:
        """Take in those of another reference."""
        self.strong |= other.strong
        self.weak |= other.weak
        self.needs |= other.needs


class TieFinder:
    """Finds by what the use of an object hangs together with other uses."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.symbols = state.symbols

    def of_members(self, of: Symbol, used: set[str] | None) -> Ties:
        """Those of the use of some members of a class; of all where `used` is None."""
        ties = Ties(weak={f"connection {of.qualified_name}", f"identity {of.qualified_name}"})
        kept = self.state.kept(of)
        members = self.symbols.members(of).named
        for name in members.keys() | kept.keys() if used is None else used & (members.keys() | kept.keys()):
            for attribute in self.state.touched(of, name):
                of_connection = kept.get(attribute.removeprefix(f"{of.qualified_name}."), False)
                ties.strong.add(f"connection {of.qualified_name}" if of_connection else f"{STATE}{attribute}")
            for reached, inner in reached_members(name, members).items():
                ties.weak.add(f"{STATE}{of.qualified_name}.{reached}")  # others may replace it on the object
                ties.weak |= {f"{EXCEPTION}{e}" for e in self.state.raised(inner.node, inner.module)}
                ties.weak |= {f"identity {home}" for home in self._classes_in(inner)}
        return ties

    def _classes_in(self, member: Member) -> Iterator[str]:
        """The classes of its module that a member makes something of, which others may ask for."""
        for part in all_nodes(member.node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                made = self.symbols.value(part.func, member.module)
                if made is not None and made.kind == "class" and made.module == member.module:
                    yield made.qualified_name

    def of_function(self, function: Symbol, kept: Symbol | None = None) -> Ties:
        """Those of a call of a function: what it keeps in its module, itself or by an object there.

        Objects of the class `kept` are the same ones afterwards, and tie nothing.
        """
        ties = Ties(weak={f"identity {function.qualified_name}"})
        if function.node is None:
            return ties
        ties.strong |= {f"{STATE}{name}" for name in self.state.globals_of(function.node, function.module)}
        ties.weak |= {f"{EXCEPTION}{e}" for e in self.state.raised(function.node, function.module)}
        for part in all_nodes(function.node):
            if isinstance(part, ast.Attribute):
                held = self.symbols.value(part.value, function.module)
                if held is not None and held.of is not None and held.of != kept:
                    ties.add(self.of_members(held.of, {part.attr}))
        return ties


def reached_members(name: str, known: Mapping[str, Member]) -> dict[str, Member]:
    """A member of a class, and those that it uses, by their names."""
    found: dict[str, Member] = {}
    names = [name]
    while names:
        name = names.pop()
        member = known.get(name)
        if member is None or name in found:
            continue
        found[name] = member
        names += attributes_in(member.node)
    return found
