"""What a plan says of modules that are still named, of what is silenced, of tests; and what a run leaves alone."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

SETTINGS = """\
[tool.redis-ssot]
manager = "app.redis_manager"
instance = "redis_manager"
forbidden-managers = ["app.cache.**"]
exclude = ["vendored"]

[tool.redis-ssot.replacements]
"app.cache.store.cache" = "app.redis_manager.redis_manager"

[project.urls]
homepage = "https://example.com"
"""
MANAGER = """\
import redis


class RedisManager:
    def __init__(self) -> None:
        self._client = redis.Redis()

    def get(self, key: str) -> str | None:
        return self._client.get(key)


redis_manager = RedisManager()
"""
MORE = "".join(
    f"\n    def {name}(self, key: str) -> object:\n        return self._client.{name}(key)\n"
    for name in ("delete", "exists", "ttl")
)
STORE = MANAGER.replace("RedisManager", "Cache").replace("redis_manager", "cache")
USER = (
    "from app.cache.store import cache\n\n\ndef title(room: str) -> str | None:\n    return cache.get(room)\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": SETTINGS,
        "app/__init__.py": "",
        "app/redis_manager.py": MANAGER,
        "app/cache/__init__.py": "",
        "app/cache/store.py": STORE,
        "app/rooms.py": USER,
        "app/hall.py": "from app import rooms\n",
        "tests/test_hall.py": "from app import hall\n",
        "tests/test_other.py": "import app\n",
        "CHANGES.md": "app.cache.storeroom and myapp.cache.store are others\n",
        ".hidden/notes.md": "app.cache.store\n",
    }.items():
        add(tmp_path, name, text)
    return tmp_path


def add(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def planned(root: Path, run: Command) -> dict[str, Any]:
    found = json.loads(run("plan", "--output-format", "json", cwd=root).stdout)
    assert isinstance(found, dict)
    return found


def named(root: Path, run: Command) -> list[tuple[str, int, str]]:
    """What still names the old module."""
    (old,) = [m for m in planned(root, run)["managers"] if m["module"] == "app.cache.store"]
    return [(one["site"]["path"], one["site"]["line"], one["how"]) for one in old["named"]]


def test_what_settings_and_a_baseline_say_names_nothing(project: Path, run: Command) -> None:
    """A file of the table alone, and what is recorded."""
    table = SETTINGS.partition("[project")[0].replace("[tool.redis-ssot]\n", 'baseline = "old.json"\n')
    add(project, "ssot.toml", table.replace("tool.redis-ssot.", ""))
    add(project, "pyproject.toml", "")
    assert run("baseline", "--config", "ssot.toml", cwd=project).returncode == 0
    assert "app.cache.store" in (project / "old.json").read_text()
    planned = json.loads(run("plan", "--config", "ssot.toml", "--output-format", "json", cwd=project).stdout)
    (old,) = [one for one in planned["managers"] if one["module"] == "app.cache.store"]
    assert old["named"] == []


def test_a_module_can_go_when_nothing_names_it(project: Path, run: Command) -> None:
    assert named(project, run) == []
    text = run("plan", cwd=project).stdout
    assert "Phase 3, remove: 1 module that nothing will name\n\n  app/cache/store.py\n" in text


@pytest.mark.parametrize(
    ("name", "text", "line", "how"),
    [
        (
            "app/late.py",
            "import importlib\n\nimportlib.import_module('app.cache.store')\n",
            3,
            "names it in a string",
        ),
        ("tests/test_x.py", "PATCHED = 'app.cache.store.cache.get'\n", 1, "names it in a string"),
        ("app/entry.py", "TARGET = 'app.cache.store:cache'\n", 1, "names it in a string"),
        ("app/whole.py", "TARGET = 'app.cache:store.cache'\n", 1, "names it in a string"),
        ("app/kept.py", "from app.cache import store  # noqa: RED101\n", 1, "imports it"),
        (
            "vendored/x.py",
            "import os\nfrom app.cache.store import cache\n",
            2,
            "imports it, and is not checked",
        ),
        ("vendored/y.py", "NAME = 'app.cache.store'\n", 1, "names it, and is not checked"),
        ("deploy.yaml", "\ncommand: python -m app.cache.store\n", 2, "names it"),
        ("Dockerfile", "CMD python app/cache/store.py\n", 1, "names it"),
        ("docs/use.md", "See `app.cache.store.cache`.\n", 1, "names it"),
        (".github/workflows/ci.yml", "run: pytest --cov app/cache/store.py\n", 1, "names it"),
        ("setup.cfg", "[options.entry_points]\nx =\n    cache = app.cache.store:Cache\n", 3, "names it"),
    ],
)
def test_what_still_names_a_module(
    project: Path, run: Command, name: str, text: str, line: int, how: str
) -> None:
    add(project, name, text)
    assert named(project, run) == [(name, line, how)]
    assert f"not yet app/cache/store.py: {name}:{line} {how}\n" in run("plan", cwd=project).stdout


def test_the_settings_of_others_in_the_same_file_count(project: Path, run: Command) -> None:
    add(project, "pyproject.toml", SETTINGS + '\n[project.scripts]\ncache = "app.cache.store:main"\n')
    assert named(project, run) == [("pyproject.toml", 14, "names it")]


def test_what_the_own_table_lists_does_not_count(project: Path, run: Command) -> None:
    nested = 'x = 1\n[tool.redis-ssot.replacements] # ours\n"app.cache.store.cache" = "app.redis_manager.redis_manager"\n'
    lists = '[tool.other]\npairs = [\n  ["a"],\n  ["b"],\n]\n'
    add(project, "pyproject.toml", SETTINGS.partition("[tool.redis-ssot.replacements]")[0] + lists + nested)
    assert named(project, run) == []


def test_a_shim_takes_the_place_of_what_nothing_names(project: Path, run: Command) -> None:
    moved = '"app.cache.store.Cache" = "app.redis_manager.RedisManager"\n\n[project.urls]'
    add(project, "pyproject.toml", SETTINGS.replace("\n[project.urls]", moved))
    add(project, "vendored/x.py", "import app.cache.store\n")
    done = run("migrate", "--shim", cwd=project)
    assert (
        "No shim in place of app/cache/store.py: vendored/x.py:1 still imports it, and is not checked; change that first."
        in done.stdout
    )
    assert (project / "app/cache/store.py").read_text() == STORE
    (project / "vendored/x.py").unlink()
    run("rollback", cwd=project)
    run("migrate", "--shim", cwd=project)
    assert (project / "app/cache/store.py").read_text().startswith('"""Moved to app.redis_manager.')


