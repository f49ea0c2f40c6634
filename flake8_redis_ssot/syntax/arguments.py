"""The parameters of functions, and what calls hand to them."""

from __future__ import annotations

import ast
from collections.abc import Collection


def positional(args: ast.arguments) -> list[ast.arg]:
    """The parameters that a call can give by their position."""
    return [*args.posonlyargs, *args.args]


def single(args: ast.arguments) -> list[ast.arg]:
    """The parameters that each take one argument: all but those with stars."""
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters, those with stars last."""
    return single(args) + [argument for argument in (args.vararg, args.kwarg) if argument is not None]


def default_of(args: ast.arguments, parameter: ast.arg) -> ast.expr | None:
    """The default of a parameter."""
    if parameter in args.kwonlyargs:
        return args.kw_defaults[args.kwonlyargs.index(parameter)]
    ordered = positional(args)
    if parameter not in ordered:
        return None
    at = ordered.index(parameter) - len(ordered) + len(args.defaults)
    return args.defaults[at] if at >= 0 else None


def argument_of(call: ast.Call, args: ast.arguments, parameter: ast.arg, *, shifted: bool) -> ast.expr | None:
    """What `call` hands to a parameter; `shifted` where the first one is bound already."""
    for keyword in call.keywords:
        if keyword.arg == parameter.arg and parameter not in args.posonlyargs:
            return keyword.value
    given = call.args
    ordered = (positional(args) if args.posonlyargs else args.args) if given else []
    if parameter in ordered:
        at = ordered.index(parameter) - int(shifted)
        if 0 <= at < len(given) and not any(isinstance(a, ast.Starred) for a in given):
            return given[at]
    return None


def parameter_of(call: ast.Call, args: ast.arguments, argument: ast.expr, *, shifted: bool) -> str:
    """The name of the parameter that takes an argument of `call`; empty where that is not seen. See `argument_of`."""
    for keyword in call.keywords:
        if keyword.value is argument:
            return keyword.arg or ""
    ordered = positional(args)[int(shifted) :]
    at = call.args.index(argument) if argument in call.args else len(ordered)
    return ordered[at].arg if at < len(ordered) else ""


def is_unpacked(call: ast.Call) -> bool:
    """Whether a call gives what is in a container, by `*` or `**`, so that nobody sees to which parameters."""
    return any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """All that a call gives: by position, then by keyword."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def first_of(call: ast.Call, names: Collection[str]) -> list[ast.expr]:
    """The first argument of a call, by its position or by one of these keywords, if there is one."""
    return [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in names)][:1]
