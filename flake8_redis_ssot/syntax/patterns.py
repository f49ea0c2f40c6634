"""The names that `match` patterns bind, each with an expression for its value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.syntax.synthetic import Narrowed


def captures(pattern: ast.pattern, subject: ast.expr) -> dict[str, ast.expr]:
    """The names that a pattern binds, each with an expression for its value when the pattern matches."""
    found: dict[str, list[ast.expr]] = {}
    for name, given in _captured(pattern, subject):
        found.setdefault(name, []).append(given)
    return {name: _either(many, pattern) for name, many in found.items()}


def _captured(pattern: ast.pattern, subject: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if inner is not None:
                yield from _captured(inner, subject)
            if name is not None:
                yield name, _matched(inner, subject)
        case ast.MatchOr(patterns=alternatives):
            for one in alternatives:
                yield from _captured(one, subject)
        case ast.MatchClass(patterns=positional, kwd_attrs=names, kwd_patterns=named):
            whole = _matched(pattern, subject)
            for n, inner in enumerate(positional):
                yield from _captured(inner, _part(whole, ast.Constant(n), inner))
            for name, inner in zip(names, named, strict=True):
                had = ast.copy_location(ast.Attribute(whole, name, ast.Load()), inner)
                yield from _captured(inner, had)
        case ast.MatchMapping(keys=keys, patterns=inners, rest=rest):
            for key, inner in zip(keys, inners, strict=True):
                yield from _captured(inner, _part(subject, key, inner))
            if rest is not None:
                yield rest, subject
        case ast.MatchSequence(patterns=inners):
            after = 0
            for n, inner in enumerate(inners):
                if isinstance(inner, ast.MatchStar):
                    after = len(inners)
                    if inner.name is not None:
                        last = n + 1 - after
                        rest_of = ast.Slice(ast.Constant(n), ast.Constant(last) if last else None, None)
                        yield inner.name, _part(subject, rest_of, inner)
                else:
                    yield from _captured(inner, _part(subject, ast.Constant(n - after), inner))


def _matched(pattern: ast.pattern | None, subject: ast.expr) -> ast.expr:
    """An expression for a subject that matches a pattern."""
    match pattern:
        case ast.MatchClass(cls=cls):
            return ast.copy_location(Narrowed(subject, cls), pattern)
        case ast.MatchValue(value=value):
            return value
        case ast.MatchSingleton(value=value):
            return ast.copy_location(ast.Constant(value), pattern)
        case ast.MatchOr(patterns=alternatives):
            return _either([_matched(one, subject) for one in alternatives], pattern)
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _matched(inner, subject)
    return subject


def _either(many: list[ast.expr], pattern: ast.pattern) -> ast.expr:
    return many[0] if len(many) == 1 else ast.copy_location(ast.BoolOp(ast.Or(), many), pattern)


def _part(whole: ast.expr, key: ast.expr, pattern: ast.pattern) -> ast.expr:
    return ast.copy_location(ast.Subscript(whole, key, ast.Load()), pattern)
