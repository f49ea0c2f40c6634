"""What is read of a module that is had as such, with what each of that is exchanged for."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from flake8_redis_ssot.fix.compatibility.replacements import Replacement, Replacements
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.module_names import is_readable
from flake8_redis_ssot.fix.sources.symbols import Symbols
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.nodes import unparsed

Group = tuple[Replacement, list[ast.expr]]
"""An exchange, with the places in which it is made."""


def check_module(symbols: Symbols, module: str) -> None:
    """Refusal where a module cannot be had by its name."""
    if not is_readable(symbols, module):
        raise Refusal(
            f"a package gives the name of `{module}` to something else",
            "rename that in the package's `__init__`",
        )


def by_member(
    view: View, replacements: Replacements, old: str, places: Sequence[ast.expr]
) -> dict[str, Group]:
    """What is read of a module, by its dotted name, with what it is exchanged for."""
    groups: dict[str, Group] = {}
    for place in places:
        member, dotted = place, old
        while True:
            parent = view.uses.parents.get(member)
            if not isinstance(parent, ast.Attribute):
                raise _handing_on(view, place, old)
            if not isinstance(parent.ctx, ast.Load):
                raise Refusal(
                    f"line {place.lineno} sets `{parent.attr}` of the module, for all who read it there",
                    "let the manager do that by a function, or patch the name in the module that uses it",
                )
            member, dotted = parent, f"{dotted}.{parent.attr}"
            symbol = replacements.symbols.symbol(dotted)
            if symbol is None or symbol.kind != "module":
                break
        replacement = replacements.find(dotted, view.place.boundary)
        if replacements.is_patched(dotted):
            replacement = replacements.followable(replacement)
        groups.setdefault(dotted, (replacement, []))[1].append(member)
    return groups


def _handing_on(view: View, place: ast.expr, module: str) -> Refusal:
    """That the module itself is given to something; how to patch a name of it otherwise."""
    call, name = view.uses.parents.get(place), view.uses.patched_name(place)
    if not isinstance(call, ast.Call) or name is None:
        return Refusal(
            f"line {place.lineno} passes the module `{module}` itself on",
            "pass on only the names of it that are needed",
        )
    return Refusal(
        f"line {place.lineno} passes the module `{module}` to `{unparsed(call.func)}`",
        f'patch `{name}` by a string instead, as "MODULE.{name}" of the module that uses it',
    )
