"""What a test puts something else in the place of, by itself or by what its runner runs before it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.fixtures import fixture_name
from flake8_redis_ssot.inference.values import Definition, Generator
from flake8_redis_ssot.libraries.frameworks import FIXTURES, NAME_TAKERS, OBJECT_PATCHERS, PREPARING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, callee_of, last_name
from flake8_redis_ssot.syntax.scopes import Scopes

_MOCK = re.compile(r"\w*Mock|create_autospec")
"""What makes an object that takes another one's place, by its last name."""


def patched_around(inference: Inference, point: ProgramPoint) -> set[str]:
    """The last names of what is patched while the call at `point` runs.

    By the functions around it, their decorators, what they enter, and what a test runner runs before them.
    """
    tree = inference.scopes_of(point.scope).module.node
    around = ancestors(tree, point.node) if tree is not None else []
    found: set[str] = set()
    for part in around:
        if isinstance(part, Function):
            patched = _patched_by(part)
            found |= patched - _patched_by_those_left(part, around) if patched else patched
        found.update(*(_patched_by(decorator) for decorator in getattr(part, "decorator_list", ())))
        for item in part.items if isinstance(part, ast.With | ast.AsyncWith) else ():
            found.update(*map(_patched_by, _entered(inference, item.context_expr, point)))
    outermost = point.scope.enclosing("function")
    while outermost.parent is not None and outermost.parent.enclosing("function").kind == "function":
        outermost = outermost.parent.enclosing("function")
    return found.union(*map(_patched_by, _prepared(inference, outermost)))


def is_patched(inference: Inference, node: ast.expr, point: ProgramPoint, *also: str) -> bool:
    """Whether something is patched whose name occurs in an expression, or in what its names and calls come from.

    The names `also` count as if they occurred there.
    """
    patched = patched_around(inference, point)
    return bool(patched) and not patched.isdisjoint({*also, *_names_behind(inference, node, point)})


def _names_behind(inference: Inference, node: ast.AST, point: ProgramPoint) -> Iterator[str]:
    """The last names in an expression, in what its names are bound to, and in the functions that it calls, and so on."""
    waiting, seen = [(node, point)], {node}
    for whole, at in waiting:
        for part in all_nodes(whole):
            yield last_name(part)
            behind: list[tuple[ast.AST | None, ProgramPoint]] = []
            if isinstance(part, ast.Name):
                for binding in inference.bindings(part.id, at):
                    yield (binding.target or "").rpartition(".")[2]
                    if isinstance(binding.value, ast.expr) and binding.scope is not None:
                        place = ProgramPoint(binding.value, binding.scope, binding.order, binding.path)
                        behind.append((binding.value, place))
            elif isinstance(part, ast.Call):
                for value in inference.values(part.func, at):
                    if isinstance(value, Definition | Generator):
                        inside = ProgramPoint(part, value.scope, 1 << 60, ())
                        behind.append((value.scope.node, inside))
            for one, there in behind:
                if one is not None and one not in seen:
                    seen.add(one)
                    waiting.append((one, there))


@memoized
def _patched_by(node: ast.AST) -> frozenset[str]:
    """The names that a part of a file patches."""
    found: set[str] = set()
    for part in all_nodes(node):
        called = last_name(part.func) if isinstance(part, ast.Call) else ""
        if isinstance(part, ast.Call) and (
            called in NAME_TAKERS | OBJECT_PATCHERS or called.endswith("patch")  # `patch as mock_patch`
        ):
            for argument in part.args[:2]:
                texts = [n.value for n in _text_parts(argument) if isinstance(n, ast.Constant)]
                found.update(text.rpartition(".")[2] for text in texts[-1:] if isinstance(text, str))
            if called == "multiple":
                found.update(k.arg for k in part.keywords if k.arg)
        elif isinstance(part, ast.Assign) and _makes_a_mock(part.value):
            found.update(t.attr for t in part.targets if isinstance(t, ast.Attribute))
    return frozenset(found)


