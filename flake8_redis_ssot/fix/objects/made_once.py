"""The one object that a function of a module makes when it is first asked, and gives to all who ask."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.facts.modules import bindings_in
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.fix.objects.making import Making
from flake8_redis_ssot.fix.sources.leaving import leaves
from flake8_redis_ssot.fix.sources.returns import returns
from flake8_redis_ssot.fix.sources.signatures import bound_to, function_kind
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.libraries.standard import CACHES
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, own_nodes


def made_once(making: Making, function: Symbol) -> Code | None:
    """The call of a class that makes what a function gives; None where it may give None, or one of several."""
    node = function.node
    if not isinstance(node, Function) or function_kind(node) != "" or not decorators_of(node) <= CACHES:
        return None
    if isinstance(bound_to(ast.Call(ast.Name("x"), [], []), node.args), str) or not leaves(node.body):
        return None
    found = list(returns(node.body, set()))
    values = [statement.value for statement, _ in found]
    if not decorators_of(node):
        names = {
            value.id if isinstance(value, ast.Name) and value.id in sure else ""
            for value, (_, sure) in zip(values, found, strict=True)
        }
        values = [*_kept_as(making, function, *names)] if len(names) == 1 else []
    call = values[0] if len(values) == 1 else None
    if not isinstance(call, ast.Call):
        return None
    made = making.symbols.value(call.func, function.module, node)
    return Code(call, function.module, None, node) if made is not None and made.kind == "class" else None


def _kept_as(making: Making, function: Symbol, name: str) -> Iterator[ast.expr | None]:
    """What a module's name is given by a function, None apart; None where something else gives it a value."""
    if making.is_rebound(f"{function.module}.{name}"):
        yield None
    tree = making.symbols.tree(function.module)
    for where, statement in bindings_of(tree, name) if tree is not None else ():
        value = getattr(statement, "value", None)
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            yield None
        elif where is function.node:
            yield value
        elif where is not None or (value is not None and not is_none(value)):
            yield None


def bindings_of(tree: ast.Module, name: str) -> Iterator[tuple[Function | None, ast.stmt]]:
    """The statements that bind a module's name, those of functions by `global` included."""
    yield from ((None, node) for known, node in bindings_in(tree.body) if known == name)
    for function in all_nodes(tree):
        if not isinstance(function, Function):
            continue
        parts = list(own_nodes(function))
        if any(isinstance(part, ast.Global) and name in part.names for part in parts):
            for part in parts:
                if isinstance(part, ast.stmt) and any(
                    isinstance(inner, ast.Name) and inner.id == name and not isinstance(inner.ctx, ast.Load)
                    for inner in ast.iter_child_nodes(part)
                ):
                    yield function, part