def test_what_is_silenced_is_shown_and_marked(project: Path, run: Command) -> None:
    add(
        project,
        "app/kept.py",
        "import redis\n\nclient = redis.Redis()  # noqa: RED201\nother = redis.Redis()\n",
    )
    add(project, "app/allowed.py", USER)
    allow = '[[tool.redis-ssot.allow]]\npaths = ["app/allowed.py"]\nrules = ["RED101"]\nreason = "r"\n'
    add(project, "pyproject.toml", SETTINGS + allow)
    steps = planned(project, run)["by_hand"]
    assert [(s["site"]["path"], s["site"]["line"], s["code"], s["silenced"]) for s in steps] == [
        ("app/allowed.py", 1, "RED101", "an allowance or per-file-ignore"),
        ("app/kept.py", 3, "RED201", "`noqa`"),
        ("app/kept.py", 4, "RED201", None),
    ]
    for form in ("terminal", "markdown"):
        text = " ".join(run("plan", "--output-format", form, cwd=project).stdout.split())
        assert "`noqa` keeps it as it is: nothing is to do, unless you take that out; then: " in text


def test_migrate_shows_and_keeps_what_is_silenced(project: Path, run: Command) -> None:
    add(project, "app/kept.py", USER.replace("\n", "  # noqa: RED101 kept\n", 1))
    add(project, "app/allowed.py", USER)
    allow = '[[tool.redis-ssot.allow]]\npaths = ["app/allowed.py"]\nrules = ["RED101"]\nreason = "r"\n'
    add(project, "pyproject.toml", SETTINGS + allow)
    done = run("migrate", "--output-format", "json", cwd=project)
    assert done.returncode == 0
    made = json.loads(done.stdout)
    assert [(s["site"]["path"], s["site"]["line"], s["code"], s["silenced"]) for s in made["silenced"]] == [
        ("app/allowed.py", 1, "RED101", "an allowance or per-file-ignore"),
        ("app/kept.py", 1, "RED101", "`noqa`"),
    ]
    assert made["files"] == ["app/rooms.py"] and made["moved"][0]["silenced"] is None
    run("rollback", cwd=project)
    text = run("migrate", "--dry-run", cwd=project).stdout
    assert "Left 2 references that the project keeps on purpose:\n  app/allowed.py:1: RED101" in text
    assert "`noqa` keeps it as it is: nothing is to do, unless you take that out; then: " in text
    assert (
        json.loads(run("migrate", "--output-format", "json", "app/rooms.py", cwd=project).stdout)["silenced"]
        == []
    )


