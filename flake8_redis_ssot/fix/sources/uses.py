"""What is done with an object, as one file has it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flake8_redis_ssot.lazy_dataclass import dataclass, field

BY_KEY = "[]"
"""In the place of an attribute's name: an item is set."""
BY_NAME = ""
"""In its place where the name is put together."""


@dataclass(slots=True)
class Uses:
    """What is done with an object: `members` are read of it, and called by the call beside each.

    `escapes` are the nodes where it goes out of sight, each with what happens there; `stored` are
    attributes set on it, each by its name, `entered` the `with` statements that end it, `asked`
    where its truth or text is asked for, each with the methods that would tell, `none_asked` where it is
    compared with None.
    """

    members: list[tuple[ast.Attribute, ast.Call | None]] = field(default_factory=list)
    escapes: list[tuple[ast.expr, str]] = field(default_factory=list)
    stored: list[tuple[ast.expr, str]] = field(default_factory=list)
    entered: list[ast.expr] = field(default_factory=list)
    asked: list[tuple[ast.expr, frozenset[str]]] = field(default_factory=list)
    none_asked: list[ast.expr] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """What other files see of this one: names of the module, and attributes; the names for which they may put others."""

    exported: frozenset[str]
    is_exposed: Callable[[str], bool]
    is_exchanged: Callable[[str], bool]


def results(value: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression of which one is its value."""
    yield value
    match value:
        case ast.BoolOp(values=values):
            for part in values:
                yield from results(part)
        case ast.IfExp(body=body, orelse=orelse):
            yield from results(body)
            yield from results(orelse)
        case ast.NamedExpr(value=inner):
            yield from results(inner)
