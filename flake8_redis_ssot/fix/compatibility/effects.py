"""What a method does to what Redis keeps, and to errors: two methods of one name and one signature may differ in that."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.fix.sources.symbols import Member, Symbol, Symbols
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.commands import COMMANDS, CONDITIONS, EXPIRY_UNITS, RUNNING_TEXTS, WRITING
from flake8_redis_ssot.libraries.standard import CODECS, KEEPING, KEEPING_QUIET, RECEIVERS
from flake8_redis_ssot.libraries.vocabulary import CONNECTION_ERRORS
from flake8_redis_ssot.syntax.nodes import DEFINITIONS, Function, Loop, all_nodes, decorators_of, last_name

_CODING = ("dump", "load", "encode", "decode", "serial", "pack", "compress", "parse")
"""Parts of the names of functions that may do what a codec does."""


@dataclass(slots=True)
class _Effects:
    """What a method does."""

    commands: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    """Those of the commands that write."""
    conditions: set[str] = field(default_factory=set)
    """Under which conditions it writes."""
    units: set[str] = field(default_factory=set)
    """The units in which it says when something ends."""
    codecs: set[str] = field(default_factory=set)
    """What turns values into text."""
    is_quiet: bool = False
    """Whether it hides that the server fails."""
    is_open: bool = False
    """Whether it may do more than is seen."""
    is_coding: bool = False
    """Whether code that is not seen may turn values into text."""


class Effects:
    """Compares what methods of two classes do."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._known: dict[tuple[str, str], _Effects] = {}

    def difference(self, old: Symbol, new: Symbol, name: str, to: str) -> str | None:
        """What only one of two methods does, if both are seen as a whole."""
        return self._difference(self._of(old, name), self._of(new, to))

    def difference_of_function(self, function: Symbol, of: Symbol, name: str) -> str | None:
        """The same of a function and a method of the class `of`."""
        found = _Effects()
        for node, module in self._reached(function, {}):
            self._add(node, module, found)
        return self._difference(found, self._of(of, name))

    def _difference(self, one: _Effects, other: _Effects) -> str | None:
        if not (one.commands and other.commands):
            return None
        if one.codecs != other.codecs and not (one.is_coding or other.is_coding):
            return f"it keeps values as {_listed(one.codecs)} in the old one, as {_listed(other.codecs)} in the new one"
        if one.is_open or other.is_open:
            return None
        for was, now, where in ((one, other, "old"), (other, one, "new")):
            for verb in sorted(was.writes - now.writes):
                return f"it sends `{verb}` in the {where} one alone"
            for condition in sorted(was.conditions - now.conditions):
                return f"it writes under the condition `{condition}` in the {where} one alone"
            if was.is_quiet and not now.is_quiet:
                return f"it hides that the server fails in the {where} one alone"
        if one.units and other.units and one.units.isdisjoint(other.units):
            return f"it says in {min(one.units)} when what it keeps ends in the old one, in {min(other.units)} in the new one"
        return None

    def _of(self, of: Symbol, name: str) -> _Effects:
        key = (of.qualified_name, name)
        if key not in self._known:
            found = self._known[key] = _Effects()
            members = self.symbols.members(of).named
            for node, module in self._reached(members.get(name), members):
                self._add(node, module, found)
        return self._known[key]

    def _reached(
        self, first: Member | Symbol | None, members: Mapping[str, Member]
    ) -> Iterator[tuple[ast.AST, str]]:
        """The code of a method or function, of the methods that it calls, and of the functions of the project."""
        new: list[tuple[Member | Symbol | None, Mapping[str, Member]]] = [(first, members)]
        seen: set[ast.AST] = set()
        while new:
            found, members = new.pop()
            if found is None or found.node is None or found.node in seen:
                continue
            seen.add(found.node)
            yield found.node, found.module
            for part in all_nodes(found.node):
                if isinstance(part, ast.Attribute) and last_name(part.value) in RECEIVERS:
                    new.append((members.get(part.attr), members))
                elif isinstance(part, ast.Attribute):
                    held = self.symbols.value(part.value, found.module)
                    own = (
                        self.symbols.members(held.of).named
                        if held is not None and held.of is not None
                        else {}
                    )
                    new.append((own.get(part.attr), own))
                elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                    called = self.symbols.value(part.func, found.module)
                    is_function = called is not None and called.kind == "function"
                    new.append((called if is_function else None, {}))

    def _add(self, node: ast.AST, module: str, found: _Effects) -> None:
        found.is_open |= isinstance(node, Function) and not decorators_of(node) <= KEEPING
        function = node if isinstance(node, Function) else None
        # in a loop, what fails once may be tried another time
        loops = {part for loop in all_nodes(node) if isinstance(loop, Loop) for part in all_nodes(loop)}
        for part in all_nodes(node):
            match part:
                case ast.Call(func=ast.Attribute(attr=name)) if name in COMMANDS and (
                    part.args or part.keywords
                ):
                    _add_command(part, name, found)
                case ast.Call(func=ast.Name(id="getattr")):
                    found.is_open = True
                case ast.Try(body=body, handlers=handlers) if part not in loops and any(
                    map(_is_sending, body)
                ):
                    found.is_quiet |= any(not _raises(h) and _is_of_connection(h.type) for h in handlers)
                case ast.With() | ast.AsyncWith():
                    for item in part.items:
                        entered = item.context_expr
                        if isinstance(entered, ast.Call) and last_name(entered.func) in KEEPING_QUIET:
                            found.is_quiet |= any(map(_is_of_connection, entered.args))
            if isinstance(part, ast.Call):
                self._add_codec(part, module, function, found)

    def _add_codec(self, call: ast.Call, module: str, function: Function | None, found: _Effects) -> None:
        """Note the library by which a call turns a value into text, or back."""
        func = call.func
        dotted = (
            self.symbols.dotted(func, module, function)
            if isinstance(func, ast.Name | ast.Attribute)
            else None
        )
        led = self.symbols.modules.lookup(dotted) if dotted is not None else None
        codec = CODECS.get(led.qualified_name.partition(".")[0]) if led is not None else None
        if codec is not None:
            found.codecs.add(codec)
        elif any(word in last_name(func).lower() for word in _CODING):
            known = self.symbols.value(func, module) if isinstance(func, ast.Name) else None
            found.is_coding |= known is None


