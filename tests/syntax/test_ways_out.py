"""By which statements a loop is left before its end."""

from __future__ import annotations

import ast

import pytest

from flake8_redis_ssot.syntax.nodes import Loop, ways_out


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("x()", []),
        ("break", [2]),
        ("return 1", [2]),
        ("if x:\n  break", [3]),
        ("try:\n  pass\n except E:\n  break", [5]),
        ("match x:\n  case 1:\n   return", [4]),
        ("for y in x:\n  break", []),
        ("while y:\n  return", [3]),
        ("for y in x:\n  pass\n else:\n  break", [5]),
        ("for y in x:\n  for z in y:\n   break\n  else:\n   break", []),
        ("def inner():\n  return 1", []),
        ("class Inner:\n  for x in y:\n   break", []),
        ("f(lambda: [x for x in y])", []),
    ],
)
def test_ways_out(body: str, lines: list[int]) -> None:
    text = f"while True:\n {body}"
    function = ast.parse("async def f():\n " + text.replace("\n", "\n ")).body[0]
    assert isinstance(function, ast.AsyncFunctionDef)
    loop = function.body[0]
    assert isinstance(loop, Loop)
    assert sorted(one.lineno - 1 for one in ways_out(loop)) == lines