def test_what_a_baseline_puts_off_is_planned_and_moved(project: Path, run: Command) -> None:
    add(project, "app/own.py", "import redis\n\nclient = redis.Redis()\n")
    add(project, "pyproject.toml", SETTINGS.replace("exclude", 'baseline = "known.json"\nexclude'))
    add(project, "tests/test_x.py", "from unittest import mock\n\nmock.patch('app.cache.store.cache.get')\n")
    (project / "known.json").write_text('{"redis-ssot-baseline": 1}\n')
    before = planned(project, run)
    assert "Recorded 4 diagnostics" in run("baseline", "--accept", "all", cwd=project).stdout
    assert run("check", cwd=project).returncode == 0
    plan = planned(project, run)
    for what in ("managers", "gaps", "measures", "tests"):
        assert plan[what] == before[what]
    assert [(s["site"]["path"], s["silenced"]) for s in plan["moving"]] == [("app/rooms.py", "the baseline")]
    assert [(s["site"]["path"], s["silenced"]) for s in plan["by_hand"]] == [
        ("app/own.py", "the baseline"),
        ("tests/test_x.py", "the baseline"),
    ]
    assert "(silenced today by the baseline)" in " ".join(run("plan", cwd=project).stdout.split())
    made = json.loads(run("migrate", "--output-format", "json", cwd=project).stdout)
    assert [(s["site"]["path"], s["silenced"]) for s in made["moved"]] == [("app/rooms.py", "the baseline")]
    assert "app.redis_manager" in (project / "app/rooms.py").read_text()
    assert "1 of 4 entries looks fixed" in run("check", cwd=project).stderr


def test_the_tests_are_those_of_what_changes(project: Path, run: Command) -> None:
    assert planned(project, run)["tests"] == ["tests/test_hall.py"]


def test_the_end_is_counted(project: Path, run: Command) -> None:
    add(project, "app/own.py", "import redis\n\nclient = redis.Redis()\n")
    add(project, "tests/test_rooms.py", 'from unittest import mock\n\nmock.patch("app.cache.store.gone")\n')
    measures = planned(project, run)["measures"]
    assert [(m["what"].split(",")[0], m["before"], m["after"], m["expected"]) for m in measures] == [
        ("managers", 2, 2, 1),
        ("files that import the one manager alone", 0, 1, 1),
        ("clients and pools built outside of a manager", 2, 2, 0),
        ("strings that name a forbidden manager", 1, 1, 0),
    ]


