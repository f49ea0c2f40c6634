"""What the evaluator adds where other files' names stay open, and within one class."""

from __future__ import annotations

import ast

from snippets import dedented, names, place

from flake8_redis_ssot.inference.open_names import Built, OpenInference
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName, Value
from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.scope_builder import build_scopes


def shown(value: Value) -> str:
    match value:
        case Instance(of=QualifiedName(name=name)):
            return f"{name}()"
        case Instance(of=Definition(scope=scope)):
            return f"{getattr(scope.node, 'name', '')}()"
        case QualifiedName(name=name):
            return name
    return type(value).__name__


class Asked:
    """A snippet, asked as one of its classes sees it."""

    def __init__(self, text: str) -> None:
        self.text = dedented(text)
        self.scopes = build_scopes(ast.parse(self.text), self.text, ("app.here",), False)

    def scope(self, name: str) -> Scope:
        return next(s for node, s in self.scopes.namespaces.items() if getattr(node, "name", "") == name)

    def values(self, expression: str, of: str | None = None) -> set[Value]:
        line = next(n for n, row in enumerate(self.text.splitlines(), 1) if row.endswith(expression))
        inference = OpenInference(names(), self.scopes, self.scope(of) if of else None)
        point = place(self.scopes, line, expression)
        return set(inference.values(point.node, point))

    def shown(self, expression: str, of: str | None = None) -> set[str]:
        return {shown(value) for value in self.values(expression, of)}


def test_what_another_file_defines_goes_by_its_name() -> None:
    asked = Asked(
        """
        import redis
        from app.redis_manager import RedisManager, get_redis
        from elsewhere import other
        stated: redis.Redis = get_redis()
        class Holder(RedisManager):
            kept: RedisManager
            def __init__(self, given: "RedisManager | None" = None):
                self.made = RedisManager(1)
                self.given = given
                self.other = other()
            def accessor(self) -> redis.Redis:
                return get_redis()
            def use(self):
                self.made
                self.made.client
                self.given
                self.kept
                self.other
                self.inherited
                get_redis().client.get()
                stated
                self.accessor()
        """
    )
    manager = "app.redis_manager.RedisManager"
    assert asked.shown("self.made") == {f"{manager}()"}
    assert asked.shown("self.made.client") == {f"{manager}.client"}
    assert asked.shown("self.given") == asked.shown("self.kept") == {f"{manager}()"}
    assert asked.shown("self.other") == set()
    assert asked.shown("self.inherited") == {f"{manager}.inherited"}
    assert asked.shown("get_redis().client.get()") == {"app.redis_manager.get_redis.client.get()"}
    assert asked.shown("stated") == asked.shown("self.accessor()") == {"redis.Redis()"}


def test_self_is_an_object_of_just_that_class() -> None:
    asked = Asked(
        """
        import redis
        class Common:
            def use(self):
                self.client
                self.accessor()
            @classmethod
            def use_class(cls):
                cls.kind
            def accessor(self):
                return self.client
        class Real(Common):
            kind = redis.Redis
            def __init__(self):
                self.client = redis.Redis()
        class Fake(Common):
            kind = dict
            client = redis.ConnectionPool()
        """
    )
    for of, client, kind in (
        ("Real", {"redis.Redis()"}, {"redis.Redis"}),
        ("Fake", {"redis.ConnectionPool()"}, set()),
        ("Common", set(), set()),
        (None, {"redis.Redis()", "redis.ConnectionPool()"}, {"redis.Redis"}),
    ):
        assert asked.shown("self.client", of) == client
        assert asked.shown("self.accessor()", of) == client
        assert asked.shown("cls.kind", of) == kind


def test_a_client_knows_the_call_that_makes_it() -> None:
    asked = Asked(
        """
        import redis
        def make():
            return redis.Redis(db=1)
        stated: redis.Redis
        client = make()
        client
        client.pipeline()
        """
    )
    (client,) = asked.values("client")
    assert isinstance(client, Built) and client.call is not None
    assert ast.unparse(client.call) == "redis.Redis(db=1)"
    assert not any(isinstance(value, Built) for value in asked.values("client.pipeline()"))


def test_a_base_that_two_bases_share_is_met_once() -> None:
    asked = Asked(
        """
        from elsewhere import Far
        class Common(Far):
            def use(self):
                self.client
        class One(Common): pass
        class Other(Common): pass
        class Both(One, Other): pass
        """
    )
    inference = OpenInference(names(), asked.scopes, None)
    family = inference.lineage(asked.scope("Both"))
    assert [scope.node.name for scope in family] == ["Both", "One", "Common", "Other"]  # type: ignore[attr-defined]
    assert inference.foreign_bases(asked.scope("Both")) == {"elsewhere.Far"}
