"""How an object is made: the connection that it comes to, as text that is equal for equal ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from flake8_redis_ssot.facts.modules import bindings_in
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.initialisers import (
    given_to,
    keeps_something,
    outermost_calls,
    run_by_making,
)
from flake8_redis_ssot.fix.objects.resolver import Resolver, Untold
from flake8_redis_ssot.fix.objects.stores import Store, set_in, set_in_body
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.signatures import defaults_of, parameter_names
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.libraries.standard import PLAIN_BASES
from flake8_redis_ssot.libraries.vocabulary import CLIENT_WORDS
from flake8_redis_ssot.syntax.nodes import (
    DEFINITIONS,
    Function,
    all_nodes,
    innermost,
    last_name,
    names_in,
    own_nodes,
    unparsed,
)

_DEPTH = 6
ALIKE = (
    "let both take it from one setting where they mean one server, and run again; where not, let the manager give an "
    "object for it, or `allow` it"
)


@dataclass(slots=True)
class Connections:
    """What the source says about the clients of an object.

    `clients` are the calls that build them, as text; `names` the dotted names by which they are looked up when
    that happens, `late` the code that builds some only when they are needed, `unknown` what is not told, `is_given`
    that a client comes from a caller.
    """

    clients: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    late: list[Code] = field(default_factory=list)
    unknown: str | None = None
    is_given: bool = False


class Making:
    """Reads off the source how objects are made; `is_rebound` tells whether a module's name is set elsewhere."""

    def __init__(self, symbols: Symbols, table: BuilderTable, is_rebound: Callable[[str], bool]) -> None:
        self.symbols = symbols
        self.table = table
        self.is_rebound = is_rebound
        self._stores: dict[str, list[Store]] = {}
        self._connected: dict[Symbol, Connections] = {}

    def stores(self, of: Symbol) -> list[Store]:
        """Where the attributes of the objects of a class are set and changed, by the class and its bases."""
        if of.qualified_name not in self._stores:
            found: list[Store] = []
            for one, statement in self._running(of):
                if not isinstance(statement, Function | ast.ClassDef):
                    found += set_in_body(Code(statement, one.module, of))
                elif isinstance(statement, Function):
                    receiver = next(iter(parameter_names(statement)), "self")
                    own = {receiver, "self", "cls", one.qualified_name.rpartition(".")[2]}
                    for part in all_nodes(statement):
                        found += set_in(Code(part, one.module, of, statement), statement.name, own)
            self._stores[of.qualified_name] = found
        return self._stores[of.qualified_name]

    def foreign_bases(self, of: Symbol) -> set[str | None]:
        """The bases of a class that the project does not define; None for one that the source does not tell."""
        found = set()
        for one in self.symbols.order(of)[0]:
            for base in one.node.bases if isinstance(one.node, ast.ClassDef) else ():
                home = self.qualified_name_of(Code(base, one.module))
                symbol = self.symbols.symbol(home) if home is not None else None
                if (symbol is None or symbol.kind != "class") and last_name(base) not in PLAIN_BASES:
                    found.add(home)
        return found

    def connections(self, of: Symbol, call: Code | None) -> Connections:
        """The clients of the objects of a class, made by `call` where that is known."""
        if call is not None:
            return self._connections(of, call)
        if of not in self._connected:
            self._connected[of] = self._connections(of, None)
        known = self._connected[of]
        return replace(known, clients={*known.clients}, names={*known.names}, late=[*known.late])

    def _connections(self, of: Symbol, call: Code | None) -> Connections:
        found = Connections()
        early = run_by_making({s.name: s for _, s in self._running(of) if isinstance(s, Function)})
        for one, statement in self._running(of):
            function = statement if isinstance(statement, Function) else None
            code = self.of_object(Code(statement, one.module, of, function), call)
            self._add_built(code, function is None or function.name in early, found)
        for code in self._made_as_client(of, call):
            self._add_built(code, True, found)
        for store in self.stores(of):
            if store.value is not None:
                self._add_stored(store, self.of_object(store.value, call), found)
        return found

    def _made_as_client(self, of: Symbol, call: Code | None) -> Iterator[Code]:
        """How an object is made that is a client itself: the call of the base, by its own initialiser or as it is made."""
        for one in self.symbols.order(of)[0]:
            for base in one.node.bases if isinstance(one.node, ast.ClassDef) else ():
                if self.builder(Code(base, one.module)) is None:
                    continue
                init = self.symbols.members(of).named.get("__init__")
                if init is None:
                    made = (
                        call.node
                        if call is not None and isinstance(call.node, ast.Call)
                        else ast.Call(base, [], [])
                    )
                    yield Code(ast.Call(base, made.args, made.keywords), one.module)
                for part in all_nodes(init.node) if init is not None else ():
                    if isinstance(part, ast.Call) and last_name(part.func) == "__init__":
                        assert init is not None and isinstance(init.node, Function)
                        made = ast.Call(base, part.args, part.keywords)
                        yield self.of_object(Code(made, init.module, of, init.node), call)

    def _running(self, of: Symbol) -> Iterator[tuple[Symbol, ast.stmt]]:
        """The statements of a class and its bases, without the methods that another one replaces."""
        replaced: set[str] = set()
        for one in self.symbols.order(of)[0]:
            assert isinstance(one.node, ast.ClassDef)
            methods = [part for part in one.node.body if isinstance(part, Function)]
            yield from ((one, part) for part in one.node.body if getattr(part, "name", "") not in replaced)
            replaced |= {
                m.name for m in methods
                if not any(isinstance(p, ast.Name) and p.id == "super" for p in all_nodes(m))
            }  # fmt: skip

    def _add_built(self, code: Code, is_early: bool, found: Connections) -> None:
        """Add the calls of builders in a part of the source."""
        for part in outermost_calls(code.node, lambda call: self.builder(code.at(call.func)) is not None):
            text = self.text(code.at(part))
            if text is None:
                found.unknown = found.unknown or f"`{unparsed(part)}`"
            else:
                found.clients.add(text)
            found.names.add(self.qualified_name_of(code.at(part.func)) or "")
            if not is_early:
                found.late.append(code)

    def _add_stored(self, store: Store, value: Code, found: Connections) -> None:
        """Add a client that an attribute is given, and that is built outside of the class."""
        is_given = self._is_client_given(value)
        if is_given is not None:
            found.unknown = (
                found.unknown or f"the client that `{store.method}` gets as its parameter `{is_given}`"
            )
            found.is_given = True
        elif self._is_from_elsewhere(value):
            text = self.text(value)
            if text is None:
                found.unknown = found.unknown or f"`{unparsed(value.node)}`"
            else:
                found.clients.add(text)

    def is_client(self, value: Code, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a client or pool is built in an expression, or was for a local name of it (`seen` ones apart)."""
        if self._builds(value):
            return True
        names = names_in(value.node) - seen
        return value.function is not None and any(
            self.is_client(value.at(part.value), seen | names)
            for part in own_nodes(value.function)
            if isinstance(part, ast.Assign)
            and isinstance(part.targets[0], ast.Name)
            and part.targets[0].id in names
        )

    def _builds(self, code: Code) -> bool:
        """Whether a call in some code builds a client or pool."""
        return any(
            isinstance(part, ast.Call) and self.builder(code.at(part.func)) is not None
            for part in all_nodes(code.node)
        )

    def gives_client(self, of: Symbol, name: str) -> bool:
        """Whether an attribute or property of a class is its client, however that is made and kept."""
        values = [s.value for s in self.stores(of) if s.attribute == name and s.value and not s.is_item]
        member = self.symbols.members(of).named.get(name)
        if values:
            return any(map(self.is_client, values))
        return (
            member is not None
            and member.kind == "property"
            and member.gives is not None
            and self.table.get(member.gives) is not None
            and self.is_client(Code(member.node, member.module, of))
        )

    def made_by(self, symbol: Symbol) -> Code | None:
        """The expression of its module that makes a client of a library; None for any other object."""
        name = symbol.qualified_name
        value = getattr(symbol.node, "value", None) if symbol.kind == "instance" and name else None
        code = Code(value, symbol.module) if isinstance(value, ast.Call) else None
        if code is None or self.symbols.symbol(name) is None or self.is_changed_after(symbol):
            return None
        return code if self.builder(code.at(value.func)) or self._gives_built(code) else None  # type: ignore[union-attr]

    def _gives_built(self, code: Code) -> bool:
        """Whether a call is one of a function that gives nothing but what it builds."""
        assert isinstance(code.node, ast.Call)
        function = self.symbols.value(code.node.func, code.module)
        if function is None or not isinstance(function.node, Function):
            return False
        given = [part.value for part in own_nodes(function.node) if isinstance(part, ast.Return)]
        return bool(given) and all(
            isinstance(value, ast.Call)
            and self.builder(Code(value.func, function.module, None, function.node)) is not None
            for value in given
        )

    def is_changed_after(self, symbol: Symbol) -> bool:
        """Whether statements of its module do anything with an object once it is made."""
        return next(self._done_with(symbol), None) is not None

    def builders_of(self, symbol: Symbol) -> set[str]:
        """The names by which the client that an object is gets built."""
        code = self.made_by(symbol)
        found = Connections()
        if code is not None and isinstance(code.node, ast.Call):
            function = self.symbols.value(code.node.func, code.module)
            body = function.node if function is not None and function.node is not None else code.node
            module = function.module if function is not None else code.module
            self._add_built(
                Code(body, module, None, body if isinstance(body, Function) else None), True, found
            )
        return found.names

    def _is_client_given(self, value: Code) -> str | None:
        """The parameter of a method from which an attribute gets a client, where nothing says which."""
        names = names_in(value.node)
        for name in sorted(names & set(parameter_names(value.function))) if value.function else ():
            assert value.function is not None
            words = set(name.lower().strip("_").split("_"))
            if not words & CLIENT_WORDS or name in value.given:
                continue
            if value.function.name != "__init__" or name not in defaults_of(value.function.args):
                return name
        return None

    def _is_from_elsewhere(self, value: Code, depth: int = 0) -> bool:
        """Whether a value comes from a name or function of the project behind which a client is built."""
        if depth > _DEPTH:
            return False
        for part in all_nodes(value.node):
            if not isinstance(part, ast.Name | ast.Attribute) or not isinstance(part.ctx, ast.Load):
                continue
            name = self._dotted(value.at(part))
            inner = self._behind(name) if name is not None else None
            if inner is not None and (self._builds(inner) or self._is_from_elsewhere(inner, depth + 1)):
                return True
        return False

    def _behind(self, name: str) -> Code | None:
        """The value of a module's name, or the body of a function."""
        symbol = self.symbols.symbol(name)
        if symbol is None or symbol.kind not in ("instance", "function"):
            return None
        if isinstance(symbol.node, Function):
            return Code(symbol.node, symbol.module, None, symbol.node)
        value = getattr(symbol.node, "value", None)
        return Code(value, symbol.module) if isinstance(value, ast.AST) else None

    def maker(self, symbol: Symbol) -> Code | None:
        """The call of its class that makes an object of a module; None where another one gives it."""
        value = getattr(symbol.node, "value", None)
        tree, name = self.symbols.tree(symbol.module), symbol.qualified_name.rpartition(".")[2]
        is_bound_once = [b for b, _ in bindings_in(tree.body if tree is not None else [])].count(name) == 1
        if not isinstance(value, ast.Call) or not is_bound_once:
            return None
        is_of_class = self.symbols.value(value.func, symbol.module) == symbol.of
        return Code(value, symbol.module) if is_of_class else None

    def of_object(self, code: Code, maker: Code | None) -> Code:
        """A part of a class as it is for the object that `maker` makes; Untold where that may give it another value."""
        assert code.owner is not None
        call = maker
        for one, init in self._initialisers(code.owner):
            given = given_to(call, init)
            if init is code.function:
                return replace(code, given=given or {}, maker=maker, is_called=given is not None)
            above = [
                c for c in all_nodes(init) if isinstance(c, ast.Call) and last_name(c.func) == "__init__"
            ]
            call = None
            if len(above) == 1 and given is not None:
                call = Code(above[0], one.module, code.owner, init, given, maker, is_called=True)
        return replace(code, maker=maker)

    def is_given_to(self, maker: Code, of: Symbol) -> bool:
        """Whether the call that makes an object of a class hands what it gives to an initialiser that is seen."""
        call = maker.node
        gives = isinstance(call, ast.Call) and bool(call.args or call.keywords)
        return not gives or next(self._initialisers(of), None) is not None

    def _initialisers(self, of: Symbol) -> Iterator[tuple[Symbol, Function]]:
        """The initialisers of a class and its bases, in the order in which Python looks."""
        for one in self.symbols.order(of)[0]:
            for part in one.node.body if isinstance(one.node, ast.ClassDef) else ():
                if isinstance(part, Function) and part.name == "__init__":
                    yield one, part

    def difference(
        self, old: Symbol, old_class: Symbol, new: Symbol, new_class: Symbol, is_same_code: Callable[[], bool]
    ) -> Refusal | None:
        """Why two objects are not shown to be connected alike; None where they are.

        `is_same_code` is asked where the classes do not say where they connect.
        """
        found = []
        for symbol, of in ((old, old_class), (new, new_class)):
            calls = list(self._making(symbol, of))
            for code in calls:
                assert isinstance(code.node, ast.Call)
                if (code.node.args or code.node.keywords) and not self._only_connects(code, of):
                    return Refusal(
                        f"`{symbol.qualified_name}`{self.symbols.at(symbol)} is made with arguments, which may name another server",
                        ALIKE,
                    )
            found.append(self.connections(of, calls[0] if len(calls) == 1 else None))
            if found[-1].unknown is not None and is_same_code():
                found[-1].unknown = None
            self._add_of_module(symbol, found[-1])
            if found[-1].unknown is not None:
                return Refusal(
                    f"nothing shows that `{old.qualified_name or old_class.qualified_name}` and `{new.qualified_name}` connect to the same server: "
                    f"{found[-1].unknown} of `{of.qualified_name}`{self.symbols.at(of)} cannot be determined",
                    "write there to what it connects, as plain values or environment variables",
                )
        if found[0].clients == found[1].clients:
            return self._changed_later(old, new) or self._changed_later(old_class, new_class)
        ways = [" and ".join(f"`{c}`" for c in sorted(one.clients)) or "nothing" for one in found]
        return Refusal(
            f"they may connect to different servers: `{old_class.qualified_name}`{self.symbols.at(old_class)} by {ways[0]}, "
            f"`{new_class.qualified_name}`{self.symbols.at(new_class)} by {ways[1]}",
            ALIKE,
        )

    def _changed_later(self, old: Symbol, new: Symbol) -> Refusal | None:
        """What the statements of their modules do with one of two objects alone, once they are made."""
        done = [dict(self._done_with(symbol)) for symbol in (old, new)]
        for symbol, mine, others in zip((old, new), done, done[::-1], strict=True):
            for text in sorted(mine.keys() - others.keys()):
                where = self.symbols.at(replace(symbol, node=mine[text]))
                head = unparsed(mine[text]).partition("\n")[0]
                return Refusal(f"`{head}`{where} changes one of the two alone", "do the same with both")
        return None

    def _done_with(self, symbol: Symbol) -> Iterator[tuple[str, ast.stmt]]:
        """The statements at the top of its module that change an object, or hand it on, each with its text for any object."""
        held = symbol if symbol.kind == "class" else self._held(symbol)
        tree = self.symbols.tree(held.module) if held is not None else None
        name = held.qualified_name.rpartition(".")[2] if held is not None else ""
        for statement in tree.body if tree is not None else ():
            if not isinstance(statement, Function | ast.ClassDef) and any(
                _changes(part, name) for part in all_nodes(statement, closed=DEFINITIONS)
            ):
                yield re.sub(rf"\b{name}\b", "it", unparsed(statement)), statement

    def _held(self, symbol: Symbol) -> Symbol | None:
        """The object that a name stands for, or that a function gives, where it has a name."""
        held = self.symbols.given(symbol) if symbol.kind == "function" else symbol
        return held if held is not None and held.kind == "instance" and held.qualified_name else None

    def looked_up(self, old_class: Symbol, new_class: Symbol) -> tuple[dict[str, bool], bool]:
        """The names of the builders of two classes, and whether both look each up; whether one does so only in use."""
        found = [self.connections(of, None) for of in (old_class, new_class)]
        old, new = ({part for name in one.names for part in self.table.looked_up(name)} for one in found)
        return {name: name in old and name in new for name in old | new}, bool(found[0].late or found[1].late)

    def found_at_first_use(self, symbol: Symbol, of: Symbol) -> tuple[set[str], list[Code]]:
        """The names of the builders of what is made or connected at its first use, and kept; the code that does so."""
        found = self.connections(of, None)
        late = list(found.late)
        if symbol.kind == "function" and isinstance(symbol.node, Function):
            is_made = any(self._calls_of(of, symbol.node, symbol.module))
            late += [Code(symbol.node, symbol.module, None, symbol.node)] if is_made else []
        kept = [code for code in late if isinstance(code.node, Function) and keeps_something(code.node)]
        names = {part for name in found.names for part in self.table.looked_up(name)}
        return names if kept else set(), kept

    def _making(self, symbol: Symbol, of: Symbol) -> Iterator[Code]:
        """The calls of a class by which an object, or what a function gives, is made."""
        nodes = [symbol.node]
        if symbol.kind == "function":
            given = self.symbols.given(symbol)
            nodes += [given.node] if given is not None and given.qualified_name else []
        elif symbol.kind != "instance" or not symbol.qualified_name:
            return
        for node in nodes:
            for call in self._calls_of(of, node, symbol.module) if node is not None else ():
                yield Code(call, symbol.module)

    def _calls_of(self, of: Symbol, node: ast.AST, module: str) -> Iterator[ast.Call]:
        """The calls of a class in code of a module."""
        for part in all_nodes(node):
            if isinstance(part, ast.Call) and self.symbols.value(part.func, module) == of:
                yield part

    def _only_connects(self, call: Code, of: Symbol) -> bool:
        """Whether the arguments by which an object is made are those of its client, and nothing else."""
        init = self.symbols.members(of).named.get("__init__")
        if init is None or not isinstance(init.node, Function):
            return False
        inside = {
            part
            for built in outermost_calls(
                init.node, lambda c: self.builder(Code(c.func, init.module, of)) is not None
            )
            for part in all_nodes(built)
        }
        names = (given_to(call, init.node) or {}).keys()
        return bool(names) and all(
            part in inside for part in all_nodes(init.node) if isinstance(part, ast.Name) and part.id in names
        )

    def _add_of_module(self, symbol: Symbol, found: Connections) -> None:
        """Add the clients that the statements of its module give to an object, or to what a function gives."""
        held = self._held(symbol)
        if held is None:
            return
        name = held.qualified_name.rpartition(".")[2]
        tree = self.symbols.tree(held.module)
        for statement in tree.body if tree is not None else ():
            if statement is held.node or name not in names_in(statement):
                continue
            function = statement if isinstance(statement, Function) else None
            if any(outermost_calls(statement, lambda c: self.builder(Code(c.func, held.module)) is not None)):
                self._add_built(Code(statement, held.module, None, function), function is None, found)

    def text_of(self, node: ast.expr, module: str) -> str:
        """An expression of a module with homes in the place of names, as far as these are told."""
        return self.text(Code(node, module)) or unparsed(node)

    def builder(self, callee: Code) -> str | None:
        """The builder that a callee is, by the class of what it makes and how."""
        known = self.table.get(self.qualified_name_of(callee) or "")
        return None if known is None else known.target

    def qualified_name_of(self, code: Code) -> str | None:
        """Where the dotted name of an expression leads."""
        name = self._dotted(code)
        found = self.symbols.modules.lookup(name) if name is not None else None
        return None if found is None else found.qualified_name

    def _dotted(self, code: Code) -> str | None:
        if not isinstance(code.node, ast.Name | ast.Attribute):
            return None
        return self.symbols.dotted(code.node, code.module, code.function)

    def text(self, code: Code, depth: int = 0) -> str | None:
        """An expression with values and homes in the place of its names; None where the source does not tell them."""
        try:
            return Resolver(self, code, depth).text()
        except Untold:
            return None


def _changes(node: ast.AST, name: str) -> bool:
    """Whether a part of the source sets something in what a name stands for, or is a statement that hands it on."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return last_name(innermost(node)) == name
        case ast.Expr(value=ast.Call(func=func, args=args, keywords=keywords)):
            given = [*args, *(k.value for k in keywords)]
            return (isinstance(func, ast.Attribute) and last_name(innermost(func)) == name) or any(
                isinstance(one, ast.Name) and one.id == name for one in given
            )
    return False