def test_what_migrate_leaves_counts_on(project: Path, run: Command) -> None:
    """A module that can go is there until somebody deletes it, as what it builds is."""
    plan = planned(project, run)
    assert [(m["before"], m["after"]) for m in plan["measures"] if m["name"] in ("managers", "constructions")] == [
        (2, 2), (1, 1),
    ]  # fmt: skip
    assert plan["managers"][1]["module"] == "app.cache.store" and not plan["managers"][1]["named"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_another_repository_is_left(kind: str, project: Path, run: Command) -> None:
    add(project, "sub/lib/x.py", USER)
    if kind == "folder":
        subprocess.run(["git", "init", "-q", project / "sub"], check=True)
    else:  # as in a submodule
        (project / "sub/.git").write_text("gitdir: ../.git/modules/sub\n")
    for command in (["migrate"], ["check", "--fix"]):
        done = run(*command, cwd=project)
        assert (project / "sub/lib/x.py").read_text() == USER, command
        if command == ["migrate"]:
            line = "sub/lib/x.py:1: RED101 `sub` is another git repository; run redis-ssot in it"
            assert line in done.stdout and done.returncode == 1
    assert "app.redis_manager" in (project / "app/rooms.py").read_text()


def test_a_file_that_may_not_be_written_does_not_stop_the_rest(project: Path, run: Command) -> None:
    add(project, "app/closed.py", USER)
    (project / "app/closed.py").chmod(0o444)
    done = run("migrate", cwd=project)
    line = "app/closed.py:1: RED101 the file or its folder is read-only; make it writable, and run again"
    assert line in done.stdout and done.returncode == 1
    assert "app.redis_manager" in (project / "app/rooms.py").read_text()
    assert (project / "app/closed.py").read_text() == USER


def test_a_file_that_cannot_be_read_is_not_called_read_only(project: Path, run: Command) -> None:
    add(project, "app/bad.py", "")
    (project / "app/bad.py").write_bytes(USER.encode() + b"# \xff\n")
    (project / "app/bad.py").chmod(0o444)
    for command in (["migrate"], ["check", "--fix"]):
        done = run(*command, cwd=project)
        assert "read-only" not in done.stdout + done.stderr, command
    plan = run("plan", cwd=project).stdout
    assert "app/bad.py:6: RED000 the file is not UTF-8 (byte 0xff)" in plan and "read-only" not in plan


def test_a_migration_is_shown_as_a_patch(project: Path, run: Command) -> None:
    add(project, "app/closed.py", USER)
    (project / "app/closed.py").chmod(0o444)
    before = (project / "app/rooms.py").read_text()
    done = run("migrate", "--diff", cwd=project)
    assert done.returncode == 1 and (project / "app/rooms.py").read_text() == before
    assert not (project / ".redis_ssot_journal").exists()
    assert done.stderr == (
        "Would migrate 1 import in 1 file; left 1 reference for a person, which --dry-run lists with the reasons.\n"
    )
    assert done.stdout.startswith("--- app/rooms.py\n+++ app/rooms.py\n@@ -1,")
    run("migrate", cwd=project)
    after = (project / "app/rooms.py").read_text()
    run("rollback", cwd=project)
    subprocess.run(["git", "apply", "-p0"], cwd=project, input=done.stdout, text=True, check=True)
    assert after == (project / "app/rooms.py").read_text() != before
    run("migrate", cwd=project)
    nothing = run("migrate", "--diff", "app/rooms.py", cwd=project)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "Would migrate nothing.\n")
    both = run("migrate", "--diff", "--output-format", "json", cwd=project)
    assert both.returncode == 2 and "--diff shows a patch" in both.stderr and not both.stdout


def test_a_migration_says_the_same_in_every_form(project: Path, run: Command) -> None:
    add(project, "app/closed.py", USER)
    (project / "app/closed.py").chmod(0o444)
    dry = json.loads(run("migrate", "--dry-run", "--output-format", "json", cwd=project).stdout)
    assert (dry["is_dry"], dry["run"], dry["verified"], dry["files"]) == (True, None, None, ["app/rooms.py"])
    assert [(s["code"], s["site"], s["applicability"]) for s in dry["moved"]] == [
        ("RED101", {"path": "app/rooms.py", "line": 1}, "safe")
    ]
    assert [(s["site"]["path"], s["reason"][:30]) for s in dry["left"]] == [
        ("app/closed.py", "the file or its folder is read")
    ]
    text = run("migrate", "--dry-run", "--output-format", "markdown", cwd=project).stdout
    assert text.startswith(
        "# Migration to one Redis manager\n\nWould migrate 1 import in 1 file.\n\n- `app/rooms.py:1`: "
    )
    done = json.loads(run("migrate", "--output-format", "json", cwd=project).stdout)
    assert (done["is_dry"], done["verified"], done["moved"]) == (False, 1, dry["moved"])
    assert done["undo"] == f"redis-ssot rollback {done['run']}"
    assert run("rollback", done["run"], cwd=project).returncode == 0
    assert (project / "app/rooms.py").read_text() == USER


