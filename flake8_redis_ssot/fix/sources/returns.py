"""The `return` statements of a function, and what is surely set when these and other parts of it run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.fix.sources.leaving import leaves, suppresses
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.syntax.nodes import Function, block_of, unparsed


def sure_at_end(function: Function) -> set[str]:
    """The places that are set when the last statement of a function runs."""
    sure: set[str] = set()
    for _ in returns(function.body, sure):
        pass
    return sure


def returns(body: list[ast.stmt], sure: set[str]) -> Iterator[tuple[ast.Return, set[str]]]:
    """The `return` statements of a body, each with the places that are set there; `sure` gains those set in the end."""
    for statement in body:
        match statement:
            case ast.Return():
                yield statement, set(sure)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    (sure.discard if is_none(value) else sure.add)(unparsed(target))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                (sure.discard if is_none(value) else sure.add)(unparsed(target))
            case ast.If(test=test, body=then, orelse=otherwise):
                missing, there = _asked(test)
                inner = sure | there
                yield from returns(then, inner)
                other = sure | missing
                yield from returns(otherwise, other)
                if leaves(then):
                    inner = other
                elif leaves(otherwise):
                    other = inner
                sure &= inner & other
                sure |= inner & other
            case ast.With(body=inside) | ast.AsyncWith(body=inside) if not suppresses(statement):
                yield from returns(inside, sure)
            case ast.With(body=inside) | ast.AsyncWith(body=inside):
                yield from returns(inside, set(sure))
            case ast.Try():
                parts = [
                    statement.body,
                    *(h.body for h in statement.handlers),
                    statement.orelse,
                    statement.finalbody,
                ]
                for part in parts:
                    yield from returns(part, set(sure))
            case ast.For() | ast.AsyncFor() | ast.While():
                yield from returns(statement.body, set(sure))
                yield from returns(statement.orelse, set(sure))


def is_set_at(node: ast.AST, place: str, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a part of a function runs only where a `place` is not None, by the conditions around and before it."""
    while True:
        above = parents.get(node)
        if isinstance(above, ast.If | ast.IfExp) and node is not above.test:
            missing, there = _asked(above.test)
            is_then = node is above.body or (isinstance(above.body, list) and node in above.body)
            if place in (there if is_then else missing):
                return True
        for before in block_of(above, node):
            if before is node:
                break
            if isinstance(before, ast.If) and leaves(before.body) and place in _asked(before.test)[0]:
                return True
        if above is None or isinstance(above, Function | ast.Lambda):
            return False
        node = above


def _asked(test: ast.expr) -> tuple[set[str], set[str]]:
    """The places that are set where a condition fails, and those that are set where it holds."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return {unparsed(left)}, set()
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return set(), {unparsed(left)}
        case ast.Compare(
            left=ast.Constant(value=str(name)),
            ops=[ast.In() | ast.NotIn() as op],
            comparators=[ast.Call(func=ast.Name(id="globals"))],
        ):
            return ({name}, set()) if isinstance(op, ast.NotIn) else (set(), {name})
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[within]):
            return {f"{unparsed(within)}[{unparsed(left)}]"}, set()
        case ast.Compare(left=left, ops=[ast.In()], comparators=[within]):
            return set(), {f"{unparsed(within)}[{unparsed(left)}]"}
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() as place):
            return {unparsed(place)}, set()
        case ast.Name() | ast.Attribute():
            return set(), {unparsed(test)}
    return set(), set()
