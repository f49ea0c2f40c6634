"""Which bindings reach a place: `# ^ x: 1 3`, those of lines 1 and 3 hold for the `x` of the line above."""

from __future__ import annotations

import ast

import pytest
from snippets import line_of, marks, names, param, place

from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.syntax.scope_builder import build_scopes
from flake8_redis_ssot.syntax.scopes import Scopes


def resolved(text: str, modules: tuple[str, ...] = ("app.here",)) -> tuple[Scopes, Names]:
    scopes, known = build_scopes(ast.parse(text), text, modules, False), names()
    known.arms.update(scopes.arms)
    return scopes, known


REACHING = {
    "the last one before the place": """
        x = 1
        x = 2
        x
        # ^ x: 2
        x = 5
        """,
    "none before the first": """
        x
        # ^ x: nothing
        x = 1
        """,
    "a value sees what was before it": """
        x = 1
        x = x
        # ^ x: 1
        x, y = y, x
        # ^ x: 2
        """,
    "either arm": """
        x = 1
        if c:
            x = 3
            x
            # ^ x: 3
        x
        # ^ x: 1 3
        """,
    "both arms cover": """
        x = 1
        if c:
            x = 3
        elif d:
            x = 5
        else:
            x
            # ^ x: 1
            x = 9
        x
        # ^ x: 3 5 9
        """,
    "one arm alone reaches its own rest": """
        if c:
            x = 2
        else:
            x = 4
            if d:
                x
                # ^ x: 4
        """,
    "cases": """
        x = 1
        match c:
            case 1:
                x = 4
            case _:
                x = 6
        x
        # ^ x: 4 6
        """,
    "cases that may all fail": """
        x = 1
        match c:
            case 1:
                x = 4
            case y if y:
                x = 6
        x
        # ^ x: 1 4 6
        """,
    "a captured name": """
        match c:
            case [x]:
                x
                # ^ x: 2
        x
        # ^ x: 2
        """,
    "a try and its handlers": """
        x = 1
        try:
            x = 3
            x
            # ^ x: 3
        except E:
            x
            # ^ x: 1 3
            x = 8
        except F:
            x
            # ^ x: 1 3
            x = 12
        x
        # ^ x: 3 9 13
        """,
    "a handler that does nothing": """
        try:
            import x
        except ImportError:
            pass
        x
        # ^ x: 2
        """,
    "the else and the finally of a try": """
        try:
            x = 2
        except E:
            x = 4
        else:
            x = 6
        finally:
            x
            # ^ x: 4 6
            x = 10
        x
        # ^ x: 10
        """,
    "a with block always runs": """
        x = 1
        with c:
            x = 3
        x
        # ^ x: 3
        """,
    "a loop may not run, and its end comes before its beginning": """
        x = 1
        for i in c:
            x
            # ^ x: 1 5
            x = 5
            x
            # ^ x: 5
        x
        # ^ x: 1 5
        """,
    "the else of a loop": """
        while c:
            x = 2
        else:
            x
            # ^ x: 2
            x = 6
        x
        # ^ x: 2 6
        """,
    "a loop within a loop": """
        for i in c:
            for j in d:
                x
                # ^ x: 5 6
                x = 5
            x = 6
        """,
    "a swap in a loop": """
        a, b = 1, 2
        while c:
            a, b = b, a
            # ^ b: 1 3
            # ^ a: 1 3
        a
        # ^ a: 1 3
        """,
    "a conditional expression": """
        f(x := 1) if (x := 2) else x
        # ^ x: 1
        """,
    "deleted": """
        x = 1
        del x
        x
        # ^ x: 2
        """,
    "added to": """
        x = 1
        x += 1
        x
        # ^ x: 2
        """,
    "what is imported for annotations never runs": """
        from typing import TYPE_CHECKING
        x = 2
        if TYPE_CHECKING:
            from a import x
            x
            # ^ x: 2
        x
        # ^ x: 2
        """,
    "a function sees the module as it ends": """
        x = 1
        def f():
            x
            # ^ x: 5
        x = 5
        """,
    "a module's names that are covered for a function": """
        if c:
            x = 2
        else:
            x = 4
        def f():
            return x
            # ^ x: 2 4
        """,
    "a local name hides the module's, even before it is bound": """
        import x
        def f():
            x
            # ^ x: nothing
            x = 5
            x
            # ^ x: 5
        """,
    "a parameter": """
        import x
        def f(x, *y, **z):
            x, y, z
            # ^ x: 2
            # ^ y: 2
            # ^ z: 2
        """,
    "a default is read outside": """
        import x
        def f(x=x):
            # ^ x: 1
            pass
        g = lambda x=x: x
        # ^ x: 5
        """,
    "methods do not see the names of their class": """
        x = 1
        class C:
            x = 3
            y = x
            # ^ x: 3
            def m(self, z=x):
                # ^ x: 3
                return x
                # ^ x: 1
        """,
    "the body of a class reads the module's name until it has its own": """
        x = 1
        class C:
            x = x
            # ^ x: 1
            x
            # ^ x: 3
        """,
    "the body of a class runs where it stands": """
        x = 1
        class C:
            x
            # ^ x: 1
            def m(self):
                x
                # ^ x: 8
        x = 8
        """,
    "functions within functions": """
        x = 1
        def f():
            x = 3
            def g():
                return x
                # ^ x: 3 9
            def h():
                nonlocal x
                x = 9
                return x
                # ^ x: 3 9
            x
            # ^ x: 3 9
        """,
    "global": """
        x = 1
        def f():
            global x
            x = 4
            def g():
                return x
                # ^ x: 1 4
        x
        # ^ x: 1 4
        """,
    "globals()": """
        globals()["x"] = 1
        globals().update(y=2)
        x, y
        # ^ x: 1
        # ^ y: 2
        """,
    "the target of a comprehension": """
        x = 1
        [x for x in c]
        # ^ x: 2
        x
        # ^ x: 1
        [y for x in c for y in x if x]
        # ^ x: 6
        [x for i in c]
        # ^ x: 1
        """,
    "the iterable of a comprehension is read outside": """
        x = 1
        [0 for x in x]
        # ^ x: 1
        """,
    "a walrus in a comprehension": """
        def f():
            [(x := i) for i in c]
            x
            # ^ x: 2
        """,
    "a decorator is read before the name is bound": """
        x = 1
        @x
        # ^ x: 1
        def x():
            return x
            # ^ x: 4
        x
        # ^ x: 4
        """,
    "a base, and the class in its own methods": """
        class x: pass
        class x(x):
        # ^ x: 1
            def m(self):
                return x
                # ^ x: 2
        """,
    "an exception's name": """
        try:
            pass
        except E as x:
            x
            # ^ x: 3
        """,
    "handed out by with": """
        with x as x:
            x
            # ^ x: 1
        """,
    "the else of a try comes after no handler": """
        try:
            x = 2
        except E:
            x = 4
        else:
            x
            # ^ x: 2
        """,
    "an augmented assignment reads what was before": """
        x = 1
        x += f(x)
        # ^ x: 1
        """,
    "what an iterable is made of is read outside": """
        x = 1
        [0 for x in f(x)]
        # ^ x: 1
        """,
    "an element of a comprehension in a class does not see the class": """
        x = 1
        class C:
            x = 3
            y = [x for i in c]
            # ^ x: 1
        """,
    "an arm that leaves does not count": """
        x = 1
        if c:
            x = 3
        else:
            raise E
        x
        # ^ x: 3
        """,
}


