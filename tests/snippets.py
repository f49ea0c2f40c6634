"""Snippets of Python that carry in their comments what is expected of them."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterator, Mapping

import pytest

from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.inference.builder_table import builders
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint
from flake8_redis_ssot.syntax.scopes import Scopes


def param(table: Mapping[str, str]) -> list[object]:
    """The snippets as parameters by their names."""
    return [pytest.param(dedented(text), id=name) for name, text in table.items()]


def dedented(text: str) -> str:
    return textwrap.dedent(text).removeprefix("\n")


def comments(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.removeprefix("#").strip()


def marks(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, expression, what is said of it) of every comment `# ^ expression: what`, which speaks of the line above."""
    line = 0
    for number, written in enumerate(text.splitlines(), 1):
        if not written.lstrip().startswith("# ^ "):
            line = number
            continue
        expression, _, said = written.partition("# ^ ")[2].rpartition(": ")
        yield line, expression, said


def place(scopes: Scopes, line: int, expression: str) -> ProgramPoint:
    """Where the expression is read in that line, the last time if often."""
    found = [
        point
        for point in scopes.points(ast.expr.__subclasses__())
        if getattr(point.node, "lineno", 0) == line
        and isinstance(getattr(point.node, "ctx", None), ast.Load | None)
        and ast.unparse(point.node) == ast.unparse(ast.parse(expression))
    ]
    assert found, f"line {line} does not read `{expression}`"
    return found[-1]


def line_of(binding: Binding, scopes: Scopes) -> int:
    """The line of the statement that makes a binding."""
    node = [one for one in scopes.statements if one.order <= binding.order][-1].node
    return node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno


def names() -> Names:
    """What names mean where no module is the project's own."""
    options = {"manager": "app.redis_manager", "forbidden-managers": ["app.old"]}
    managers = ManagerFacts(load_settings(None, root="/nowhere", codes=[], options=options), DISK)
    return Names(builders(("acme.connect",), ()), frozenset(), managers)