def _add_command(call: ast.Call, name: str, found: _Effects) -> None:
    found.commands.add(name)
    found.is_open |= name in RUNNING_TEXTS
    found.writes |= WRITING.get(name, frozenset())
    found.units |= {EXPIRY_UNITS[name]} if name in EXPIRY_UNITS else set()
    if name in CONDITIONS:
        found.conditions.add(CONDITIONS[name])
    for keyword in call.keywords:
        if keyword.arg in EXPIRY_UNITS and WRITING.get(name):
            found.units.add(EXPIRY_UNITS[keyword.arg])
        if keyword.arg in CONDITIONS and isinstance(keyword.value, ast.Constant) and keyword.value.value:
            found.conditions.add(CONDITIONS[keyword.arg])


def _is_sending(statement: ast.stmt) -> bool:
    """Whether code may send a command: itself, or by a method of the object."""
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and (part.func.attr in COMMANDS or last_name(part.func.value) in RECEIVERS)
        for part in all_nodes(statement)
    )


def _raises(handler: ast.ExceptHandler) -> bool:
    """Whether an error that is caught goes on, as it is or as another one."""
    return any(isinstance(part, ast.Raise) for part in all_nodes(*handler.body, closed=DEFINITIONS))


def _is_of_connection(caught: ast.expr | None) -> bool:
    """Whether what an `except` catches may be that the server fails."""
    if isinstance(caught, ast.Tuple):
        return any(map(_is_of_connection, caught.elts))
    return caught is None or last_name(caught) in CONNECTION_ERRORS


def _listed(names: set[str]) -> str:
    return " and ".join(f"`{name}`" for name in sorted(names)) or "they are"