@pytest.mark.parametrize("text", param(REACHING))
def test_which_bindings_reach_a_place(text: str) -> None:
    scopes, known = resolved(text)
    lines = {
        id(b): b.value.lineno if isinstance(b.value, ast.FunctionDef | ast.ClassDef) else line_of(b, scopes)
        for _, b in scopes.all_bindings
    }
    asked = list(marks(text))
    assert asked
    for line, name, said in asked:
        found = known.bindings(name, place(scopes, line, name))
        shown = sorted({lines.get(id(b), getattr(b.value, "lineno", 0)) for b in found})
        assert (line, name, " ".join(map(str, shown)) or "nothing") == (line, name, said)


# -- the dotted names that a name or an attribute of it can mean

DOTTED = {
    "imports": """
        import redis, redis.asyncio as aio
        import os.path
        from redis import Redis, client as c
        from redis.asyncio import *
        redis.Redis, aio.Redis, Redis, c.Redis, os.path.join, Redis[bytes], x.y, f().x
        # ^ redis.Redis: redis.Redis
        # ^ aio.Redis: redis.asyncio.Redis
        # ^ Redis: redis.asyncio.Redis
        # ^ c.Redis: redis.client.Redis
        # ^ os.path.join: os.path.join
        # ^ Redis[bytes]: redis.asyncio.Redis
        # ^ x.y: nothing
        # ^ f().x: nothing
        """,
    "one or the other": """
        try:
            from redis.asyncio import Redis
        except ImportError:
            from aioredis import Redis
        if c:
            import redis
        else:
            import valkey as redis
        Redis, redis.X
        # ^ Redis: aioredis.Redis redis.asyncio.Redis
        # ^ redis.X: redis.X valkey.X
        """,
    "what is not imported means nothing by its name alone": """
        import redis
        def f(redis):
            redis.Redis
            # ^ redis.Redis: nothing
        def g():
            redis = make()
            redis.Redis
            # ^ redis.Redis: nothing
        """,
    "an import of a function is its own": """
        def f():
            import redis
            redis.Redis
            # ^ redis.Redis: redis.Redis
        redis.Redis
        # ^ redis.Redis: nothing
        """,
    "relative imports": """
        from . import x
        from .y import z
        from .. import above
        from ...a import b
        x.X, z, above, b
        # ^ x.X: app.x.X
        # ^ z: app.y.z
        # ^ above: nothing
        # ^ b: nothing
        """,
    "a star that has the name, and one that has not": """
        from redis import *
        from acme import *
        Redis, connect, other
        # ^ Redis: redis.Redis
        # ^ connect: acme.connect
        # ^ other: nothing
        def f():
            return StrictRedis
            # ^ StrictRedis: redis.StrictRedis
        """,
    "a star before and after another binding": """
        from fakes import Redis
        from redis import *
        Redis
        # ^ Redis: redis.Redis
        from fakes import Redis
        Redis
        # ^ Redis: fakes.Redis
        """,
}


