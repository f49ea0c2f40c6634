"""By which dotted names a test that patches them reaches an object, before and after an exchange."""

from __future__ import annotations

import ast
from collections.abc import Collection

from flake8_redis_ssot.facts.modules import Found
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name, root_of

Reached = dict[str, str | None]
"""Dotted names, each with the one that does the same afterwards, None where none does."""
OBJECT = "object "
"""How the key of an object begins that is changed itself."""
MODULE = "module "
"""How that of a module begins, which a patch of the attribute of its package exchanges as a whole."""
PUT = "put "
"""How that of a module begins in whose place `sys.modules` is given another one."""
LOGGER = "logger "
"""How that of a module begins whose logger has the module's name."""
LOADED = "loaded "
"""How that of a module begins of which `sys.modules` tells whether it has been imported."""


class PatchTargets:
    """Finds the names through which code gets at an object."""

    def __init__(self, index: ProjectIndex, symbols: Symbols) -> None:
        self.index = index
        self.symbols = symbols

    def of_members(self, of: Symbol | None, used: set[str] | None, replacement: Replacement) -> Reached:
        """The members that the `used` ones need, and the globals of their modules: a patch of one reaches them."""
        if replacement.is_same or of is None:
            return {}
        owners = [one.qualified_name for one in self.symbols.order(of)[0]]
        if replacement.old.kind == "instance":
            owners.append(replacement.old.qualified_name)
        return self._needed(of, owners, None if used is None else {"__init__", *used})

    def of_new(self, new: Symbol, of: Symbol, used: set[str]) -> Reached:
        """What reaches the new object: a patch of it reached nothing here before, and would afterwards."""
        owners = [
            owner
            for owner in (new.qualified_name, *(one.qualified_name for one in self.symbols.order(of)[0]))
            if owner
        ]
        return self._needed(of, owners, used) | dict.fromkeys(f"{OBJECT}{owner}" for owner in owners)

    def twins(self, old: Symbol, new: Symbol, name: str, after: Reached) -> Reached:
        """The names that a method reads in its module, with those that its twin reads in the module of `new`."""
        was, now = (self.symbols.members(of).named.get(name) for of in (old, new))
        if was is None or now is None:
            return {}
        keys = self.globals_of(was.node, was.module)
        pairs = {key: f"{new.module}.{key.rpartition('.')[2]}" for key in keys}
        names = [_names_in(member.node) for member in (was, now)]
        if len(names[0]) == len(names[1]):
            pairs |= {f"{was.module}.{a}": f"{now.module}.{b}" for a, b in zip(*names, strict=True)}
        return {key: twin for key, twin in pairs.items() if key in keys and twin in after}

    @staticmethod
    def of_both(before: Reached, after: Reached) -> Reached:
        """The names that two objects look up which do the same: a patch of one reaches the new object as it did the old."""
        return {key: key for key in before.keys() & after.keys() if before[key] in (None, key)}

    @staticmethod
    def unmoved(found: Reached) -> Reached:
        """The same where a patch follows to no other name: it still reaches what is looked up as before."""
        return {key: key if new == key else None for key, new in found.items()}

    def _needed(self, of: Symbol, owners: list[str], used: set[str] | None) -> Reached:
        """What the `used` members of a class need, by the names of its `owners`; of all where that is None."""
        members = self.symbols.members(of).named
        names = set(members) if used is None else set(used)
        found: Reached = {}
        seen: set[str] = set()
        while names:
            name = names.pop()
            if name in seen:
                continue
            seen.add(name)
            found |= dict.fromkeys(f"{owner}.{name}" for owner in owners)
            member = members.get(name)
            if member is None:
                continue
            for part in all_nodes(member.node):
                if isinstance(part, ast.Attribute) and last_name(part.value) == "self":
                    names.add(part.attr)
            found |= self.globals_of(member.node, member.module)
        return found

    def globals_of(self, node: ast.AST, module: str) -> Reached:
        """The names of modules that code reads, those that the functions read which it names included."""
        found: Reached = {}
        new = [(node, module)]
        seen: set[ast.AST] = set()
        while new:
            node, module = new.pop()
            facts = self.index.modules.facts(module)
            if node in seen or facts is None:
                continue
            seen.add(node)
            for home in self._looked_up(node, module, facts.names.keys()):
                found[home] = None
                symbol = self.symbols.symbol(home)
                if symbol is not None and _is_logger_of_module(symbol):
                    found[f"{LOGGER}{symbol.module}"] = None
                if symbol is not None and symbol.kind == "function" and symbol.node is not None:
                    new.append((symbol.node, symbol.module))
        return found

    def _looked_up(self, node: ast.AST, module: str, names: Collection[str]) -> set[str]:
        """The names of its module that code reads, and those that it reads of other modules of the project."""
        found = set()
        for part in all_nodes(node):
            if isinstance(part, ast.Name) and part.id in names:
                found.add(f"{module}.{part.id}")
            elif isinstance(part, ast.Attribute) and last_name(root_of(part)) in names:
                held = self.symbols.value(part.value, module)
                if held is not None and held.kind == "module":
                    found.add(f"{held.qualified_name}.{part.attr}")
        return found

    def through(self, view: View, replacement: Replacement, new: str, late: bool) -> Reached:
        """The names through which an accessor finds the object, each with the one that replaces it."""
        old, after = replacement.old, replacement.new
        if old.qualified_name == after.qualified_name:
            return {}  # the very same function looks up what it did
        is_accessor = old.kind == "function" and isinstance(old.node, Function)
        found = self.globals_of(old.node, old.module) if is_accessor and old.node is not None else {}
        if after.kind == "function" and after.node is not None:
            for key in self.globals_of(after.node, after.module):
                is_same = key in found or (is_accessor and self._is_looked_up_late(old, key))
                found[key] = key if is_same else None
        if not is_accessor:
            return found
        held = replacement.new.of if replacement.new.kind in ("method", "member") else replacement.new
        if held is not None and (replacement.is_same or held is not replacement.new):
            # a file that nobody can import has names that nobody can patch
            own = f"{view.place.modules[0]}.{new}" if view.place.modules else None
            place = held.qualified_name if late else own
            for key in found:
                led = self.index.modules.lookup(key)
                if isinstance(led, Found) and led.qualified_name == held.qualified_name:
                    found[key] = place
            if self._is_looked_up_late(old, replacement.new.qualified_name):
                found[held.qualified_name] = place
        return found

    def _is_looked_up_late(self, accessor: Symbol, home: str) -> bool:
        """Whether an accessor looks an object up in its home whenever it is called."""
        module, _, name = home.rpartition(".")
        for part in all_nodes(accessor.node or ast.Pass()):
            if isinstance(part, ast.Import | ast.ImportFrom):
                return True
            if isinstance(part, ast.Attribute) and part.attr == name:
                held = self.symbols.value(part.value, accessor.module)
                if held is not None and held.kind == "module" and held.qualified_name == module:
                    return True
        return False


def _is_logger_of_module(symbol: Symbol) -> bool:
    """Whether an object is a logger by the name of its module."""
    match getattr(symbol.node, "value", None):
        case ast.Call(func=func, args=[ast.Name(id="__name__"), *_]):
            return last_name(func).lower() in ("getlogger", "get_logger")
    return False


def _names_in(node: ast.AST) -> list[str]:
    """The names that the statements of a function have, in their order."""
    body = getattr(node, "body", [])
    return [part.id for one in body for part in all_nodes(one) if isinstance(part, ast.Name)]
