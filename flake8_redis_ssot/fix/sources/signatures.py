"""How functions are called, by their definitions, and whether a call of one suits another."""

from __future__ import annotations

import ast
from typing import Literal

from flake8_redis_ssot.libraries.standard import CONTEXT_MANAGERS
from flake8_redis_ssot.syntax.arguments import default_of, is_unpacked, parameters, positional, single
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, is_generator, unparsed

FunctionKind = Literal[
    "", "async", "generator", "async generator", "property", "attribute", "context manager"
]

_NEUTRAL = frozenset(["None", "False", "''", "()"])
"""Defaults of a parameter that leave what a call does as it was without the parameter."""


def parameter_names(function: Function) -> list[str]:
    """The names of all parameters of a function, those with stars last."""
    return [parameter.arg for parameter in parameters(function.args)]


def function_kind(node: ast.AST) -> FunctionKind:
    """How a function has to be used."""
    if not isinstance(node, Function):
        return "attribute"
    names = decorators_of(node)
    if names & {"property", "cached_property"}:
        return "property"
    if names & CONTEXT_MANAGERS:
        return "context manager"
    if isinstance(node, ast.AsyncFunctionDef):
        return "async generator" if is_generator(node) else "async"
    return "generator" if is_generator(node) else ""


def incompatible(call: ast.Call, old: ast.arguments | None, new: ast.arguments) -> str | None:
    """Why `call`, made for parameters `old`, does not mean the same with parameters `new`; None if it does."""
    if is_unpacked(call):
        is_same = old is not None and signature_of(old) == signature_of(new)
        return None if is_same else "arguments are unpacked in the call, and the parameters differ"
    before = None if old is None else bound_to(call, old)
    after = bound_to(call, new)
    if isinstance(after, str):
        return after
    if old is None or isinstance(before, str) or before is None:
        return None
    starred = sum(name == "*" for name in before.values())
    for argument, name in before.items():
        there = after.get(argument, name)
        if name == "*" and there != "*" and starred > 1:
            return f"what it takes as `*` goes to `{there}` and other parameters of the new one"
        if there != name and "*" not in (name[:1], there[:1]):
            return f"`{name}` is called `{there}` in the new one"
    return _other_defaults(old, new, set(before.values()) | set(after.values()))


def signature_of(arguments: ast.arguments) -> list[tuple[str, str, str]]:
    """Each parameter with its kind and its default."""
    defaults = defaults_of(arguments)
    kinds = {
        "positional only": arguments.posonlyargs,
        "": arguments.args,
        "*": [arguments.vararg] if arguments.vararg else [],
        "keyword only": arguments.kwonlyargs,
        "**": [arguments.kwarg] if arguments.kwarg else [],
    }
    return [(kind, p.arg, defaults.get(p.arg, "")) for kind, found in kinds.items() for p in found]


def covers(new: ast.arguments, old: ast.arguments) -> str | None:
    """Why a call that suits `old` may not mean the same with `new`; None where every such call does."""
    olds, news = positional(old), positional(new)
    for n, parameter in enumerate(olds):
        if n >= len(news):
            return f"it takes no `{parameter.arg}`"
        if news[n].arg != parameter.arg and n >= len(old.posonlyargs):
            return f"`{parameter.arg}` is called `{news[n].arg}` in the new one"
    required = len(news) - len(new.defaults)
    if len(olds) < required:
        return f"it needs `{news[len(olds)].arg}`"
    if len(olds) - len(old.defaults) < required:
        return f"it needs `{news[required - 1].arg}`"
    names = {p.arg for p in (*new.args, *new.kwonlyargs)}
    for one in old.kwonlyargs:
        if one.arg not in names and new.kwarg is None:
            return f"it takes no `{one.arg}`"
    for one, default in zip(new.kwonlyargs, new.kw_defaults, strict=True):
        if default is None and one.arg not in {p.arg for p in old.kwonlyargs}:
            return f"it needs `{one.arg}`"
    if (old.vararg and not new.vararg) or (old.kwarg and not new.kwarg):
        return "it takes fewer arguments"
    return _other_defaults(old, new, set())


def _other_defaults(old: ast.arguments, new: ast.arguments, given: set[str]) -> str | None:
    before, after = defaults_of(old), defaults_of(new)
    found = [
        f"where `{name}` is not given it is {value} in the old one, and {after.get(name, 'nothing')} in the new one"
        for name, value in before.items()
        if name not in given and value != after.get(name, "None")
    ]
    found += [
        f"where `{name}` is not given it is nothing in the old one, and {value} in the new one"
        for name, value in after.items()
        if name not in given and name not in before and value not in _NEUTRAL
    ]
    return ", and ".join(found) or None


def defaults_of(arguments: ast.arguments) -> dict[str, str]:
    """The parameters that have a default, with that as it is written."""
    pairs = ((parameter, default_of(arguments, parameter)) for parameter in single(arguments))
    return {parameter.arg: unparsed(default) for parameter, default in pairs if default is not None}


def bound_to(call: ast.Call, arguments: ast.arguments) -> dict[ast.expr, str] | str:
    """Each argument of a call with the parameter that takes it, `*` or `**`; else why it cannot be called so."""
    ordered = positional(arguments)
    found: dict[ast.expr, str] = {}
    for n, argument in enumerate(call.args):
        if n < len(ordered):
            found[argument] = ordered[n].arg
        elif arguments.vararg is not None:
            found[argument] = "*"
        else:
            return f"it takes {len(ordered)} positional arguments, {len(call.args)} are given"
    names = {p.arg for p in (*arguments.args, *arguments.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg in names and keyword.arg not in found.values():
            found[keyword.value] = keyword.arg or ""
        elif arguments.kwarg is not None:
            found[keyword.value] = "**"
        else:
            return f"it takes no `{keyword.arg}`"
    needed = [p.arg for p in ordered[: len(ordered) - len(arguments.defaults)]]
    needed += [p.arg for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None]
    missing = [name for name in needed if name not in found.values()]
    return f"it needs `{missing[0]}`" if missing else found


def without_receiver(node: Function) -> ast.arguments:
    """The parameters that callers of a method give: without `self` or `cls`."""
    args = node.args
    if "staticmethod" in decorators_of(node):
        return args
    drop = 1 if positional(args) else 0
    posonly = args.posonlyargs[drop:]
    rest = args.args[drop if not args.posonlyargs else 0 :]
    most = len(posonly) + len(rest)
    return ast.arguments(
        posonly,
        rest,
        args.vararg,
        args.kwonlyargs,
        args.kw_defaults,
        args.kwarg,
        args.defaults[-most:] if most else [],
    )
