"""Settings of Redis that a file reads from the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.libraries.frameworks import ENVIRONMENT_READERS
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.syntax.bindings import ProgramPoint


@dataclass(frozen=True, slots=True)
class Reading:
    """One place where the variable `name` is read; `default` as written, where it is a constant that says something."""

    name: str
    node: ast.expr
    default: ast.Constant | None = None


def readings(names: Names, points: Iterable[ProgramPoint]) -> Iterator[Reading]:
    """The readings of `REDIS_*` among the calls and subscripts of a file."""
    for point in points:
        match point.node:
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *rest], keywords=keywords):
                if name.startswith(VARIABLE_PREFIX) and ENVIRONMENT_READERS & set(names.dotted(func, point)):
                    given = [*rest, *(k.value for k in keywords if k.arg == "default")][:1]
                    known = [g for g in given if isinstance(g, ast.Constant) and g.value not in (None, "")]
                    yield Reading(name, point.node, next(iter(known), None))
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if name.startswith(VARIABLE_PREFIX) and "os.environ" in names.dotted(value, point):
                    yield Reading(name, point.node)