def _makes_a_mock(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and _MOCK.fullmatch(last_name(value.func)) is not None


def _text_parts(node: ast.expr) -> list[ast.expr]:
    """The parts of a text as it may be written: whole, with a name in front (`f"{__name__}.save"`)."""
    match node:
        case ast.JoinedStr(values=parts):
            return parts
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [left, right]
    return [node]


def _patched_by_those_left(function: ast.AST, around: list[ast.AST]) -> set[str]:
    """The names that only the `with` statements of a function patch in which the call does not stand."""
    entered: dict[bool, set[str]] = {True: set(), False: set()}
    for part in _entering(function):
        for item in part.items:
            entered[part in around] |= _patched_by(item.context_expr)
    return entered[False] - entered[True]


@memoized
def _entering(function: ast.AST) -> list[ast.With | ast.AsyncWith]:
    """The `with` statements of a function."""
    return [part for part in all_nodes(function) if isinstance(part, ast.With | ast.AsyncWith)]


def _entered(inference: Inference, node: ast.expr, point: ProgramPoint) -> Iterator[ast.AST]:
    """The functions and classes of ours that make what is entered."""
    for value in inference.values(node.func, point) if isinstance(node, ast.Call) else ():
        if isinstance(value, Definition | Generator) and value.scope.node is not None:
            yield value.scope.node


def _prepared(inference: Inference, test: Scope) -> Iterator[ast.AST]:
    """The methods and fixtures that a test runner runs before a test, as far as these files show them."""
    owner = Scopes.class_of(test)
    todo, seen = [owner] if owner is not None else [], {owner}
    while todo:
        class_ = todo.pop()
        yield from (f for f in _functions(class_) if f.name.startswith(PREPARING))
        bases = {b.scope for b in inference.classes.bases(class_) if isinstance(b, Definition)}
        todo += bases - seen
        seen |= bases
    if not getattr(test.node, "name", "").startswith("test"):
        return
    asked = _asked_for(test)
    scopes = list(inference.fixture_scopes(test))
    fixtures = [
        (fixture_name(b) or f.name, f)
        for scope in scopes
        for bindings in scope.bindings.values()
        for b in bindings
        if isinstance(f := b.value, Function) and _fixture_marks(f)
    ]
    asked |= {name for name, fixture in fixtures if _is_automatic(fixture)}
    known = 0
    while known != len(asked):  # fixtures ask for fixtures
        known = len(asked)
        for name, fixture in fixtures:
            if name in asked:
                asked.update(a.arg for a in fixture.args.args)
    yield from (fixture for name, fixture in fixtures if name in asked)


def _functions(scope: Scope) -> Iterator[Function]:
    return (b.value for bs in scope.bindings.values() for b in bs if isinstance(b.value, Function))


def _asked_for(test: Scope) -> set[str]:
    """The names of the fixtures that a test asks for, by its parameters or by `usefixtures`."""
    assert isinstance(test.node, Function)
    found = {a.arg for a in (*test.node.args.args, *test.node.args.kwonlyargs)}
    scope: Scope | None = test
    while scope is not None:
        marks = [*getattr(scope.node, "decorator_list", ())]
        marks += [b.value for b in scope.bindings.get("pytestmark", ())]
        for part in (part for mark in marks for part in all_nodes(mark)):
            if isinstance(part, ast.Call) and last_name(part.func) == "usefixtures":
                found.update(str(a.value) for a in part.args if isinstance(a, ast.Constant))
        scope = scope.parent
    return found


def _fixture_marks(function: Function) -> list[ast.expr]:
    return [d for d in function.decorator_list if last_name(callee_of(d)) in FIXTURES]


def _is_automatic(function: Function) -> bool:
    """Whether a fixture is made for every test."""
    return any(
        k.arg == "autouse" and not (isinstance(k.value, ast.Constant) and not k.value.value)
        for mark in _fixture_marks(function)
        if isinstance(mark, ast.Call)
        for k in mark.keywords
    )
