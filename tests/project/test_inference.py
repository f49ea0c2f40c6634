"""Values from file to file, where files are taken in one after another."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from snippets import names

from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.syntax.scope_builder import build_scopes

FILES = {
    "app.user": "from app.middle import *\nfrom app.middle import named\nKind, Kind\nnamed\n",
    "app.middle": "from app.kinds import *\nfrom app.kinds import Kind as named\n",
    "app.kinds": "import redis\nKind = redis.Redis\n",
}


class _NoIndex:
    """Nothing is known of a file but what is taken in."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@pytest.mark.parametrize("order", [["app.kinds", "app.middle"], ["app.middle", "app.kinds"]])
def test_what_a_file_lacked_is_found_when_it_is_taken_in(order: list[str]) -> None:
    inference = ProjectInference(
        names(), _NoIndex(), lambda path: build_scopes(ast.parse(FILES[path]), FILES[path], (path,), False)
    )
    scopes = inference.load("app.user")
    assert scopes is not None

    def found() -> list[set[str]]:
        asked = [p for p in scopes.points((ast.Name,)) if isinstance(p.node.ctx, ast.Load)]
        return [{v.name for v in inference.values(p.node, p) if isinstance(v, QualifiedName)} for p in asked]

    before = found()
    for path in order:
        inference.load(path)
        inference.refresh()
        found()
    assert before != found() == [{"redis.Redis"}] * 3
    assert not inference.refresh()
