"""What the bytes of a file say that it names without importing it."""

from __future__ import annotations

import pytest

from flake8_redis_ssot.facts.mentions import NOTHING, Mentions, coded, mentions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", NOTHING),
        ("import_module('app.cache')", Mentions(quoted=("app.cache",))),
        ("""a = "b.c"; d = 'e.f:g'""", Mentions(quoted=("b.c", "e.f:g"))),
        ("f'app.cache.{name}', 'app.%s' % x", Mentions(quoted=("app.cache",))),
        ("'see app.cache there', 'one', '1.5'", NOTHING),
        ("f'{base}.cache', '%s.get' % base, base + '.set'", Mentions(pieces=("cache", "get", "set"))),
        ("'.'.join(names), '. A sentence.'", NOTHING),
        ("run('import os; from app import cache')", Mentions(coded=("app.cache", "os"))),
        ("CODE = 'import app'\nimport os", Mentions(coded=("app",))),
        ("import_module(name)", Mentions(loads=True)),
        ("important_module(name), my_import_module_of('x')", NOTHING),
        ("sys.modules", Mentions(loads=True)),
        ("runpy.run_path(name)", Mentions(loads=True, by_path=True)),
        ("run_module('app')", NOTHING),
    ],
)
def test_mentions(text: str, expected: Mentions) -> None:
    assert mentions(text.encode()) == expected


def test_a_module_and_its_name_are_told_apart() -> None:
    assert [*coded(b"exec('from app import cache')")] == [(b"app", b"cache")]
