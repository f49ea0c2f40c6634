"""`check --fix`, `--diff` and the fixes in JSON, as a user sees them; `plan` and `migrate` where they refuse."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from stateful import STATEFUL

from flake8_redis_ssot.cli.main import main

PROJECT = Path(__file__).parent.parent / "migrations" / "project"
ROOMS = """\
from app.db.redis_manager import get_redis_manager
from app.redis_manager import RedisManager


async def title(room):
    return await get_redis_manager().get(room) or RedisManager().get(room)
"""
FIXED = """\
from app.redis_manager import redis_manager
from app.redis_manager import RedisManager


async def title(room):
    return await redis_manager.get(room) or RedisManager().get(room)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    (folder / "app" / "rooms.py").write_text(ROOMS)
    return folder


def test_fix_applies_safe_fixes_alone(project: Path, run: Command) -> None:
    done = run("check", "--fix", "--output-format", "concise", "app/rooms.py", cwd=project)
    assert (project / "app" / "rooms.py").read_text() == FIXED
    assert "RED203" in done.stdout and "RED101" not in done.stdout
    assert done.stdout.endswith("Found 2 errors (1 fixed, 1 remaining).\n")
    assert (done.returncode, done.stderr) == (1, "")
    done = run("check", "--fix", "--unsafe-fixes", "--select", "RED101,RED203", cwd=project)
    assert (done.returncode, done.stdout) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
    assert "RedisManager(" not in (project / "app" / "rooms.py").read_text()


EACH = {
    "app/manager.py": "import redis\n\n\nclass M:\n    def __init__(self) -> None:\n        self.client = redis.Redis()\n\n"
    "    def get(self, key: str) -> str:\n        return self.client.get(key)\n\n\nmanager = M()\n",
    "app/old.py": "from app.manager import manager\n",
    "app/door.py": "from app.manager import manager as manager\n",
    "app/red101.py": "from app.old import manager\n\nprint(manager.get('k'))\n",
    "app/red106.py": "from django.utils.module_loading import import_string\n\nimport_string('app.old.manager')\n",
    "app/red108.py": "from app.door import manager\n\nprint(manager.get('k'))\n",
    "app/red203.py": "from app.manager import M\n\n\ndef get() -> str:\n    return M().get('k')\n",
    "app/red506.py": "from redis import StrictRedis\n\nMade = StrictRedis\n",
    "app/red904.py": "x = 1  # noqa: RED301\n",
}
"""A file for each rule that has a fix, which that rule alone settles."""


@pytest.fixture
def each(tmp_path: Path) -> Path:
    for name, text in EACH.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.manager"\ninstance = "manager"\nforbidden-managers = ["app.old"]\n'
        'select = ["RED1", "RED203", "RED506", "RED904", "RED301"]\nignore = ["RED102", "RED104"]\n'
    )
    return tmp_path


def test_each_rule_may_be_left_to_fix_or_not(each: Path, run: Command) -> None:
    codes = set(re.findall(r"RED\d+", str([*EACH]).upper()))

    def fixed(*arguments: str) -> set[str]:
        given = ("check", "-n", "--unsafe-fixes", *arguments)
        found = json.loads(run(*given, "--output-format", "json", cwd=each).stdout)
        assert {row["code"] for row in found} == codes
        with_fix = {row["code"] for row in found if row["fix"] is not None}
        diff = run(*given, "--diff", cwd=each)
        assert {
            f"RED{code}" for code in re.findall(r"^--- app/red(\d+)\.py", diff.stdout, re.MULTILINE)
        } == with_fix
        assert f"Would fix {len(with_fix)} error" in diff.stderr
        return with_fix

    assert fixed() == fixed("--fixable", "ALL") == codes
    assert fixed("--unfixable", "ALL") == set()
    for code in sorted(codes):
        assert fixed("--fixable", code) == {code}
        assert fixed("--unfixable", code) == codes - {code}


