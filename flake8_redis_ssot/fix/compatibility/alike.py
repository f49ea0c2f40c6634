"""Whether code of one module does the same as code of another: equal text, its names looked up where it stands."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from flake8_redis_ssot.fix.compatibility.copies import Copies
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.objects.state import State
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.signatures import signature_of
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.libraries.standard import ENUMERATIONS, RECEIVERS
from flake8_redis_ssot.syntax.nodes import Function, last_name, root_of

_IGNORED = frozenset(["ctx", "annotation", "returns", "type_comment", "type_ignores", "type_params", "kind"])


class Alike:
    """Compares code, and all code of the project that it leads to."""

    def __init__(self, making: Making, state: State) -> None:
        self.making = making
        self.state = state
        self.symbols = making.symbols
        self.copies = Copies(making, state)
        self._known: dict[tuple[ast.AST, ast.AST], bool] = {}

    def functions(self, one: Symbol, other: Symbol) -> bool:
        """Whether two functions do the same."""
        if one.node is None or other.node is None:
            return False
        return self.same(Code(one.node, one.module), Code(other.node, other.module))

    def members(self, one: Symbol, other: Symbol, name: str) -> bool:
        """Whether the member `name` does the same in two classes."""
        was, now = self.symbols.members(one).named.get(name), self.symbols.members(other).named.get(name)
        if was is None or now is None:
            return was is now
        if self.copies.are(one, other):
            return True
        if not (isinstance(was.node, Function) and isinstance(now.node, Function)):
            return self._values(one, other, name)
        return self.same(Code(was.node, was.module, one), Code(now.node, now.module, other))

    def classes(self, one: Symbol, other: Symbol) -> bool:
        """Whether two classes are the same but for their names."""
        return self._have_same_members(one, other) and self._connect_alike(one, other)

    def covers(self, old: Symbol, new: Symbol) -> bool:
        """Whether objects of the class `new` do all that those of `old` do, in the same way; they may do more by name."""
        before, after = self.symbols.members(old), self.symbols.members(new)
        if (before.is_open or after.is_open) and not self.inherited(old, new):
            return False
        more = after.named.keys() - before.named.keys()
        return (
            not any(name.startswith("__") for name in more)
            and all(self.members(old, new, name) for name in before.named)
            and self._connect_alike(old, new)
        )

    def clients(self, one: Symbol, other: Symbol) -> bool:
        """Whether two objects are clients of a library, made by the same calls, once and for all."""
        codes = [self.making.made_by(symbol) for symbol in (one, other)]
        if codes[0] is None or codes[1] is None or one.is_set_later or other.is_set_later:
            return False
        texts = [self.making.text(code) for code in codes if code is not None]
        return (None not in texts and texts[0] == texts[1]) or self.same(codes[0], codes[1])

    def made(self, one: Symbol, other: Symbol) -> bool:
        """Whether two objects of modules, of whatever class, are made by the same calls, once and for all."""
        if self.copies.are(one, other) and not (one.is_set_later or other.is_set_later):
            return True
        values = [
            getattr(t.node, "value", None) if t.kind == "instance" and t.qualified_name else None
            for t in (one, other)
        ]
        if not all(isinstance(value, ast.Call) for value in values) or one.is_set_later or other.is_set_later:
            return False
        if any(map(self.making.is_changed_after, (one, other))):
            return False
        a, b = (Code(v, t.module) for v, t in zip(values, (one, other), strict=True) if v is not None)
        return self.same(a, b)

    def _symbols(self, old: Symbol, new: Symbol) -> bool:
        """Whether an object does as another of the project: made by the same call, and without a state of its own."""
        if old.of is None or new.of is None or old.is_set_later or new.is_set_later:
            return False
        call, other = (getattr(symbol.node, "value", None) for symbol in (old, new))
        if not (isinstance(call, ast.Call) and isinstance(other, ast.Call)):
            return False
        made = [self.symbols.value(c.func, t.module) for c, t in ((call, old), (other, new))]
        if made != [old.of, new.of] or any(map(self.making.is_changed_after, (old, new))):
            return False
        codes = Code(call, old.module), Code(other, new.module)
        return (
            not self.state.kept(old.of)
            and not self.state.kept(new.of)
            and self._all(call.args, other.args, *codes)
            and self._all(call.keywords, other.keywords, *codes)
            and self.covers(old.of, new.of)
        )

    def inherited(self, one: Symbol, other: Symbol) -> bool:
        """Whether two classes have the same from the same libraries: what they define themselves is alike too."""
        if self.copies.are(one, other):
            return True
        bases = [self.making.foreign_bases(of) for of in (one, other)]
        names = self.symbols.members(one).named.keys() | self.symbols.members(other).named.keys()
        return (
            bases[0] == bases[1]
            and bool(bases[0])
            and None not in bases[0]
            and all(self.members(one, other, name) for name in names)
        )

    def holds(self, one: Symbol, other: Symbol, name: str) -> bool:
        """Whether an attribute is shown to hold the same in objects of two classes, by what their methods give it."""
        is_set = any(store.attribute == name and store.value for store in self.making.stores(one))
        return is_set and self._values(one, other, name)

    def _values(self, one: Symbol, other: Symbol, name: str) -> bool:
        """Whether an attribute is given the same in the methods of two classes."""
        stores = [[s for s in self.making.stores(of) if s.attribute == name] for of in (one, other)]
        return len(stores[0]) == len(stores[1]) and all(
            was.method == now.method
            and (was.value is None) == (now.value is None)
            and (was.value is None or now.value is None or self._value(was.value, now.value))
            and (was.changing is None or now.changing is None or self.same(was.changing, now.changing))
            for was, now in zip(*stores, strict=True)
        )

    def _value(self, one: Code, other: Code) -> bool:
        texts = self.making.text(one), self.making.text(other)
        return (None not in texts and texts[0] == texts[1]) or self.same(one, other)

    def same(self, one: Code, other: Code) -> bool:
        """Whether two parts of the source do the same; what leads back to itself is taken for the same."""
        return self._settled((one.node, other.node), lambda: self._same(one, other))

    def _settled(self, key: tuple[ast.AST, ast.AST], ask: Callable[[], bool]) -> bool:
        """The answer to a question. While it is asked it counts as true; where it turns out false, answers that relied on it go."""
        if key not in self._known:
            before = set(self._known)
            self._known[key] = True
            if not ask():
                for later in self._known.keys() - before:
                    if self._known[later]:
                        del self._known[later]
                self._known[key] = False
        return self._known[key]

    def _same(self, one: Code, other: Code) -> bool:
        a, b = one.node, other.node
        if isinstance(a, Function) and isinstance(b, Function):
            if type(a) is not type(b) or (a.name != b.name and one.function is not None):
                return False
            one, other = (
                Code(c.node, c.module, c.owner, c.function or c.node)  # type: ignore[arg-type]
                for c in (one, other)
            )
            return (
                [p[:2] for p in signature_of(a.args)] == [p[:2] for p in signature_of(b.args)]
                and self._all(
                    [d for d in (*a.args.defaults, *a.args.kw_defaults)],
                    [d for d in (*b.args.defaults, *b.args.kw_defaults)],
                    one,
                    other,
                )
                and self._all(a.decorator_list, b.decorator_list, one, other)
                and self._all(_without_docstring(a.body), _without_docstring(b.body), one, other)
            )
        if isinstance(a, ast.Name) and isinstance(b, ast.Name):
            return self._names(a, b, one, other)
        if isinstance(a, ast.Attribute) and isinstance(b, ast.Attribute):
            return self._attributes(a, b, one, other)
        if type(a) is not type(b) or (isinstance(a, ast.Call) and self._asks_for_members(a, one, other)):
            return False
        return all(
            self._parts(getattr(a, name, None), getattr(b, name, None), one, other)
            for name in a._fields
            if name not in _IGNORED
        )

    def _asks_for_members(self, call: ast.Call, code: Code, other: Code) -> bool:
        """Whether a call asks an object of the project which members it has: one that does the same may have more."""
        if last_name(call.func) not in ("hasattr", "getattr", "vars", "dir"):
            return False
        asked = call.args[0] if call.args else call
        if isinstance(asked, ast.Attribute) and _is_self(asked) and code.owner and other.owner:
            makers = self._makers(code.owner, asked.attr)
            return None in makers or makers != self._makers(other.owner, asked.attr)
        root = root_of(asked)
        own = locals_of(code.function) - RECEIVERS if code.function is not None else frozenset()
        return not (isinstance(root, ast.Name) and root.id in own)

    def _makers(self, of: Symbol, name: str) -> set[str | None]:
        """What is called for the values that an attribute is given, None apart; None where one comes otherwise."""
        given = [s.value for s in self.making.stores(of) if s.attribute == name and not s.is_item]
        values = [code for code in given if code is None or not is_none(code.node)]
        return {
            self.making.qualified_name_of(code.at(code.node.func))
            if code and isinstance(code.node, ast.Call)
            else None
            for code in values
        } or {None}

    def _parts(self, a: Any, b: Any, one: Code, other: Code) -> bool:
        if isinstance(a, list) and isinstance(b, list):
            return self._all(a, b, one, other)
        if isinstance(a, ast.AST) and isinstance(b, ast.AST):
            return self._same(one.at(a), other.at(b))
        return bool(a == b)

    def _all(self, a: list[Any], b: list[Any], one: Code, other: Code) -> bool:
        return len(a) == len(b) and all(self._parts(x, y, one, other) for x, y in zip(a, b, strict=True))

    def _attributes(self, a: ast.Attribute, b: ast.Attribute, one: Code, other: Code) -> bool:
        if a.attr != b.attr:
            return False
        if a.attr == "value" and self._are_members(a.value, b.value, one, other):
            return True
        if _is_self(a) and _is_self(b) and one.owner is not None and other.owner is not None:
            owners = one.owner, other.owner
            if all(self.making.gives_client(owner, a.attr) for owner in owners):
                return self._connect_alike(*owners)
            was, now = (self.symbols.members(owner).named.get(a.attr) for owner in owners)
            if was is None or now is None:
                return was is now
            if isinstance(was.node, Function) and isinstance(now.node, Function):
                return self.members(*owners, a.attr)
            return self._settled((was.node, now.node), lambda: self.members(*owners, a.attr))
        names = [self.symbols.dotted(c.node, c.module, c.function) for c in (one.at(a), other.at(b))]  # type: ignore[arg-type]
        found = [self.symbols.modules.lookup(name) if name else None for name in names]
        if (
            found[0] is not None
            and found[1] is not None
            and found[0].qualified_name == found[1].qualified_name
        ):
            return True
        if all(one is not None and one.kind != "unknown" for one in found):
            return self._homes(names[0] or "", names[1] or "")
        return self._same(one.at(a.value), other.at(b.value))

    def _are_members(self, a: ast.expr, b: ast.expr, one: Code, other: Code) -> bool:
        """Whether two expressions are members of enumerations, with the same constant as their value."""
        found = []
        for node, code in ((a, one), (b, other)):
            of = (
                self.symbols.value(node.value, code.module, code.function)
                if isinstance(node, ast.Attribute)
                else None
            )
            if of is None or of.kind != "class" or not self.making.foreign_bases(of) <= ENUMERATIONS:
                return False
            member = self.symbols.members(of).named.get(last_name(node))
            value = getattr(member and member.node, "value", None)
            found.append(ast.dump(value) if isinstance(value, ast.Constant) else None)
        return None not in found and found[0] == found[1]

    def _connect_alike(self, one: Symbol, other: Symbol) -> bool:
        """Whether the clients of two classes are shown to be connected alike."""
        if self.copies.are(one, other):
            return True
        found = [self.making.connections(of, None) for of in (one, other)]
        if found[0].unknown is found[1].unknown is None:
            return found[0].clients == found[1].clients
        return self.is_same_code(one, other)

    def is_same_code(self, one: Symbol, other: Symbol) -> bool:
        """Whether two classes build their clients by the same code, wherever that connects; none is given one."""
        if one.node is None or other.node is None:
            return False
        if any(self.making.connections(of, None).is_given for of in (one, other)):
            return False
        return self._settled((one.node, other.node), lambda: self._have_same_members(one, other))

    def _have_same_members(self, one: Symbol, other: Symbol) -> bool:
        members = [self.symbols.members(of) for of in (one, other)]
        if any(found.is_open for found in members) and not self.inherited(one, other):
            return False
        names = members[0].named.keys() | members[1].named.keys()
        return all(self.members(one, other, name) for name in names)

    def _names(self, a: ast.Name, b: ast.Name, one: Code, other: Code) -> bool:
        names = [self.symbols.dotted(node, c.module, c.function) for node, c in ((a, one), (b, other))]
        if names == [None, None]:
            return a.id == b.id and a.id not in RECEIVERS  # by itself it is another object
        return None not in names and self._homes(names[0] or "", names[1] or "")

    def _homes(self, a: str, b: str) -> bool:
        """Whether two dotted names lead to the same, or to functions and values that are alike."""
        found = [self.symbols.modules.lookup(name) for name in (a, b)]
        if found[0] is None or found[1] is None:
            return False
        if found[0].qualified_name == found[1].qualified_name:
            return True
        one, other = (
            self.symbols.symbol(found[0].qualified_name),
            self.symbols.symbol(found[1].qualified_name),
        )
        if one is None or other is None or one.kind != other.kind:
            return False
        if isinstance(one.node, Function) and isinstance(other.node, Function):
            keeps = self.state.globals_of(one.node, one.module) | self.state.globals_of(
                other.node, other.module
            )
            return not keeps and self.same(Code(one.node, one.module), Code(other.node, other.module))
        if one.kind == "class":
            is_known = not self.symbols.members(one).is_open or self.copies.are(one, other)
            return is_known and self._settled(
                (one.node or ast.Pass(), other.node or ast.Pass()), lambda: self.classes(one, other)
            )
        values = [getattr(t.node, "value", None) for t in (one, other)]
        texts = [
            self.making.text(Code(v, t.module)) if isinstance(v, ast.Constant | ast.Call) else None
            for v, t in zip(values, (one, other), strict=True)
        ]
        if self.clients(one, other) or self._symbols(one, other) or self.copies.hold_the_same(one, other):
            return True
        is_logger = all("ogger" in (text or "") for text in texts)
        return is_logger or (isinstance(values[0], ast.Constant) and texts[0] == texts[1])


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in RECEIVERS


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    is_text = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1:] if is_text else body