def test_each_string_that_follows_is_said(project: Path, run: Command) -> None:
    patching = """\
from unittest.mock import patch

from app import rooms


def test_it() -> None:
    with patch("app.rooms.cache", None), patch("app.cache.store.cache.get", return_value="x"):
        assert rooms.cache is None
"""
    other = "\n\ndef test_other() -> None:\n    with patch('app.cache.store.Cache'):\n        pass\n"
    add(project, "tests/test_rooms.py", patching.replace("rooms.cache is None", "rooms.title") + other)
    fixes = [
        (d["location"]["row"], d["fix"] and d["fix"]["applicability"])
        for d in json.loads(run("check", "--output-format", "json", cwd=project).stdout)
        if d["filename"].endswith("test_rooms.py")
    ]
    assert fixes == [(7, "safe"), (12, None)]
    done = run("migrate", cwd=project)
    assert "Migrated 1 import, 2 strings in 2 files." in done.stdout, done.stdout
    assert (
        "tests/test_rooms.py:7: RED106 Patch where it is looked up: `app.rooms.redis_manager`" in done.stdout
    )


def test_what_a_test_may_be_the_first_to_import_moves_unsafely_alone(project: Path, run: Command) -> None:
    patching = """\
from unittest.mock import patch


def test_it() -> None:
    with patch("app.redis_manager.redis_manager"):
        import app.rooms
        assert app.rooms
"""
    add(project, "tests/test_rooms.py", patching)
    dry = json.loads(run("migrate", "--dry-run", "--output-format", "json", cwd=project).stdout)
    assert dry["moved"] == [] and "may be the first to import app/rooms.py" in dry["left"][0]["reason"]
    unsafe = ("migrate", "--dry-run", "--include-unsafe", "--output-format", "json")
    dry = json.loads(run(*unsafe, cwd=project).stdout)
    assert [step["applicability"] for step in dry["moved"]] == ["unsafe"] and dry["left"] == []


def test_one_object_is_moved_alone(project: Path, run: Command) -> None:
    second = STORE.replace("Cache", "Other").replace("cache", "other")
    add(project, "app/cache/second.py", second)
    add(
        project,
        "app/late.py",
        "from app.cache.second import other\n\n\ndef get() -> str | None:\n    return other.get('a')\n",
    )
    both = '"app.cache.second.other" = "app.redis_manager.redis_manager"\n\n[project.urls]'
    add(project, "pyproject.toml", SETTINGS.replace("\n[project.urls]", both))
    for only in ("app.cache.second.other", "app.cache.second"):
        done = run("migrate", "--only", only, cwd=project)
        assert "Migrated 1 import in 1 file." in done.stdout and done.returncode == 0
        assert "Verified: a fresh scan finds no reference left" in done.stdout
        assert (project / "app/rooms.py").read_text() == USER
        assert "app.redis_manager" in (project / "app/late.py").read_text()
        run("rollback", cwd=project)
    # through its module it is that object too, if the file reads nothing else there
    through = "from app.cache import second\n\n\ndef get() -> str | None:\n    return second.other.get('a')\n"
    add(project, "app/late.py", through)
    done = run("migrate", "--only", "app.cache.second.other", cwd=project)
    assert "Migrated 1 import in 1 file." in done.stdout and done.returncode == 0
    assert "Verified: a fresh scan finds no reference left" in done.stdout
    add(project, "app/late.py", f"{through}\n\nKIND = second.Other\n")
    done = run("migrate", "--only", "app.cache.second.other", cwd=project)
    assert (
        "of which this file uses more than `app.cache.second.other`; import `other` by its name"
        in done.stdout
    )
    # a string that names the module asks for all of it
    named = "from django.utils.module_loading import import_string\n\nfrom app.cache import second\n\n"
    add(project, "app/late.py", f"{named}print(import_string('app.cache.second'), second.other)\n")
    done = run("migrate", "--only", "app.cache.second.other", cwd=project)
    assert "RED101" in done.stdout and "RED106" not in done.stdout, done.stdout
    done = run("migrate", "--only", "app.cache.sec", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "error: --only app.cache.sec: nothing refers to that; name an object or module as `plan` does\n"
    )


CLIENT = "import redis\n\n\ndef title(room):\n    return redis.Redis().get(room)\n\n\ndef make(url):\n    return redis.from_url(url)\n"


