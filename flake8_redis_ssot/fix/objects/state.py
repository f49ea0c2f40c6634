"""What objects keep in the process, and signal: by which their users hang together."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.objects.stores import Store, set_in
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.libraries.standard import CHANGING_FUNCTIONS, CHANGING_METHODS, PLAIN_CALLS, RECEIVERS
from flake8_redis_ssot.libraries.vocabulary import ENDING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, last_name, names_in, own_nodes

_CONNECTING = ENDING | {
    "__init__",
    "__new__",
    "__post_init__",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
}


class State:
    """Tells which state of an object a method of it touches."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.symbols = making.symbols
        self._kept: dict[str, dict[str, bool]] = {}
        self._touched: dict[tuple[str, str], set[str]] = {}

    def kept(self, of: Symbol) -> dict[str, bool]:
        """The attributes in which objects of a class keep state; whether it is that of the connection alone."""
        if of.qualified_name not in self._kept:
            self._kept[of.qualified_name] = {}  # a class that holds objects of itself
            self._kept[of.qualified_name] = dict(self._found(of))
        return self._kept[of.qualified_name]

    def _found(self, of: Symbol) -> Iterator[tuple[str, bool]]:
        by_name: dict[str, list[Store]] = {}
        for store in self.making.stores(of):
            by_name.setdefault(store.attribute, []).append(store)
        clients = {name for name, stores in by_name.items() if any(self._is_client(s) for s in stores)}
        connecting = set(_CONNECTING) | {s.method for name in clients for s in by_name[name]}
        members = self.symbols.members(of).named
        yield from ((name, False) for name in self._computed(of))
        for name, stores in by_name.items():
            if (
                name in clients
                or any(_makes_itself(s, of) for s in stores)
                or isinstance(getattr(members.get(name), "node", None), Function)
            ):
                continue
            later = [s for s in stores if s.method not in ("", "__init__", "__new__", "__post_init__")]
            if later or any(self._is_changeable(s.value) if s.value else not s.changing for s in stores):
                yield (
                    name,
                    name.startswith("_") and bool(later) and all(s.method in connecting for s in later),
                )

    def _computed(self, of: Symbol) -> Iterator[str]:
        """The properties of a class whose value is kept once it is asked for, and may be another each time."""
        for name, member in self.symbols.members(of).named.items():
            if isinstance(member.node, Function) and "cached_property" in decorators_of(member.node):
                code = Code(member.node, member.module, of, member.node)
                values = [p.value for p in own_nodes(member.node) if isinstance(p, ast.Return) and p.value]
                parts = (code.at(part) for value in values for part in all_nodes(value))
                if not self.making.is_client(code) and any(map(self._is_changeable, parts)):
                    yield name

    def _is_client(self, store: Store) -> bool:
        return store.value is not None and self.making.is_client(store.value)

    def _is_changeable(self, value: Code) -> bool:
        """Whether a value is a container, a lock, or another object that may change."""
        match value.node:
            case ast.Dict() | ast.List() | ast.Set() | ast.DictComp() | ast.ListComp() | ast.SetComp():
                return True
            case ast.Call(func=func):
                if last_name(func) in PLAIN_CALLS:
                    return False
                made = self.symbols.value(value.node, value.module, value.function)
                return made is None or made.of is None or bool(self.kept(made.of))
        return False

    def touched(self, of: Symbol, member: str) -> set[str]:
        """The state that a member of a class reads or changes, by the dotted names of its attributes."""
        key = of.qualified_name, member
        if key not in self._touched:
            self._touched[key] = self._touched_by(of, member)
        return self._touched[key]

    def _touched_by(self, of: Symbol, member: str) -> set[str]:
        kept = self.kept(of)
        members = self.symbols.members(of).named
        found: set[str] = set()
        seen: set[str] = set()
        new = [member]
        while new:
            name = new.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in kept:
                found.add(f"{of.qualified_name}.{name}")
            known = members.get(name)
            if known is None or not isinstance(known.node, Function):
                continue
            tests = _tests(known.node)
            is_connecting = self._is_connecting(of, name)
            for part in all_nodes(known.node):
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                    of_connection = kept.get(part.attr, False) and (is_connecting or part in tests)
                    if part.value.id in RECEIVERS and not of_connection:
                        new.append(part.attr)
            found |= self.globals_of(known.node, known.module)
        return found

    def difference(self, old: Symbol, new: Symbol, name: str, to: str) -> str | None:
        """A member whose state a member of one of two classes has a part in, and that of the other has not."""
        now = self.symbols.members(new).named
        for other in sorted(self.symbols.members(old).named):
            if other in now and other not in (name, to) and not other.startswith("_"):
                shares = [
                    not self.touched(of, one).isdisjoint(self.touched(of, other))
                    for of, one in ((old, name), (new, to))
                ]
                if shares[0] != shares[1]:
                    which = "old" if shares[0] else "new"
                    return f"it has to do with the state behind `{other}` in the {which} one alone"
        return None

    def _is_connecting(self, of: Symbol, method: str) -> bool:
        clients = {s.attribute for s in self.making.stores(of) if self._is_client(s)}
        return method in _CONNECTING or any(
            s.attribute in clients and s.method == method for s in self.making.stores(of)
        )

    def globals_of(self, node: ast.AST, module: str) -> set[str]:
        """The names of a module in which code keeps state: objects, and attributes of classes and functions."""
        facts = self.symbols.modules.facts(module)
        found = set()
        for name in names_in(node):
            known = facts.names.get(name) if facts is not None else None
            if known is None:
                continue
            symbol = self.symbols.symbol(f"{module}.{name}")
            if symbol is None or not symbol.qualified_name or symbol.of is not None:
                continue
            if symbol.kind in ("class", "function"):
                is_around = symbol.node is not None and any(part is node for part in all_nodes(symbol.node))
                if not is_around and self._is_set_below(symbol):
                    found.add(symbol.qualified_name)
                continue
            if symbol.kind != "instance" or known.kind not in ("object", "unknown"):
                continue
            value = getattr(symbol.node, "value", None)
            is_shared = isinstance(value, ast.expr) and self._is_changeable(Code(value, symbol.module))
            if (is_shared and is_changed(symbol.qualified_name, self.symbols.tree(symbol.module))) or (
                symbol.qualified_name.rpartition(".")[2] in self.symbols.set_by_functions(symbol.module)
            ):
                found.add(symbol.qualified_name)
        return found

    def _is_set_below(self, symbol: Symbol) -> bool:
        """Whether functions of its module change attributes of a class or function, other than to keep an object made."""
        name, tree = symbol.qualified_name.rpartition(".")[2], self.symbols.tree(symbol.module)
        for function in all_nodes(tree) if tree is not None else ():
            if not isinstance(function, Function):
                continue
            for part in all_nodes(function):
                for store in set_in(Code(part, symbol.module, None, function), function.name, {name}):
                    made = store.value.node if store.value is not None else None
                    value = (
                        self.symbols.value(made, symbol.module, function)
                        if isinstance(made, ast.expr)
                        else None
                    )
                    if value is None or value.of is None:
                        return True
        return False

    def raised(self, node: ast.AST, module: str) -> set[str]:
        """The exceptions of the project as which can be caught what code raises, by their homes."""
        found: set[str] = set()
        for part in all_nodes(node):
            if isinstance(part, ast.Raise) and part.exc is not None:
                raised = part.exc.func if isinstance(part.exc, ast.Call) else part.exc
                symbol = self.symbols.value(raised, module)
                if symbol is not None and symbol.kind == "class":
                    found |= self.caught_as(symbol)
        return found

    def caught_as(self, exception: Symbol) -> set[str]:
        """An exception, and those of the project from which it derives."""
        return {exception.qualified_name, *(one.qualified_name for one in self.symbols.order(exception)[0])}


