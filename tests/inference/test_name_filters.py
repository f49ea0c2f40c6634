"""What names rule out is nothing that values would show: asked of every call of all fixtures."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from snippets import names, param

from flake8_redis_ssot.analysis.client_calls import command
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.importing import loaded, loads
from flake8_redis_ssot.inference.methods import SENDING_NAMES
from flake8_redis_ssot.libraries.frameworks import LOADERS
from flake8_redis_ssot.syntax.scope_builder import build_scopes

FIXTURES = Path(__file__).parent.parent / "fixtures"


def inference_of(text: str) -> Inference:
    return Inference(names(), build_scopes(ast.parse(text), text, ("app.here",), False))


def texts() -> dict[str, str]:
    """Every fixture that this Python can parse."""
    found = {}
    for path in sorted(FIXTURES.rglob("*.py")):
        try:
            text = path.read_text(encoding="utf-8")
            ast.parse(text)
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        found[str(path.relative_to(FIXTURES))] = text
    return found


@pytest.mark.parametrize("folder", sorted({name.partition("/")[0] for name in texts()}))
def test_no_builder_command_or_import_is_ruled_out_by_its_name(folder: str) -> None:
    for name, text in texts().items():
        if name.partition("/")[0] != folder:
            continue
        inference = inference_of(text)
        last_names = inference.names.table.last_names
        loading = {node for node, _ in loads(inference)}
        for point in inference.scopes.gathered((ast.Call, ast.Subscript)):
            node = point.node
            assert isinstance(node, ast.Call | ast.Subscript)
            where = f"{name}:{node.lineno}: {ast.unparse(node)}"
            if isinstance(node, ast.Call):
                if any(map(inference.builder_names, inference.values(node.func, point))):
                    assert inference.may_be_one_of(last_names, node.func, point), where
                if command(inference, inference.scopes, point) is not None:
                    assert inference.may_be_one_of(SENDING_NAMES, node.func, point), where
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and loaded(
                inference, node, point, LOADERS
            ):
                assert node in loading, where


RULED_OUT = {
    "a plain function and what is built in": """
        def f(): ...
        f()
        len(x)
        unknown()
        """,
    "a method that no object keeps as a value": """
        class A:
            def run(self): ...
        A().run()
        data.append(1)
        """,
}


@pytest.mark.parametrize("text", param(RULED_OUT))
def test_what_is_ruled_out(text: str) -> None:
    inference = inference_of(text)
    last_names = inference.names.table.last_names
    called = {point.node.func: point for point in inference.scopes.calls}  # type: ignore[attr-defined]
    left = [
        ast.unparse(func)
        for func, point in called.items()
        if inference.may_be_one_of(last_names, func, point)
    ]
    assert left == [one for one in left if one == "A"]


COUNTED = {
    "a name that is bound otherwise too": ("def f(): ...\nif c:\n    f = g\n", "f"),
    "an import": ("from m import f\n", "f"),
    "a parameter of a lambda": ("x = lambda f: f()\n", "f"),
    "a target of a comprehension": ("x = [f() for f in g]\n", "f"),
    "anything, by a star": ("from m import *\n", "f"),
    "what globals() gets": ("globals().update(f=g)\n", "f"),
}


@pytest.mark.parametrize(("text", "name"), COUNTED.values(), ids=list(COUNTED))
def test_names_that_may_hold_a_value(text: str, name: str) -> None:
    assert inference_of(text).scopes.may_hold_value(name)
    assert inference_of(text).scopes.may_hold_value("other") is ("*" in text)
