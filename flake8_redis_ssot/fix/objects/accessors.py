"""What of a manager gives its raw client or pool: an object, a function, or a member of the manager's object."""

from __future__ import annotations

import ast
import re

from flake8_redis_ssot.analysis.operations import gives_a_client, words
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.made_once import bindings_of, made_once
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.sources.leaving import leaves
from flake8_redis_ssot.fix.sources.module_names import is_surely_bound
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.returns import returns, sure_at_end
from flake8_redis_ssot.fix.sources.signatures import (
    bound_to,
    function_kind,
    parameter_names,
    without_receiver,
)
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.symbols import Member, Symbol
from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.libraries.builders import Kind
from flake8_redis_ssot.libraries.standard import CACHES, LOGS, RECEIVERS
from flake8_redis_ssot.libraries.traits import OWNING, POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    decorators_of,
    last_name,
    own_nodes,
    root_of,
    unparsed,
)

_DEPTH = 8
_STATIC = frozenset(["classmethod", "staticmethod"])
_KNOWN_DECORATORS = CACHES | _STATIC | {"property", "cached_property", "override", "final"}


_FURTHER = re.compile(r"_(?:by|for|from|of|with)(?:_|$)")
"""Where a name has said what is given, and goes on."""

_UNKNOWN = "what `{}` gives cannot be determined"


class Unfit(Exception):
    """Why an expression gives no client that all can share; `{}` in the reason stands for the expression.

    `code` is the part of it that leads no further, where there is such a one.
    """

    def __init__(self, why: str, code: Code | None = None) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Lead:
    """The call `made` that builds what an expression gives.

    `is_fresh` says that each evaluation makes that call, `acts` that one does more than to give it, `is_of_loop`
    that there is one for each event loop.
    """

    made: Code
    is_fresh: bool = False
    acts: bool = False
    is_of_loop: bool = False


@dataclass(frozen=True, slots=True)
class Accessor:
    """An expression that gives the client or pool of a manager: the object `qualified_name`, and what is written after it.

    `at` says where that is defined, `made` is the call that builds it. `acts` says that getting it does more than to give it,
    `is_of_loop` that each event loop has one of its own.
    """

    qualified_name: str
    tail: str
    at: str
    made: Code
    kind: Kind
    target: str
    is_async: bool = False
    acts: bool = False
    is_of_loop: bool = False

    @property
    def label(self) -> str:
        return f"{self.qualified_name}{self.tail}"


