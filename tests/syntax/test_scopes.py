"""What each statement binds, and in which scope; every snippet says so in its comments.

`# a = v[0], b = import os`: the bindings that the line makes, in order. A value is followed by the
way from it: `[1]` an element, `[*]` any of them, `.enter` what a `with` hands out. `?` is a value
that the file does not tell. `f.a` stands for the name `a` in the scope of `f`; `C().a` for an
attribute of the objects of `C`.
"""

from __future__ import annotations

import ast
import re

import pytest
from snippets import comments, line_of, param

from flake8_redis_ssot.syntax.bindings import Binding, Scope
from flake8_redis_ssot.syntax.scope_builder import build_scopes
from flake8_redis_ssot.syntax.scopes import Scopes


def scopes_of(text: str, modules: tuple[str, ...] = ("app.here",), is_package: bool = False) -> Scopes:
    return build_scopes(ast.parse(text), text, modules, is_package)


def shown(binding: Binding) -> str:
    if binding.target is not None:
        return f"import {binding.target}{'.*' if binding.star else ''}"
    match binding.value:
        case None:
            return "?"
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            value = f"{'class' if isinstance(binding.value, ast.ClassDef) else 'def'} {binding.value.name}"
        case ast.AnnAssign(annotation=annotation, value=None):
            value = f": {ast.unparse(annotation)}"
        case ast.AnnAssign(annotation=annotation, value=ast.expr() as given):
            value = f"{ast.unparse(given)}: {ast.unparse(annotation)}"
        case ast.arg():
            value = "parameter"
        case ast.AST() as node:
            value = ast.unparse(node)
    ways = {"item": "[*]", "enter": ".enter"}
    return value + "".join(ways.get(str(step), f"[{step}]") for step in binding.projection)


def name_of(scope: Scope) -> str:
    return {ast.Module: "", ast.Lambda: "lambda."}.get(
        type(scope.node), f"{getattr(scope.node, 'name', scope.kind)}."
    )


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def bindings(scopes: Scopes) -> list[tuple[int, int, str]]:
    """(line of the statement, order, what is bound) of all bindings."""
    lines = {}
    for _, b in scopes.all_bindings:
        node = b.scope.node if isinstance(b.value, ast.arg) and b.scope else b.value
        lines[id(b)] = node.lineno if isinstance(node, DEFINITIONS) else line_of(b, scopes)
    inner = {point.scope for point in scopes.points((ast.Name, ast.Lambda))} | {*scopes.namespaces.values()}
    found = []
    for scope in {scopes.module} | inner:
        kept = [(name_of(scope), scope.bindings), (name_of(scope).replace(".", "()."), scope.attributes)]
        for prefix, names in [*kept, (name_of(scope), {"*": scope.stars})]:
            for name, several in names.items():
                for b in several:
                    line = lines.get(id(b)) or getattr(b.value, "lineno", None) or 1
                    found.append((line, b.order, f"{prefix}{name} = {shown(b)}"))
    return sorted(found)


