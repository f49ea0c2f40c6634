"""Which lines are of interest: those marked `# yes` and no others."""

from __future__ import annotations

import ast

import pytest
from snippets import comments, names, param

from flake8_redis_ssot.analysis.lines import lines_of_interest
from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.scope_builder import build_scopes


def lines(text: str, known: Names | None = None) -> list[int] | None:
    inference = Inference(known or names(), build_scopes(ast.parse(text), text, ("app.here",), False))
    return lines_of_interest(
        SourceFile("/nowhere/app/here.py", text.encode()), inference, ["redis_manager", "needle"]
    )


LINES = {
    "imports of the top level, words of libraries, needles": """
        import os  # yes
        from sys import path  # yes
        x = 1
        def f():
            import json
            redis.x  # yes
            return "needle"  # yes
        y = needles
        import_me = 1
        """,
    "names that carry a builder": """
        import redis  # yes
        make = redis.Redis  # yes
        other = os.path
        also = make  # yes
        def f(x):  # yes
            x = other
            return also()  # yes
        def g(x):
            return x
        f(also)  # yes
        """,
    "names found late carry further": """
        d = c  # yes
        def f():  # yes
            return c  # yes
        import redis  # yes
        c = b = redis.Redis  # yes
        use = f()  # yes
        use()  # yes
        """,
    "whole words alone": """
        import redis  # yes
        c = redis.Redis  # yes
        cc = 1
        c1 = cc
        x.c()  # yes
        """,
    "the body of a client class": """
        import redis  # yes
        class A(redis.Redis):  # yes
            # yes
            def get(self):  # yes
                return self.do()  # yes
        class B:
            def other(this):
                return this.do()
        A()  # yes
        """,
    "attributes that carry": """
        import redis  # yes
        class C:
            def __init__(self):
                self.client = redis.Redis()  # yes
            def use(self):
                return self.client.get("k")  # yes
        """,
    "what is imported by its text": """
        x = __import__(name)  # yes
        y = load.import_module(name)  # yes
        z = sys.modules[name]  # yes
        w = other(name)
        """,
    "names by a star": """
        from redis import *  # yes
        x = Redis()  # yes
        y = Unknown()
        """,
    "nothing": """
        x = 1
        """,
}


@pytest.mark.parametrize("text", param(LINES))
def test_lines_of_interest(text: str) -> None:
    assert lines(text) == [line for line, comment in comments(text) if comment == "yes"]


def test_all_lines_where_letters_look_like_others() -> None:
    assert lines("import \uff52edis\nredis.Redis()\n") is None
    assert lines("import größe\n") == [1]


def test_all_lines_where_a_forbidden_pattern_has_no_word() -> None:
    options = {"manager": "app.redis_manager", "forbidden-managers": ["*.*"]}
    managers = ManagerFacts(load_settings(None, root="/nowhere", codes=[], options=options), DISK)
    assert lines("x = 1\n", Names(names().table, frozenset(), managers)) is None


def test_past_the_budget_the_words_found_so_far_count(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import redis\na = redis.Redis\nb = a\nc = b\nd = c\n"
    assert lines(text) == [1, 2, 3, 4, 5]
    monkeypatch.setattr(Inference, "budget", 3)
    found = lines(text)
    assert found is not None and {1, 2} <= set(found) < {1, 2, 3, 4, 5}