class Accessors:
    """Finds the accessors of the project's managers."""

    def __init__(self, making: Making, table: BuilderTable) -> None:
        self.making = making
        self.symbols = making.symbols
        self._kinds = {builder.target: builder.kind for builder in table.values()}
        self._known: dict[str, tuple[list[Accessor], list[str]]] = {}

    def of(self, module: str, instance: str | None) -> tuple[list[Accessor], list[str]]:
        """The accessors of a manager's module, those of its `instance` first; why others are none."""
        if module not in self._known:
            found: list[Accessor] = []
            unfit: list[str] = []
            facts = self.symbols.modules.facts(module)
            name = (instance or "").removesuffix("()")
            names = [
                n for n, known in (facts.names if facts is not None else {}).items() if known.target is None
            ]
            for one in sorted(names, key=lambda n: n != name):
                if one == name or not one.startswith("_"):
                    self._add_named(f"{module}.{one}", found, unfit)
            found.sort(key=lambda a: (a.is_async, a.acts))
            self._known[module] = found, unfit
        return self._known[module]

    def lead(self, code: Code, depth: int = 0) -> Lead:
        """The call behind an expression; Unfit where there is none, or not always."""
        node, inner = code.node, depth + 1
        if depth > _DEPTH:
            raise Unfit(_UNKNOWN, code)
        match node:
            case ast.Await(value=value):
                return self.lead(code.at(value), inner)
            case ast.Call() if self.making.builder(code.at(node.func)) is not None:
                return Lead(code, is_fresh=not self._borrows(code, inner))
            case ast.Call(func=func, args=[], keywords=[]):
                return self._called(code.at(func), inner)
            case ast.Name(id=name) if code.function is not None and name in locals_of(code.function):
                return self._local(code, name, inner)
            case ast.Attribute(value=base, attr=attr):
                of = self._owner(code.at(base))
                if of is not None:
                    return self._attribute(*of, attr, inner)
        dotted = self.symbols.dotted(node, code.module, code.function) if isinstance(node, ast.expr) else None
        found = self.symbols.modules.lookup(dotted) if dotted is not None else None
        if found is None or found.kind != "object":
            raise Unfit(_UNKNOWN, code)
        return self._global(found.qualified_name, inner)

    def target(self, lead: Lead) -> str:
        """The builder by which a client is built."""
        assert isinstance(lead.made.node, ast.Call)
        return self.making.builder(lead.made.at(lead.made.node.func)) or ""

    def shared(self, code: Code) -> Code | None:
        """The call behind an expression that gives what is there already; None where there is none such."""
        try:
            found = self._given(code, 0)
        except Unfit:
            return None
        return None if found.is_fresh and not isinstance(code.node, ast.Name) else found.made

    # what a module names

    def _add_named(self, home: str, found: list[Accessor], unfit: list[str]) -> None:
        symbol = self.symbols.symbol(home)
        if symbol is None or not is_surely_bound(self.symbols, home) or self.making.is_rebound(home):
            return
        name = ast.Name(home.rpartition(".")[2], ast.Load())
        if symbol.kind == "instance" and symbol.of is not None and not symbol.is_set_later:
            self._add_members(home, "", symbol.of, Code(name, symbol.module), found, unfit)
        elif symbol.kind == "instance":
            self._add(Code(name, symbol.module), home, "", found, unfit)
        elif symbol.kind == "function" and isinstance(symbol.node, Function):
            given, first = self.symbols.given(symbol), len(found)
            is_object = given is not None and given.of is not None and function_kind(symbol.node) == ""
            if is_object and (given.qualified_name or made_once(self.making, symbol) is not None):  # type: ignore[union-attr]
                base = Code(ast.Call(name, [], []), symbol.module)
                self._add_members(home, "()", given.of, base, found, unfit)  # type: ignore[union-attr,arg-type]
                if _acts(symbol.node):
                    found[first:] = [replace(one, acts=True) for one in found[first:]]
            else:
                self._add(Code(ast.Call(name, [], []), symbol.module), home, "()", found, unfit, symbol.node)
        elif symbol.kind == "class":
            for last, member in self.symbols.members(symbol).named.items():
                if isinstance(member.node, Function) and decorators_of(member.node) & _STATIC:
                    call = ast.Call(ast.Attribute(name, last, ast.Load()), [], [])
                    if not last.startswith("_"):
                        self._add(Code(call, symbol.module), home, f".{last}()", found, unfit, member.node)

    def _add_members(
        self, home: str, tail: str, of: Symbol, base: Code, found: list[Accessor], unfit: list[str]
    ) -> None:
        """The members of an object that give a client; `base` is the expression that gives the object."""
        assert isinstance(base.node, ast.expr)
        for last, member in self.symbols.members(of).named.items():
            if last.startswith("_"):
                continue
            node = ast.Attribute(base.node, last, ast.Load())
            function = member.node if isinstance(member.node, Function) else None
            if function is None or function_kind(function) == "property":
                self._add(base.at(node), home, f"{tail}.{last}", found, unfit, function)
            else:
                call = base.at(ast.Call(node, [], []))
                self._add(call, home, f"{tail}.{last}()", found, unfit, function)

    def _add(
        self, code: Code, home: str, tail: str, found: list[Accessor], unfit: list[str],
        function: Function | None = None,
    ) -> None:  # fmt: skip
        label = f"{home}{tail}"
        try:
            lead = self.lead(code)
            if lead.is_fresh and function is not None:
                raise Unfit("`{}` builds another one at every call, with a pool of its own")
        except Unfit as error:
            if _may_give(code):
                at = self.symbols.at(error.code) if error.code is not None else ""
                if error.code is not None and at:
                    part = unparsed(error.code.node)
                    unfit.append(f"`{label}` gives what `{part}`{at} does, and that is not resolved")
                else:
                    at = self.symbols.at(code.at(function) if function is not None else code)
                    unfit.append(f"{str(error).format(label)}{at}")
            return
        target = self.target(lead)
        is_async = isinstance(function, ast.AsyncFunctionDef)
        kind = self._kinds.get(target, "client")
        at = self.symbols.at(code.at(function) if function is not None else lead.made)
        found.append(Accessor(home, tail, at, lead.made, kind, target, is_async, lead.acts, lead.is_of_loop))

    # what expressions give

    def _owner(self, code: Code) -> tuple[Symbol, Code | None] | None:
        """The class of the object that an expression gives, with the call that makes the object."""
        node = code.node
        if isinstance(node, ast.Name) and node.id in RECEIVERS and code.owner is not None:
            return code.owner, code.maker
        assert isinstance(node, ast.expr)
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            called = self.symbols.value(node.func, code.module, code.function)
            made = (
                made_once(self.making, called) if called is not None and called.kind == "function" else None
            )
            if made is not None and isinstance(made.node, ast.Call):
                of = self.symbols.value(made.node.func, made.module, made.function)
                return (of, made) if of is not None else None
        symbol = self.symbols.value(node, code.module, code.function)
        if symbol is None or (symbol.kind == "instance" and not symbol.qualified_name):
            return None
        if symbol.kind == "class":
            return symbol, None
        if symbol.kind != "instance" or symbol.of is None or symbol.is_set_later:
            return None
        return symbol.of, self.making.maker(symbol)

    def _called(self, code: Code, depth: int) -> Lead:
        """What a call without arguments gives, of a function or of a method."""
        node = code.node
        if isinstance(node, ast.Attribute):
            of = self._owner(code.at(node.value))
            member = self.symbols.members(of[0]).named.get(node.attr) if of is not None else None
            if of is not None and member is not None and isinstance(member.node, Function):
                return self._returned(_called_in(member, *of), depth)
        assert isinstance(node, ast.expr)
        symbol = self.symbols.value(node, code.module, code.function)
        if symbol is None or not isinstance(symbol.node, Function) or symbol.kind != "function":
            raise Unfit(_UNKNOWN, code)
        return self._returned(Code(symbol.node, symbol.module, None, symbol.node, is_called=True), depth)

    def _attribute(self, of: Symbol, call: Code | None, name: str, depth: int) -> Lead:
        member = self.symbols.members(of).named.get(name)
        if member is not None and isinstance(member.node, Function):
            if function_kind(member.node) != "property":
                raise Unfit(_UNKNOWN)
            return self._returned(_called_in(member, of, call), depth)
        found, is_always = self._stored(of, call, name, depth)
        if not is_always:
            raise Unfit("`{}` is not set from the beginning")
        return found

    def _stored(self, of: Symbol, call: Code | None, name: str, depth: int) -> tuple[Lead, bool]:
        """What an attribute is given; whether it is so as soon as the object is there."""
        stores = [s for s in self.making.stores(of) if s.attribute == name and not s.is_item and s.value]
        values = [(s, s.value) for s in stores if s.value is not None and not is_none(s.value.node)]
        if len(values) != 1:
            raise Unfit("`{}` is given several things" if values else _UNKNOWN)
        store, value = values[0]
        value = self.making.of_object(value, call)
        ended = {s.method for s in stores} - {store.method, "", "__init__"}
        is_first = store.method == "" or (
            store.method == "__init__" and value.function is not None and _stores_surely(value.function, name)
        )
        is_always = is_first and all(set(m.strip("_").split("_")) & CLOSING for m in ended)
        return replace(self.lead(value, depth), is_fresh=False), is_always

    def _global(self, home: str, depth: int, sure: frozenset[str] = frozenset()) -> Lead:
        """What a module's name holds."""
        module, _, name = home.rpartition(".")
        if self.making.is_rebound(home):
            raise Unfit("`{}` is given another object at run time")
        tree = self.symbols.tree(module)
        values: list[Code] = []
        may_be_none = False
        for function, node in bindings_of(tree, name) if tree is not None else ():
            value = getattr(node, "value", None)
            if not isinstance(node, ast.Assign | ast.AnnAssign) or isinstance(value, ast.Tuple):
                raise Unfit(_UNKNOWN)
            if value is None or is_none(value):
                may_be_none = True
            else:
                values.append(Code(value, module, None, function))
        if len(values) != 1:
            raise Unfit(f"`{home}` is assigned in several places" if values else _UNKNOWN)
        if (may_be_none or values[0].function is not None) and name not in sure:
            raise Unfit("`{}` is None at times")
        return replace(self.lead(values[0], depth), is_fresh=False)

    def _local(self, code: Code, name: str, depth: int) -> Lead:
        assert code.function is not None
        stores = [p for p in own_nodes(code.function) if isinstance(p, ast.Name) and p.id == name]
        stores = [p for p in stores if not isinstance(p.ctx, ast.Load)]
        values = [
            p.value
            for p in own_nodes(code.function)
            if isinstance(p, ast.Assign | ast.AnnAssign)
            and any(
                p_ is t for p_ in stores for t in (p.targets if isinstance(p, ast.Assign) else [p.target])
            )
        ]
        if len(stores) != 1 or len(values) != 1 or values[0] is None:
            raise Unfit(_UNKNOWN, code)
        return self.lead(code.at(values[0]), depth)

    def _borrows(self, code: Code, depth: int) -> bool:
        """Whether a client is built on a pool that stays when the client goes."""
        call = code.node
        assert isinstance(call, ast.Call)
        if (self.making.builder(code.at(call.func)) or "").endswith(OWNING):
            return False
        pools = [k.value for k in call.keywords if k.arg in POOL_KEYWORDS]
        return len(pools) == 1 and not self._given(code.at(pools[0]), depth).is_fresh

    def _returned(self, code: Code, depth: int) -> Lead:
        """What a function gives in the end."""
        function = code.function
        assert function is not None
        if (
            function_kind(function) not in ("", "async", "property")
            or not decorators_of(function) <= _KNOWN_DECORATORS
        ):
            raise Unfit(_UNKNOWN)
        args = without_receiver(function) if code.owner is not None else function.args
        if isinstance(bound_to(ast.Call(ast.Name("x"), [], []), args), str):
            raise Unfit("`{}` needs arguments")
        if not leaves(function.body):
            raise Unfit("`{}` may give None")
        found = []
        for statement, sure in returns(function.body, set()):
            if statement.value is None or is_none(statement.value):
                raise Unfit("`{}` may give None")
            found.append(self._given(code.at(statement.value), depth, frozenset(sure)))
        made = {unparsed(one.made.node) for one in found}
        if len(made) != 1:
            raise Unfit("`{}` gives one of several" if made else _UNKNOWN)
        is_kept = bool(decorators_of(function) & (CACHES | {"cached_property"}))
        is_fresh = not is_kept and any(one.is_fresh for one in found)
        acts = _acts(function) or any(one.acts for one in found)
        return Lead(found[0].made, is_fresh, acts, all(one.is_of_loop for one in found))

    def _given(self, code: Code, depth: int, sure: frozenset[str] | None = None) -> Lead:
        """What a part of a function gives, where the places in `sure` are set."""
        node, function = code.node, code.function
        if function is not None and sure is None:
            sure = frozenset(sure_at_end(function))
        place = unparsed(node)
        if isinstance(node, ast.Name) and function is not None and node.id not in locals_of(function):
            name = self.symbols.dotted(node, code.module, function)
            if name == f"{code.module}.{node.id}":
                return self._global(name, depth, sure or frozenset())
        if isinstance(node, ast.Attribute) and (of := self._owner(code.at(node.value))) is not None:
            member = self.symbols.members(of[0]).named.get(node.attr)
            if member is None or not isinstance(member.node, Function):
                lead, is_always = self._stored(*of, node.attr, depth)
                if not is_always and place not in (sure or ()):
                    raise Unfit("`{}` may give None")
                return lead
        if isinstance(node, ast.Subscript) and function is not None and place in (sure or ()):
            return self._item(code, node, function, depth)
        return self.lead(code, depth)

    def _item(self, code: Code, node: ast.Subscript, function: Function, depth: int) -> Lead:
        """What a dictionary of the object keeps for the running event loop, for which it is set in the function."""
        held = node.value
        of = self._owner(code.at(held.value)) if isinstance(held, ast.Attribute) else None
        if of is None or not isinstance(held, ast.Attribute) or not _is_loop(node.slice, function):
            raise Unfit("what `{}` gives cannot be determined")
        # what is taken out of it is of no matter
        stores = [s for s in self.making.stores(of[0]) if s.attribute == held.attr and s.value is not None]
        items = [s.value for s in stores if s.is_item and s.value is not None]
        if len(items) != 1 or items[0].function is not function or _is_filled(of[0], held.attr):
            raise Unfit("`{}` is given several things")
        item = self.making.of_object(items[0], of[1])
        return replace(self.lead(item, depth), is_fresh=False, is_of_loop=True)