def test_constructions_are_settled_alike_by_all_commands(project: Path, run: Command) -> None:
    add(project, "app/redis_manager.py", MANAGER.replace("_client", "client"))
    add(project, "app/own.py", CLIENT)
    fix = "Use `app.redis_manager.redis_manager.client` instead of one more client"
    plan = planned(project, run)
    moving, left = (
        [
            (s["code"], s["site"]["line"], s["what"], s["reason"])
            for s in plan[key]
            if s["site"]["path"] == "app/own.py"
        ]
        for key in ("moving", "by_hand")
    )
    reason = "which server it connects to is not shown: `url` (app/own.py:8) is a parameter of `make`, which callers give"
    assert moving == [("RED201", 5, fix, None)]
    assert [(code, line, why.split("; ")[0]) for code, line, _, why in left] == [("RED201", 9, reason)]
    # what is built in the forbidden module is counted too
    counted = next(m for m in plan["measures"] if m["name"] == "constructions")
    assert (counted["before"], counted["after"], counted["expected"]) == (3, 2, 0)
    found = json.loads(run("check", "--output-format", "json", "app/own.py", cwd=project).stdout)
    fixes = [
        f["fix"] and (f["fix"]["message"], f["fix"]["applicability"]) for f in found if f["code"] == "RED201"
    ]
    assert fixes == [(fix, "safe"), None]
    before = (project / "app/own.py").read_text()
    dry = run("migrate", "--dry-run", "--only", "redis", cwd=project).stdout
    assert (
        f"app/own.py:5: RED201 {fix}" in dry
        and f"app/own.py:9: RED201 {reason}" in dry
        and "cache" not in dry
    )
    assert run("migrate", "--only", "redis", cwd=project).returncode == 1
    after = (project / "app/own.py").read_text()
    assert after == CLIENT.replace(
        "import redis\n", "from app.redis_manager import redis_manager\nimport redis\n"
    ).replace("redis.Redis()", "redis_manager.client")
    assert run("rollback", cwd=project).returncode == 0
    assert (project / "app/own.py").read_text() == before
    run("check", "--fix", "app/own.py", cwd=project)
    assert (project / "app/own.py").read_text() == after


def test_a_code_that_is_not_chosen_is_left_alone(project: Path, run: Command) -> None:
    add(project, "pyproject.toml", SETTINGS.replace("exclude", 'ignore = ["RED201"]\nexclude'))
    add(project, "app/redis_manager.py", MANAGER.replace("_client", "client"))
    add(project, "app/own.py", CLIENT)
    run("migrate", cwd=project)
    assert (project / "app/own.py").read_text() == CLIENT


def test_a_reason_names_the_lines_that_are_there_before_anything_moves(project: Path, run: Command) -> None:
    add(project, "app/redis_manager.py", MANAGER.replace("_client", "client"))
    add(project, "app/own.py", 'import redis\n\nKEPT = {"a": redis.Redis()}\nclient = redis.Redis()\n')
    (left,) = [s for s in planned(project, run)["by_hand"] if s["site"]["path"] == "app/own.py"]
    assert left["site"]["line"] == 3
    assert left["reason"].startswith("in line 3 it goes where it cannot be followed")


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (
            "import sys\n\nfrom app import rooms\n\n\ndef test_it():\n    found = [m for m in sys.modules if m.startswith('app.cache')]\n    assert rooms and found\n",
            "asks whether `app.cache",
        ),
        (
            "from unittest.mock import MagicMock, patch\n\nfrom app import rooms\n\n\ndef test_it():\n    with patch('%s.Redis' % 'redis', MagicMock()):\n        assert rooms.title('a')\n",
            "patches `redis.Redis`",
        ),
    ],
    ids=["modules", "names"],
)
def test_reasons_do_not_depend_on_the_order_of_sets(project: Path, test: str, reason: str) -> None:
    late = USER.splitlines()[0]
    add(project, "app/rooms.py", f"def title(room):\n    {late}\n\n    return cache.get(room)\n")
    add(project, "tests/test_rooms.py", test)
    said = set()
    for seed in range(6):
        command = [sys.executable, "-m", "flake8_redis_ssot", "migrate", "--dry-run"]
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
        said.add(done.stdout)
    assert len(said) == 1
    assert reason in said.pop()


