"""What a name of the project stands for, and what can be done with it: for exchanging one for another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from flake8_redis_ssot.facts.modules import Modules, bindings_in
from flake8_redis_ssot.fix.sources.names import Names
from flake8_redis_ssot.fix.sources.signatures import FunctionKind, function_kind, without_receiver
from flake8_redis_ssot.fix.sources.stated import is_none, is_optional, stated
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.libraries.standard import (
    CACHES,
    KIND_DECORATORS,
    OPTIONAL,
    PLAIN_BASES,
)
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, last_name, own_nodes, unparsed

SymbolKind = Literal["class", "instance", "function", "method", "member", "module", "other"]

_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class, function, module or object of the project, by its `qualified_name` where it is defined.

    An instance that no name stands for has an empty `qualified_name`; `of` is the class of an instance, or the object of
    a method, or of a member that is read.
    `is_set_later` says that its module gives the name another object at run time, `may_be_none` that it is
    None at times.
    """

    kind: SymbolKind
    qualified_name: str
    node: ast.AST | None = None
    of: Symbol | None = None
    is_set_later: bool = False
    may_be_none: bool = False

    @property
    def module(self) -> str:
        return self.qualified_name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a class: its kind (how it is used), parameters without `self`, and what it is said to give.

    `decorators` are those that may change what it is, and how it is bound; `takes` the stated types
    of its parameters.
    """

    kind: FunctionKind
    arguments: ast.arguments | None
    gives: str | None
    node: ast.AST
    module: str
    decorators: frozenset[str] = frozenset()
    takes: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a class and its bases by name; with `is_open` there may be others that cannot be seen."""

    named: Mapping[str, Member] = field(default_factory=dict)
    is_open: bool = False


