"""What is searched for a `noqa` is the same whether all tokens are asked for or only a row is looked at."""

from __future__ import annotations

import ast

import pytest

from flake8_redis_ssot.lint.noqa import physical_lines, searched
from flake8_redis_ssot.source import SourceFile

PIECES = {
    "a row by itself": "a = 1  # noqa\nb = 2\n",
    "a string over several rows": 'a = f(x, """\n# noqa\n""", y,\n  z)  # noqa\nb = 1\n',
    "code behind its end": 'a = """\n"""; b = c  # noqa\n',
    "one of single quotes": "a = 'b \\\nc', d  # noqa\ne = 1\n",
    "a backslash": "a = b + \\\n    c + \\\n    d  # noqa\ne = 1\n",
    "a backslash in a comment": "a = b  # noqa \\\nc = d\n",
    "quotes in a comment": 'a = b  # don\'t\nc = d  # noqa: """\ne = f\n',
    "an f-string": 'a = f"""\n{b} {\nc\n}\n"""  # noqa\nd = 1\n',
    "one that is not closed on its row": 'a = (f"{b}"\n  f"{c}")  # noqa\n',
    "brackets": "a(\n    b,  # noqa\n    c,\n)\n",
    "carriage returns": 'a = b\r\nc = """\r\n"""  # noqa\r\nd = e\r\n',
    "a string that looks closed": "a = \"'\" '\"'  # noqa\nb = 1\n",
    "a docstring": 'def f():\n    """It\'s.\n\n    # noqa\n    """\n    return g()\n',
}


@pytest.mark.parametrize("text", PIECES.values(), ids=PIECES)
def test_a_row_is_searched_with_what_it_is_joined_to(text: str) -> None:
    source = SourceFile("a.py", text.encode())
    lines = physical_lines(source)
    rows = {n.lineno for n in ast.walk(source.tree) if isinstance(n, ast.expr | ast.stmt)}
    assert searched(source, rows) == {r: lines[r].text if r in lines else source.line(r) for r in rows}
