"""Wherever astroid names a builder for a callee, the file rules must too, or astroid is shown wrong."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FIXTURES

from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.lint.run import checker_for
from flake8_redis_ssot.project import oracle
from flake8_redis_ssot.project.oracle import Oracle, Question, place_of
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

# the line of a call -> why what astroid names builds nothing there
WRONG = {
    "aioredis.Redis(object())": "in aioredis 1 the class wraps a connection that is there",
    "aioredis.Redis(held)": "the same",
    "aioredis.Redis(pool_or_conn=object())": "the same, by keyword",
    "Fake()": "the subclass has an `__init__` of its own that does not run the library's",
    "redis.Redis()": "too_early() uses its local name before it is bound; astroid takes the module's",
    "decorated(1)()": "`singledispatch` changes what the function is; astroid looks through it",
    "return super().from_url(*args, **kwargs)": "fakeredis' own method: what it builds connects to nothing",
    "self.client()": "the attribute holds a client, not its class",
}


def users_of_a_library() -> Iterator[Path]:
    yield from sorted(FIXTURES.glob("*/*.py"))
    site_packages = Path(sysconfig.get_path("purelib"))
    for path in sorted(site_packages.rglob("*.py")):
        # the libraries' own files stand behind the stubs
        if path.relative_to(site_packages).parts[0] not in BUILDERS.packages:
            yield path


def test_astroid_names_no_builder_that_we_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MOST_TEXT", 1 << 30)
    monkeypatch.setattr(oracle, "MOST_CALLS", 1 << 30)
    settings = load_settings(None, root=str(tmp_path), codes=list(defaults()))
    checker = checker_for(settings, Selection(), project=False)
    questions, ours = [], {}
    for number, path in enumerate(users_of_a_library()):
        data = path.read_bytes()
        if b"edis" in data and checker.prefilter.concerns(str(path), data):
            context = checker.context_of(str(path))
            if context is not None:
                calls = [node for node in ast.walk(context.source.tree) if isinstance(node, ast.Call)]
                ours[f"m{number}"] = (path, {made.call.lineno for made in context.constructions})
                places = tuple(place_of(call) for call in calls)
                questions.append(Question(f"m{number}", context.source.text, places))
    answers = Oracle(questions, BUILDERS, seconds=120).answers()
    assert len(answers) >= 10, "astroid has named next to nothing: the comparison would show nothing"
    missed = set()
    for module, places in answers.items():
        path, lines = ours[module]
        text = path.read_text(errors="replace").splitlines()
        missed |= {text[line - 1].strip() for line, *_ in places if line not in lines}
    # what astroid takes for a builder differs with the Python that it runs on
    assert missed <= set(WRONG)
