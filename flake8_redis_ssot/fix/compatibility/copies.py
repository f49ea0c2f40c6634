"""Modules that are copies of each other: what has one name in both does the same in both."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.objects.state import State, is_changed
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.libraries.standard import PICKLING, PLACE_READERS, READING_METHODS, RECEIVERS
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name, unparsed

_OF_A_MODULE = frozenset(["__name__", "__file__", "__path__", "__package__", "__spec__", "__loader__"])
"""Names whose values are other ones in each module."""


class Copies:
    """Tells which modules have the same statements, whose names mean the same and are set by nobody else."""

    def __init__(self, making: Making, state: State) -> None:
        self.making = making
        self.state = state
        self.symbols = making.symbols
        self._texts: dict[str, str | None] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def are(self, one: Symbol, other: Symbol) -> bool:
        """Whether two things have one name in two modules that are copies; each may keep a state of its own."""
        is_named_alike = (
            one.qualified_name.rpartition(".")[2] == other.qualified_name.rpartition(".")[2] != ""
        )
        return is_named_alike and self.modules(one.module, other.module)

    def hold_the_same(self, one: Symbol, other: Symbol) -> bool:
        """Whether two names of such modules have equal values at all times: their modules only read these."""
        is_plain = one.of is other.of is None
        return is_plain and self.are(one, other) and not any(map(self._is_changed, (one, other)))

    def modules(self, one: str, other: str) -> bool:
        """Whether two modules are copies of each other."""
        key = (one, other)
        if key not in self._known:
            texts = [self._text(module) for module in key]
            self._known[key] = (
                one != other
                and None not in texts
                and texts[0] == texts[1]
                and not any(map(self._is_rebound, key))
            )
        return self._known[key]

    def _text(self, module: str) -> str | None:
        """The statements of a module, docstrings apart; None where they may do otherwise in another one."""
        if module not in self._texts:
            tree = self.symbols.tree(module)
            self._texts[module] = self._written(tree, module) if tree is not None else None
        return self._texts[module]

    def _written(self, tree: ast.Module, module: str) -> str | None:
        harmless: set[ast.AST] = set()
        relative = []
        for node in all_nodes(tree):
            if isinstance(node, ast.Call) and "ogger" in last_name(node.func):
                harmless.update(node.args)
            elif isinstance(node, ast.Compare) and unparsed(node.left) == "__name__":
                harmless.add(node.left)
            elif isinstance(node, ast.ImportFrom) and node.level:
                relative.append(absolute(node, module, self.symbols.is_package(module)))
        if any(
            (isinstance(node, ast.Name) and node.id in _OF_A_MODULE and node not in harmless)
            or _tells_module(node)
            for node in all_nodes(tree)
        ):
            return None
        if any(
            self._is_state_unknown(module, name) or self._asks_for_place(module, name)
            for name in self._names_in(module)
        ):
            return None
        text = "\n".join([ast.dump(_undocumented(tree)), *relative])
        return None if f"{module}." in text or f"'{module}'" in text else text

    def _names_in(self, module: str) -> Collection[str]:
        facts = self.symbols.modules.facts(module)
        return facts.names if facts is not None else ()

    def _is_rebound(self, module: str) -> bool:
        return any(self.making.is_rebound(f"{module}.{name}") for name in self._names_in(module))

    def _is_state_unknown(self, module: str, name: str) -> bool:
        """Whether a module changes what a name of it has, and nothing else tells that this is a state."""
        symbol, tree = self.symbols.symbol(f"{module}.{name}"), self.symbols.tree(module)
        if (
            symbol is None
            or symbol.module != module
            or symbol.of is not None
            or symbol.kind in ("class", "function")
        ):
            return False
        return self._is_set(symbol) and symbol.qualified_name not in self.state.globals_of(
            tree or ast.Pass(), module
        )

    def _asks_for_place(self, module: str, name: str) -> bool:
        """Whether an imported function or class of the project asks in which module those stand that call or give it."""
        new, seen = [self.symbols.symbol(f"{module}.{name}")], set[str]()
        while new:
            symbol = new.pop()
            if symbol is None or symbol.kind not in ("class", "function") or symbol.qualified_name in seen:
                continue
            seen.add(symbol.qualified_name)
            for part in all_nodes(symbol.node or ast.Pass()) if symbol.module != module else ():
                if isinstance(part, ast.Attribute) and part.attr in PLACE_READERS:
                    return True
                if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                    if part.func.id in PLACE_READERS:
                        return True
                    new.append(self.symbols.value(part.func, symbol.module))
        return False

    def _is_set(self, symbol: Symbol) -> bool:
        """Whether functions of its module give a name another value, or the module changes its value."""
        name = symbol.qualified_name.rpartition(".")[2]
        set_later = self.symbols.set_by_functions(symbol.module)
        return name in set_later or is_changed(symbol.qualified_name, self.symbols.tree(symbol.module))

    def _is_changed(self, symbol: Symbol) -> bool:
        """Whether its module gives a name another value as it runs, or may change the value."""
        name, tree = symbol.qualified_name.rpartition(".")[2], self.symbols.tree(symbol.module)
        return self._is_set(symbol) or any(
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == name
            and node.attr not in READING_METHODS
            for node in all_nodes(tree or ast.Pass())
        )


def _undocumented(tree: ast.Module) -> ast.Module:
    """A module without its docstrings; with them where it reads any."""
    if any(
        isinstance(node, ast.Attribute | ast.Name) and last_name(node) == "__doc__"
        for node in all_nodes(tree)
    ):
        return tree
    tree = copy.deepcopy(tree)
    for node in all_nodes(tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _tells_module(node: ast.AST) -> bool:
    """Whether a node gives the name of the module in which a class stands: by name, in an object's text or when it is pickled."""
    match node:
        case ast.Attribute(attr="__module__"):
            return True
        case ast.Import(names=names):
            return any(alias.name.partition(".")[0] in PICKLING for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] in PICKLING
        case ast.FormattedValue(value=value):
            given = [value]
        case ast.BinOp(op=ast.Mod(), right=right):
            given = [right, *getattr(right, "elts", ())]
        case ast.Call(func=func, args=args) if last_name(func) in ("str", "repr", "ascii", "format", "vars"):
            given = args
        case _:
            return False
    return any(isinstance(one, ast.Name) and one.id in RECEIVERS for one in given)