BINDINGS = {
    "assignments": """
        a = v  # a = v
        a = b = v  # a = v, b = v
        a, b = v  # a = v[0], b = v[1]
        a, (b, [c]) = v  # a = v[0], b = v[1][0], c = v[1][1][0]
        a, *b, c = v  # a = v[0], b = v[(1, -1)], c = v[-1]
        *a, (b, c) = v  # a = v[(0, -1)], b = v[-1][0], c = v[-1][1]
        a: int = v  # a = v: int
        a += v  # a = ?
        (a) = v  # a = v
        """,
    "targets that are no names": """
        a[0], b.c = v
        f().x = v
        a[i], b = v  # b = v[1]
        """,
    "a name that goes": """
        del a  # a = ?
        del a, (b, [c])  # a = ?, b = ?, c = ?
        del a.b, c[d]
        """,
    "imports": """
        import os  # os = import os
        import os.path  # os = import os
        import os.path as p, sys  # p = import os.path, sys = import sys
        from a.b import c, d as e  # c = import a.b.c, e = import a.b.d
        """,
    "loops": """
        for a in v:  # a = v[*]
            b = a  # b = a
        else:
            c = v  # c = v
        for a, (b, c) in v:  # a = v[*][0], b = v[*][1][0], c = v[*][1][1]
            pass
        for a.b in v:
            pass
        while (a := v):  # a = v
            pass
        """,
    "with blocks": """
        with v as a, f(a) as (b, c):  # a = v.enter, b = f(a).enter[0], c = f(a).enter[1]
            d = a  # d = a
        with v:
            pass
        with v as a.b:
            pass
        """,
    "try statements": """
        try:
            a = v  # a = v
        except E as b:  # b = ?
            c = v  # c = v
        except F:
            pass
        else:
            d = v  # d = v
        finally:
            e = v  # e = v
        try:
            pass
        except* E as b:  # b = ?
            pass
        """,
    "patterns": """
        match v:
            case a:  # a = v
                pass
        match v:
            case [a, *b]:  # a = v[0], b = v[1:]
                pass
            case {"k": a, **rest}:  # a = v['k'], rest = v
                pass
            case C(a, k=b) as c if (d := a):  # a = C[0], b = C.k, c = C, d = a
                pass
            case [1 | 2 as a, _] | [a, C.D]:  # a = (1 or 2) or v[0]
                pass
            case 1 | "x" | None | C.D | _:
                e = v  # e = v
        """,
    "functions": """
        def f(a, /, b, *c, d=v, **e):  # f = def f, f.a = parameter, f.b = parameter, f.d = parameter, f.c = parameter, f.e = parameter
            g = a  # f.g = a
            return g
        @f
        async def h(a):  # h = def h, h.a = parameter
            async with a as b:  # h.b = a.enter
                async for c in b:  # h.c = b[*]
                    pass
        """,
    "the parameters of a lambda": """
        x = lambda a, *b, c=v, **d: a  # x = lambda a, *b, c=v, **d: a, lambda.a = parameter, lambda.c = parameter, lambda.b = parameter, lambda.d = parameter
        """,
    "a class": """
        class C(B):  # C = class C
            a = v  # C.a = v
            b: int  # C().b = : int
            c: int = v  # C.c = v: int
            def m(self, d):  # C.m = def m, m.self = parameter, m.d = parameter
                self.e = d  # C().e = d
                self.f, g = d  # C().f = d[0], m.g = d[1]
                self.h: int = d  # C().h = d: int
                self.i: int  # C().i = : int
                C.l = d  # C.l = d
                d.i = v
            @classmethod
            def n(cls):  # C.n = def n, n.cls = parameter
                cls.a = v  # C.a = v
            @staticmethod
            def o(first):  # C.o = def o, o.first = parameter
                first.a = v
            for j in v:  # C.j = v[*]
                pass
        C.k = v  # C.k = v
        """,
    "other scopes by name": """
        def f():  # f = def f
            global a, b
            a = v  # a = v
            b, c = v  # b = v[0], f.c = v[1]
            import b  # b = import b
            def g():  # f.g = def g
                nonlocal c, d
                c = w  # f.c = w
                d = w  # f.d = w
                global e
                for e in w:  # e = w[*]
                    pass
            d = v  # f.d = v
        class C:  # C = class C
            global h
            h = v  # h = v
        """,
    "nonlocal names of a function further out": """
        def f():  # f = def f
            a = v  # f.a = v
            def g():  # f.g = def g
                def h():  # g.h = def h
                    nonlocal a
                    a = w  # f.a = w
        """,
    "module names set by text": """
        globals()["a"] = v  # a = v
        globals()[b] = v
        globals().update({"c": v, d: v}, e=w)  # e = w, c = v
        def f():  # f = def f
            globals()["g"] = v  # g = v
            globals().update(h=v)  # h = v
        """,
    "assignment expressions": """
        f(a := v)  # a = v
        [b := x for x in v]  # b = x, comprehension.x = v[*]
        def f(c=(d := v)):  # f = def f, f.c = parameter, d = v
            global g
            if (e := v) and (g := v):  # f.e = v, g = v
                return [(h := x) for x in v]  # f.h = x, comprehension.x = v[*]
        lambda: (i := v)  # lambda.i = v
        """,
    "comprehensions": """
        [a for a in v]  # comprehension.a = v[*]
        {a: b for a, b in v}  # comprehension.a = v[*][0], comprehension.b = v[*][1]
        (c for a in v for b in a for c in b)  # comprehension.a = v[*], comprehension.b = a[*], comprehension.c = b[*]
        {[b for b in a] for a in v if a}  # comprehension.a = v[*], comprehension.b = a[*]
        """,
    "annotations bind nothing outside a class": """
        a: int
        def f():  # f = def f
            b: int
        """,
    "type checking": """
        if TYPE_CHECKING:
            import a  # a = import a
        else:
            a = v  # a = v
        """,
    "statements that bind nothing": """
        a
        assert a, b
        raise a from b
        pass
        a.b()
        """,
}


