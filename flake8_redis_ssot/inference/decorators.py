"""What decorators leave of a function: some of Python change nothing, and one of ours may only call it with the same arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference.values import Definition, QualifiedName
from flake8_redis_ssot.libraries.frameworks import DECORATORS
from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS, NAME_COPIERS
from flake8_redis_ssot.syntax.arguments import positional
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import Function, callee_of, is_generator, last_name, own_nodes

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_Kind = type[ast.FunctionDef] | type[ast.AsyncFunctionDef]
_NONE: frozenset[_Kind] = frozenset()
_BOTH: frozenset[_Kind] = frozenset([ast.FunctionDef, ast.AsyncFunctionDef])


def decorators(inference: Inference, node: ast.AST | None, scope: Scope | None) -> set[str]:
    """The last names of the known decorators of a definition; `?` stands for any unknown one that may change it."""
    found = set()
    binding = inference.definitions.get(node) if node is not None else None
    for decorator in getattr(node, "decorator_list", ()):
        inner = callee_of(decorator)
        if binding is None or scope is None:
            return {"?"}
        point = ProgramPoint(inner, scope, binding.order, binding.path)
        if isinstance(inner, ast.Name) and not inference.names.bindings(inner.id, point):
            found.add(inner.id if inner.id in BUILT_IN_DECORATORS else "?")
            continue
        names = inference.names.dotted(inner, point)
        known = {name.rpartition(".")[2] for name in names if name in DECORATORS}
        if known and len(known) == len(names):
            found |= known
        elif not isinstance(node, Function) or not _leaves(inference, decorator, point, type(node)):
            found.add("?")
    return found


def of_other_files(inference: Inference, node: ast.AST, point: ProgramPoint) -> Iterator[str]:
    """The dotted names of the decorators of a function that other files of the project define, where these are not read."""
    for decorator in getattr(node, "decorator_list", ()) if isinstance(node, Function) else ():
        for value in inference.values(callee_of(decorator), point):
            if isinstance(value, QualifiedName) and inference.names.is_ours(value.name):
                yield value.name


def _leaves(inference: Inference, decorator: ast.expr, point: ProgramPoint, kind: _Kind) -> bool:
    """Whether a decorator of ours leaves a function of this kind as it is, for those who call it."""
    values = inference.values(decorator, point)
    return bool(values) and all(
        isinstance(v, Definition) and isinstance(v.scope.node, Function) and kind in _left_by(v.scope.node)
        for v in values
    )


@memoized
def _left_by(maker: Function) -> frozenset[_Kind]:
    """The kinds of functions that a decorator gives back as they are, or by a wrapper that does what they do."""
    parameters = positional(maker.args)
    if not parameters or is_generator(maker):
        return _NONE
    given = parameters[0].arg
    parts = [*own_nodes(maker)]
    inner = {part.name: part for part in parts if isinstance(part, Function)}
    if given in inner or any(
        isinstance(p, ast.Name) and p.id == given and isinstance(p.ctx, ast.Store) for p in parts
    ):
        return _NONE
    left: frozenset[_Kind] = _NONE
    for part in parts:
        match part.value if isinstance(part, ast.Return) else None:
            case ast.Name(id=name) if name == given:
                found = _BOTH
            case ast.Name(id=name) | ast.Call(args=[ast.Name(id=name)], func=ast.Call()) if name in inner:
                found = _passed_on(inner[name], given)
                # `@logged` and `@logged(level)` alike: without a function it gives the decorator itself
                if not found and _left_by(inner[name]):
                    continue
            case ast.Call(func=func, args=[ast.Name(id=name), *_]) if (
                name in inner and last_name(func) in NAME_COPIERS
            ):
                found = _passed_on(inner[name], given)
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=passed)]) if (
                name in inner and passed == given
            ):
                found = _left_by(inner[name])
            case None:
                continue
            case _:
                return _NONE
        if not found:
            return _NONE
        left |= found
    return left


def _passed_on(wrapper: Function, given: str) -> frozenset[_Kind]:
    """The kinds of the function `given` for which a wrapper gives what that gives: each result is that of the same call."""
    if is_generator(wrapper):
        return _NONE
    bound: dict[str, list[ast.expr | None]] = {}
    returned: list[ast.expr] = []
    for part in own_nodes(wrapper):
        match part:
            case ast.Return(value=ast.expr() as value):
                returned.append(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound.setdefault(name, []).append(value)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.setdefault(name, []).append(None)
    kinds: set[frozenset[_Kind]] = set()
    for value in returned:
        values: list[ast.expr | None] = [value]
        if isinstance(value, ast.Name):
            values = [v for v in bound.get(value.id, ()) if v is not None]
            # each name that is assigned is also seen as stored to
            if not values or 2 * len(values) != len(bound[value.id]):
                return _NONE
        for one in values:
            if isinstance(one, ast.Constant):
                continue
            call = one.value if isinstance(one, ast.Await) else one
            if not (isinstance(call, ast.Call) and _is_same_call(call, wrapper.args, given)):
                return _NONE
            is_awaited = isinstance(one, ast.Await)
            if isinstance(wrapper, ast.AsyncFunctionDef):
                kinds.add(frozenset([ast.AsyncFunctionDef]) if is_awaited else _NONE)
            else:
                kinds.add(_BOTH)
    return frozenset.union(*kinds) if kinds else _NONE


def _is_same_call(call: ast.Call, args: ast.arguments, given: str) -> bool:
    """Whether a call is of the name `given`, with all parameters of the function around in their order."""
    passed = [
        ("*" if isinstance(a, ast.Starred) else "", a.value if isinstance(a, ast.Starred) else a)
        for a in call.args
    ]
    places = [("", a.arg) for a in positional(args)] + ([("*", args.vararg.arg)] if args.vararg else [])
    named = {keyword.arg or "**": getattr(keyword.value, "id", "") for keyword in call.keywords}
    keywords = {a.arg: a.arg for a in args.kwonlyargs} | ({"**": args.kwarg.arg} if args.kwarg else {})
    return (
        isinstance(call.func, ast.Name)
        and call.func.id == given
        and [(star, getattr(value, "id", "")) for star, value in passed] == places
        and named == keywords
    )
