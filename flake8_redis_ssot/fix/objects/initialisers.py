"""What runs when an object is made, and what is handed over for it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from flake8_redis_ssot.fix.objects.code import Code, Given
from flake8_redis_ssot.fix.sources.signatures import parameter_names
from flake8_redis_ssot.libraries.standard import CACHES
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, own_nodes

INITIALISERS = frozenset(["__init__", "__new__", "__post_init__"])


def keeps_something(function: Function) -> bool:
    """Whether a function keeps something when it is done: under a global name, in an object, or by its decorator."""
    return not decorators_of(function).isdisjoint(CACHES | {"cached_property"}) or any(
        isinstance(part, ast.Global)
        or (isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store))
        for part in own_nodes(function)
    )


def given_to(call: Code | None, function: Function) -> Given | None:
    """The arguments of a call by the parameters of the initialiser that takes them; None where some are not seen."""
    if call is None or not isinstance(call.node, ast.Call):
        return None
    args, keywords = call.node.args, call.node.keywords
    names = parameter_names(function)[1:]
    if any(isinstance(a, ast.Starred) for a in args) or any(k.arg is None for k in keywords):
        return None
    pairs = [*zip(names, args, strict=False), *((k.arg or "", k.value) for k in keywords)]
    return {name: call.at(value) for name, value in pairs}


def outermost_calls(node: ast.AST, is_meant: Callable[[ast.Call], bool]) -> Iterator[ast.Call]:
    """The calls that are meant and stand in no other such call."""
    if isinstance(node, ast.Call) and is_meant(node):
        yield node
        return
    for part in ast.iter_child_nodes(node):
        yield from outermost_calls(part, is_meant)


def run_by_making(methods: Mapping[str, Function]) -> set[str]:
    """Those of the methods of a class that run when an object is made."""
    found: set[str] = set()
    new = set(INITIALISERS) & set(methods)
    while new:
        found |= new
        called = {
            part.func.attr
            for name in new
            for part in all_nodes(methods[name])
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
        }
        new = (called & set(methods)) - found
    return found
