"""The library gives what the command gives, and its page is true."""

from __future__ import annotations

import dataclasses
import doctest
import json
import re
from pathlib import Path

import pytest
from conftest import Command
from monorepo import make, write
from shimmed import FILES, TABLE

from flake8_redis_ssot import api
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.output.json_format import as_object

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def test_examples_of_the_page(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text()
    table = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert table is not None
    write(project, {"pyproject.toml": table[1]})
    monkeypatch.chdir(project)
    test = doctest.DocTestParser().get_doctest(text, {}, "api.md", str(PAGE), 0)
    said: list[str] = []
    tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert tried.attempted > 10
    assert not tried.failed, "".join(said)


def test_the_page_names_all_functions() -> None:
    functions = {name for name in api.__all__ if name.islower()}
    assert functions
    assert not {name for name in functions if f"`{name}(" not in PAGE.read_text()}


def test_what_is_public_is_there_and_documented() -> None:
    for name in api.__all__:
        assert name == "Applicability" or getattr(api, name).__doc__


def test_values_are_frozen(project: Path) -> None:
    result = api.check_paths(project, cache=False, fixes=True)
    fix = next(d.fix for d in result.diagnostics if d.fix)
    for value in (result, result.diagnostics[0], fix, fix.edits[0], api.load_settings(project)):
        field = dataclasses.fields(value)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)


@pytest.mark.parametrize("alone", [False, True])
def test_paths_give_what_the_command_gives(
    alone: bool, tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path)
    monkeypatch.chdir(root)
    options = ["--no-project"] if alone else []
    done = run("check", "--output-format", "json", "--no-cache", *options, ".", cwd=root)
    found = api.check_paths(".", project=not alone, fixes=True, cache=False)
    assert found.diagnostics
    assert [as_object(d) for d in found.diagnostics] == json.loads(done.stdout)


def test_paths_limit_only_what_is_reported(project: Path) -> None:
    (found,) = api.check_paths(project / "app" / "db", cache=False).diagnostics
    assert found.code == "RED402"  # which needs the whole project


def test_several_projects_each_by_its_own_settings(tmp_path: Path) -> None:
    root = make(tmp_path)
    codes = {d.code for d in api.check_paths([root / "services", root / "shared"], cache=False).diagnostics}
    assert {"RED101", "RED201", "RED402", "RED108", "RED206"} <= codes


def test_given_settings_hold_for_every_file(tmp_path: Path) -> None:
    root = make(tmp_path)
    settings = api.load_settings(root, overrides={"select": ["RED201"], "manager": "auth.redis_manager"})
    found = api.check_paths(root / "services", settings, cache=False)
    assert {d.code for d in found.diagnostics} == {"RED201"}


def test_the_cache_is_used_and_changes_nothing(project: Path) -> None:
    first = api.check_paths(project)
    assert (project / ".redis_ssot_cache").is_dir()
    assert api.check_paths(project) == first == api.check_paths(project, cache=False)


def test_a_missing_path_is_an_error_and_the_rest_is_checked(project: Path) -> None:
    found = api.check_paths([project / "app", project / "gone.py"], cache=False)
    assert len(found.diagnostics) == 3
    assert [str(project / "gone.py") in message for message in found.errors] == [True]


def test_a_wrong_table_is_an_exception_with_all_mistakes(project: Path) -> None:
    write(project, {"pyproject.toml": "[tool.redis-ssot]\nmanger = 1\nsrc = 2\n"})
    for call in (api.load_settings, api.check_paths, api.plan):
        with pytest.raises(api.SettingsError) as caught:
            call(project)
        assert len(caught.value.messages) == 2


def test_source_heeds_comments_baseline_and_boundaries(project: Path, run: Command) -> None:
    path = project / "app" / "jobs.py"
    text = path.read_text()
    assert [d.code for d in api.check_source(text, path).diagnostics] == ["RED201"]
    assert not api.check_source(text.replace("Redis()", "Redis()  # noqa: RED201"), path).diagnostics
    assert not api.check_source(text, project / "app" / "redis_manager.py").diagnostics
    run("baseline", cwd=project)
    write(project, {"pyproject.toml": TABLE + 'baseline = "redis-ssot-baseline.jsonl"\n'})
    assert not api.check_source(text, path).diagnostics
    more = api.check_source(text + "another = redis.Redis(db=2)\n", path).diagnostics
    assert [d.range.start.line for d in more] == [4]


def test_source_reads_managers_from_the_file_system(project: Path) -> None:
    text = "from app.redis_manager import Manager\n\nmine = Manager()\n"
    manager = b"import redis\n\n\nclass Manager:\n    def __init__(self):\n        self.client = redis.Redis()\n\n\nredis_manager = Manager()\n"
    edited = DISK.with_edits({str(project / "app" / "redis_manager.py"): manager})
    path = project / "app" / "jobs.py"
    assert not [d for d in api.check_source(text, path).diagnostics if d.code == "RED203"]
    (found,) = api.check_source(text, path, filesystem=edited).diagnostics
    assert found.code == "RED203"


def test_source_that_cannot_be_parsed(project: Path) -> None:
    (found,) = api.check_source("import redis\nredis.Redis(\n", project / "app" / "jobs.py").diagnostics
    assert found.code == "RED000"


def test_a_declared_encoding_does_not_matter_for_text(project: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nimport redis\nname = 'é'; client = redis.Redis()\n"
    (found,) = api.check_source(text, project / "app" / "jobs.py").diagnostics
    assert (found.range.start.line, found.range.start.column) == (3, 22)
