"""The constant text in the keys under which methods keep things in Redis: with another prefix, nothing is found again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.fix.compatibility.ties import reached_members
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.sources.names import locals_of
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.fix.sources.symbols import Member, Symbol
from flake8_redis_ssot.libraries.commands import COMMANDS
from flake8_redis_ssot.libraries.standard import CHANGING_TEXT, FRAME_GETTERS, FRAME_LISTER, PLACES, RECEIVERS
from flake8_redis_ssot.syntax.arguments import arguments_of, default_of, single
from flake8_redis_ssot.syntax.nodes import (
    DEFINITIONS,
    Function,
    all_nodes,
    attributes_in,
    last_name,
    own_nodes,
    root_of,
    unparsed,
)

_DEPTH = 4
_GIVEN = "the text that it gives"
_OF_PLACE = frozenset(
    ["__name__", "__class__", "__qualname__", "__module__", "__file__", "__package__", "__spec__"]
)
"""Names that stand for something else in each class or module."""
_BINDING = frozenset(["__get__", "__set_name__"])
"""Methods by which the value of an attribute knows the class that it is in."""


class Keys:
    """Compares the keys of the methods of two classes."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.symbols = making.symbols
        self._around: dict[Function, Function | None] = {}
        """The functions in decorators, each with that in which it stands."""

    def difference(self, old: Symbol, new: Symbol, name: str, to: str) -> str | None:
        """The text that is in the keys of one of two methods alone, or in the text that it gives."""
        was, now = self.symbols.members(old).named.get(name), self.symbols.members(new).named.get(to)
        given = [self._given(was, old), self._given(now, new)]
        return (
            self._difference(set(self._of(old, name)), set(self._of(new, to)))
            or self._difference(*given, of=_GIVEN)
            or _other_fallback(was, now)
        )

    def difference_of_function(self, function: Symbol, of: Symbol, name: str) -> str | None:
        """The same of a function and a method of the class `of`."""
        found = set(self._of_function(function))
        if not found:
            return None
        assert isinstance(function.node, Function)
        own = self.symbols.as_member(function.node, function.module)
        to = self.symbols.members(of).named.get(name)
        given = [self._given(own, None), self._given(to, of)]
        return (
            self._difference(found, set(self._of(of, name)))
            or self._difference(*given, of=_GIVEN)
            or _other_fallback(own, to)
        )

    def _of_function(self, function: Symbol) -> Iterator[str]:
        """The text in the key of each command of a function, with that of the method of an object that sends it."""
        node = function.node if isinstance(function.node, Function) else None
        for part in all_nodes(node) if node is not None else ():
            match part:
                case ast.Call(func=ast.Attribute(attr=command, value=value), args=[key, *_]) if (
                    command in COMMANDS
                ):
                    own = "".join(self._in(Code(key, function.module, None, node), frozenset()))
                    held = self.symbols.value(value, function.module, node)
                    inner = (
                        set(self._of(held.of, command)) if held is not None and held.of is not None else {""}
                    )
                    yield from (own + text for text in inner)

    def _given(self, giver: Member | None, of: Symbol | None) -> set[str]:
        """The text in the text that a function or a method of the class `of` gives: nothing for what states no text."""
        if giver is None or not isinstance(giver.node, Function) or giver.gives != "str":
            return set()
        code = Code(giver.node, giver.module, of, giver.node)
        return {
            "".join(text for value in _returned(giver.node) for text in self._in(code.at(value), frozenset()))
        }

    def _difference(self, *texts: set[str], of: str = "its keys") -> str | None:
        if texts[0] == texts[1] or (of == _GIVEN and not all(texts)):
            return None
        if not all(texts):
            return f"it keeps things under keys in the {'old' if texts[0] else 'new'} one alone"
        shown = [" and ".join(f"`{text}`" for text in sorted(found - {""})) or "no text" for found in texts]
        return f"it puts {shown[0]} into {of} in the old one, {shown[1]} in the new one"

    def _of(self, of: Symbol, name: str) -> Iterator[str]:
        """The text in the key of each command of a method, and of the methods that it uses."""
        for member in reached_members(name, self.symbols.members(of).named).values():
            function = member.node if isinstance(member.node, Function) else None
            for decorator in function.decorator_list if function is not None else ():
                yield from self._of_decorator(Code(decorator, member.module, of))
            for part in all_nodes(member.node):
                match part:
                    case ast.Call(func=ast.Attribute(attr=command), args=[key, *_]) if command in COMMANDS:
                        yield "".join(self._in(Code(key, member.module, of, function), frozenset()))

    def _of_decorator(self, code: Code) -> Iterator[str]:
        """The text in what a decorator gives to commands, to the function that it decorates, and to methods of the object."""
        func = code.node.func if isinstance(code.node, ast.Call) else code.node
        found = self.symbols.value(func, code.module) if isinstance(func, ast.expr) else None
        if found is None or not isinstance(found.node, Function | ast.ClassDef):
            return
        functions = [part for part in all_nodes(found.node) if isinstance(part, Function)]
        taken = {name for function in functions for name in parameter_names(function)}
        for outer in functions:
            self._around.setdefault(outer, None)
            self._around |= {part: outer for part in own_nodes(outer) if isinstance(part, Function)}
        for function in functions:
            for part in all_nodes(*function.body, closed=DEFINITIONS - {ast.Lambda}):
                match part:
                    case ast.Call(func=ast.Attribute(attr=command), args=[key, *_]) if command in COMMANDS:
                        given = [key]
                    case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))) if (
                        name in taken
                    ):
                        given = [one for one in arguments_of(part) if last_name(one) not in RECEIVERS]
                    case _:
                        continue
                inner = Code(part, found.module, code.owner, function)
                found_in = [text for value in given for text in self._in(inner.at(value), frozenset())]
                if found_in:
                    told = arguments_of(code.node) if isinstance(code.node, ast.Call) else ()
                    yield "".join(
                        [text for one in told for text in self._in(code.at(one), frozenset())] + found_in
                    )

    def _in(self, code: Code, seen: frozenset[ast.AST]) -> Iterator[str]:
        """The texts of an expression in their order, with those of what its names and calls stand for."""
        node = code.node
        if node in seen or len(seen) > _DEPTH * 20:
            return
        seen |= {node}
        match node:
            case ast.Constant(value=str(text)):
                yield text
                return
            case ast.Name(id=name) if name in _OF_PLACE or (name in RECEIVERS and code.owner is not None):
                yield code.place
                return
            case ast.Name(id=name) if (function := self._binding(name, code.function)) is not None:
                for value in _given(name, function):
                    yield from self._in(code.at(value), seen)
                if function.name == "__init__":
                    yield from self._of_default(name, function, code, seen)
                return
            case ast.Attribute(attr=attr, value=value) if attr in PLACES and self._is_decorated(value, code):
                yield code.place
                return
            case ast.Attribute(attr="co_name"):
                return  # the name of a method is the same in both
            case ast.Subscript(value=ast.Attribute(attr="f_globals", value=frame)):
                yield from self._in(code.at(frame), seen)
                return
            case ast.expr() if (depth := _frame(node)) is not None and code.owner is not None:
                is_own = code.function in [m.node for m in self.symbols.members(code.owner).named.values()]
                if depth == (0 if is_own else 1):
                    yield code.owner.qualified_name
                return
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if (
                name in RECEIVERS and code.owner is not None
            ):
                yield from self._of_object(attr, code.owner, seen)
                return
            case ast.Name() | ast.Attribute() if dotted := self.symbols.dotted(
                node, code.module, code.function
            ):
                yield from self._of_module(code, dotted)
                return
            case ast.Call(func=ast.Name() | ast.Attribute() as func):
                if self.making.builder(code.at(func)) is not None:
                    return  # how it connects is compared by itself
                called = self._called(func, code)
                if called is None and last_name(func) in CHANGING_TEXT:
                    yield f"{last_name(func)}()"
                if called is not None:
                    for value in _returned(called.node):
                        yield from self._in(called.at(value), seen)
                    for value in arguments_of(node):
                        if self._is_decorated(value, code) and PLACES & attributes_in(called.node):
                            yield code.place
                        yield from self._in(code.at(value), seen)
                    return
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr | ast.keyword | ast.comprehension):
                yield from self._in(code.at(part), seen)

    def _of_default(
        self, name: str, function: Function, code: Code, seen: frozenset[ast.AST]
    ) -> Iterator[str]:
        """The text that a parameter of an initialiser has where an object is made without it."""
        for parameter in single(function.args):
            default = default_of(function.args, parameter) if parameter.arg == name else None
            if default is not None:
                yield from self._in(Code(default, code.module, code.owner), seen)

    def _of_module(self, code: Code, name: str) -> Iterator[str]:
        """The text that a name of the project's modules stands for, or how that is found out."""
        text = self.making.text(code)
        value = ast.parse(text, mode="eval").body if text is not None else None
        symbol = self.symbols.symbol(name)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif (
            symbol is not None and symbol.kind == "instance" and self.symbols.tree(symbol.module) is not None
        ):
            yield text or symbol.qualified_name

    def _of_object(self, name: str, owner: Symbol, seen: frozenset[ast.AST]) -> Iterator[str]:
        """The text in an attribute or property of the object."""
        if name.startswith("__"):
            yield owner.qualified_name
            return
        member = self.symbols.members(owner).named.get(name)
        if member is not None and isinstance(member.node, Function):
            for value in _returned(member.node):
                yield from self._in(Code(value, member.module, owner, member.node), seen)
            return
        for store in self.making.stores(owner):
            if store.attribute == name and isinstance(store.value, Code) and not store.is_item:
                node = store.value.node
                made = self.symbols.value(node, store.value.module) if isinstance(node, ast.expr) else None
                of = made.of if made is not None else None
                if of is not None and self.symbols.members(of).named.keys() & _BINDING:
                    yield owner.qualified_name
                yield from self._in(store.value, seen)

    def _binding(self, name: str, function: Function | None) -> Function | None:
        """The function of which a name is a local one: this function, or, in a decorator, one around it."""
        while function is not None and name not in locals_of(function):
            function = self._around.get(function)
        return function

    def _is_decorated(self, node: ast.expr, code: Code) -> bool:
        """Whether an expression in the inner function of a decorator gives the function that is decorated."""
        root = root_of(node)
        if code.function not in self._around or not isinstance(root, ast.Name):
            return False
        if root is not node:
            return root.id in RECEIVERS  # an object that decorates, and keeps it
        of = self._binding(root.id, code.function)
        return of is not None and root.id in parameter_names(of) and of in self._around.values()

    def _called(self, func: ast.expr, code: Code) -> Code | None:
        """The function of the project that is called, or the method of the object, or of another one."""
        of = code.owner
        if isinstance(func, ast.Attribute):
            if of is None or last_name(func.value) not in RECEIVERS:
                held = self.symbols.value(func.value, code.module, code.function)
                of = held.of if held is not None and held.kind == "instance" else None
            method = self.symbols.members(of).named.get(func.attr) if of is not None else None
            if method is not None and isinstance(method.node, Function):
                return Code(method.node, method.module, of, method.node)
        found = self.symbols.value(func, code.module, code.function)
        function = found.node if found is not None else None
        return (
            Code(function, found.module, code.owner, function)
            if found and isinstance(function, Function)
            else None
        )