class Symbols(Names):
    """What the dotted names of a project stand for, from its sources alone."""

    def __init__(self, modules: Modules, root: str) -> None:
        super().__init__(modules, root)
        self._members: dict[str, Members] = {}
        self._symbols: dict[str, Symbol | None] = {}

    def symbol(self, name: str, depth: int = 0) -> Symbol | None:
        """What the dotted `name` stands for, imports followed; None where it does not exist."""
        if depth:
            return self._symbol(name, depth)
        if name not in self._symbols:
            self._symbols[name] = self._symbol(name, 0)
        return self._symbols[name]

    def _symbol(self, name: str, depth: int) -> Symbol | None:
        found = self.modules.lookup(name)
        if found is None or depth > _DEPTH:
            return None
        if found.kind == "module":
            return Symbol("module", found.qualified_name)
        module, _, last = found.qualified_name.rpartition(".")
        tree = self.tree(module)
        if found.kind == "unknown" or tree is None:
            return Symbol("other", found.qualified_name)
        nodes = [node for known, node in bindings_in(tree.body) if known == last]
        symbols = [self._defined(node, found.qualified_name, module, depth) for node in nodes]
        later = self._set_later(last, tree, found.qualified_name, module, depth)
        known = [symbol for symbol in (*symbols, *later) if symbol is not None]
        of = {symbol.of for symbol in known if symbol.of is not None}
        if {symbol.kind for symbol in known} <= {"instance"} and len(of) < 2:
            node = known[-1].node if known else None
            is_set_later = None in symbols or bool(later) or not known
            may_be_none = None in symbols or any(symbol.may_be_none for symbol in known)
            return Symbol(
                "instance", found.qualified_name, node, of.pop() if of else None, is_set_later, may_be_none
            )
        return known[0] if len(known) == 1 else Symbol("other", found.qualified_name)

    def _set_later(self, name: str, tree: ast.Module, home: str, module: str, depth: int) -> list[Symbol]:
        """What functions of the module assign to its `name` by `global`."""
        found = []
        for function in tree.body if name in self.set_by_functions(module) else ():
            if isinstance(function, Function) and any(
                isinstance(part, ast.Global) and name in part.names for part in own_nodes(function)
            ):
                for part in own_nodes(function):
                    if isinstance(part, ast.Assign) and any(
                        isinstance(t, ast.Name) and t.id == name for t in part.targets
                    ):
                        symbol = self._assigned(part.value, part, home, module, depth)
                        found.append(symbol or Symbol("instance", home, part))
        return found

    def _defined(self, node: ast.stmt, home: str, module: str, depth: int) -> Symbol | None:
        """What the name `home` is by one statement that binds it; None where that only says that it is set later."""
        match node:
            case ast.ClassDef():
                return Symbol("class", home, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return Symbol("function", home, node)
            case ast.AnnAssign():
                made = self._assigned(node.value, node, home, module, depth) if node.value else None
                if made is not None and made.of is not None:
                    return made
                of = self._annotated(node.annotation, module, depth)
                may_be_none = made is None or is_optional(node.annotation)
                return Symbol("instance", home, node, of, made is None, may_be_none)
            case ast.Assign(value=value):
                return self._assigned(value, node, home, module, depth)
        return Symbol("instance", home, node)

    def _assigned(self, value: ast.expr, node: ast.stmt, home: str, module: str, depth: int) -> Symbol | None:
        """The object that a value is; None where it is to be set later."""
        if is_none(value):
            return None
        made = self.value(value, module, depth=depth + 1)
        of = made.of if made is not None and made.kind == "instance" else None
        return Symbol("instance", home, node, of)

    def value(
        self, node: ast.expr, module: str, function: Function | None = None, depth: int = 0
    ) -> Symbol | None:
        """What an expression of `module` gives, as far as names and calls tell."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Await):
            return self.value(node.value, module, function, depth + 1)
        if isinstance(node, ast.Call):
            called = self.value(node.func, module, function, depth + 1)
            return None if called is None else self.given(called, depth + 1)
        if isinstance(node, ast.BoolOp):
            found = {self.value(part, module, function, depth + 1) for part in node.values}
            return found.pop() if len(found) == 1 else None
        name = self.dotted(node, module, function)
        if name is None:
            return None
        symbol = self.symbol(name, depth + 1)
        if symbol is not None and symbol.kind == "other" and isinstance(node, ast.Attribute):
            owner = self.value(node.value, module, function, depth + 1)
            if owner is not None and owner.kind == "class":
                member = self.members(owner).named.get(node.attr)
                if member is not None and isinstance(member.node, Function):
                    return Symbol("function", f"{owner.qualified_name}.{node.attr}", member.node)
        return symbol

    def given(self, symbol: Symbol, depth: int = 0) -> Symbol | None:
        """What a call gives (for `async def` what awaiting it gives): an object with a name, or just its class.

        None where the source does not tell.
        """
        if symbol.kind == "class":
            return Symbol("instance", "", symbol.node, symbol)
        node, module = symbol.node, symbol.module
        if symbol.kind != "function" or not isinstance(node, Function) or depth > _DEPTH:
            return None
        if self.tree(module) is None:  # a method: its class stands in a module
            module = module.rpartition(".")[0]
        if function_kind(node) not in ("", "async") or not decorators_of(node) <= CACHES | {
            "staticmethod",
            "classmethod",
        }:
            return None
        values = [part.value for part in own_nodes(node) if isinstance(part, ast.Return)]
        found = []
        for value in values:
            one = self.value(value, module, node, depth + 1) if value is not None else None
            found.append(one or (self._local(value, node, module, depth) if value is not None else None))
        if found and found[0] is not None and all(one == found[0] for one in found):
            return replace(found[0], may_be_none=found[0].may_be_none and not _sets(node, found[0]))
        of = self._annotated(node.returns, module, depth) if node.returns is not None else None
        may_be_none = any(value is None or is_none(value) for value in values) or is_optional(node.returns)
        return None if of is None else Symbol("instance", "", of.node, of, may_be_none=may_be_none)

    def _local(self, value: ast.expr, function: Function, module: str, depth: int) -> Symbol | None:
        """What a local variable of a function holds, where all its assignments agree."""
        if not isinstance(value, ast.Name):
            return None
        found = set()
        for part in own_nodes(function):
            if isinstance(part, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == value.id for t in part.targets
            ):
                found.add(self.value(part.value, module, function, depth + 1))
        return found.pop() if len(found) == 1 else None

    def _annotated(self, node: ast.expr, module: str, depth: int) -> Symbol | None:
        """The class that an annotation names; `None` beside it does not count."""
        if depth > _DEPTH:
            return None
        match node:
            case ast.Constant(value=str(text)):
                try:
                    return self._annotated(ast.parse(text, mode="eval").body, module, depth + 1)
                except SyntaxError:
                    return None
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                sides = [side for side in (left, right) if not is_none(side)]
                return self._annotated(sides[0], module, depth + 1) if len(sides) == 1 else None
            case ast.Subscript(value=value, slice=inner) if last_name(value) in OPTIONAL:
                return self._annotated(inner, module, depth + 1)
        name = self.dotted(node, module)
        symbol = self.symbol(name, depth + 1) if name is not None else None
        return symbol if symbol is not None and symbol.kind == "class" else None

    def members(self, symbol: Symbol, depth: int = 0) -> Members:
        """The members of a class."""
        if symbol.qualified_name in self._members:
            return self._members[symbol.qualified_name]
        named: dict[str, Member] = {}
        order, is_open = self.order(symbol, depth)
        for one in reversed(order):
            node = one.node
            assert isinstance(node, ast.ClassDef)
            named |= self._own_members(node, one)
            is_open = is_open or has_metaclass(node) or bool(node.decorator_list)
        is_open = is_open or "__getattr__" in named or "__getattribute__" in named
        self._members[symbol.qualified_name] = Members(named, is_open)
        return self._members[symbol.qualified_name]

    def is_plain(self, symbol: Symbol) -> bool:
        """Whether a function does nothing but return: without a condition, and without anything on the way."""
        body = symbol.node.body if isinstance(symbol.node, Function) else []
        rest = [part for part in body if not isinstance(part, ast.Import | ast.ImportFrom)]
        rest = [p for p in rest if not (isinstance(p, ast.Expr) and isinstance(p.value, ast.Constant))]
        return len(rest) == 1 and isinstance(rest[0], ast.Return)

    def order(self, symbol: Symbol, depth: int = 0) -> tuple[list[Symbol], bool]:
        """A class and its bases in the order in which Python looks; and whether some base cannot be seen."""
        node = symbol.node
        if not isinstance(node, ast.ClassDef) or depth > _DEPTH:
            return [], True
        is_open = False
        lines: list[list[Symbol]] = []
        direct = []
        for base in node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            name = self.dotted(plain, symbol.module)
            above = self.symbol(name) if name is not None else None
            if above is not None and above.kind == "class":
                order, opened = self.order(above, depth + 1)
                lines.append(order)
                direct.append(above)
                is_open = is_open or opened
            elif last_name(plain) not in PLAIN_BASES:
                is_open = True
        found = [symbol]
        lines.append(direct)
        while lines := [line for line in lines if line]:
            heads = [line[0] for line in lines if not any(line[0] in other[1:] for other in lines)]
            if not heads:
                return found, True
            found.append(heads[0])
            lines = [[one for one in line if one != heads[0]] for line in lines]
        return found, is_open

    def _own_members(self, node: ast.ClassDef, of: Symbol) -> dict[str, Member]:
        """The members that a class itself defines; what is a method and assigned too is an attribute."""
        module = of.module
        found: dict[str, Member] = {}

        def add(name: str, member: Member) -> None:
            again = name in found and "attribute" in (member.kind, found[name].kind)
            unknown = Member("attribute", None, None, member.node, module)
            is_typed = again and found[name].gives is not None and member.gives is None
            found[name] = found[name] if is_typed else unknown if again else member

        for statement in node.body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    add(statement.name, self._method(statement, node, of))
                case ast.Assign(targets=targets):
                    for name in (t.id for t in targets if isinstance(t, ast.Name)):
                        add(name, Member("attribute", None, None, statement, module))
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    add(
                        name,
                        Member(
                            "attribute", None, stated(annotation, module, self.modules), statement, module
                        ),
                    )
                case ast.Delete(targets=targets):
                    for name in (t.id for t in targets if isinstance(t, ast.Name)):
                        found.pop(name, None)
        for statement in node.body:
            if isinstance(statement, Function):
                for target, value in _stores_on_self(statement):
                    if target not in found or found[target].kind not in ("attribute", "property"):
                        add(target, Member("attribute", None, None, value, module))
        return found

    def as_member(self, function: Function, module: str) -> Member:
        """A function as if it were a method without a receiver."""
        return self._member(function, self.with_values(function.args, None, module), module)

    def _method(self, function: Function, owner: ast.ClassDef, of: Symbol) -> Member:
        arguments = self.with_values(without_receiver(function), owner, of.module)
        member = self._member(function, arguments, of.module)
        if member.gives is not None and re.search(r"\bSelf\b", member.gives):
            return replace(member, gives=f"{member.gives} of {of.qualified_name}")
        return member

    def _member(self, function: Function, arguments: ast.arguments, module: str) -> Member:
        takes = {
            a.arg: said
            for a in single(function.args)
            if (said := stated(a.annotation, module, self.modules)) is not None
        }
        return Member(
            function_kind(function),
            arguments,
            stated(function.returns, module, self.modules),
            function,
            module,
            frozenset(decorators_of(function)) - KIND_DECORATORS,
            takes,
        )

    def arguments(self, symbol: Symbol) -> ast.arguments | None:
        """The parameters of a function, the values of their defaults put in."""
        node = symbol.node
        return self.with_values(node.args, None, symbol.module) if isinstance(node, Function) else None

    def with_values(self, args: ast.arguments, owner: ast.ClassDef | None, module: str) -> ast.arguments:
        """Parameters with the constants that their defaults name, so that these can be compared."""

        def value(node: ast.expr) -> ast.expr:
            if not isinstance(node, ast.Name | ast.Attribute):
                return node
            bodies = [owner.body] if owner is not None else []
            home = self.dotted(node, module)
            found = self.modules.lookup(home) if home is not None else None
            name = node.id if isinstance(node, ast.Name) else ""
            if found is not None and home is not None:
                tree = self.tree(found.qualified_name.rpartition(".")[0])
                bodies += [tree.body] if tree is not None else []
                name = found.qualified_name.rpartition(".")[2]
            for body in bodies:
                for known, statement in bindings_in(body):
                    if known == name and isinstance(getattr(statement, "value", None), ast.Constant):
                        return statement.value  # type: ignore[attr-defined, no-any-return]
            return ast.Name(
                found.qualified_name if found is not None else f"{module}.{unparsed(node)}", ast.Load()
            )

        return ast.arguments(
            args.posonlyargs,
            args.args,
            args.vararg,
            args.kwonlyargs,
            [d and value(d) for d in args.kw_defaults],
            args.kwarg,
            [value(d) for d in args.defaults],
        )

    def said(self, symbol: Symbol) -> str | None:
        """What a function says that it gives, as text that is equal for equal types."""
        node = symbol.node
        return stated(node.returns, symbol.module, self.modules) if isinstance(node, Function) else None


def _sets(function: Function, symbol: Symbol) -> bool:
    """Whether a function sets the global that it gives."""
    return any(
        isinstance(part, ast.Global) and symbol.qualified_name.rpartition(".")[2] in part.names
        for part in own_nodes(function)
    )


def _stores_on_self(function: Function) -> Iterator[tuple[str, ast.AST]]:
    """The attributes that a method sets on its object."""
    for part in all_nodes(function):
        match part:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name, part


def has_metaclass(node: ast.ClassDef) -> bool:
    """Whether a class states a metaclass that may do something with it; that of abstract classes does nothing."""
    return any(k.arg == "metaclass" and last_name(k.value) != "ABCMeta" for k in node.keywords)
