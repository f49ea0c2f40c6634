"""What holds for the package as a whole: it keeps nothing between questions but constants."""

from __future__ import annotations

import ast
import gc
import inspect
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FIXTURES

import flake8_redis_ssot
from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.syntax.bindings import Scope

PACKAGE = Path(inspect.getfile(flake8_redis_ssot)).parent
MODULES = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
CHANGING = {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"}  # fmt: skip
IMMUTABLE = {"str", "int", "bool", "bytes", "tuple", "frozenset", "type", "Any", "None", "..."}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def names_of(tree: ast.AST) -> Iterator[str]:
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def changed_in(function: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a function does not bind, and whose values it changes."""
    own = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(function):
        match node:
            case ast.Global(names=[name, *_]):
                yield node.lineno, name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name not in own:
                yield node.lineno, name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
                attr in CHANGING and name not in own
            ):
                yield node.lineno, name


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_function_changes_what_its_module_holds(module: str) -> None:
    body = MODULES[module].body
    targets = [t for s in body if isinstance(s, ast.Assign | ast.AnnAssign) for t in ast.walk(s)]
    held = {t.id for t in targets if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)}
    changed = [
        (line, name)
        for function in ast.walk(MODULES[module])
        if isinstance(function, FUNCTIONS)
        for line, name in changed_in(function)
    ]
    assert not [(line, name) for line, name in changed if name in held]
    empty = [
        ast.unparse(statement)
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Dict | ast.List | ast.Set | ast.Call)
        and ast.unparse(statement.value) in ("{}", "[]", "set()", "dict()", "list()")
    ]
    # a table that is filled by the statements around it
    assert [text.partition(":")[0] for text in empty] == (
        ["CALLING", "CALLED"] if module == "libraries/frameworks.py" else []
    )


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_what_cannot_change_is_cached(module: str) -> None:
    for function in ast.walk(MODULES[module]):
        decorators = getattr(function, "decorator_list", []) if isinstance(function, FUNCTIONS) else []
        if {"cache", "lru_cache"} & {name for d in decorators for name in names_of(d)}:
            assert isinstance(function, ast.FunctionDef)
            arguments = [a for a in [*function.args.posonlyargs, *function.args.args] if a.arg != "cls"]
            for argument in arguments:
                assert argument.annotation is not None
                assert set(names_of(argument.annotation)) <= IMMUTABLE, (function.name, argument.arg)


def test_trees_go_without_the_garbage_collector() -> None:
    settings = load_settings(str(FIXTURES / "pyproject.toml"), root=str(FIXTURES), codes=[*defaults()])
    checker = FileChecker(settings, all_rules())
    gc.collect()
    gc.disable()
    try:
        for path in sorted(FIXTURES.glob("RED*/*.py")):
            source = DISK.source(str(path))
            nodes = [weakref.ref(n) for n in ast.walk(source.tree) if isinstance(n, ast.stmt | ast.expr)]
            checker.check(source)
            del source
            assert not [node() for node in nodes if node() is not None], path
    finally:
        gc.enable()


def test_followed_files_go_without_the_garbage_collector(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.redis-ssot]\n")
    (tmp_path / "home.py").write_text(
        "import redis\n\n\nclass Store:\n    def __init__(self):\n        self.client = redis.Redis()\n\n"
        "    def read(self, key):\n        return self.client.get(key)\n\n\nstore = Store()\n"
    )
    (tmp_path / "between.py").write_text("from home import store\n\nreads = store.read\n")
    (tmp_path / "user.py").write_text("from home import store\n\n\nasync def f():\n    store.read('a')\n")
    (tmp_path / "other.py").write_text("from home import store\n\nprint(store)\n")
    monkeypatch.chdir(tmp_path)
    gc.collect()
    gc.disable()
    try:
        before = sum(type(one) is Scope for one in gc.get_objects())
        assert main(["check", "--no-cache", "--quiet", "--select", "RED505", "--jobs", "1"]) == 1
        assert sum(type(one) is Scope for one in gc.get_objects()) == before
    finally:
        gc.enable()


DISK_CALLS = {"exists", "getsize", "glob", "isdir", "isfile", "lexists", "listdir", "lstat", "open", "scandir", "stat", "walk"}  # fmt: skip
READING = DISK_CALLS - {"exists", "walk"} | {"DISK", "print"}
ON_DISK = {
    "fix/closed.py": "what may be written is a question to the disk",
    "lint/baseline.py": "it is written, and today's holds for every revision",
    "migrate/durable.py": "it writes",
    "migrate/journal.py": "it writes",
}


@pytest.mark.parametrize(
    "module", sorted(m for m in MODULES if m.startswith(("rules/red", "analysis/", "inference/")))
)
def test_rules_and_what_they_ask_read_no_files_and_print_nothing(module: str) -> None:
    asked = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(MODULES[module])}
    assert not asked & READING


@pytest.mark.parametrize(
    "module",
    sorted(
        m
        for m in MODULES
        if m.startswith(("settings/", "facts/", "project/", "lint/", "fix/", "migrate/")) and m not in ON_DISK
    ),
)
def test_what_is_read_of_a_project_goes_through_the_file_system_that_is_passed_in(module: str) -> None:
    calls = [n.func for n in ast.walk(MODULES[module]) if isinstance(n, ast.Call)]
    on_os = [
        func.attr
        for func in calls
        if isinstance(func, ast.Attribute) and ast.unparse(func.value) in ("os", "os.path", "glob")
    ]
    assert not DISK_CALLS & {*on_os, *(func.id for func in calls if isinstance(func, ast.Name))}
