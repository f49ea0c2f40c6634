"""`Scopes.points`: every node once, in the order in which it runs, whether all are asked for or a statement's."""

from __future__ import annotations

import ast
import os
from collections import Counter
from typing import TypeGuard

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snippets import comments, param

from flake8_redis_ssot.syntax.bindings import Branch, ProgramPoint, exclusive
from flake8_redis_ssot.syntax.scope_builder import build_scopes
from flake8_redis_ssot.syntax.scopes import Scopes

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")

EXPRESSIONS = ast.expr.__subclasses__()
STATEMENTS = (*ast.stmt.__subclasses__(), ast.ExceptHandler, ast.match_case)


def scopes_of(text: str) -> Scopes:
    return build_scopes(ast.parse(text), text, ("sample",), False)


# -- modules made by chance: `{}` is an expression, an indented `{}` in its own line a block

LEAVES = ["a", "b.c", "1", "'text'", "f()", "redis.Redis()", "f(a)(b)"]
AROUND = [
    "f({}, *{}, k={}, **{})",
    "{}.m({})",
    "[{}, {}]",
    "{{{}: {}, **{}}}",
    "{{{}}}",
    "{}[{}:{}]",
    "({} if {} else {})",
    "({} and {} or {})",
    "({} < {} < {})",
    "(-{} + {})",
    "(lambda x={}, *y, z={}: {})",
    "[{} for x in {} if {}]",
    "{{x: {} for x, y in {} for z in {}}}",
    "{{{} for x in {}}}",
    "f({} for x in {})",
    "f'{{{}}} and {{{}:{{{}}}}}'",
    "(x := {})",
    "(({}), {})",
]
LINES = [
    "{}",
    "x = y.z = {}",
    "x, *y = {}",
    "x[{}] = {}",
    "x.y: {} = {}",
    "x: {}",
    "x += {}",
    "del x, y[{}]",
    "assert {}, {}",
    "raise {} from {}",
    "import a.b, c as d",
    "from . import e",
    "pass",
]
BLOCKS = [
    "if {}:\n{}elif {}:\n{}else:\n{}",
    "for x, y.z in {}:\n{}else:\n{}",
    "while {}:\n{}",
    "with {} as x, {}:\n{}",
    "try:\n{}except {} as x:\n{}except:\n{}else:\n{}finally:\n{}",
    "try:\n{}except* {}:\n{}",
    "match {}:\n  case [a.b, C(x, k=1), *y] | {{'k': z.z}} if {}:\n {}  case _:\n {}",
    "@{}\ndef g(p: {}, *q, r={}, **s) -> {}:\n{}",
    "async def h(p={}):\n  global x\n  await {}\n  async with {} as y:\n    return {}\n  yield {}\n",
    "@{}\nclass C({}, k={}):\n{}",
    "def g():\n  x = 1\n  def h():\n    nonlocal x\n    x = yield {}\n    yield from {}\n  return {}\n",
]


def filled(draw: st.DrawFn, form: str, depth: int) -> str:
    """The form with expressions where it has `{}` within a line, and blocks where `{}` begins one."""
    parts = form.replace("{{", "\0").replace("}}", "\1").split("{}")
    text = parts[0]
    for part in parts[1:]:
        at_line_start = text.endswith("\n") or text.endswith("\n ")
        if at_line_start:
            inner = draw(blocks(depth - 1))
            shift = "   " if text.endswith("\n ") else "  "
            text = text.rstrip(" ") + "".join(f"{shift} {line}\n" for line in inner.splitlines()) + part
        else:
            text += draw(expressions(depth - 1)) + part
    return text.replace("\0", "{").replace("\1", "}")


@st.composite
def expressions(draw: st.DrawFn, depth: int) -> str:
    if depth <= 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    return filled(draw, draw(st.sampled_from(AROUND)), depth)


@st.composite
def blocks(draw: st.DrawFn, depth: int) -> str:
    forms = draw(st.lists(st.sampled_from(LINES if depth <= 0 else LINES + BLOCKS), min_size=1, max_size=3))
    return "\n".join(filled(draw, form, depth) for form in forms) + "\n"


def compiles(text: str) -> bool:
    try:
        compile(text, "sample", "exec")
    except SyntaxError:
        return False
    return True


