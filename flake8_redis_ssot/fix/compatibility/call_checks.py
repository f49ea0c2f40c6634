"""Whether a call of one function or class can be one of another, and what is to be said of what calls give."""

from __future__ import annotations

import ast

from flake8_redis_ssot.fix.compatibility.member_checks import MemberChecks, kind_name
from flake8_redis_ssot.fix.compatibility.replacements import Replacement
from flake8_redis_ssot.fix.objects.connecting import difference
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.signatures import incompatible
from flake8_redis_ssot.fix.sources.symbols import Symbol, Symbols
from flake8_redis_ssot.libraries.traits import SECRETS
from flake8_redis_ssot.syntax.nodes import Function, unparsed


class CallChecks:
    """Compares functions and classes by how they are called."""

    def __init__(self, symbols: Symbols, making: Making, members: MemberChecks) -> None:
        self.symbols = symbols
        self.making = making
        self.members = members

    def unknown_class(
        self, replacement: Replacement, old: Symbol | None, before: Symbol, after: Symbol
    ) -> Refusal:
        """That nobody knows what one of two objects can do, as it is none of a class of the project."""
        made = [self.making.made_by(symbol) for symbol in (before, after)]
        texts = [self.making.text(code) for code in made if code is not None]
        if len(texts) == 2 and texts[0] and texts[1]:
            other = difference(texts[0], texts[1], f"`{after.qualified_name}`{self.symbols.at(after)}")
            if other is not None:
                return Refusal(
                    f"`{before.qualified_name}`{self.symbols.at(before)}: {other.what}", other.advice
                )
        unknown = replacement.old if old is None else replacement.new
        value = getattr(unknown.node, "value", None)
        value = value.value if isinstance(value, ast.Await) else value
        called = self.symbols.value(value.func, unknown.module) if isinstance(value, ast.Call) else None
        where = f"`{unknown.qualified_name}`{self.symbols.at(unknown)}"
        if isinstance(value, ast.Call) and called is not None and isinstance(called.node, Function):
            return Refusal(
                f"{where} comes from a call of `{unparsed(value.func)}`, which is not followed, so nobody knows what it "
                "can do",
                "let that line build it, or change this by hand",
            )
        return Refusal(
            f"{where} is no object of a class of the project, so nobody knows what it can do",
            "make it one, or change this by hand",
        )

    def untold(self, function: Symbol) -> Refusal:
        """That nothing says what a function or class gives."""
        return Refusal(
            f"what `{function.qualified_name}()`{self.symbols.at(function)} gives cannot be determined",
            "let it return one named object, or annotate what it returns",
        )

    def uncallable(self, new: Symbol, line: int, why: str) -> Refusal:
        """That a call cannot be one of the new function or class."""
        return Refusal(
            f"`{new.qualified_name}`{self.symbols.at(new)} cannot be called as in line {line}: {why}",
            "let it take what the old one takes, or change the call",
        )

    def check(self, old: Symbol, new: Symbol, call: ast.Call) -> None:
        """Refusal unless one function can be called as another is."""
        last, line = old.qualified_name.rpartition(".")[2], call.lineno
        if type(old.node) is not type(new.node):
            raise Refusal(
                f"`{last}`{self.symbols.at(old)} is {kind_name(old.node)} and "
                f"`{new.qualified_name}`{self.symbols.at(new)} {kind_name(new.node)}",
                f"name a replacement that is {kind_name(old.node)} too, or change line {line} by hand",
            )
        if self.members.decorated(old) != self.members.decorated(new):
            raise Refusal(
                f"`{last}`{self.symbols.at(old)} and `{new.qualified_name}`{self.symbols.at(new)} have other decorators",
                "decorate both alike",
            )
        arguments = self.symbols.arguments(new)
        assert arguments is not None
        why = incompatible(call, self.symbols.arguments(old), arguments)
        if why is not None:
            raise self.uncallable(new, line, why)

    def same_init(self, new: Symbol, line: int) -> None:
        """Refusal unless objects of a class can be made without arguments."""
        init = self.symbols.members(new).named.get("__init__")
        if init is not None and init.arguments is not None:
            why = incompatible(ast.Call(ast.Name("x"), [], []), None, init.arguments)
            if why is not None:
                raise self.uncallable(new, line, why)


def arguments_given(call: ast.Call) -> str:
    """What a call gives, for a message; of what may be secret only the name."""
    shown = [f"`{unparsed(argument)}`" for argument in call.args]
    shown += [
        f"`{k.arg}=...`" if k.arg in SECRETS else f"`{k.arg or '**'}={unparsed(k.value)}`"
        for k in call.keywords
    ]
    return " and ".join("an address with a password" if "@" in text else text for text in shown)
