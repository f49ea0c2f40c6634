"""The values that an expression can have: `# ^ x: redis.Redis | None`-like comments speak of the line above.

`redis.Redis` is what is imported by that name, `redis.Redis()` an object of it (`promised` where only an
annotation speaks of it), `'text'` a string. Of the file itself: `class C`, `C()` an object of it, `def f`,
`lambda`, `coroutine f` (not awaited yet), `manager f` and `fixture f`, `super C`, `[a, b]` and `{a: b}` as
they are written, `filled with a` what is put into a container elsewhere. `nothing` is what is unknown.
"""

from __future__ import annotations

import ast

import pytest
from snippets import comments, dedented, marks, names, param, place

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.importing import loaded
from flake8_redis_ssot.inference.methods import mode_of
from flake8_redis_ssot.inference.reach import callees_given_clients, exposed
from flake8_redis_ssot.inference.values import (
    Coroutine,
    Definition,
    Filled,
    Generator,
    Instance,
    Items,
    Many,
    Pairs,
    QualifiedName,
    SuperProxy,
    Text,
    Value,
)
from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.scope_builder import build_scopes


def flow_of(text: str) -> Inference:
    return Inference(names(), build_scopes(ast.parse(text), text, ("app.here",), False))


def name_of(scope: Scope) -> str:
    return getattr(scope.node, "name", "lambda")


def shown(value: Value) -> str:
    match value:
        case QualifiedName(name=name):
            return name
        case Text(value=text):
            return repr(text)
        case Many(kind=kind):
            return f"many {kind}"
        case Definition(scope=scope):
            kind = {ast.ClassDef: "class ", ast.Lambda: ""}.get(type(scope.node), "def ")
            return kind + name_of(scope)
        case Instance(of=QualifiedName(name=name), is_promised=promised):
            return f"{name}(){' promised' if promised else ''}"
        case Instance(of=Definition(scope=scope), is_promised=promised):
            return f"{name_of(scope)}(){' promised' if promised else ''}"
        case Coroutine(scope=scope):
            return f"coroutine {name_of(scope)}"
        case Generator(scope=scope, how=how):
            return f"{how} {name_of(scope)}"
        case Items(elements=elements, keys=None):
            return f"[{', '.join(map(ast.unparse, elements))}]"
        case Items(elements=elements, keys=keys):
            pairs = zip(keys or (), elements, strict=True)
            return (
                "{" + ", ".join(f"{ast.unparse(k) if k else '**'}: {ast.unparse(v)}" for k, v in pairs) + "}"
            )
        case Filled(stores=stores):
            return f"filled with {', '.join(ast.unparse(s.binding.value) for s in stores if s.binding.value)}"
        case Pairs(of=of):
            return f"items of {shown(of)}"
        case SuperProxy(scope=scope):
            return f"super {name_of(scope)}"


def check(text: str) -> Inference:
    """Compare every mark of a snippet with what is found."""
    inference = flow_of(text)
    asked = list(marks(text))
    assert asked
    for line, expression, said in asked:
        point = place(inference.scopes, line, expression)
        found = sorted({shown(value) for value in inference.values(point.node, point)})
        assert (line, expression, " | ".join(found) or "nothing") == (line, expression, said)
    return inference