modules = blocks(3).filter(compiles)
chosen = settings(max_examples=int(os.environ.get("EXAMPLES", "60")), deadline=None)


def key(point: ProgramPoint) -> tuple[int, int, tuple[Branch, ...]]:
    return id(point.node), point.order, point.path


@chosen
@given(modules)
def test_all_calls_and_all_statements_are_met_once(text: str) -> None:
    tree = ast.parse(text)
    scopes = build_scopes(tree, text, ("sample",), False)
    for types in ((ast.Call,), STATEMENTS, (ast.Lambda, ast.ListComp, ast.Await, ast.Yield)):
        expected = Counter(node for node in ast.walk(tree) if isinstance(node, types))
        assert Counter(point.node for point in scopes.points(types)) == expected
    assert [point.node for point in scopes.calls] == [point.node for point in scopes.points((ast.Call,))]


@chosen
@given(modules, st.data())
def test_the_points_of_a_statement_are_those_within_it(text: str, data: st.DataObject) -> None:
    scopes = scopes_of(text)
    wanted = (ast.Call, ast.Name, *STATEMENTS)
    tree = scopes.module.node
    assert tree is not None
    statement = data.draw(st.sampled_from([node for node in ast.walk(tree) if isinstance(node, ast.stmt)]))
    inside = set(ast.walk(statement))
    expected = [key(point) for point in scopes.points(wanted) if point.node in inside]
    assert [key(point) for point in scopes.points(wanted, within=statement)] == expected
    # asked by parts, a new table gives the same
    again = scopes_of(text)
    twin = [*ast.walk(again.module.node or tree)][[*ast.walk(tree)].index(statement)]
    assert isinstance(twin, ast.stmt)
    list(again.points((ast.Call,), within=twin))
    assert [point.order for point in again.points(wanted, within=twin)] == [order for _, order, _ in expected]


@chosen
@given(modules)
def test_every_site_has_its_own_turn_within_a_scope(text: str) -> None:
    scopes = scopes_of(text)
    points = list(scopes.points((*EXPRESSIONS, *STATEMENTS)))
    nodes = {id(point.node): point for point in points}
    assert len(nodes) == len(points)
    for node in ast.walk(scopes.module.node or ast.Module()):
        for child in ast.iter_child_nodes(node):
            # a part runs after the whole has begun
            if id(node) in nodes and id(child) in nodes:
                assert nodes[id(child)].order >= nodes[id(node)].order


# -- the order in which Python runs it, told by the names called: `# a b c`

ORDER = {
    "a statement after another": """
        a(); b()
        c()
        # a b c
        """,
    "a call": """
        a(b(), c(), *d(), k=e(), **f())
        # a b c d e f
        """,
    "an assignment runs its value first": """
        x[b()] = y[c()] = a()
        # a b c
        """,
    "an annotated assignment": """
        x: a() = b()
        # a b
        """,
    "compound statements": """
        if a():
            b()
        elif c():
            d()
        else:
            e()
        for x in f():
            g()
        else:
            h()
        while i():
            j()
        with k() as x, l():
            m()
        # a b c d e f g h i j k l m
        """,
    "try": """
        try:
            a()
        except b():
            c()
        except d():
            e()
        else:
            f()
        finally:
            g()
        # a b c d e f g
        """,
    "match": """
        match a():
            case 1 if b():
                c()
            case _:
                d()
        # a b c d
        """,
    "a function": """
        @a()
        def f(x: c() = b()) -> d():
            e()
        # a b c d e
        """,
    "a class": """
        @a()
        class C(b(), k=c()):
            d()
        # a b c d
        """,
    "a conditional expression runs its test first": """
        b() if a() else c()
        # a b c
        """,
    "a comprehension runs its element last": """
        [d() for x in a() for y in b() if c()]
        {d(): e() for x in f()}
        # a b c d f d e
        """,
    "a lambda": """
        (lambda x=a(): b())(c())
        # a b c
        """,
    "boolean operators, comparisons, subscripts": """
        a() and b() or c() < d() < e()
        f()[g():h()]
        f"{i()} {j():{k()}}"
        # a b c d e f g h i j k
        """,
    "a dict runs each key before its value": """
        {a(): b(), c(): d()}
        # a b c d
        """,
    "a comprehension's target is a part of it": """
        [c() for x[b()] in a()]
        # a b c
        """,
}


