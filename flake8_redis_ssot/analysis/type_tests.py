"""What `isinstance` says of an object at a place: of which classes it is there, or is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import mode_of
from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.syntax.ancestors import ancestors, before_in_blocks, leaves_block
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes, unparsed


def narrowed(
    inference: Inference, around: ast.AST, node: ast.expr, point: ProgramPoint, found: list[Builder]
) -> list[Builder]:
    """Those of the builders `found` of the client that `node` is, or comes from, that tests before it within `around` leave."""
    if "isinstance" not in inference.scopes_of(point.scope).calls_named:
        return found
    text = f"{unparsed(node)}."
    for test, holds in _tests(around, node):
        for asked, classes, is_one in _asked(test, holds):
            if not text.startswith(f"{unparsed(asked)}.") or _is_set_after(around, asked, test):
                continue
            table = inference.names.table
            values = inference.values(classes, point)
            known = [table[v.name] for v in values if isinstance(v, QualifiedName) and v.name in table]
            if len(known) != 1 or len(values) != 1:
                continue  # what several classes leave is not told
            if is_one:
                found = [one for one in found if mode_of(one) == mode_of(known[0])]
            else:
                found = [one for one in found if not _is_of(one, known[0])]
    return found


def _is_of(one: Builder, class_: Builder) -> bool:
    """Whether what a builder makes is surely of a class: a cluster's client is none of the plain one."""
    return mode_of(one) == mode_of(class_) and one.target in (
        class_.target,
        f"{class_.target}.from_url",
        f"{class_.target.rpartition('.')[0]}.from_url",
    )


def _tests(around: ast.AST, node: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """The conditions that were asked before `node` runs, each with its answer."""
    for inner, outer in pairwise([node, *ancestors(around, node)]):
        match outer:
            case ast.If(test=test, body=body, orelse=orelse) if inner in body or inner in orelse:
                yield test, inner in body
            case ast.IfExp(test=test, body=then, orelse=otherwise) if inner in (then, otherwise):
                yield test, inner is then
    for part in before_in_blocks(around, node):
        match part:
            case ast.Assert(test=test):
                yield test, True
            case ast.If(test=test, body=body, orelse=orelse):
                if leaves_block(body):
                    yield test, False
                elif orelse and leaves_block(orelse):
                    yield test, True


def _asked(test: ast.expr, holds: bool) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """The objects that a condition asks for their classes, with these, and whether they are of them."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _asked(operand, not holds)
        case ast.BoolOp(op=op, values=parts) if isinstance(op, ast.And) is holds:
            for part in parts:
                yield from _asked(part, holds)
        case ast.Call(func=ast.Name(id="isinstance"), args=[asked, classes]):
            yield asked, classes, holds


def _is_set_after(around: ast.AST, asked: ast.expr, test: ast.expr) -> bool:
    """Whether an object's name is given another value behind a test, or in a loop perhaps before the next use."""
    text = unparsed(asked)
    return any(
        isinstance(part, ast.Name | ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and part.lineno >= test.lineno
        and is_under(text, unparsed(part))
        for part in all_nodes(around)
    )
