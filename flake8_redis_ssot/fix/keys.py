"""The constant text in the keys under which methods keep things in Redis: with another prefix, nothing is found again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.fix.making import Making
from flake8_redis_ssot.fix.names import locals_of
from flake8_redis_ssot.fix.signatures import Function
from flake8_redis_ssot.fix.stores import Code
from flake8_redis_ssot.fix.symbols import Thing
from flake8_redis_ssot.fix.ties import reached_members
from flake8_redis_ssot.libraries.commands import COMMANDS
from flake8_redis_ssot.syntax.nodes import last_name

_DEPTH = 4


class Keys:
    """Compares the keys of the methods of two classes."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.objects = making.objects

    def difference(self, old: Thing, new: Thing, name: str, to: str) -> str | None:
        """The text that is in the keys of one of two methods alone."""
        texts = [set(self._of(old, name)), set(self._of(new, to))]
        if texts[0] == texts[1]:
            return None
        if not all(texts):
            return f"it keeps things under keys in the {'old' if texts[0] else 'new'} one alone"
        shown = [" and ".join(f"`{text}`" for text in sorted(found - {""})) or "no text" for found in texts]
        return f"it puts {shown[0]} into its keys in the old one, {shown[1]} in the new one"

    def _of(self, of: Thing, name: str) -> Iterator[str]:
        """The text in the key of each command of a method, of the methods that it uses, and in a text that it gives."""
        own = self.objects.members(of).named.get(name)
        if own is not None and own.gives == "str" and isinstance(own.node, Function):
            code = Code(own.node, own.module, of, own.node)
            yield "".join(self._given_by(code, name, frozenset()))
        for member in reached_members(name, self.objects.members(of).named):
            function = member.node if isinstance(member.node, Function) else None
            for part in ast.walk(member.node):
                if isinstance(part, ast.Call) and part.args and last_name(part.func) in COMMANDS:
                    yield "".join(self._in(Code(part.args[0], member.module, of, function), frozenset()))

    def _in(self, code: Code, seen: frozenset[ast.AST]) -> Iterator[str]:
        """The texts of an expression in their order, those of its names and of the object's methods included."""
        node = code.node
        if node in seen or len(seen) > _DEPTH * 20:
            return
        seen |= {node}
        match node:
            case ast.Constant(value=str(text)):
                yield text
                return
            case ast.Name(id=name) if code.function is not None and name in locals_of(code.function):
                for value in _given(name, code.function):
                    yield from self._in(code.at(value), seen)
                return
            case ast.Name() | ast.Attribute():
                yield from self._constant(code)
                return
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=called)):
                yield from self._given_by(code, called, seen)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr | ast.keyword | ast.comprehension):
                yield from self._in(code.at(part), seen)

    def _constant(self, code: Code) -> Iterator[str]:
        """The text that a name of the module or an attribute of the object stands for."""
        text = self.making.text(code)
        value = ast.parse(text, mode="eval").body if text is not None else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value

    def _given_by(self, code: Code, name: str, seen: frozenset[ast.AST]) -> Iterator[str]:
        """The texts in what a method of the object gives."""
        member = self.objects.members(code.owner).named.get(name) if code.owner is not None else None
        for part in ast.walk(member.node) if member is not None else ():
            if isinstance(part, ast.Return) and part.value is not None:
                assert member is not None
                function = member.node if isinstance(member.node, Function) else None
                yield from self._in(Code(part.value, member.module, code.owner, function), seen)


def _given(name: str, function: Function) -> Iterator[ast.expr]:
    """The expressions that a function assigns to one of its names."""
    for part in ast.walk(function):
        match part:
            case ast.Assign(targets=targets, value=value) if any(_is(name, target) for target in targets):
                yield value
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ) if _is(name, target):
                yield value


def _is(name: str, target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == name