def test_what_no_fix_settles_is_in_the_plan_too(project: Path, run: Command) -> None:
    boundary = 'boundary = [{name = "auth", paths = ["auth/**"], manager = "auth.redis_manager"}]\n'
    add(project, "pyproject.toml", SETTINGS.replace('exclude = ["vendored"]\n', boundary))
    add(project, "auth/redis_manager.py", MANAGER)
    add(project, "app/sessions.py", "from auth.redis_manager import redis_manager\n")
    add(project, "app/traced.py", "import redis\n\n\nclass Traced(redis.Redis):\n    pass\n")
    lines = [
        "app/sessions.py:1: RED103 `auth.redis_manager.redis_manager` belongs to the Redis manager of boundary `auth`; ",
        "app/traced.py:4: RED204 `Traced` derives from `redis.Redis` outside the Redis manager; ",
    ]
    shown = {
        form: run("plan", "--output-format", form, cwd=project).stdout for form in ("terminal", "markdown")
    }
    assert all(line in shown["terminal"].replace("\n    ", " ") for line in lines)
    for line in lines:
        place, _, what = line.partition(": ")
        assert f"- `{place}`: {what}" in shown["markdown"]
    steps = planned(project, run)["by_hand"]
    told = [f"{s['site']['path']}:{s['site']['line']}: {s['code']} {s['reason']}" for s in steps]
    assert [t for t in told for line in lines if t.startswith(line)] == told


def test_a_class_that_competes_is_a_manager_though_no_setting_names_it(project: Path, run: Command) -> None:
    (project / "app" / "other.py").write_text(
        MANAGER.replace("RedisManager", "Other").replace(
            "    def get(",
            "    def set(self, key: str, value: str) -> None:\n        self._client.set(key, value)\n\n"
            "    def delete(self, key: str) -> None:\n        self._client.delete(key)\n\n    def get(",
        )
    )
    planned = json.loads(run("plan", "--output-format", "json", cwd=project).stdout)
    found = {one["module"]: (one["role"], one["classes"]) for one in planned["managers"]}
    assert found["app.other"] == ("competing", ["Other"])
    assert found["app.redis_manager"][0] == "manager" and found["app.cache.store"][0] == "forbidden"


def test_who_takes_a_competing_class_from_its_package_imports_it(project: Path, run: Command) -> None:
    methods = "".join(
        f"\n    def {name}(self, key: str) -> int:\n        return self._client.{name}(key)\n"
        for name in ("get", "incr", "delete")
    )
    add(project, "app/other/__init__.py", "from .other import Other, Clock as Clock\n")
    head = MANAGER[: MANAGER.index("    def get(")].replace("RedisManager", "Other")
    add(project, "app/other/other.py", f"{head.rstrip()}\n{methods}\n\nclass Clock:\n    pass\n")
    add(project, "app/takes.py", "from app.other import Other\n\nOther().get('a')\n")
    add(project, "app/beside.py", "from app.other import Clock\n\nClock()\n")
    add(project, "tests/test_other.py", "from app.other import Other\n\nOther().get('a')\n")
    managers = {one["module"]: one for one in planned(project, run)["managers"]}
    found = managers["app.other.other"]
    assert found["importers"] == ["app/other/__init__.py", "app/takes.py", "tests/test_other.py"]
    assert found["tests"] == ["tests/test_other.py"]


def test_methods_are_asked_for_of_classes_that_act_as_managers_alone(project: Path, run: Command) -> None:
    beside = "\n\nclass Clock:\n    def now(self) -> int:\n        return 0\n\n\nclock = Clock()\n"
    other = MANAGER.replace("RedisManager", "Other").replace("redis_manager", "other")
    methods = "".join(
        f"\n    def {name}(self, key: str) -> int:\n        return self._client.{name}(key)\n"
        for name in ("incr", "delete", "llen")
    )
    add(project, "app/other.py", other.replace("\n\nother =", f"{methods}\n\nother =") + beside)
    add(project, "app/users.py", "from app.other import clock, other\n\nother.llen('a')\nclock.now()\n")
    found = planned(project, run)
    assert [(gap["of"], gap["member"]) for gap in found["gaps"]] == [("app.other.Other", "llen")]
    assert found["needed"] == 2


def test_what_a_function_gives_is_compared_too(project: Path, run: Command) -> None:
    """Where a function of the manager takes the place of the old object."""
    add(
        project,
        "pyproject.toml",
        SETTINGS.replace(".redis_manager.redis_manager", ".redis_manager.get_redis()"),
    )
    add(
        project,
        "app/redis_manager.py",
        MANAGER + "\n\ndef get_redis() -> RedisManager:\n    return redis_manager\n",
    )
    add(project, "app/cache/store.py", STORE.replace("def get(", "def fetch("))
    add(project, "app/rooms.py", USER.replace("cache.get(", "cache.fetch("))
    gaps = planned(project, run)["gaps"]
    assert [(gap["member"], gap["target"]) for gap in gaps] == [("fetch", "app.redis_manager.RedisManager")]