def _may_give(code: Code) -> bool:
    """Whether something that is no accessor looks it, so that the reason is worth saying: `get_client_for`, no `redis_key`."""
    node = code.node.func if isinstance(code.node, ast.Call) else code.node
    name = _FURTHER.split(last_name(node))[0]
    return gives_a_client(name) or words(name)[-1:] == ["pool"]


def _called_in(member: Member, of: Symbol, maker: Code | None) -> Code:
    """A method that is called without arguments, of the object that `maker` makes."""
    assert isinstance(member.node, Function)
    return Code(member.node, member.module, of, member.node, maker=maker, is_called=True)


def _is_filled(of: Symbol, name: str) -> bool:
    """Whether a call puts something into an attribute of the objects of a class."""
    return any(
        isinstance(part, ast.Attribute)
        and part.attr in ("setdefault", "update", "__setitem__")
        and last_name(part.value) == name
        for part in all_nodes(of.node or ast.Pass())
    )


def _is_loop(node: ast.expr, function: Function) -> bool:
    """Whether an expression is the running event loop, by its call or by a name that is given that alone."""
    if isinstance(node, ast.Name):
        values = [
            part.value
            for part in own_nodes(function)
            if isinstance(part, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in part.targets)
        ]
        return len(values) == 1 and not isinstance(values[0], ast.Name) and _is_loop(values[0], function)
    return isinstance(node, ast.Call) and last_name(node.func) == "get_running_loop"


def _stores_surely(function: Function, name: str) -> bool:
    """Whether a method sets an attribute of its object by a statement that always runs."""
    receiver = next(iter(parameter_names(function)), "self")
    return f"{receiver}.{name}" in sure_at_end(function)


def _acts(function: Function) -> bool:
    """Whether a function calls something for what that does, and not to report."""
    for part in own_nodes(function):
        if isinstance(part, ast.Expr):
            value = part.value.value if isinstance(part.value, ast.Await) else part.value
            if isinstance(value, ast.Call) and last_name(root_of(value.func)) not in LOGS:
                return True
    return False
