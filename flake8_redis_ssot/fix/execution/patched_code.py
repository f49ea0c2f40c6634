"""The code that runs while a patch of a test is on."""

from __future__ import annotations

import ast

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import FIXTURES, PREPARING
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of, own_yields

_UNDOING = frozenset(["monkeypatch", "mocker"])
"""Fixtures that take back what they patch when the test ends."""


@dataclass(slots=True)
class PatchedCode:
    """Parts of a file that run while a patch is on, in the class `owner` or in none, and the `fixtures` that may.

    `is_inherited` says that so do the tests of the class, its own and those that it has from others.
    """

    parts: list[ast.AST] = field(default_factory=list)
    owner: str = ""
    fixtures: list[str] = field(default_factory=list)
    is_inherited: bool = False

    @property
    def is_whole_test(self) -> bool:
        """Whether what pytest runs around a test may run, too."""
        return bool(self.fixtures)

    @property
    def awaits(self) -> bool:
        """Whether other coroutines may go on in the middle."""
        parts = (one for part in self.parts for one in all_nodes(part))
        return any(isinstance(one, ast.Await | ast.AsyncFor | ast.AsyncWith) for one in parts)


def patched_code(tree: ast.Module, line: int) -> PatchedCode | None:
    """What runs while a patch that stands on a line is on; None where the patch may last longer than that tells."""
    around = [node for node in all_nodes(tree) if isinstance(node, ast.stmt) and spans(node, line)]
    owner = next((node.name for node in reversed(around) if isinstance(node, ast.ClassDef)), "")
    for node in reversed(around):  # the innermost is the last
        match node:
            case ast.With() | ast.AsyncWith() if any(_holds(one.context_expr, line) for one in node.items):
                items = [one.context_expr for one in node.items]
                return None if any(own_yields(node)) else PatchedCode([*items, *node.body], owner)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_decorated(node, line):
                is_fixture = bool(decorators_of(node) & FIXTURES) or any(own_yields(node))
                return None if is_fixture else PatchedCode([*node.decorator_list, *node.body], owner)
            case ast.ClassDef() if _is_decorated(node, line):
                if any(
                    isinstance(one, ast.Attribute) and one.attr == "TEST_PREFIX" for one in all_nodes(tree)
                ):
                    return None
                return PatchedCode([*node.decorator_list], node.name, is_inherited=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return _until_its_end(node, line, owner)
    return None


def _until_its_end(test: Function, line: int, owner: str) -> PatchedCode | None:
    """What runs with a test that patches by a fixture, which undoes it when the test has ended."""
    arguments = [one.arg for one in (*test.args.args, *test.args.kwonlyargs)]
    patching = {
        node.func.value.id
        for node in all_nodes(test)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and _holds(node, line)
    }
    if not test.name.startswith("test") or not patching & _UNDOING & {*arguments} or any(own_yields(test)):
        return None
    return PatchedCode([*test.decorator_list, *test.body], owner, arguments)


def code_after(tree: ast.Module, line: int, test: ast.Module) -> list[PatchedCode]:
    """The code of a test that surely comes after a line of a fixture, or of a method that prepares the tests of a class.

    The tests of each class stand apart.
    """
    for owner in (None, *(node for node in all_nodes(tree) if isinstance(node, ast.ClassDef))):
        for node in (owner or tree).body:
            if not isinstance(node, Function) or not _holds(node, line):
                continue
            if decorators_of(node) & FIXTURES:
                names = {node.name}
                is_for_all = any(
                    isinstance(part, ast.keyword) and part.arg == "autouse"
                    for one in node.decorator_list
                    for part in all_nodes(one)
                )
                own = _asking(tree, names, is_for_all=is_for_all)
                return own if test is tree else _asking(test, names, is_for_all=is_for_all)
            if owner is not None and node.name.startswith(PREPARING) and test is tree:
                return [PatchedCode([*node.body], owner.name, is_inherited=True)]
    return []


def _asking(tree: ast.Module, names: set[str], *, is_for_all: bool) -> list[PatchedCode]:
    """The tests of a file that ask for one of these fixtures, or all; to `names` come the fixtures of it that do."""
    functions = [(node, "", set[str]()) for node in tree.body if isinstance(node, Function)]
    for of in (node for node in all_nodes(tree) if isinstance(node, ast.ClassDef)):
        functions += [(node, of.name, _texts(of)) for node in of.body if isinstance(node, Function)]
    found: dict[str, PatchedCode] = {}
    for node, owner, texts in sorted(functions, key=lambda one: not decorators_of(one[0]) & FIXTURES):
        arguments = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
        if not is_for_all and names.isdisjoint({*arguments, *texts, *_texts(node)}):
            continue
        if decorators_of(node) & FIXTURES:
            names.add(node.name)
        elif node.name.startswith("test"):
            code = found.setdefault(owner, PatchedCode(owner=owner))
            code.parts += node.body
            code.fixtures += arguments
    return [*found.values()]


def _texts(node: Function | ast.ClassDef) -> set[str]:
    """The strings in the decorators of a definition."""
    parts = (part for one in node.decorator_list for part in all_nodes(one))
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def spans(statement: ast.stmt, line: int) -> bool:
    """Whether a line is one of a statement, or of its decorators."""
    return _holds(statement, line) or _is_decorated(statement, line)


def _is_decorated(statement: ast.stmt, line: int) -> bool:
    return any(_holds(one, line) for one in getattr(statement, "decorator_list", ()))


def _holds(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)