@pytest.mark.parametrize("text", param(BINDINGS))
def test_what_a_statement_binds(text: str) -> None:
    found: dict[int, list[str]] = {}
    for line, _, binding in bindings(scopes_of(text)):
        found.setdefault(line, []).append(binding)
    expected = {line: re.split(r", (?=[\w.()*]+ = )", comment) for line, comment in comments(text)}
    assert {line: sorted(several) for line, several in found.items()} == {
        line: sorted(several) for line, several in expected.items()
    }


# the module, whether it is a package, the statement, the modules that it can mean
RELATIVE = [
    (["app.db.here"], False, "from . import x", ["app.db"]),
    (["app.db.here"], False, "from .near import x", ["app.db.near"]),
    (["app.db.here"], False, "from .. import x", ["app"]),
    (["app.db.here"], False, "from ..far.away import x", ["app.far.away"]),
    (["app.db.here"], False, "from ... import x", []),
    (["app.db.here"], False, "from app import x", ["app"]),
    (["app.db"], True, "from . import x", ["app.db"]),
    (["app.db"], True, "from .near import x", ["app.db.near"]),
    (["app.db"], True, "from .. import x", ["app"]),
    (["app.db"], True, "from ... import x", []),
    (["app"], True, "from . import x", ["app"]),
    (["app"], True, "from .. import x", []),
    (["here"], False, "from . import x", []),
    (["here"], False, "from .near import x", []),
    ([], False, "from . import x", []),
    (["src.app.here", "app.here"], False, "from . import x", ["src.app", "app"]),
    (["src.app.here", "app.here"], False, "from .. import x", ["src"]),
    (["src.here", "here"], False, "from sys import x", ["sys"]),
]


@pytest.mark.parametrize(("modules", "is_package", "statement", "expected"), RELATIVE)
def test_relative_imports(modules: list[str], is_package: bool, statement: str, expected: list[str]) -> None:
    scopes = scopes_of(statement, tuple(modules), is_package)
    node = ast.parse(statement).body[0]
    assert isinstance(node, ast.ImportFrom) and scopes.bases(node) == expected
    targets = [binding.target for binding in scopes.module.bindings["x"]]
    assert targets == ([f"{base}.x" for base in expected] or [None])
    starred = scopes_of(statement.replace("import x", "import *"), tuple(modules), is_package)
    assert [star.target for star in starred.module.stars] == expected


def test_what_a_file_imports_by_its_top_level_names() -> None:
    scopes = scopes_of("import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef f():\n    import i.j\n")
    assert scopes.imports == {"a", "c", "e", "app", "i"}


def test_a_binding_from_another_scope_may_hold_at_any_time() -> None:
    scopes = scopes_of("a = 1\ndef f():\n    global a\n    a = 2\nglobals()['a'] = 3\n")
    assert [binding.always for binding in scopes.module.bindings["a"]] == [False, True, True]