VALUES = {
    # -- names and what is imported
    "imported": """
        import redis
        from redis.asyncio import Redis as R
        redis.Redis, redis.client.Redis, R, unknown, unknown.Redis
        # ^ redis.Redis: redis.Redis
        # ^ redis.client.Redis: redis.client.Redis
        # ^ R: redis.asyncio.Redis
        # ^ unknown: nothing
        # ^ unknown.Redis: nothing
        """,
    "assigned, in a chain": """
        import redis
        a = redis
        b = c = a.Redis
        d = b
        d, c, b()
        # ^ d: redis.Redis
        # ^ c: redis.Redis
        # ^ b(): redis.Redis()
        """,
    "assigned to an attribute, an item and a name at once": """
        import redis
        class Holder:
            def __init__(self, table):
                self.client = table["a"] = client = redis.Redis()
                client, self.client
                # ^ client: redis.Redis()
                # ^ self.client: redis.Redis()
        """,
    "every binding that may hold": """
        import redis, fakes
        if c:
            x = redis.Redis
        else:
            x = fakes.Redis
        x
        # ^ x: fakes.Redis | redis.Redis
        try:
            import valkey as lib
        except ImportError:
            lib = redis
        lib
        # ^ lib: redis | valkey
        """,
    "the last binding alone": """
        import redis
        x = redis.Redis
        x = redis.ConnectionPool
        x
        # ^ x: redis.ConnectionPool
        x += 1
        x
        # ^ x: nothing
        del redis
        redis
        # ^ redis: nothing
        """,
    "an item of an attribute, set later": """
        import redis
        class Store:
            def __init__(self):
                self.made = {}
            def fill(self, name):
                self.made["a"] = redis.Redis()
                self.made["b"] = "text"
            def use(self, name):
                self.made["a"], self.made.get("b"), self.made["c"], self.made[name]
                # ^ self.made['a']: redis.Redis()
                # ^ self.made.get('b'): 'text'
                # ^ self.made['c']: nothing
                # ^ self.made[name]: 'text' | redis.Redis()
        """,
    "awaited by asyncio": """
        import asyncio, redis.asyncio
        async def made():
            return redis.asyncio.Redis()
        async def main():
            task = asyncio.create_task(made())
            await asyncio.wait_for(made(), 1), await asyncio.shield(task), task
            # ^ await asyncio.wait_for(made(), 1): redis.asyncio.Redis()
            # ^ await asyncio.shield(task): redis.asyncio.Redis()
            # ^ task: coroutine made
        """,
    "unpacked": """
        import redis
        a, (b, c) = redis.Redis, (redis.Sentinel, "text")
        a, b, c
        # ^ a: redis.Redis
        # ^ b: redis.Sentinel
        # ^ c: 'text'
        d, *e, f = redis.Redis, 1, redis.Sentinel
        d, e, f
        # ^ d: redis.Redis
        # ^ e: [1]
        # ^ f: redis.Sentinel
        """,
    "a swap": """
        import redis
        a, b = redis.Redis, redis.ConnectionPool
        a, b = b, a
        a, b
        # ^ a: redis.ConnectionPool
        # ^ b: redis.Redis
        """,
    "a swap in a loop": """
        import redis
        a, b = redis.Redis, "text"
        while c:
            a, b = b, a
        a, b
        # ^ a: 'text' | redis.Redis
        # ^ b: 'text' | redis.Redis
        """,
    "a loop": """
        import redis
        for x in (redis.Redis, redis.Sentinel):
            x
            # ^ x: redis.Redis | redis.Sentinel
        for i, y in [(0, redis.Redis), (1, redis.Sentinel)]:
            y
            # ^ y: redis.Redis | redis.Sentinel
        for z in unknown:
            z
            # ^ z: nothing
        """,
    "what a round of a loop hands to the next": """
        import redis
        x = None
        for i in c:
            x
            # ^ x: redis.Redis()
            x = redis.Redis()
        """,
    "comprehensions": """
        import redis
        [x for x in (redis.Redis,)]
        # ^ x: redis.Redis
        [y for pair in [(redis.Redis, "a")] for y in pair]
        # ^ y: 'a' | redis.Redis
        {k: v for k, v in {"a": redis.Redis}.items()}
        # ^ v: redis.Redis
        """,
    "assignment expressions and conditions": """
        import redis, fakes
        if (x := redis.Redis): pass
        x
        # ^ x: redis.Redis
        (redis.Redis if c else fakes.Redis), fakes.Redis or redis.Redis, fakes.Redis and redis.Redis
        # ^ redis.Redis if c else fakes.Redis: fakes.Redis | redis.Redis
        # ^ fakes.Redis or redis.Redis: fakes.Redis | redis.Redis
        # ^ fakes.Redis and redis.Redis: redis.Redis
        """,
    "strings": """
        NAME = "redis"
        NAME, NAME + ".asyncio", f"{NAME}.{'client'}", f"{NAME!r:>9}", f"{unknown}"
        # ^ NAME: 'redis'
        # ^ NAME + '.asyncio': 'redis.asyncio'
        # ^ f"{NAME}.{'client'}": 'redis.client'
        # ^ f'{NAME!r:>9}': nothing
        # ^ f'{unknown}': nothing
        """,
    # -- containers
    "a tuple or list": """
        import redis
        kinds = [redis.Redis, "text", *others]
        kinds[0], kinds[1], kinds[-2], kinds[7], kinds[i]
        # ^ kinds[0]: redis.Redis
        # ^ kinds[1]: 'text'
        # ^ kinds[-2]: nothing
        # ^ kinds[7]: nothing
        # ^ kinds[i]: 'text' | redis.Redis
        """,
    "a dict": """
        import redis
        kinds = {"a": redis.Redis, "b": "text", "a": redis.Sentinel}
        kinds["a"], kinds["b"], kinds["c"], kinds[i]
        # ^ kinds['a']: redis.Sentinel
        # ^ kinds['b']: 'text'
        # ^ kinds['c']: nothing
        # ^ kinds[i]: 'text' | redis.Redis | redis.Sentinel
        kinds.get("a"), kinds.get("c", redis.Redis), kinds.pop("b")
        # ^ kinds.get('a'): redis.Sentinel
        # ^ kinds.get('c', redis.Redis): redis.Redis
        # ^ kinds.pop('b'): 'text'
        for v in kinds.values():
            v
            # ^ v: 'text' | redis.Redis | redis.Sentinel
        """,
    "a dict by the members of an enumeration": """
        import redis
        from kinds import Kind
        made = {Kind.A: redis.Redis, Kind.B: "text"}
        made[Kind.A], made[Kind.C]
        # ^ made[Kind.A]: redis.Redis
        # ^ made[Kind.C]: nothing
        """,
    "an item that is stored": """
        import redis
        kept = {}
        kept["a"] = redis.Redis
        kept["b"], kept["c"] = "text", redis.Sentinel
        kept["a"], kept["b"], kept["c"], kept["d"]
        # ^ kept['a']: redis.Redis
        # ^ kept['b']: 'text'
        # ^ kept['c']: redis.Sentinel
        # ^ kept['d']: nothing
        def f():
            return kept["a"]
            # ^ kept['a']: redis.Redis
        def g(kept):
            return kept["a"]
            # ^ kept['a']: nothing
        """,
    "a class with parameters is itself": """
        import redis
        redis.Redis[bytes]
        # ^ redis.Redis[bytes]: redis.Redis
        """,
    # -- functions
    "what a function returns": """
        import redis
        def make():
            if c:
                return redis.Redis()
            return redis.Sentinel
        def nothing(): pass
        make, make(), nothing()
        # ^ make: def make
        # ^ make(): redis.Redis() | redis.Sentinel
        # ^ nothing(): nothing
        """,
    "arguments": """
        import redis
        def same(x, /, y=redis.Sentinel, *, z="text"):
            return x, y, z
        same(redis.Redis)[0], same(1, y="y")[1], same(1)[1], same(1, z=redis)[2], same(*a)[0]
        # ^ same(redis.Redis)[0]: redis.Redis
        # ^ same(1, y='y')[1]: 'y'
        # ^ same(1)[1]: redis.Sentinel
        # ^ same(1, z=redis)[2]: redis
        # ^ same(*a)[0]: nothing
        def inside(x, y=redis.Redis):
            x, y
            # ^ x: nothing
            # ^ y: redis.Redis
        """,
    "each call has its own arguments": """
        import redis
        def same(x): return x
        def twice(x): return same(same(x))
        twice(redis.Redis), twice("a"), same(same)("b")
        # ^ twice(redis.Redis): redis.Redis
        # ^ twice('a'): 'a'
        # ^ same(same)('b'): 'b'
        """,
    "a function within one knows what that one was given": """
        import redis
        def connect(client):
            def make(db):
                return client
            return make(3)
        made = connect(redis.Redis())
        made
        # ^ made: redis.Redis()
        pool = connect(redis.ConnectionPool())
        pool
        # ^ pool: redis.ConnectionPool()
        def keeping(kept, new):
            def keep(new):  # not what the function around it was given
                nonlocal kept
                kept = new
            keep(3)
            return kept
        kept = keeping(redis.Redis(), redis.Sentinel())
        kept
        # ^ kept: redis.Redis()
        """,
    "lambdas": """
        import redis
        make = lambda x, y=redis.Sentinel: (x, y)
        make, make(redis.Redis)[0], make(1)[1], (lambda: redis.Redis)()
        # ^ make: lambda
        # ^ make(redis.Redis)[0]: redis.Redis
        # ^ make(1)[1]: redis.Sentinel
        # ^ (lambda: redis.Redis)(): redis.Redis
        """,
    "functions that are not called by name": """
        import redis
        def outer():
            def inner():
                return redis.Redis
            return inner
        outer(), outer()()
        # ^ outer(): def inner
        # ^ outer()(): redis.Redis
        """,
    "coroutines": """
        import redis.asyncio as redis
        async def make():
            return redis.Redis()
        async def use():
            make(), await make()
            # ^ make(): coroutine make
            # ^ await make(): redis.asyncio.Redis()
        """,
    "a generator gives its values to a loop": """
        import redis
        def each():
            yield redis.Redis()
            return redis.Redis()
        each()
        # ^ each(): iterator each
        for one in each():
            one
            # ^ one: redis.Redis()
        next(each())
        # ^ next(each()): redis.Redis()
        """,
    "decorators that change nothing": """
        import redis
        from functools import lru_cache, cache
        @lru_cache(maxsize=None)
        def one(): return redis.Redis()
        @cache
        def two(): return redis.Redis()
        one(), two()
        # ^ one(): redis.Redis()
        # ^ two(): redis.Redis()
        """,
    "decorators that are unknown": """
        import redis
        from acme import cache
        @cache
        def one(): return redis.Redis()
        def lru_cache(f): return other
        @lru_cache
        def two(): return redis.Redis()
        one, one(), two()
        # ^ one: nothing
        # ^ one(): nothing
        # ^ two(): nothing
        """,
    "partial and cast": """
        import redis, functools, typing
        from functools import partial as p
        functools.partial(redis.Redis, host="h")(), p(p(redis.Redis))(), typing.cast("int", redis.Redis)
        # ^ functools.partial(redis.Redis, host='h')(): redis.Redis()
        # ^ p(p(redis.Redis))(): redis.Redis()
        # ^ typing.cast('int', redis.Redis): redis.Redis
        partial = unknown
        partial(redis.Redis)()
        # ^ partial(redis.Redis)(): nothing
        """,
    "getattr": """
        import redis
        NAME = "Redis"
        getattr(redis, NAME), getattr(redis, unknown, None), getattr(x, "Redis", redis.Redis), vars(redis)["Redis"]
        # ^ getattr(redis, NAME): redis.Redis
        # ^ getattr(redis, unknown, None): nothing
        # ^ getattr(x, 'Redis', redis.Redis): redis.Redis
        # ^ vars(redis)['Redis']: redis.Redis
        redis.__dict__["Redis"], type(redis.Redis())
        # ^ redis.__dict__['Redis']: redis.Redis
        # ^ type(redis.Redis()): redis.Redis
        def getattr(*a): ...
        getattr(redis, "Redis")
        # ^ getattr(redis, 'Redis'): nothing
        """,
    "imported by text": """
        import importlib, sys
        from importlib import import_module as load
        NAME = "redis"
        load(NAME), load("." + "asyncio", "redis"), load(".near", __package__), load("..db", __name__)
        # ^ load(NAME): redis
        # ^ load('.' + 'asyncio', 'redis'): redis.asyncio
        # ^ load('.near', __package__): app.near
        # ^ load('..db', __name__): app.db
        importlib.import_module(name="redis"), load(unknown), sys.modules["redis"], sys.modules.get("redis")
        # ^ importlib.import_module(name='redis'): redis
        # ^ load(unknown): nothing
        # ^ sys.modules['redis']: redis
        # ^ sys.modules.get('redis'): redis
        __import__("redis.asyncio"), __import__("redis.asyncio", fromlist=["Redis"])
        # ^ __import__('redis.asyncio'): redis
        # ^ __import__('redis.asyncio', fromlist=['Redis']): redis.asyncio
        """,
    "what a framework imports by text": """
        from django.utils.module_loading import import_string
        from werkzeug.utils import import_string as other
        import_string("redis.Redis")(), other("redis:Redis")
        # ^ import_string('redis.Redis')(): redis.Redis()
        # ^ other('redis:Redis'): redis.Redis
        """,
    # -- with blocks, fixtures, injection
    "with blocks": """
        import redis
        with redis.Redis() as a, unknown() as b:
            a, b
            # ^ a: redis.Redis()
            # ^ b: nothing
        """,
    "context managers of ours": """
        import redis, contextlib
        @contextlib.contextmanager
        def connected(kind):
            yield kind()
        connected, connected(redis.Redis)
        # ^ connected: manager connected
        # ^ connected(redis.Redis): manager connected
        with connected(redis.Redis) as client:
            client
            # ^ client: redis.Redis()
        @contextlib.asynccontextmanager
        async def also():
            async with redis.asyncio.Redis() as client:
                yield client
        async def use():
            async with also() as client:
                client
                # ^ client: redis.asyncio.Redis()
        """,
    "fixtures": """
        import pytest, redis
        @pytest.fixture
        def client():
            yield redis.Redis()
        @pytest.fixture(scope="session")
        def other(client):
            return client
        client
        # ^ client: fixture client
        def test_it(client, other, unknown):
            client, other, unknown
            # ^ client: redis.Redis()
            # ^ other: redis.Redis()
            # ^ unknown: nothing
        def helper(client):
            client
            # ^ client: nothing
        class TestIt:
            def test_it(self, client):
                client
                # ^ client: redis.Redis()
        """,
    "what a framework injects": """
        import redis
        from fastapi import Depends
        def make(): return redis.Redis()
        def view(client=Depends(make)):
            client
            # ^ client: redis.Redis()
        """,
    # -- classes
    "objects and members of a class": """
        import redis
        class C:
            kind = redis.Redis
            def make(self): return self.kind()
            @classmethod
            def build(cls): return cls()
            @staticmethod
            def plain(): return redis.Redis()
        C, C(), C.kind, C().make(), C.build(), C.plain(), C().unknown
        # ^ C: class C
        # ^ C(): C()
        # ^ C.kind: redis.Redis
        # ^ C().make(): redis.Redis()
        # ^ C.build(): C()
        # ^ C.plain(): redis.Redis()
        # ^ C().unknown: nothing
        """,
    "attributes set in methods": """
        import redis
        class C:
            def __init__(self, kind, url="u"):
                self.client = kind()
                self.url = url
            def use(self):
                self.client, self.url
                # ^ self.client: nothing
                # ^ self.url: 'u'
        C(redis.Redis).client, C(redis.Redis, "v").url, C(redis.Redis).url
        # ^ C(redis.Redis).client: redis.Redis()
        # ^ C(redis.Redis, 'v').url: 'v'
        # ^ C(redis.Redis).url: 'u'
        """,
    "an attribute set from outside": """
        import redis
        class C: pass
        C.kind = redis.Redis
        C.kind, C().kind
        # ^ C.kind: redis.Redis
        # ^ C().kind: redis.Redis
        """,
    "properties": """
        import redis
        from functools import cached_property
        class C:
            @property
            def client(self): return redis.Redis()
            @cached_property
            def pool(self): return redis.ConnectionPool()
            def method(self): return redis.Redis()
        C().client, C().pool, C().method, C.client
        # ^ C().client: redis.Redis()
        # ^ C().pool: redis.ConnectionPool()
        # ^ C().method: def method
        # ^ C.client: def client
        """,
    "bases": """
        import redis
        class A:
            kind = redis.Redis
            def make(self): return self.other()
        class B(A):
            other = redis.Sentinel
        class C(A):
            kind = "text"
        B.kind, B().make(), C.kind, A().make()
        # ^ B.kind: redis.Redis
        # ^ B().make(): redis.Sentinel()
        # ^ C.kind: 'text'
        # ^ A().make(): redis.Sentinel()
        """,
    "a base that is unknown may have it": """
        import redis
        from acme import Base
        class A:
            kind = redis.Redis
        class B(Base, A): pass
        class C(A, Base): pass
        B.kind, C.kind
        # ^ B.kind: nothing
        # ^ C.kind: redis.Redis
        """,
    "super": """
        import redis
        class A:
            def make(self): return redis.Redis()
        class B(A):
            def make(self):
                super(), super().make()
                # ^ super(): super B
                # ^ super().make(): redis.Redis()
        """,
    "a class of a library": """
        import redis
        class Client(redis.Redis): pass
        Client(), Client.from_url, redis.Redis().pipeline()
        # ^ Client(): Client()
        # ^ Client.from_url: redis.Redis.from_url
        # ^ redis.Redis().pipeline(): redis.Redis.pipeline()
        """,
    # -- annotations
    "annotated names": """
        import redis
        from typing import Optional, Union, Annotated, Final
        a: redis.Redis = redis.Sentinel
        b: "redis.Redis" = None
        c: Optional[redis.Redis] = None
        a, b, c
        # ^ a: redis.Sentinel
        # ^ b: redis.Redis() promised
        # ^ c: redis.Redis() promised
        def f(d: redis.Redis, e: "redis.Redis | None", g: Annotated[redis.Redis, redis.Sentinel], h: type[redis.Redis], i: Other):
            d, e, g, h, i
            # ^ d: redis.Redis() promised
            # ^ e: redis.Redis() promised
            # ^ g: redis.Redis() promised
            # ^ h: redis.Redis
            # ^ i: nothing
        """,
    "the promised result counts where the value is unknown": """
        import redis
        def one() -> redis.Redis: return unknown()
        def two() -> redis.Redis: return redis.Sentinel
        one(), two()
        # ^ one(): redis.Redis() promised
        # ^ two(): redis.Sentinel
        """,
    "imported for annotations": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from redis import Redis
        def f(x: "Redis", y: "type[Redis]"):
            x, Redis
            # ^ x: redis.Redis() promised
            # ^ Redis: nothing
        """,
    "declared in a class": """
        import redis
        class C:
            client: redis.Redis
            def use(self):
                self.client
                # ^ self.client: redis.Redis() promised
        """,
    # -- that it ends
    "cycles": """
        import redis
        a = b
        b = a
        a
        # ^ a: nothing
        def f(x): return g(x)
        def g(x): return f(x) or redis.Redis
        f(1), g(1)
        # ^ f(1): redis.Redis
        # ^ g(1): redis.Redis
        class A(B): pass
        class B(A): kind = redis.Redis
        A.kind
        # ^ A.kind: nothing
        """,
    "what is found late in a cycle is found by all of it": """
        import redis
        def f():
            global x, y, z
            x = y or z
            y = x
            z = redis.Redis
        x, y
        # ^ x: redis.Redis
        # ^ y: redis.Redis
        """,
    "put into a container": """
        import redis
        many = []
        many.append(redis.Redis)
        by_name = {}
        by_name.update(a=redis.Redis, **others)
        by_name.setdefault("b", redis.StrictRedis)
        for one in many:
            one
            # ^ one: redis.Redis
        for key, value in by_name.items():
            key, value
            # ^ key: nothing
            # ^ value: redis.Redis | redis.StrictRedis
        many, many[0], many.pop(), by_name["a"], by_name["b"], by_name["c"]
        # ^ many: [] | filled with redis.Redis
        # ^ many[0]: redis.Redis
        # ^ many.pop(): redis.Redis
        # ^ by_name["a"]: redis.Redis
        # ^ by_name["b"]: redis.StrictRedis
        # ^ by_name["c"]: nothing
        """,
    "namespaces and what is set by name": """
        import redis
        from types import SimpleNamespace
        class Home: ...
        space = SimpleNamespace(a=redis.Redis)
        home = Home()
        setattr(home, "a", redis.Redis)
        setattr(home, name, redis.StrictRedis)
        space.a, space.b, home.a, home.b
        # ^ space.a: redis.Redis
        # ^ space.b: nothing
        # ^ home.a: redis.Redis
        # ^ home.b: nothing
        """,
    "what a class gives on demand": """
        import redis
        class Proxy:
            kept = None
            def __init__(self, inner):
                self.inner = inner
            def __getattr__(self, name):
                return getattr(self.inner, name)
        class Child(Proxy): ...
        class Other(unknown):
            def __getattr__(self, name):
                return redis
        Proxy(redis).Redis, Child(redis).Redis, Proxy(redis).kept, Proxy(redis).__len__, Other().Redis
        # ^ Proxy(redis).Redis: redis.Redis
        # ^ Child(redis).Redis: redis.Redis
        # ^ Proxy(redis).kept: nothing
        # ^ Proxy(redis).__len__: nothing
        # ^ Other().Redis: nothing
        """,
    "a list that holds itself": """
        import redis
        x = [redis.Redis]
        x.append(x)
        def f():
            global x
            x = [x, x[0]]
        x[0]
        # ^ x[0]: [redis.Redis] | [x, x[0]] | filled with x | redis.Redis
        """,
    "a name that grows around a cycle does not grow for ever": """
        from tree import root
        class C:
            def __init__(self): self.node = root
            def go(self):
                self.node = self.node.next
                self.node
                # ^ self.node: tree.root | tree.root.next | tree.root.next.next
        """,
    "the annotation counts where the value is unknown": """
        import redis
        a: redis.Redis = make()
        a
        # ^ a: redis.Redis() promised
        """,
    "a rotation in a loop takes several rounds": """
        import redis
        a, b, c = "a", "b", redis.Redis
        while go:
            a, b, c = b, c, a
        a
        # ^ a: 'a' | 'b' | redis.Redis
        """,
    # -- what is said, made and given in rarer ways
    "what is assigned within an expression": """
        import redis
        (a := redis.Redis), [b := redis.Redis][0], (c := redis).Redis
        # ^ (a := redis.Redis): redis.Redis
        # ^ [b := redis.Redis][0]: redis.Redis
        # ^ (c := redis).Redis: redis.Redis
        """,
    "classes that derive from each other, or twice from one": """
        import redis
        class A(B): x = redis.Redis
        class B(A): pass
        class C: y = redis.Redis
        class D(C): pass
        class E(C): pass
        class F(D, E, redis.Redis): pass
        A.x, A.gone, B().x, F.y, F()
        # ^ A.x: redis.Redis
        # ^ A.gone: nothing
        # ^ B().x: redis.Redis
        # ^ F.y: redis.Redis
        # ^ F(): F()
        """,
    "an annotation beside a cast is as good as the cast, a broken one says nothing": """
        import redis, typing
        x: redis.Redis = typing.cast("redis.ConnectionPool", made())
        y: "redis.Redis |" = made()
        x, y
        # ^ x: redis.ConnectionPool() promised | redis.Redis() promised
        # ^ y: nothing
        """,
    "what a field of a dataclass is made of": """
        import redis
        from dataclasses import dataclass, field
        @dataclass
        class A:
            one: object = field(repr=False, default=redis.Redis)
            two: object = field(default_factory=redis.Redis)
            three: object = field(default_factory=made)
            four: object = field(default_factory=lambda: redis.Redis())
            five: object = field(default_factory="redis.Redis")
        a = A()
        a.one, a.two, a.three, a.four, a.five
        # ^ a.one: redis.Redis
        # ^ a.two: redis.Redis()
        # ^ a.three: nothing
        # ^ a.four: redis.Redis()
        # ^ a.five: nothing
        """,
    "only a function gives what is asked for by name": """
        import redis
        class A:
            __getattr__ = lambda self, name: redis.Redis()
        class B:
            async def __getattr__(self, name): return redis.Redis()
        class C:
            __getattr__ = redis.Redis
        class D:
            def __getattr__(self, name): return redis.Redis()
        A().x, B().x, C().x, D().x
        # ^ A().x: nothing
        # ^ B().x: nothing
        # ^ C().x: nothing
        # ^ D().x: redis.Redis()
        """,
    "the type of an object": """
        import redis
        class A: pass
        type(A()), type(redis.Redis()), type(A), type(unknown)
        # ^ type(A()): class A
        # ^ type(redis.Redis()): redis.Redis
        # ^ type(A): nothing
        # ^ type(unknown): nothing
        """,
    "what is entered gives itself, or what it says": """
        import redis
        class A:
            def __enter__(self): return redis.Redis()
        class B:
            async def __aenter__(self): return redis.Redis()
        class C: pass
        async def f():
            with A() as a, C() as c:
                async with B() as b:
                    a, b, c
                    # ^ a: redis.Redis()
                    # ^ b: redis.Redis()
                    # ^ c: C()
        """,
    "a member of an enumeration is the key of its own alone": """
        import enum, redis
        class K(enum.Enum):
            A = 1
        d = {K.A: redis.Redis, "b": redis.ConnectionPool}
        d[K.A], d[k.A], d[K.B], redis.Redis()[0]
        # ^ d[K.A]: redis.Redis
        # ^ d[k.A]: redis.ConnectionPool | redis.Redis
        # ^ d[K.B]: nothing
        # ^ redis.Redis()[0]: nothing
        """,
    "calls that go ever deeper end": """
        import redis
        def f(x): return f([x])
        def g(x): return g(lambda: x)
        class A:
            def __init__(self, x): self.x = x
            def m(self): return A(self).m()
        from contextlib import contextmanager
        @contextmanager
        def lent(x): yield x
        with lent(lent(lent(lent(lent(lent(redis.Redis())))))) as far, lent(redis.Redis()) as near:
            far, near
            # ^ far: nothing
            # ^ near: redis.Redis()
        f(redis.Redis), g(redis.Redis), A(redis.Redis).m(), A(redis.Redis).x
        # ^ f(redis.Redis): nothing
        # ^ g(redis.Redis): nothing
        # ^ A(redis.Redis).m(): nothing
        # ^ A(redis.Redis).x: redis.Redis
        """,
    "a test's parameter is a fixture, and nothing else of its name": """
        import redis, pytest
        @pytest.fixture
        def cache(): yield redis.Redis()
        def other(): return redis.Redis()
        third = redis.Redis()
        def test_a(cache, other, third, unknown):
            cache, other, third, unknown
            # ^ cache: redis.Redis()
            # ^ other: nothing
            # ^ third: nothing
            # ^ unknown: nothing
        """,
}


@pytest.mark.parametrize("text", param(VALUES))
def test_values(text: str) -> None:
    assert not check(text).is_exhausted


# -- the budget


def values_of(inference: Inference, line: int, expression: str) -> list[str]:
    point = place(inference.scopes, line, expression)
    return sorted(shown(value) for value in inference.values(point.node, point))


def test_past_the_budget_what_is_not_known_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "import redis\na0 = redis.Redis\n" + "".join(f"a{n} = a{n - 1}\n" for n in range(1, 40)) + "a39, a2\n"
    )
    inference = flow_of(text)
    assert values_of(inference, 42, "a39") == ["redis.Redis"] and not inference.is_exhausted
    assert 40 < inference.answers.steps < 400
    monkeypatch.setattr(Inference, "budget", 60)
    inference = flow_of(text)
    assert values_of(inference, 42, "a2") == ["redis.Redis"] and not inference.is_exhausted
    assert values_of(inference, 42, "a39") == [] and inference.is_exhausted
    assert values_of(inference, 42, "a2") == ["redis.Redis"]  # known before


def test_what_the_budget_cut_short_is_not_kept_wherever_it_ran_out() -> None:
    for budget in range(40):
        inference = flow_of("import redis\ndef f():\n    return redis.Redis\nf()\nf(1)\n")
        whole, inference.answers.budget = inference.answers.budget, budget
        assert set(values_of(inference, 4, "f()")) <= {"redis.Redis"}
        inference.answers.budget = whole
        assert values_of(inference, 5, "f(1)") == ["redis.Redis"]


@pytest.mark.parametrize("count", [3, 32, 33, 200])
@pytest.mark.parametrize("kind", ["strings", "containers"])
def test_of_more_values_of_a_kind_than_are_told_apart_none_is_known(kind: str, count: int) -> None:
    one = {"strings": "'n{n}'", "containers": "[{n}]"}[kind]
    many = ", ".join(one.format(n=n) for n in range(count))
    text = f"import redis\nx = [redis.Redis, 'redis.Redis', {many}]\ny = x[i]\nz = y\ny, z, f'{{y}}'\n"
    told = count if count <= 32 else 0
    for expression in ("y", "z"):
        found = values_of(flow_of(text), 5, expression)
        assert {"redis.Redis", "'redis.Redis'"} <= set(found)
        assert len(found) == 2 + told + (not told)


@pytest.mark.parametrize("count, found", [(32, []), (40, ["redis.Redis"])])
def test_a_key_that_may_be_one_of_many_strings_may_be_any_of_a_dict(count: int, found: list[str]) -> None:
    keys = [f"k{n}" for n in range(count)]
    text = f"import redis\nd = {{'a': redis.Redis}}\nfor key in {keys}:\n    d[key]\n"
    assert values_of(flow_of(text), 4, "d[key]") == found


@pytest.mark.parametrize("count, known", [(500, 500), (501, 0)])
def test_an_expression_of_too_many_values_is_unknown(count: int, known: int) -> None:
    text = f"x = [{', '.join(f'm{n}.K' for n in range(count))}]\nx[i]\ny = ['a', 'b']\ny[i]\n"
    text = f"import {', '.join(f'm{n}' for n in range(count))}\n{text}"
    assert len(values_of(flow_of(text), 3, "x[i]")) == known
    assert values_of(flow_of(text), 5, "y[i]") == ["'a'", "'b'"]


def test_one_string_for_all_of_many_leaves_room_for_other_values() -> None:
    held = [f"m{n}.K" for n in range(480)]
    given = [*map(repr, map(str, range(33))), *held]
    text = f"import {', '.join(f'm{n}' for n in range(480))}\nx = [{', '.join(given)}]\nx[i]\n"
    assert {*held} < {*values_of(flow_of(text), 3, "x[i]")}


def test_long_chains_of_calls_are_followed() -> None:
    text = "import redis\ndef f0(x): return x\n" + "".join(
        f"def f{n}(x): return f{n - 1}(x)\n" for n in range(1, 8)
    )
    inference = flow_of(text + "f4(redis.Redis), f7(redis.Redis)\n")
    assert values_of(inference, 10, "f4(redis.Redis)") == ["redis.Redis"]
    assert values_of(inference, 10, "f7(redis.Redis)") == ["redis.Redis"]


# -- what is made of values

BUILT = {
    "builders by value": """
        import redis, acme
        redis.Redis()  # redis.Redis
        make = redis.from_url
        make("u")  # redis.from_url
        acme.connect()  # acme.connect
        acme.other()
        redis.RedisError()
        (redis.Redis if c else redis.StrictRedis)()  # redis.Redis redis.StrictRedis
        """,
    "a class that derives from one": """
        import redis
        class A(redis.Redis): pass
        class B(A):
            def __init__(self): super().__init__()
        class C(A):
            def __init__(self): pass
        A()  # redis.Redis
        B()  # redis.Redis
        C()
        """,
}


@pytest.mark.parametrize("text", param(BUILT))
def test_the_builders_of_a_call(text: str) -> None:
    inference = flow_of(text)
    found: dict[int, str] = {}
    for point in inference.scopes.calls:
        if built := inference.builders(point):
            found[point.node.lineno] = " ".join(built)
    assert found == dict(comments(text))


def test_classes_that_derive_from_a_library_s() -> None:
    inference = flow_of(
        "import redis\nclass A(redis.Redis): pass\nclass B(A, redis.ConnectionPool): pass\nclass C: pass\n"
    )
    found = {
        name_of(scope): sorted(inference.library_bases(scope)) for scope in inference.namespaces.values()
    }
    assert found == {"A": ["redis.Redis"], "B": ["redis.ConnectionPool", "redis.Redis"], "C": []}
    bases = [
        (n.bases[0], s)
        for s in inference.scopes.points((ast.ClassDef,))
        if isinstance(n := s.node, ast.ClassDef) and n.bases
    ]
    assert [sorted(inference.derived_from(base, point)) for base, point in bases] == [
        ["redis.Redis"],
        ["redis.Redis"],
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("redis.Redis", "client"),
        ("redis.Redis.pipeline", "pipeline"),
        ("redis.ConnectionPool", None),
        ("os.path", None),
    ],
)
def test_what_sends_commands(made: str, expected: str | None) -> None:
    found = flow_of("").client(Instance(QualifiedName(made)))
    assert (found[0] if found else None) == expected


@pytest.mark.parametrize(
    ("builder", "mode"),
    [
        ("redis.Redis", "sync"),
        ("redis.asyncio.Redis", "async"),
        ("coredis.Redis", "async"),
        ("acme.connect", None),
    ],
)
def test_whether_a_client_blocks(builder: str, mode: str | None) -> None:
    assert mode_of(names().table[builder]) == mode


def test_what_a_method_of_a_client_does() -> None:
    inference = flow_of("")
    assert (
        inference.method("redis.Redis.get") == "command"
        and inference.method("redis.Redis.execute_command") == "command"
    )
    assert inference.method("os.path.get") is None and inference.method("redis.ConnectionPool.get") is None


LOADED = [
    ("__import__('a.b')", {"a.b"}),
    ("importlib.import_module('a')", {"a"}),
    ("importlib.import_module('.b', package='a')", {"a.b"}),
    ("importlib.import_module('..b', 'a.c.d')", {"a.c.b"}),
    ("importlib.import_module('...b', 'a.c')", set()),
    ("importlib.import_module('....b', 'a.c')", set()),
    ("importlib.import_module()", set()),
    ("importlib.import_module(unknown)", set()),
    ("importlib.reload('a')", set()),
    ("pkgutil.resolve_name('a:b')", {"a.b"}),
    ("sys.modules['a']", {"a"}),
    ("other['a']", set()),
]


@pytest.mark.parametrize(("expression", "expected"), LOADED)
def test_what_is_loaded_by_its_name(expression: str, expected: set[str]) -> None:
    inference = flow_of(f"import importlib, pkgutil, sys\n{expression}\n")
    point = place(inference.scopes, 2, expression)
    assert (
        isinstance(point.node, ast.Call | ast.Subscript) and loaded(inference, point.node, point) == expected
    )


def test_a_package_is_the_base_of_its_own_relative_names() -> None:
    text = "from importlib import import_module\nimport_module('.b', __package__)\nimport_module('.b', __name__)\n"
    inference = Inference(names(), build_scopes(ast.parse(text), text, ("app.db",), True))
    assert [loaded(inference, s.node, s) for s in inference.scopes.calls if isinstance(s.node, ast.Call)] == [
        {"app.db.b"}
    ] * 2


# -- which names carry what rules ask for

CARRIED = dedented(
    """
    import redis, os, redis.sentinel
    from app.redis_manager import manager
    kind = redis.Redis
    kinds = {"a": [kind]}
    def make(): return redis.Redis
    def nothing(): return os.path
    class C:
        def __init__(self): self.kind = kind
    class D(C): pass
    made = redis.Redis()
    sentinel = redis.Sentinel([])
    def _each(): yield kind
    text = "redis.Redis"
    lam = lambda: kind
    pairs = enumerate([redis.Redis])
    plain = enumerate([os.path])
    """
)


def test_names_from_which_a_builder_can_be_reached() -> None:
    inference = flow_of(CARRIED)
    assert exposed(inference) == {
        "redis",
        "kind",
        "kinds",
        "make",
        "C",
        "D",
        "sentinel",
        "_each",
        "lam",
        "made",
        "pairs",
    }


def test_callables_that_get_a_builder() -> None:
    text = "import redis, elsewhere\ndef own(x): ...\nown(redis.Redis)\nelsewhere.f(redis.Redis)\nown(1)\n"
    inference = flow_of(text)
    assert callees_given_clients(inference, inference.scopes.calls) == {"."}
    assert callees_given_clients(inference, inference.scopes.calls[2:]) == set()
