"""pytest fixtures: their values for the parameters of tests and of other fixtures, by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import calls
from flake8_redis_ssot.inference.values import Generator, QualifiedName, Value
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


def given(inference: Inference, name: str, function: Scope) -> Iterator[Value]:
    """The values of the fixture `name` for a test, or another fixture, `function`; or the strings of its `parametrize`."""
    if _is_test(function):
        yield from _parametrized(inference, name, function)
    for fixture in fixtures_for(inference, name, function):
        yield from calls.given_by(inference, fixture)


def fixtures_for(inference: Inference, name: str, function: Scope) -> list[Scope]:
    """The fixtures that pytest may pass for the parameter `name` of a test, or of another fixture.

    A fixture with a parameter of its own name gets the fixture that it overrides.
    """
    is_test = _is_test(function)
    if not is_test and _how_given_to(inference, function) != "fixture":
        return []
    if is_test and _is_parametrized(name, function):
        return []
    for scope in inference.fixture_scopes(function):
        bindings = _bindings_of_fixture(inference, name, scope)
        if bindings and not any(binding.value is function.node for binding in bindings):
            values = (value for binding in bindings for value in _resolved_values(inference, binding, name))
            return [v.scope for v in values if isinstance(v, Generator) and v.how == "fixture"]
    return []


def _bindings_of_fixture(inference: Inference, name: str, scope: Scope) -> list[Binding]:
    """The bindings of a fixture's name in a class or module, as they are at its end."""
    if scope.kind == "module":
        point = ProgramPoint(scope.node or ast.Pass(), scope, 1 << 60, ())
        found = inference.bindings(name, point)
    else:
        found = scope.bindings.get(name, [])
    return found or [b for b in _function_bindings(scope) if fixture_name(b) == name]


def _resolved_values(inference: Inference, binding: Binding, name: str) -> Iterator[Value]:
    """The values of a binding, with imported names resolved in their files."""
    for value in inference.values_of(binding):
        if isinstance(value, QualifiedName):
            dotted = f"{value.name}.{name}" if binding.star else value.name
            yield from inference.resolved(QualifiedName(dotted))
        else:
            yield value


def _function_bindings(scope: Scope) -> Iterator[Binding]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return (b for bs in scope.bindings.values() for b in bs if isinstance(b.value, functions))


def fixture_name(binding: Binding) -> str | None:
    """The name of `@fixture(name="...")`, if it has one."""
    for decorator in getattr(binding.value, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and last_name(decorator.func) == "fixture":
            for keyword in decorator.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def plugins_of(module: Scope) -> Iterator[str]:
    """The modules that `pytest_plugins` of a module names, whose fixtures tests can use as well."""
    for binding in module.bindings.get("pytest_plugins", ()):
        for part in all_nodes(binding.value) if binding.value is not None else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def _is_test(function: Scope) -> bool:
    return getattr(function.node, "name", "").startswith("test")


def _is_parametrized(name: str, function: Scope) -> bool:
    """Whether the parameter `name` of a test is set by `parametrize`, and by no fixture."""
    return any(name in names for names, _, _ in _parametrizing(function))


def _parametrized(inference: Inference, name: str, function: Scope) -> Iterator[Value]:
    """The strings that `parametrize` gives to the parameter `name` of a test."""
    for names, rows, scope in _parametrizing(function):
        outside = inference.definition_point(scope)
        if name in names and outside is not None:
            named = inference.bindings(rows.id, outside) if isinstance(rows, ast.Name) else []
            lists = [
                part for part in (rows, *(b.value for b in named)) if isinstance(part, ast.List | ast.Tuple)
            ]
            for row in (row for part in lists for row in part.elts):
                if isinstance(row, ast.Call) and last_name(row.func) == "param":
                    parts = row.args
                else:
                    parts = [row] if len(names) == 1 else getattr(row, "elts", [])
                for part in parts[names.index(name) :][:1]:
                    yield from inference.texts(part, outside)


def _parametrizing(function: Scope) -> Iterator[tuple[list[str], ast.expr | None, Scope]]:
    """What `parametrize` sets by no fixture for a test: names of parameters, what they get, and what is decorated."""
    scope: Scope | None = function
    while scope is not None:
        for decorator in getattr(scope.node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and last_name(decorator.func) == "parametrize":
                keywords = {k.arg: k.value for k in decorator.keywords}
                first, rows, *_ = (*decorator.args, None, None)
                first = first if first is not None else keywords.get("argnames")
                texts = [n.value for n in all_nodes(first) if isinstance(n, ast.Constant)] if first else []
                names = [n.strip() for text in texts if isinstance(text, str) for n in text.split(",")]
                if "indirect" not in keywords:
                    yield names, rows if rows is not None else keywords.get("argvalues"), scope
        scope = scope.parent


def _how_given_to(inference: Inference, function: Scope) -> str:
    """`fixture` if a function is one (see `calls.how_given`)."""
    outside = inference.definition_point(function)
    return calls.how_given(inference, outside.node, outside) if outside is not None else ""