def _makes_itself(store: Store, of: Symbol) -> bool:
    """Whether a class keeps the one object of itself."""
    value = store.value.node if store.value is not None else None
    if not isinstance(value, ast.Call):
        return False
    return last_name(value.func) in ("cls", "__new__", of.qualified_name.rpartition(".")[2])


def _tests(function: Function) -> set[ast.AST]:
    """The parts of a function that only decide what it does."""
    conditions = (
        part.test
        for part in all_nodes(function)
        if isinstance(part, ast.If | ast.While | ast.Assert | ast.IfExp)
    )
    return {inner for condition in conditions for inner in all_nodes(condition)}


def is_changed(home: str, tree: ast.Module | None) -> bool:
    """Whether the module of a container changes it."""
    name = home.rpartition(".")[2]
    for part in all_nodes(tree) if tree is not None else ():
        match part:
            case ast.Subscript(value=ast.Name(id=found), ctx=ast.Store() | ast.Del()):
                pass
            case ast.Attribute(value=ast.Name(id=found), ctx=ast.Store() | ast.Del()):
                pass
            case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attr)) if (
                attr in CHANGING_METHODS
            ):
                pass
            case ast.Call(func=func, args=[ast.Name(id=found), *_]) if last_name(func) in CHANGING_FUNCTIONS:
                pass
            case ast.withitem(context_expr=ast.Name(id=found)) | ast.AugAssign(target=ast.Name(id=found)):
                pass
            case _:
                continue
        if found == name:
            return True
    return False