def _given(name: str, function: Function) -> Iterator[ast.expr]:
    """The expressions that a function assigns to one of its names."""
    for part in all_nodes(function):
        match part:
            case ast.Assign(targets=targets, value=value) if any(_is(name, target) for target in targets):
                yield value
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ) if _is(name, target):
                yield value


def _returned(function: ast.AST) -> Iterator[ast.expr]:
    """What a function gives."""
    return (
        part.value for part in all_nodes(function) if isinstance(part, ast.Return) and part.value is not None
    )


def _other_fallback(*functions: Member | None) -> str | None:
    """The constant that each of two functions gives in the place of nothing (`... or 0`), where these differ."""
    old, new = (
        {
            unparsed(part.values[-1])
            for value in (_returned(function.node) if function is not None else ())
            for part in all_nodes(value)
            if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.Or)
            if isinstance(part.values[-1], ast.Constant)
        }
        for function in functions
    )
    if not old or not new or old == new:
        return None
    shown = [" or ".join(f"`{text}`" for text in sorted(found)) for found in (old, new)]
    return f"in the place of nothing it gives {shown[0]} in the old one, {shown[1]} in the new one"


def _frame(node: ast.AST) -> int | None:
    """Whose frame an expression gives: 0 of the code itself, 1 of its caller, and so on; None where it gives no frame."""
    match node:
        case ast.Attribute(value=inner, attr="f_back"):
            depth = _frame(inner)
            return depth + 1 if depth is not None else None
        case ast.Subscript(value=ast.Call(func=func), slice=ast.Constant(value=int(depth))) if (
            last_name(func) == FRAME_LISTER and last_name(getattr(func, "value", None)) == "inspect"
        ):
            return depth
        case ast.Call(func=func, args=args) if last_name(func) in FRAME_GETTERS:
            match args:
                case []:
                    return 0
                case [ast.Constant(value=int(depth))]:
                    return depth
    return None


def _is(name: str, target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == name
