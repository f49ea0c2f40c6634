"""Whether conditions hold, and which `return`s a function reaches, as far as constants decide."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Sequence

_COMPARISONS = {ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.Eq: operator.eq, ast.NotEq: operator.ne}

Constants = Callable[[str], ast.Constant | None]
"""Gives the constant that a name stands for, None if it is none."""


def truth(test: ast.expr, constant: Constants) -> bool | None:
    """Whether a condition holds; None if constants do not decide it."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Name(id=name):
            known = constant(name)
            return None if known is None else bool(known.value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            holds = truth(operand, constant)
            return None if holds is None else not holds
        case ast.BoolOp(op=op, values=values):
            decides = isinstance(op, ast.Or)
            truths = {truth(value, constant) for value in values}
            return decides if decides in truths else None if None in truths else not decides
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=value)]):
            compare, known = _COMPARISONS.get(type(op)), constant(name)
            return compare(known.value, value) if compare is not None and known is not None else None
        case ast.Compare(left=ast.Constant(), ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Name() as name]):
            return truth(ast.Compare(name, test.ops, [test.left]), constant)
        case ast.Compare(
            left=ast.Name(id=name),
            ops=[ast.In() | ast.NotIn() as op],
            comparators=[ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements)],
        ) if all(isinstance(element, ast.Constant) for element in elements):
            known = constant(name)
            is_in = known is not None and known.value in [element.value for element in elements]  # type: ignore[attr-defined]
            return None if known is None else is_in is isinstance(op, ast.In)
    return None


def returns_reached(body: Sequence[ast.stmt], constant: Constants) -> set[ast.expr]:
    """The expressions that the statements of `body` may return."""
    found: set[ast.expr] = set()
    _run(body, constant, found)
    return found


def _run(body: Iterable[ast.stmt], constant: Constants, found: set[ast.expr]) -> bool:
    """Add to `found` what statements may return; returns whether code after them may run."""
    for statement in body:
        match statement:
            case ast.Return(value=value):
                if value is not None:
                    found.add(value)
                return False
            case ast.Raise():
                return False
            case ast.If(test=test, body=then, orelse=otherwise):
                holds = truth(test, constant)
                arms = [arm for arm, ends in ((then, False), (otherwise, True)) if holds is not ends]
                # a list, as `any` would stop early: the `return`s of all arms count
                if not any([_run(arm, constant, found) for arm in arms]):
                    return False
            case ast.Match(subject=subject, cases=cases):
                if not any(
                    [_run(case.body, constant, found) for case in cases_reached(subject, cases, constant)]
                ):
                    return False
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case _:
                for name in ("body", "handlers", "orelse", "finalbody"):
                    for part in getattr(statement, name, ()):
                        _run(part.body if isinstance(part, ast.ExceptHandler) else [part], constant, found)
    return True


def cases_reached(
    subject: ast.expr, cases: Sequence[ast.match_case], constant: Constants
) -> Iterable[ast.match_case]:
    """The cases that may be taken, and an empty one for no match at all."""
    for case in cases:
        holds = _fits(subject, case.pattern, constant)
        if holds is not False:
            yield case
        if holds and case.guard is None:
            return
    yield ast.match_case(ast.MatchAs(), None, [])


def _fits(subject: ast.expr, pattern: ast.pattern, constant: Constants) -> bool | None:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchValue(value=ast.Constant() as value):
            return truth(ast.Compare(subject, [ast.Eq()], [value]), constant)
        case ast.MatchSingleton(value=value):
            return truth(ast.Compare(subject, [ast.Is()], [ast.Constant(value)]), constant)
        case ast.MatchOr(patterns=patterns):
            fits = {_fits(subject, one, constant) for one in patterns}
            return True if True in fits else None if None in fits else False
    return None