def test_names_cannot_format_markdown(project: Path, run: Command) -> None:
    add(project, "app/__init__.py", "from app.cache.store import cache\n\nx = [cache]\ny = cache.put\n")
    add(project, "app/a|b`c*d.py", "import redis\n\nclient = redis.Redis(host='<other>')\n")
    for command in (["plan"], ["migrate", "--dry-run"]):
        text = run(*command, "--output-format", "markdown", cwd=project).stdout
        assert "- `app/__init__.py:1`: RED101 " in text and "- `` app/a|b`c*d.py:3 ``: RED201 " in text
        outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
        assert not re.search(r"(?<!\\)[_*|`~]|<", outside), outside
        for before, after in itertools.pairwise(text.splitlines()):
            assert not (before.startswith("- ") and after and not after.startswith("- ")), after


def test_a_plan_names_the_command_that_its_numbers_are_of(project: Path, run: Command) -> None:
    (project / "app/rooms.py").write_text("")
    add(project, "app/other.py", "import redis\n\n\ndef f():\n    redis.Redis().pubsub()\n")
    text = MANAGER.replace("self._client", "self.client")
    add(project, "app/redis_manager.py", text)
    said = run("plan", cwd=project).stdout
    assert "0 references by `redis-ssot migrate`, 1 more with --include-unsafe" in said
    built = "built outside of a manager: 2 now, 1 after `redis-ssot migrate --include-unsafe`, 0 in the end"
    assert built in said.replace("\n    ", " ")
    add(project, "app/other.py", "")
    assert "after `redis-ssot migrate`, 0 in the end" in run("plan", cwd=project).stdout


def test_a_plan_names_the_lines_of_today(project: Path, run: Command) -> None:
    add(project, "app/redis_manager.py", MANAGER.replace("self._client", "self.client"))
    (project / "app/rooms.py").write_text(
        "import redis\n\nfrom app.cache.store import Cache\n\n\ndef f():\n    return Cache, redis.Redis(db=1)\n\n\n"
        "def g():\n    redis.Redis().pubsub()\n"
    )
    said = run("plan", cwd=project).stdout.replace("\n    ", " ")
    assert "app/rooms.py:11: RED201 Use" in said and "app/cache/store.py: app/rooms.py:3 imports it" in said


def test_an_import_reads_no_attribute(project: Path, run: Command) -> None:
    add(project, "app/redis_manager.py", MANAGER.replace("self._client", "self.client"))
    (project / "app/rooms.py").write_text(
        "import redis\n\n\ndef f(app):\n    app.state.redis_manager = redis.Redis()\n"
    )
    add(
        project,
        "app/hall.py",
        "from app.redis_manager import redis_manager\n\n\ndef f(app):\n"
        "    return redis_manager, app.state.redis_manager.get('x')\n",
    )
    said = run("migrate", "--dry-run", cwd=project).stdout.replace("\n    ", " ")
    assert "the attribute `redis_manager`, which app/hall.py:5 may read" in said


def test_a_plan_calls_modules_below_src_as_the_first_table_does(tmp_path: Path, run: Command) -> None:
    files = {
        "pyproject.toml": "",
        "src/app/__init__.py": "",
        "src/app/redis_manager.py": MANAGER,
        "src/app/cache.py": STORE.replace("self._client.get(key)", "self._client.get(key)\n" + MORE),
        "src/app/rooms.py": "from .redis_manager import redis_manager\n",
        "src/app/halls.py": "from .redis_manager import redis_manager\n",
        "src/app/users.py": "from .cache import cache\n",
        "tests/test_users.py": "from app import users\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert run("init", "--write", cwd=tmp_path).returncode == 0
    table = (tmp_path / "pyproject.toml").read_text()
    said = run("plan", cwd=tmp_path).stdout
    assert "app.redis_manager" in table and "app.cache" in table and "app.redis_manager (" in said
    assert "  app.cache (Cache)" in said
    assert "src.app" not in table + said