@pytest.mark.parametrize("text", param(DOTTED))
def test_dotted_names(text: str) -> None:
    scopes, known = resolved(text)
    for line, name, said in marks(text):
        point = place(scopes, line, name)
        assert isinstance(point.node, ast.expr)
        assert (name, " ".join(known.dotted(point.node, point)) or "nothing") == (name, said)


def test_imports_for_annotations_are_seen_by_annotations_alone() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from redis import Redis\nRedis\n"
    scopes, known = resolved(text)
    point = place(scopes, 4, "Redis")
    assert isinstance(point.node, ast.expr)
    assert known.dotted(point.node, point) == ()
    assert known.dotted(point.node, point, typing=True) == ("redis.Redis",)


def test_builders_of_a_call() -> None:
    text = "import redis, acme\nredis.Redis()\nredis.RedisError()\nacme.connect()\nacme.other()\n"
    scopes, known = resolved(text)
    assert [sorted(known.builders(point)) for point in scopes.calls] == [
        ["redis.Redis"],
        [],
        ["acme.connect"],
        [],
    ]


def test_a_module_of_the_project_hides_the_library_of_its_name() -> None:
    known = names()
    assert known.is_builder("redis.Redis") and known.leads_to_builder("redis")
    own = Names(known.table, frozenset(["redis", "app"]), known.managers)
    assert not own.is_builder("redis.Redis") and not own.leads_to_builder("redis")
    assert own.is_builder("valkey.Valkey") and own.is_builder("acme.connect")
    hidden = Names(known.table, frozenset(["acme"]), known.managers)
    assert hidden.is_builder("acme.connect")  # the settings say so