def test_diff_changes_nothing(project: Path, run: Command) -> None:
    done = run("check", "--diff", cwd=project)
    assert (done.returncode, done.stderr) == (1, "Would fix 1 error.\n")
    assert "-from app.db.redis_manager import get_redis_manager\n" in done.stdout
    assert "+from app.redis_manager import redis_manager\n" in done.stdout
    assert (project / "app" / "rooms.py").read_text() == ROOMS
    assert run("check", "--diff", "--ignore", "RED101", cwd=project).returncode == 0


def test_fixes_are_for_the_files_named(project: Path, run: Command) -> None:
    shutil.copy(project / "app" / "rooms.py", project / "app" / "other.py")
    run("check", "--fix", "app/other.py", cwd=project)
    assert (project / "app" / "rooms.py").read_text() == ROOMS
    assert (project / "app" / "other.py").read_text() == FIXED


@pytest.mark.parametrize("cache", [[], ["--no-cache"]])
def test_json_has_the_fix_in_ruff_s_shape(cache: list[str], project: Path, run: Command) -> None:
    for _ in range(2):  # also from the cache
        done = run("check", "--output-format", "json", *cache, cwd=project)
        found = {d["code"]: d["fix"] for d in json.loads(done.stdout) if d["filename"].endswith("rooms.py")}
    assert {code: fix["applicability"] for code, fix in found.items()} == {
        "RED101": "safe",
        "RED203": "unsafe",
    }
    text = ROOMS.splitlines(keepends=True)
    for edit in sorted(
        found["RED101"]["edits"], key=lambda e: (e["location"]["row"], e["location"]["column"])
    )[::-1]:
        start, end = edit["location"], edit["end_location"]
        assert start["row"] == end["row"]
        line = text[start["row"] - 1]
        text[start["row"] - 1] = line[: start["column"] - 1] + edit["content"] + line[end["column"] - 1 :]
    assert "".join(text) == FIXED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("names = []  # noqa: RED201 raw sockets on purpose\n", "names = []\n"),
        ("names = []  # noqa: RED201  # a list\n", "names = []  # a list\n"),
        ("names = []  # noqa: E501, RED201\n", "names = []  # noqa: E501\n"),
        ("names = []  # noqa: RED201,E501\n", "names = []  # noqa: E501\n"),
        ("names = []  # noqa: RED201, RED301\n", "names = []\n"),
    ],
)
def test_noqa_that_silences_nothing_goes(before: str, after: str, project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text(f"import redis\n\n{before}")
    run("check", "--fix", "--extend-select", "RED904", cwd=project)
    assert path.read_text() == f"import redis\n\n{after}"


def test_an_import_goes_with_the_noqa_in_its_line(project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text(
        "import os\nfrom app.db.redis_manager import get_redis_manager  # noqa: RED201\n\nprint(os)\n"
    )
    done = run("check", "--fix", "--extend-select", "RED904", "app/rooms.py", cwd=project)
    assert path.read_text() == "import os\n\nprint(os)\n"
    assert done.stdout == "Found 1 error (1 fixed, 0 remaining).\n"


def test_plain_imports_of_one_package_are_fixed_together(tmp_path: Path, run: Command) -> None:
    (tmp_path / "app" / "old").mkdir(parents=True)
    for name in ("cache", "queue"):
        for path in (f"app/{name}.py", f"app/old/{name}.py"):
            (tmp_path / path).write_text("def key(name: str) -> str:\n    return f'key:{name}'\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = ["app.cache", "app.queue"]\nforbidden-managers = ["app.old.**"]\n'
        "[tool.redis-ssot.replacements]\n"
        '"app.old.cache.key" = "app.cache.key"\n"app.old.queue.key" = "app.queue.key"\n'
    )
    (tmp_path / "app" / "rooms.py").write_text(
        "import app.old.cache\nimport app.old.queue\n\n"
        "print(app.old.cache.key('a'), app.old.queue.key('a'))\n"
    )
    done = run("check", "--output-format", "json", "app/rooms.py", cwd=tmp_path)
    assert [found["fix"] is not None for found in json.loads(done.stdout)] == [True, True]


def test_names_of_the_library_that_have_a_successor(project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text(
        "import redis\nimport redis.asyncio as aio\nfrom redis import StrictRedis\n\n"
        "A = redis.StrictRedis(), StrictRedis()\n\n\n"
        "async def f():\n    client = aio.Redis()\n    await client.close()\n"
    )
    run("check", "--fix", "--select", "RED506", cwd=project)
    assert "import Redis as StrictRedis\n\nA = redis.Redis(), StrictRedis()" in path.read_text()
    assert "client.close()" in path.read_text()
    done = run("check", "--fix", "--unsafe-fixes", "--select", "RED506", cwd=project)
    assert (done.returncode, "await client.aclose()" in path.read_text()) == (0, True)


def test_what_cannot_be_fixed_is_no_error(project: Path, run: Command) -> None:
    (project / "app" / "rooms.py").write_text("from app.db.redis_manager import *\n")
    done = run("check", "--fix", "--output-format", "concise", "app/rooms.py", cwd=project)
    assert done.stdout.endswith("Found 1 error.\n") and done.returncode == 1


def test_standard_input_and_no_project_are_told_what_fixes_need(project: Path, run: Command) -> None:
    for argument, need in (("--no-project", "whole project"), ("-", "name the file")):
        done = run("check", "--fix", argument, cwd=project, stdin=b"")
        assert done.returncode == 2 and need in done.stderr


def test_migrate_says_what_stands_in_its_way(project: Path, run: Command) -> None:
    done = run("migrate", "app/none.py", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "app/none.py: No such file or directory; name a file or folder that exists" in done.stderr
    path = project / "app" / "rooms.py"
    path.chmod(0o444)
    done = run("migrate", cwd=project)
    assert (
        done.returncode == 1 and "app/rooms.py:1: RED101 the file or its folder is read-only" in done.stdout
    )
    assert path.read_text() == ROOMS
    path.chmod(0o644)
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace("app.redis_manager.connect", "app.redis_manager.none"))
    (project / "app" / "made.py").write_text(
        "from app.cache.manager import make_cache\n\nmade = make_cache()\n"
    )
    done = run("migrate", cwd=project)
    assert (
        "the replacement `app.redis_manager.none` does not exist; correct [tool.redis-ssot.replacements] (pyproject.toml:"
        in done.stdout
    )


def test_without_a_manager_there_is_nothing_to_migrate_to(tmp_path: Path, run: Command) -> None:
    (tmp_path / "rooms.py").write_text("import redis\n\nCLIENT = redis.Redis()\n")
    done = run("migrate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and "no settings name a `manager`" in done.stderr
    done = run("plan", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr.startswith(
        "warning: no settings name a `manager` to migrate to; let `redis-ssot init`"
    )


def test_migrate_refuses_what_changed_since_it_was_read(project: Path, monkeypatch, capsys) -> None:
    from flake8_redis_ssot.cli import migrating
    from flake8_redis_ssot.cli.main import main

    migrated = migrating.migrated

    def slow(*arguments, **options):
        mended = migrated(*arguments, **options)
        (project / "app" / "rooms.py").write_text(ROOMS + "# meanwhile\n")
        return mended

    monkeypatch.setattr(migrating, "migrated", slow)
    monkeypatch.chdir(project)
    assert main(["migrate"]) == 2
    assert "app/rooms.py" in capsys.readouterr().err
    assert (project / "app" / "rooms.py").read_text() == ROOMS + "# meanwhile\n"


def test_an_unfinished_run_comes_first(project: Path, run: Command) -> None:
    assert run("migrate", cwd=project).returncode == 1
    (index,) = (project / ".redis_ssot_journal").glob("*/run.json")
    index.write_text(index.read_text().replace('"done"', '"unfinished"'))
    (project / "app" / "other.py").write_text(ROOMS)
    done = run("migrate", cwd=project)
    words = " ".join(done.stderr.split())
    assert done.returncode == 2 and f"redis-ssot rollback {index.parent.name}" in words
    assert "(`redis-ssot migrate`) was stopped when it had changed 1 of 1 files (app/rooms.py)" in words
    assert (project / "app" / "other.py").read_text() == ROOMS
    assert run("migrate", "--dry-run", cwd=project).returncode == 1
    assert "unfinished" in run("migrate", "--list", cwd=project).stdout
    assert run("rollback", cwd=project).returncode == 0
    assert (project / "app" / "rooms.py").read_text() == ROOMS


def test_the_plan_in_every_form(project: Path, run: Command) -> None:
    (project / "app" / "cached.py").write_text(
        "from app.cache.manager import cache\n\n\nasync def f():\n    await cache.remember('a')\n    cache.size()\n"
    )
    (project / "tests" / "test_cached.py").write_text("from app.cache.manager import cache\n\nassert cache\n")
    plan = json.loads(run("plan", "--output-format", "json", cwd=project).stdout)
    assert [(m["module"], m["role"]) for m in plan["managers"]] == [
        ("app.redis_manager", "manager"),
        ("auth.redis_manager", "manager"),
        ("app.cache.manager", "forbidden"),
        ("app.db.redis_manager", "forbidden"),
    ]
    cached = next(m for m in plan["managers"] if m["module"] == "app.cache.manager")
    assert cached["tests"] == ["tests/test_cached.py"] and cached["named"]
    assert not next(m for m in plan["managers"] if m["module"] == "app.db.redis_manager")["named"]
    assert [(g["member"], g["what"][:10], g["sites"]) for g in plan["gaps"]] == [
        ("remember", "is missing", [{"path": "app/cached.py", "line": 5}]),
        ("size", "it is a fu", [{"path": "app/cached.py", "line": 6}]),
    ]
    assert {(s["site"]["path"], s["applicability"]) for s in plan["moving"]} >= {("app/rooms.py", "safe")}
    assert any(s["site"]["path"] == "app/cached.py" and s["reason"] for s in plan["by_hand"])
    for form in ("terminal", "markdown"):
        text = run("plan", "--output-format", form, cwd=project).stdout
        assert all(f"Phase {n}" in text for n in (1, 2, 3, 4))
        assert "app/cached.py:5" in text and "app/db/redis_manager.py" in text


def test_a_shim_is_left_where_asked(project: Path, run: Command) -> None:
    wrapper = project / "app" / "db" / "redis_manager.py"
    text = wrapper.read_text().replace('"get_redis_client", ', "")
    wrapper.write_text(text[: text.index("\n\ndef get_redis_client")])
    before = wrapper.read_bytes()
    done = run("migrate", "--shim", cwd=project)
    assert done.returncode == 1 and "Verified" in done.stdout, done.stderr
    assert "DeprecationWarning" in wrapper.read_text()
    (project / "redis").mkdir()
    (project / "redis" / "__init__.py").write_text(
        "class Redis:\n    from_url = classmethod(lambda cls, url: cls())\n"
    )
    (project / "redis" / "asyncio.py").write_text("from redis import Redis\n")
    code = (
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as said:\n"
        "    warnings.simplefilter('always')\n"
        "    from app.db.redis_manager import get_redis_manager\n"
        "import app.redis_manager as home\n"
        "assert get_redis_manager() is home.redis_manager\n"
        "print(said[0].category.__name__, said[0].message)\n"
    )
    import subprocess
    import sys

    shown = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True)
    assert shown.stdout.startswith("DeprecationWarning app.db.redis_manager.get_redis_manager has moved"), (
        shown.stderr
    )
    run("rollback", cwd=project)
    assert wrapper.read_bytes() == before


def test_a_shim_is_left_among_the_files_named_alone(project: Path, run: Command) -> None:
    wrapper = project / "app" / "db" / "redis_manager.py"
    wrapper.write_text(
        "from app.redis_manager import redis_manager\n\n\ndef get_redis_manager():\n    return redis_manager\n"
    )
    before = wrapper.read_bytes()
    done = run("migrate", "--shim", "app/rooms.py", cwd=project)
    assert "Migrated 1 import in 1 file" in done.stdout and wrapper.read_bytes() == before
    run("rollback", cwd=project)
    done = run("migrate", "--shim", "app", cwd=project)
    assert "Migrated 1 import in 2 files" in done.stdout and "DeprecationWarning" in wrapper.read_text()


def test_a_module_that_becomes_no_shim_is_named_with_the_reason(project: Path, run: Command) -> None:
    done = run("migrate", "--shim", cwd=project)
    assert "No shim in place of app/db/redis_manager.py: " in done.stdout
    assert "`app.redis_manager.redis_manager.client` cannot be imported" in done.stdout


def test_the_mode_of_a_file_is_kept(project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.chmod(0o755)
    run("check", "--fix", cwd=project)
    assert path.read_text() == FIXED and os.stat(path).st_mode & 0o777 == 0o755


def test_a_script_beside_the_import_roots_is_fixed(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "app.manager"\nsrc = ["lib"]\n')
    (tmp_path / "lib" / "app").mkdir(parents=True)
    (tmp_path / "lib" / "app" / "__init__.py").write_text("from app.manager import get_redis\n")
    (tmp_path / "lib" / "app" / "manager.py").write_text(
        "import redis\n\n_client = redis.Redis()\n\n\ndef get_redis():\n    return _client\n"
    )
    script = tmp_path / "load-test" / "seed.py"
    script.parent.mkdir()
    script.write_text('from app import get_redis\n\nget_redis().set("a", 1)\n')
    run("check", "--fix", cwd=tmp_path)
    assert script.read_text() == 'from app.manager import get_redis\n\nget_redis().set("a", 1)\n'


@pytest.mark.parametrize("kind", ["read-only", "repository", "project", "open"])
def test_a_file_that_is_not_to_change_holds_back_what_it_uses(
    kind: str, tmp_path: Path, run: Command
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "new"\nforbidden-managers = ["old"]\n'
        '[tool.redis-ssot.replacements]\n"old.manager" = "new.manager"\n'
    )
    for name in ("old.py", "new.py"):
        (tmp_path / name).write_text(STATEFUL)
    rooms, kept = tmp_path / "rooms.py", tmp_path / "inner" / "kept.py"
    kept.parent.mkdir()
    for path in (rooms, kept):
        path.write_text('from old import manager\n\nmanager.get("room")\n')
    if kind == "read-only":
        kept.chmod(0o444)
    elif kind == "repository":
        (kept.parent / ".git").mkdir()
    elif kind == "project":
        (kept.parent / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "new"\nsrc = [".."]\n')
    if kind != "open":
        run("check", "--fix", "--select", "RED101", cwd=tmp_path)
    done = run("migrate", cwd=tmp_path)
    moved = [path for path in (rooms, kept) if "from new" in path.read_text()]
    assert moved == ([rooms, kept] if kind == "open" else []), done.stdout
    said = "This moves together with inner/kept.py:1, which uses `local` of `old.Manager`"
    assert (said in done.stdout) == (kind != "open")
    listed = re.findall(r"^  (\S+):1: RED101", done.stdout, flags=re.MULTILINE)
    assert listed == sorted(listed)


@pytest.mark.parametrize("loaded", ['".old", "app"', '"app." + "old"', '"app.old"'])
def test_a_file_not_named_that_loads_the_module_holds_back_what_it_uses(
    loaded: str, tmp_path: Path, run: Command
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.new"\nforbidden-managers = ["app.old"]\n'
        '[tool.redis-ssot.replacements]\n"app.old.manager" = "app.new.manager"\n'
    )
    (tmp_path / "app").mkdir()
    for name in ("old", "new"):
        (tmp_path / "app" / f"{name}.py").write_text(STATEFUL)
    rooms = tmp_path / "rooms.py"
    rooms.write_text('from app.old import manager\n\nmanager.get("room")\n')
    (tmp_path / "kept.py").write_text(
        f'import importlib\n\nimportlib.import_module({loaded}).manager.get("room")\n'
    )
    done = run("migrate", "rooms.py", cwd=tmp_path)
    assert "rooms.py:1: RED101 kept.py:3 stays, since " in done.stdout, done.stdout
    assert "app.old" in rooms.read_text()


def test_a_name_that_the_encoding_of_a_file_lacks_is_not_written(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "new"\nforbidden-managers = ["old"]\n'
        '[tool.redis-ssot.replacements]\n"old.key" = "new.clé"\n'
    )
    for path, name in (("old.py", "key"), ("new.py", "clé")):
        (tmp_path / path).write_text(f"def {name}(text: str) -> str:\n    return text\n", encoding="utf-8")
    user = "from old import key\n\nprint(key('a'))\n"
    (tmp_path / "plain.py").write_text(f"# coding: ascii\n{user}")
    (tmp_path / "rooms.py").write_text(user)
    done = run("migrate", cwd=tmp_path)
    assert "plain.py:2: RED101 the file " in done.stdout, done.stdout
    assert (tmp_path / "plain.py").read_text() == f"# coding: ascii\n{user}"
    assert (tmp_path / "rooms.py").read_text(encoding="utf-8").startswith("from new import clé\n")


def test_a_run_that_parts_what_belongs_together_says_so(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "new"\nforbidden-managers = ["old"]\n'
        '[tool.redis-ssot.replacements]\n"old.manager" = "new.manager"\n'
    )
    (tmp_path / "old.py").write_text(STATEFUL)
    (tmp_path / "new.py").write_text(STATEFUL)
    for name in ("rooms.py", "kept.py"):
        (tmp_path / name).write_text('from old import manager\n\nmanager.get("room")\n')
    done = run("migrate", "--include-unsafe", "rooms.py", cwd=tmp_path)
    words = " ".join(done.stdout.split())
    assert "from new" in (tmp_path / "rooms.py").read_text()
    assert ", though kept.py:1 stays, since that file is not to change" in words
    assert "This moves together with kept.py:1, which uses `local` of `old.Manager`" in words
    run("rollback", cwd=tmp_path)
    assert ", though " not in run("migrate", "--include-unsafe", cwd=tmp_path).stdout


def test_one_look_is_enough_where_nothing_is_fixed(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is checked is not checked again to fix it, and once more only where something has changed."""
    looks: list[int] = []
    monkeypatch.chdir(project)
    for module in ("flake8_redis_ssot.cli.checking", "flake8_redis_ssot.fix.apply"):
        whole = importlib.import_module(module).run_project

        def counted(files: list[str], *arguments: object, _whole: Any = whole, **options: object) -> object:
            looks.append(len(files))
            return _whole(files, *arguments, **options)

        monkeypatch.setattr(f"{module}.run_project", counted)

    def fixed(*arguments: str) -> int:
        looks.clear()
        main(["check", "--fix", "--jobs", "1", *arguments])
        return len(looks)

    assert fixed("--unfixable", "ALL") == fixed("--unfixable", "ALL", "--no-cache") == 1
    assert fixed() == 3  # what is found, whether more can be fixed then, and what is left
    assert fixed() == fixed("--diff") == fixed("--fix-only") == 1
    assert "1 fixed" in capfd.readouterr().out


def test_a_comment_on_what_other_files_bring_about_stays(tmp_path: Path, run: Command) -> None:
    for name, text in {
        "pyproject.toml": '[tool.redis-ssot]\nmanager = "app.manager"\nextend-select = ["RED904"]\n',
        "app/__init__.py": "",
        "app/manager.py": "import redis\n\nclient = redis.Redis()\n",
        "app/making.py": "import redis\n\n\ndef make():\n    return redis.Redis()  # noqa: RED201, RED303\n",
        "app/views.py": "from fastapi import FastAPI\n\nfrom app.making import make\n\napp = FastAPI()\n\n\n"
        "@app.get('/')\ndef handler():\n    return make().get('key')\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = (tmp_path / "app/making.py").read_text()
    said = run("check", "--fix", "--output-format", "concise", cwd=tmp_path).stdout
    assert (tmp_path / "app/making.py").read_text() == before, said


def test_with_a_cache_the_same_is_fixed(project: Path, run: Command) -> None:
    """What earlier runs left in the cache changes nothing of what is fixed, nor does a baseline."""
    run("check", cwd=project)
    rooms = (project / "app" / "rooms.py").read_text()
    (project / "app" / "rooms.py").unlink()  # what it has is not known to the baseline
    run("baseline", cwd=project)
    (project / "app" / "rooms.py").write_text(rooms)
    diffs = {
        run("check", "--diff", *options, cwd=project).stdout
        for options in ([], ["--no-cache"], ["--parse-all"], ["--baseline"])
        for _ in range(2)
    }
    assert len(diffs) == 1 and "redis_manager.get(room)" in diffs.pop()