def test_what_functions_return_and_yield() -> None:
    scopes = scopes_of(
        "def f():\n    return a\n    def g():\n        return b\n    x = yield c\n    y = [(yield d)]\n"
        "    return\nh = lambda: e\nasync def i():\n    yield f\n    yield\n"
    )
    list(scopes.points(()))  # a `yield` within an expression is met when that is entered
    found = {
        name_of(scope): ([ast.unparse(s.node) for s in scope.returns], [ast.unparse(s.node) for s in scope.yields])
        for scope in scopes.namespaces.values()
    }  # fmt: skip
    assert found == {"f.": (["a"], ["c", "d"]), "g.": (["b"], []), "lambda.": (["e"], []), "i.": ([], ["f"])}


def test_items_that_are_stored() -> None:
    scopes = scopes_of(
        "a['k'] = v\na[b], c = w\na.b['k'] = v\na['k'] += v\ndef f():\n    a[0] = x\na.b.c = y\n"
    )
    found = [
        (ast.unparse(s.owner), s.key if isinstance(s.key, str) else [ast.unparse(s.key)], shown(s.binding))
        for s in scopes.stores
    ]
    assert found == [
        ("a", ["'k'"], "v"),
        ("a", ["b"], "w[0]"),
        ("a.b", ["'k'"], "v"),
        ("a", ["0"], "x"),
        ("a.b", "c", "y"),
    ]


def test_what_is_entered_and_awaited() -> None:
    text = "with a, b as c:\n    pass\nasync def f():\n    async with d: pass\n    await e\n    g(await h)\n"
    scopes = scopes_of(text)
    list(scopes.points(()))
    assert {ast.unparse(node) for node in scopes.entered} == {"a", "b"}
    assert {ast.unparse(node) for node in scopes.awaited} == {"e", "h"}


# what stands last in an arm, and whether the arm is left by it
LEAVING = {"return": True, "raise E": True, "continue": True, "break": True, "pass": False, "f()": False}


@pytest.mark.parametrize("last", LEAVING)
def test_arms_of_which_one_always_runs(last: str) -> None:
    text = (
        f"def f():\n  while a:\n    if b:\n      x\n      {last}\n    else:\n      x\n    if b:\n      x\n"
        f"    match b:\n      case 1:\n        {last}\n      case _:\n        x\n    match b:\n      case 1:\n        x\n"
        f"    try:\n      x\n    except E:\n      {last}\n    else:\n      x\n"
    )
    scopes = scopes_of(text)
    tree = scopes.module.node
    assert tree is not None
    statements = {id(n): f"{type(n).__name__} {n.lineno}" for n in ast.walk(tree) if isinstance(n, ast.stmt)}
    assert {statements[node]: set(arms) for node, arms in scopes.arms.items()} == {
        "If 3": {"body", "orelse"} - ({"body"} if LEAVING[last] else set()),
        "Match 10": {"cases0", "cases1"} - ({"cases0"} if LEAVING[last] else set()),
        "Try 18": {"try", "handlers0"} - ({"handlers0"} if LEAVING[last] else set()),
    }
    left = {(statements[node], arm) for node, arm in scopes.leaving}
    assert left == (
        {("If 3", "body"), ("Match 10", "cases0"), ("Try 18", "handlers0")} if LEAVING[last] else set()
    )


def test_the_class_of_a_method_and_its_receiver() -> None:
    scopes = scopes_of(
        "class C:\n    def m(self, other): ...\n    @staticmethod\n    def s(first): ...\n"
        "    @classmethod\n    def c(cls): ...\n    def inner():\n        def deep(self): ...\ndef f(self): ...\n"
    )
    found = {}
    for node, scope in scopes.namespaces.items():
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [a.arg for a in node.args.args if Scopes.receiver(a, scope) is not None]
    assert found == {"m": ["self"], "s": [], "c": ["cls"], "inner": [], "deep": [], "f": []}


def test_released_scopes_hold_nothing() -> None:
    scopes = scopes_of(
        "import a\nclass C:\n    def m(self):\n        self.x = [y for y in a()]\n        return a\n"
    )
    assert scopes.calls and scopes.all_bindings
    everything = [scopes.module, *scopes.namespaces.values()]
    scopes.release()
    for scope in everything:
        assert not (scope.bindings or scope.attributes or scope.returns or scope.yields or scope.stars)
    assert not scopes.all_bindings and not scopes.calls