def is_named(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


@pytest.mark.parametrize("text", param(ORDER))
def test_sites_come_in_the_order_in_which_they_run(text: str) -> None:
    found = [
        (point.order, ast.unparse(point.node.func)) for point in scopes_of(text).calls if is_named(point.node)
    ]
    ((_, expected),) = comments(text)
    assert [name for _, name in found] == expected.split()
    assert [name for _, name in sorted(found, key=lambda call: call[0])] == expected.split()


# -- the scope of a place, told by the function, class or comprehension around it: `x()  # f`

PLACES = {
    "statements": """
        x()  # module
        def f(a: x() = x()) -> x():  # module module module
            x()  # f
            class C(x()):  # f
                x()  # C
                @x()  # C
                def g(self):
                    return x()  # g
        """,
    "lambdas and comprehensions": """
        lambda a=x(): x()  # module lambda
        [x() for a in b if x()]  # comprehension comprehension
        [[x() for c in d] for a in b]  # comprehension
        class C:
            y = [lambda: x() for a in b]  # lambda
        """,
    "the first iterable of a comprehension runs outside it": """
        [a for a in x()]  # module
        """,
}


@pytest.mark.parametrize("text", param(PLACES))
def test_the_scope_of_a_place(text: str) -> None:
    found: dict[int, list[str]] = {}
    for point in scopes_of(text).calls:
        scope = point.scope
        name = getattr(scope.node, "name", "lambda" if isinstance(scope.node, ast.Lambda) else scope.kind)
        found.setdefault(point.node.lineno, []).append(name)
    assert found == {line: comment.split() for line, comment in comments(text)}


# -- branches: whether two places never both run

EXCLUSIVE = {
    "arms of an if": ("if c:\n    x\nelse:\n    y\n", True, True),
    "a chain of them": ("if c:\n    x\nelif d:\n    pass\nelse:\n    y\n", True, True),
    "an arm and what follows": ("if c:\n    x\ny\n", False, False),
    "two ifs": ("if c:\n    x\nif c:\n    y\n", False, False),
    "a nested arm": ("if c:\n    if d:\n        x\nelse:\n    y\n", True, True),
    "cases": ("match c:\n    case 1:\n        x\n    case _:\n        y\n", True, True),
    "handlers": ("try:\n    pass\nexcept E:\n    x\nexcept F:\n    y\n", True, True),
    "a try and its handler": ("try:\n    x\nexcept E:\n    y\n", False, True),
    "a try and its else": ("try:\n    x\nexcept E:\n    pass\nelse:\n    y\n", False, False),
    "a handler and the else": ("try:\n    pass\nexcept E:\n    x\nelse:\n    y\n", True, True),
    "a handler and the finally": ("try:\n    pass\nexcept E:\n    x\nfinally:\n    y\n", False, False),
    "a loop and its else": ("for i in j:\n    x\nelse:\n    y\n", False, False),
    "a conditional expression": ("x if c else y\n", True, True),
    "a with block": ("with c:\n    x\ny\n", False, False),
}


@pytest.mark.parametrize("name", EXCLUSIVE)
def test_which_places_never_both_run(name: str) -> None:
    text, expected, tried = EXCLUSIVE[name]
    places = {s.node.id: s.path for s in scopes_of(text).points((ast.Name,)) if isinstance(s.node, ast.Name)}
    for one, other in (("x", "y"), ("y", "x")):
        assert exclusive(places[one], places[other]) is expected
        assert exclusive(places[one], places[other], tried=True) is tried


@pytest.mark.parametrize(
    "test", ["TYPE_CHECKING", "typing.TYPE_CHECKING", "not TYPE_CHECKING", "not t.TYPE_CHECKING", "other"]
)
def test_what_stands_under_type_checking(test: str) -> None:
    text = f"if {test}:\n    x\nelse:\n    y\n    if c: z\n"
    places = {s.node.id: s for s in scopes_of(text).points((ast.Name,)) if isinstance(s.node, ast.Name)}
    found = {name for name in "xyz" if places[name].for_typing}
    assert found == (set() if test == "other" else {"y", "z"} if test.startswith("not") else {"x"})
