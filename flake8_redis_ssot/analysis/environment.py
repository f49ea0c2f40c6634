"""Settings of Redis that a file reads from the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.standard_calls import handed_call
from flake8_redis_ssot.inference.values import Items, QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.frameworks import ENVIRONMENT_READERS, ENVIRONMENTS
from flake8_redis_ssot.libraries.vocabulary import VARIABLE_PREFIX
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import Comprehension, last_name
from flake8_redis_ssot.syntax.synthetic import Element

_ASKED = frozenset(["key", "option"])
"""The keywords by which they take the name of a variable."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One place where the variable `name` is read; `default` as written, where it is a constant that says something."""

    name: str
    node: ast.expr
    default: ast.Constant | None = None


def readings(inference: Inference, points: Iterable[ProgramPoint]) -> Iterator[Reading]:
    """The readings of `REDIS_*` among the calls and subscripts of a file."""
    for point in points:
        match point.node:
            case ast.Call() as call:
                call = handed_call(inference, call, point) or call
                func, args, keywords = call.func, call.args, call.keywords
                asked = [*args[:1], *(k.value for k in keywords if k.arg in _ASKED)]
                if not any(map(_may_name, asked)) or not _reads(inference, func, point):
                    continue
                tree = inference.scopes_of(point.scope).module.node
                if last_name(func) == "pop" and tree and isinstance(ancestors(tree, point.node)[0], ast.Expr):
                    # it is only taken out
                    continue
                given = [*args[1:], *(k.value for k in keywords if k.arg == "default")][:1]
                known = [g for g in given if isinstance(g, ast.Constant) and g.value not in (None, "")]
                for name in _variables(inference, asked[0], point):
                    yield Reading(name, point.node, next(iter(known), None))
            case ast.Subscript(value=value, slice=key, ctx=ast.Load()):
                if _may_name(key) and "os.environ" in _names(inference, value, point):
                    yield from (Reading(name, point.node) for name in _variables(inference, key, point))


def _names(inference: Inference, node: ast.expr, point: ProgramPoint) -> set[str]:
    return {value.name for value in inference.values(node, point) if isinstance(value, QualifiedName)}


def _reads(inference: Inference, func: ast.expr, point: ProgramPoint) -> bool:
    """Whether a function gives a variable of the environment."""
    if not ENVIRONMENT_READERS.isdisjoint(_names(inference, func, point)):
        return True
    owner = func.value if isinstance(func, ast.Attribute) else func
    if isinstance(owner, ast.Call):
        return not ENVIRONMENTS.isdisjoint(_names(inference, owner.func, point))
    bindings = inference.bindings(owner.id, point) if isinstance(owner, ast.Name) else []
    return bool(bindings) and all(
        isinstance(b.value, ast.Call)
        and b.scope is not None
        and not b.projection
        and not ENVIRONMENTS.isdisjoint(
            _names(inference, b.value.func, ProgramPoint(b.value, b.scope, b.order, b.path))
        )
        for b in bindings
    )


def _may_name(node: ast.expr) -> bool:
    """Whether an expression may be the name of a variable of Redis, by its form."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value.startswith(VARIABLE_PREFIX)
    return isinstance(
        node, ast.Name | ast.Attribute | ast.BinOp | ast.JoinedStr | ast.IfExp | ast.Call | Element
    )


def _variables(inference: Inference, node: ast.expr, point: ProgramPoint) -> list[str]:
    """The name of the variable that is read, if that is one of Redis whatever the expression is, or each of several is read."""
    texts = sorted(inference.all_texts(node, point))
    found = [text for text in texts if text.startswith(VARIABLE_PREFIX)]
    return found[:1] if len(found) == len(texts) or _is_each(inference, node, point) else []


def _is_each(inference: Inference, node: ast.expr, point: ProgramPoint) -> bool:
    """Whether an expression is each element of one container in turn, and none is passed over."""
    scope = point.scope
    if isinstance(node, Element):
        wholes = [(node.of, point)]
    elif (
        isinstance(node, ast.Name)
        and isinstance(scope.node, Comprehension)
        and not any(generator.ifs for generator in scope.node.generators)
    ):
        wholes = [
            (b.value, ProgramPoint(b.value, b.scope, b.order if b.turn is None else b.turn, b.path))
            for b in scope.bindings.get(node.id, ())
            if b.scope is not None and isinstance(b.value, ast.expr) and b.path == point.path
        ]
    else:
        return False
    values = [value for whole, at in wholes for value in inference.values(whole, at)]
    return len(values) == 1 and isinstance(values[0], Items) and values[0].keys is None
