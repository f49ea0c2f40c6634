"""The prefilter never says no to a file in which a rule would find something."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Command, places
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.source import SourceFile

ROOT = "/elsewhere/my-redis-managers"
SEGMENTS = ["app", "managers", "legacy", "redis_old", "größe", "m", "redis", "manager"]
GLOBS = ["*", "**", "legacy*", "*_old", "r*s_o*"]


class Eager(FileChecker):
    """A checker that parses every file."""

    def _concerns(self, source: SourceFile) -> bool:
        return True


names = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(".".join)
patterns = st.lists(st.sampled_from(SEGMENTS + GLOBS), min_size=1, max_size=4).map(".".join)
imports = st.one_of(
    st.builds("import {}".format, names),
    st.builds("import os, {} as other".format, names),
    st.builds("from {} import {}".format, names, st.sampled_from(SEGMENTS)),
    st.builds("from {} import (\n    os,  # a ) here\n    {},\n)".format, names, st.sampled_from(SEGMENTS)),
    st.builds("from {} \\\n  import {} as other".format, names, st.sampled_from(SEGMENTS)),
    st.builds("from \\\n  {} import *".format, names),
    st.builds("from {}{} import {}".format, st.sampled_from([".", "..", "..."]), names, st.sampled_from(SEGMENTS)),
    st.builds("from {} import {}".format, st.sampled_from([".", "..", "..."]), st.sampled_from(SEGMENTS)),
    st.builds("import importlib; importlib.import_module('{}')".format, names),
    st.builds("from mock import patch; patch('{}.get')".format, names),
    st.builds("from mock import patch; patch('{}' '.{}.get')".format, names, st.sampled_from(SEGMENTS)),
    st.builds("from mock import patch; BASE = '{}'; patch(f'{{BASE}}.{}')".format, names, st.sampled_from(SEGMENTS)),
    st.builds("from mock import patch; BASE = '{}'; patch(BASE + '.{}.get')".format, names, st.sampled_from(SEGMENTS)),
    st.builds("import redis.asyncio as {0}; {0}.Redis()".format, st.sampled_from(["r", "größe"])),
    st.just("import \uff52\uff45\uff44\uff49\uff53; redis.Redis()"),
    st.just("from \uff52edis import Redis; Redis()"),
)  # fmt: skip
ancestors = st.sampled_from(
    [
        "{}",
        "x = 1; {}",
        "def f():\n    {}",
        "try:\n    {}\nexcept ImportError: pass",
        "if x: {}",
        "# ünï\n{}",
        "\f{}",
    ]
)
files = st.sampled_from(
    [
        "use.py",
        "app/use.py",
        "app/managers/use.py",
        "app/managers/__init__.py",
        "redis/use.py",
        "legacy/m/use.py",
    ]
)
encodings = st.sampled_from(
    [("", "utf-8", "\n"), ("", "utf-8", "\r\n"), ("", "utf-8", "\r"), ("", "utf-8-sig", "\n")]
    + [("# coding: latin-1\n", "latin-1", "\n"), ("# coding: utf-7\n", "utf-7", "\n")]
)


@settings(max_examples=int(os.environ.get("EXAMPLES", "400")), deadline=None)
@given(
    st.lists(patterns, min_size=1, max_size=2),
    st.lists(imports, min_size=1, max_size=2),
    ancestors,
    files,
    encodings,
)
@example(["app.managers.*"], ["from app.managers import legacy"], "{}", "use.py", ("", "utf-8", "\n"))
@example(
    ["app.managers.*"], ["from . import legacy"], "# managers\n{}", "app/managers/use.py", ("", "utf-8", "\n")
)
@example(["*.*"], ["import m.m"], "def f():\n    {}", "use.py", ("", "utf-8", "\n"))
@example(["app.größe"], ["import app.größe"], "{}", "use.py", ("", "utf-8", "\n"))
@example(["app.legacy"], ["import app.legacy"], "x = 1; {}", "use.py", ("", "utf-8", "\r"))
def test_the_prefilter_is_never_a_false_no(
    forbidden: list[str], statements: list[str], frame: str, name: str, form: tuple[str, str, str]
) -> None:
    cookie, codec, end = form
    text = cookie + "\n".join(
        frame.format(s.replace("\n", "\n    ") if "f()" in frame else s) for s in statements
    )
    try:
        data = text.replace("\n", end).encode(codec)
    except UnicodeEncodeError:
        return
    options = {"forbidden-managers": forbidden, "src": ["."]}
    table = load_settings(None, root=ROOT, codes=[], options=options)
    rules = [rule for rule in all_rules() if not rule.project]
    source = SourceFile(f"{ROOT}/{name}", data)
    found = Eager(table, rules).check(source).diagnostics
    if [d for d in found if d.code != "RED000"]:
        assert FileChecker(table, rules).check(SourceFile(source.path, data)).diagnostics == found


@pytest.mark.parametrize("folder", ["plain", "my-redis-app", "redis"])
def test_the_path_above_the_project_makes_no_difference(folder: str) -> None:
    root = f"/{folder}/managers"
    table = load_settings(None, root=root, codes=[], options={"forbidden-managers": ["app.managers.*"]})
    prefilter = FileChecker(table, list(all_rules())).prefilter
    assert not prefilter.concerns(f"{root}/app/views.py", b"from . import names\n")
    assert prefilter.concerns(f"{root}/app/managers/views.py", b"from . import legacy\n")


def test_a_forbidden_package_below_is_found_however_it_is_imported(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nforbidden-managers = ["app.managers.*"]\n')
    (tmp_path / "use.py").write_text(
        "from app.managers import legacy\nimport app.managers.legacy\nfrom app.managers.legacy import get\n"
    )
    expected = [("use.py", 1, 26, "RED101"), ("use.py", 2, 8, "RED101"), ("use.py", 3, 33, "RED101")]
    done = run("check", "--no-cache", "--select", "RED101", "--output-format", "concise", cwd=tmp_path)
    assert places(done.stdout) == expected
    assert places(run("--select", "RED", "use.py", cwd=tmp_path, module="flake8").stdout) == expected
