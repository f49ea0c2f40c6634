"""What the command says when something is wrong: what, where, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import Command
from monorepo import write

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
NEWER = {
    "type Number = int\n": (3, 12),
    "def first[T](found: list[T]) -> T: ...\n": (3, 12),
    "class Box[\n    T,\n]: ...\n": (3, 12),
    "found = f'{known['a']}'\n": (3, 12),
    "found = f'{\n1}'\n": (3, 12),
    'found = f"""\n{"\\n".join(many)}\n"""\n': (3, 12),
    "def first[T = int](found: T) -> T: ...\n": (3, 13),
    "try: ...\nexcept ValueError, KeyError: ...\n": (3, 14),
    "found = t'{1}'\n": (3, 14),
    "lazy import json\n": (3, 15),
    "found = [*one for one in many]\n": (3, 15),
}


@pytest.mark.parametrize("code", NEWER)
def test_syntax_of_a_newer_python_is_told_from_a_mistake(code: str, tmp_path: Path, run: Command) -> None:
    version = NEWER[code]
    (tmp_path / "a.py").write_text(f"import redis\n{code}")
    said = run("check", "--isolated", "--output-format", "concise", cwd=tmp_path).stdout
    if sys.version_info[:2] >= version:
        assert "RED000" not in said
        return
    newer = f"{version[0]}.{version[1]}"
    assert f"This file cannot be parsed by Python {VERSION}: " in said
    assert (
        f"; run redis-ssot by Python {newer} or newer, which " in said
        and " and may parse it, or fix it" in said
    )
    assert said.splitlines()[0].endswith(", or fix it, or add it to `extend-exclude`")


@pytest.mark.parametrize("code", ["redis.Redis(\n", "class A:\npass\n", "type = = 1\n", "x = 'f'' 'y\n"])
def test_a_mistake_is_no_newer_syntax(code: str, tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(f"import redis\n{code}")
    said = run("check", "--isolated", "--output-format", "concise", cwd=tmp_path).stdout
    assert f"cannot be parsed by Python {VERSION}: " in said and "newer" not in said


TABLE = '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old"]\n'
PROJECT = {
    "pyproject.toml": TABLE,
    "app/__init__.py": "",
    "app/manager.py": "import redis\nredis_manager = redis.Redis()\n",
    "app/old.py": "import redis\nredis_manager = redis.Redis()\n",
    "app/uses.py": "from app.old import redis_manager\nprint(redis_manager.get('a'))\n",
}


@pytest.mark.parametrize("command", ["check", "plan", "migrate"])
def test_a_file_in_another_encoding_is_no_mistake_of_syntax(
    command: str, tmp_path: Path, run: Command
) -> None:
    write(tmp_path, PROJECT)
    (tmp_path / "app" / "latin.py").write_bytes(b"from app.old import redis_manager\nx = '\xe9'\n")
    said = run(command, cwd=tmp_path).stdout
    assert (
        "is not UTF-8 (byte 0xe9), and declares no other encoding; save it" in said and "latin.py:2" in said
    )
    assert "save it as UTF-8, or declare its encoding in the first line, as `# coding: latin-1`" in said
    assert "syntax" not in said and "parsed" not in said


BROKEN = {
    b"[tool.redis-ssot]\nmanager = 'a\n": ":2: not valid TOML: ",
    b"x = [1,  # redis-ssot\n\n": ":1: not valid TOML: ",
    b"# redis-ssot\nx = '\xe9'\n": ":2: is not UTF-8 (byte 0xe9)",
}


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("folder", ["", "inner"])
def test_a_broken_pyproject_that_names_the_table_is_an_error(
    data: bytes, folder: str, tmp_path: Path, run: Command
) -> None:
    write(tmp_path, {"a.py": "import redis\n", "inner/b.py": "import redis\n"})
    (tmp_path / folder / "pyproject.toml").write_bytes(data)
    for arguments, module in ((("check",), "flake8_redis_ssot"), (("--isolated", "inner"), "flake8")):
        done = run(*arguments, cwd=tmp_path, module=module)
        said = done.stderr + done.stdout
        assert f"pyproject.toml{BROKEN[data]}" in said and "Traceback" not in said
        assert said.count("pyproject.toml:") == 1
    assert run("check", "--isolated", cwd=tmp_path).returncode == 0
    if folder:
        assert run("check", "--exclude", folder, cwd=tmp_path).returncode == 0
        init = run("init", "--write", folder, cwd=tmp_path)
    else:
        init = run("init", "--write", cwd=tmp_path)
    assert init.returncode == 2 and f"pyproject.toml{BROKEN[data]}" in init.stderr


@pytest.mark.parametrize(
    ("text", "line"), [("[tool]\nredis-ssot = 3\n", 2), ("a = 1\n\n[[tool.redis-ssot]]\nsrc = []\n", 3)]
)
def test_what_is_no_table_is_said_to_be_none(text: str, line: int, tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"pyproject.toml": text})
    said = run("check", cwd=tmp_path).stderr
    assert f"pyproject.toml:{line}: `redis-ssot` is no table here; write its keys below a line [tool" in said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("chek", "invalid choice: 'chek'; did you mean `check`?"),
        ("xyz", "invalid choice: 'xyz'; `redis-ssot --help` lists all"),
        ("explain", "invalid choice: 'explain'; did you mean `rule CODE`?"),
        ("lint", "invalid choice: 'lint'; did you mean `check`?"),
        ("Fix", "invalid choice: 'Fix'; did you mean `check --fix`?"),
        ("undo", "invalid choice: 'undo'; did you mean `rollback`?"),
        ("RED201", "invalid choice: 'RED201'; did you mean `rule RED201`?"),
        (".", "invalid choice: '.'; did you mean `check .`?"),
        ("check --output-format ful", "invalid choice: 'ful'; did you mean `full`?"),
        ("rule no-such-name", "; `redis-ssot rule --all` lists all "),
        ("config qqqqq", "; `redis-ssot config` lists all "),
        ('check --isolated --config ignore=["RED201\\u0020"]', "did you mean `RED201`?"),
        ("check --isolated --config qqqqq=1", "unknown key `qqqqq`; `redis-ssot config` lists all "),
    ],
)
def test_of_many_names_the_nearest_is_said(given: str, message: str, tmp_path: Path, run: Command) -> None:
    done = run(*given.split(), cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr
    assert len(done.stderr.splitlines()[-1]) < 120


MANAGER = """import redis


class Manager:
    def __init__(self):
        self.client = redis.Redis()

    def get(self, key: str) -> str | None:
        return self.client.get(key)
"""
OLD = (
    MANAGER
    + """
    def first(self, key: str) -> str | None:
        return self.client.get(key)

    def second(self, key: str) -> str | None:
        return self.client.get(key)
"""
)
MADE = "\n\nredis_manager = Manager()\n"
REPLACED = '[tool.redis-ssot.replacements]\n"app.old.redis_manager" = "app.manager.redis_manager"\n'


def test_all_missing_methods_are_named_with_their_places(tmp_path: Path, run: Command) -> None:
    write(tmp_path, PROJECT)
    uses = "from app.old import redis_manager\n\nredis_manager.first('a')\nredis_manager.get('a')\n"
    write(
        tmp_path,
        {
            "pyproject.toml": TABLE + REPLACED,
            "app/manager.py": MANAGER + MADE,
            "app/old.py": OLD + MADE,
            "app/uses.py": f"{uses}redis_manager.second('a')\n",
        },
    )
    said = run("migrate", "--dry-run", cwd=tmp_path).stdout
    missing = "`app.manager.Manager` (app/manager.py:4) has no `first` and `second`, used in lines 3 and 5"
    assert f"app/uses.py:1: RED101 {missing}; add what is missing; phase 1 of `plan` lists it" in said


def test_a_reason_is_given_once_and_for_the_place_that_it_comes_from(tmp_path: Path, run: Command) -> None:
    manager = f"{MANAGER}{MADE}\n\ndef get_client():\n    return clients['a']\n\n\nclients = {{}}\n"
    write(tmp_path, PROJECT)
    write(
        tmp_path,
        {
            "app/manager.py": manager.replace("self.client", "self._client"),
            "app/uses.py": "import redis\n\nA = redis.Redis(db=1)\nB = redis.Redis(db=2)\n",
        },
    )
    for command in (["plan"], ["migrate", "--dry-run"]):
        lines = [line.strip() for line in run(*command, cwd=tmp_path).stdout.splitlines()]
        first, second = (line for line in lines if line.startswith("app/uses.py:"))
        assert "`app.manager` gives no client that all can share: " in first
        assert (
            "`app.manager.get_client()` gives what `clients['a']` (app/manager.py:16) does, and that is not resolved; let it"
            in first
        )
        assert second.startswith(
            "app/uses.py:4: RED201 the same as for app/uses.py:3 (`app.manager` gives no client that all"
        )


@pytest.mark.parametrize("command", [["plan"], ["migrate"], ["migrate", "--dry-run"]])
def test_nothing_is_planned_towards_a_manager_that_is_not_there(
    command: list[str], tmp_path: Path, run: Command
) -> None:
    write(tmp_path, PROJECT | {"pyproject.toml": TABLE.replace("app.manager", "app.manger")})
    done = run(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pyproject.toml:2: There is no module `app.manger` below " in done.stderr
    assert "did you mean `app.manager`?" in done.stderr
    assert done.stderr.count("error: ") == 1
    report = run("report", "--output-format", "json", cwd=tmp_path)
    assert report.returncode == 0 and "There is no module `app.manger`" in report.stderr


@pytest.mark.parametrize("command", [["plan"], ["migrate"], ["check"]])
def test_a_manager_below_no_import_root_is_not_there(
    command: list[str], tmp_path: Path, run: Command
) -> None:
    below = {f"backend/{name}": text for name, text in PROJECT.items() if name != "pyproject.toml"}
    write(tmp_path, below | {"pyproject.toml": TABLE})
    done = run(*command, cwd=tmp_path)
    assert done.returncode == (1 if command == ["check"] else 2)
    assert (
        "There is no module `app.manager` below `.`; it lies in `backend/app/manager.py`: "
        'set `src = ["backend"]`' in done.stdout + done.stderr
    )
    write(tmp_path, {"pyproject.toml": f'{TABLE}src = ["backend"]\n'})
    assert "RED403" not in run("check", cwd=tmp_path).stdout


BOTH = """\
import redis
import redis.asyncio

{0}async_cache = redis.asyncio.Redis()
{0}sync_cache = redis.Redis()


def get_async():
    return async_cache
"""
KINDS = {
    "pyproject.toml": f'{TABLE}instance = "async_cache"\n[tool.redis-ssot.replacements]\n"app.old.named" = "app.manager.get_async()"\n',
    "app/__init__.py": "",
    "app/manager.py": BOTH.format(""),
    "app/old.py": f"{BOTH.format('')}named = other = gone = sync_cache\n",
    "app/a.py": "from app.old import named\n",
    "app/b.py": "from app.old import other\n",
    "app/c.py": "from app.old import get_async\n",
    "app/d.py": "import redis\n\nclient = redis.Redis()\n",
    "app/e.py": "import redis.asyncio\n\nclient = redis.asyncio.Redis()\n",
}


ONLY_ASYNC = "`app.manager` has an asyncio client only: let it give a blocking one, and use that"


def advised(root: Path, run: Command) -> dict[str, str]:
    """What is advised in each file, by the last letter of its name."""
    said = run("check", "--output-format", "concise", "--no-project", "--no-cache", cwd=root).stdout
    rows = [line for line in said.splitlines() if line.startswith("app/")]
    return {row.split(".py")[0][4:]: row.rpartition("; ")[2] for row in rows}


def test_what_is_advised_is_of_the_same_kind(tmp_path: Path, run: Command) -> None:
    write(tmp_path, KINDS)
    own = "use `async_cache` from `app.manager`"
    assert advised(tmp_path, run) == {
        "a": "use `get_async()` from `app.manager`",
        "b": "use `sync_cache` from `app.manager`",
        "c": own,
        "d": "use `sync_cache` from `app.manager`",
        "e": own,
        "old": "use `sync_cache` from `app.manager`",
    }
    write(tmp_path, {"app/manager.py": "from elsewhere import make\n\nasync_cache = make()\n"})
    assert advised(tmp_path, run)["d"] == own, "one of which nothing is known may be of any kind"
    write(tmp_path, {"app/manager.py": "import redis.asyncio\n\nasync_cache = redis.asyncio.Redis()\n"})
    assert advised(tmp_path, run) | {"a": "", "c": ""} == {
        "a": "", "b": ONLY_ASYNC, "c": "", "d": ONLY_ASYNC, "e": own, "old": ONLY_ASYNC
    }  # fmt: skip


def test_what_a_class_keeps_says_of_which_kind_its_objects_are(tmp_path: Path, run: Command) -> None:
    made = "class Cache:\n    def __init__(self):\n        self.client = redis.asyncio.Redis()\n\n\nasync_cache = Cache()\n"
    write(tmp_path, KINDS | {"app/manager.py": f"import redis.asyncio\n\n\n{made}"})
    assert advised(tmp_path, run)["d"] == ONLY_ASYNC
    assert advised(tmp_path, run)["e"] == "use `async_cache` from `app.manager`"


def test_nothing_that_is_not_there_is_advised(tmp_path: Path, run: Command) -> None:
    write(tmp_path, KINDS | {"pyproject.toml": f'{TABLE}instance = "nope"\n'})
    assert set(advised(tmp_path, run).values()) == {"use `app.manager`"}
    write(tmp_path, {"pyproject.toml": TABLE.replace("app.manager", "app.manger")})
    assert set(advised(tmp_path, run).values()) == {"correct `manager`, which names no module that is there"}


@pytest.mark.parametrize("command", [["plan"], ["migrate", "--dry-run"]])
def test_an_object_that_is_not_there_is_warned_of(command: list[str], tmp_path: Path, run: Command) -> None:
    write(tmp_path, PROJECT | {"pyproject.toml": f'{TABLE}instance = "nope"\n'})
    done = run(*command, cwd=tmp_path)
    assert done.returncode != 2 and done.stdout
    assert "warning: pyproject.toml:4: `app.manager` defines no `nope`; correct `instance`\n" in done.stderr


def test_what_is_proposed_names_what_else_might_be(tmp_path: Path, run: Command) -> None:
    users = {f"app/u{n}.py": "from app.manager import async_cache\n" for n in range(3)}
    users["app/v.py"] = "from app.manager import sync_cache\n"
    write(tmp_path, {"app/__init__.py": "", "app/manager.py": BOTH.format("")} | users)
    said = run("init", cwd=tmp_path).stdout
    assert '# what most files take from it: 3; `sync_cache` by 1\ninstance = "async_cache"\n' in said


def test_where_there_is_no_manager_it_is_said_where_the_rest_builds(tmp_path: Path, run: Command) -> None:
    built = "import redis\n\n\ndef f():\n    return redis.Redis()\n"
    write(tmp_path, {"a.py": built, "b.py": built, "tests/test_a.py": built, "scripts/c.py": built})
    said = run("init", cwd=tmp_path).stdout
    flat = " ".join(said.replace("\n#", "").split())
    assert ": 4 places in 4 files build clients or pools, 2 of them in tests and what stands beside" in flat
    assert "most files import" not in said


def test_a_file_that_is_read_only_is_said_to_stay(tmp_path: Path, run: Command) -> None:
    used = "from app.old import redis_manager\n"
    write(tmp_path, PROJECT | {"app/uses.py": used})
    (tmp_path / "app" / "uses.py").chmod(0o444)
    done = run("check", "--select", "RED101", "--fix", cwd=tmp_path)
    assert "warning: app/uses.py: not fixed: it or its folder is read-only; make it writable" in done.stderr
    assert (tmp_path / "app" / "uses.py").read_text() == used


def test_a_line_that_is_no_toml_is_shown(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.redis-ssot]\nmanager = app.manager\n"})
    assert "pyproject.toml:2:11: not valid TOML: Invalid value in `manager = app.manager`; correct it" in (
        run("check", cwd=tmp_path).stderr
    )


def test_without_settings_the_plan_names_what_proposes_some(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"a.py": "import redis\nredis.Redis()\n"})
    done = run("plan", cwd=tmp_path)
    assert "let `redis-ssot init` propose some" in done.stderr
    assert (
        "set `manager` to see what it lacks: to the module that `redis-ssot init` proposes, or" in done.stdout
    )
    assert "one that you write, as small as `client = redis.Redis.from_url(" in done.stdout
    assert "let `redis-ssot init` propose some" in run("migrate", cwd=tmp_path).stderr


def test_plan_and_migrate_count_alike_what_is_left(tmp_path: Path, run: Command) -> None:
    allowed = '[[tool.redis-ssot.allow]]\npaths = ["app/own.py"]\nrules = ["RED201"]\nreason = "r"\n'
    own = "import redis\n\nclient = redis.Redis(db=5)\n"
    write(tmp_path, PROJECT | {"pyproject.toml": TABLE + allowed, "app/own.py": own, "app/other.py": own})
    plan = run("plan", cwd=tmp_path).stdout
    assert ", 1 by hand" in run("report", "--output-format", "markdown", cwd=tmp_path).stdout
    migrate = run("migrate", "--include-unsafe", "--dry-run", cwd=tmp_path).stdout
    assert "Phase 2, by hand: 1 place for a person, and 1 place that the project keeps on purpose" in plan
    assert "Left 1 reference for a person:" in migrate
    assert "Left 1 reference that the project keeps on purpose:" in migrate


def test_the_managers_and_the_gaps_of_a_plan_read_well(tmp_path: Path, run: Command) -> None:
    boundary = '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["auth/**"]\nmanager = "auth.manager"\n'
    write(
        tmp_path,
        PROJECT
        | {
            "pyproject.toml": TABLE + boundary + REPLACED,
            "app/manager.py": MANAGER + MADE,
            "app/old.py": OLD.replace("-> str | None", "-> bytes", 1) + MADE,
            "app/uses.py": "from app.old import redis_manager\n\nredis_manager.get('a').decode()\nredis_manager.first('a')\n",
            "auth/__init__.py": "",
            "auth/manager.py": "import redis\n\nclient = redis.Redis()\n",
        },
    )
    said = run("plan", cwd=tmp_path).stdout
    assert "app.manager (Manager): the manager; 0 importing files" in said
    assert "auth.manager: the manager of boundary `auth`; 0 importing files" in said
    assert "`first` of `app.old.Manager` is missing in `app.manager.Manager`; used in app/uses.py:4" in said
    assert (
        "`get` of `app.old.Manager` is there in `app.manager.Manager`, but it gives `bytes` in the old one, "
        "`str | None` in the new one; used in app/uses.py:3" in said
    )


def test_a_migration_says_what_it_moved_and_what_it_removed(tmp_path: Path, run: Command) -> None:
    write(tmp_path, PROJECT | {"pyproject.toml": TABLE + REPLACED, "app/manager.py": MANAGER + MADE})
    assert run("migrate", cwd=tmp_path).stdout.startswith("Migrated nothing.\n")
    moved = {"app/old.py": MANAGER + MADE, "app/unused.py": "from app.old import redis_manager\n"}
    write(tmp_path, moved)
    dry = run("migrate", "--dry-run", cwd=tmp_path).stdout
    assert dry.startswith("Would migrate 1 import and remove 1 import in 2 files.\n")
    done = run("migrate", cwd=tmp_path).stdout
    assert "\nMigrated 1 import and removed 1 import in 2 files.\n" in done
    assert "Verified: a fresh scan finds no reference left." in done
    (tmp_path / "app" / "uses.py").write_text("x = 1\n")
    refused = run("rollback", cwd=tmp_path)
    assert refused.returncode == 2 and "app/uses.py; nothing was touched: take back those later changes" in (
        refused.stderr
    )


def test_next_steps_are_steps_that_can_be_taken(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"a.py": "import redis\n\n\ndef f():\n    return redis.Redis()\n"})
    advice = "Then set `manager` to the one module that may build clients, and run `redis-ssot plan`."
    proposed = run("init", cwd=tmp_path).stdout
    head, _, smallest = proposed.partition("# Where there is none yet, write one; the smallest is:\n")
    assert head.endswith(f"#   redis-ssot check --statistics\n# {advice}\n")
    code = "\n".join(line.removeprefix("#").strip() for line in smallest.splitlines())
    compile(code, "manager.py", "exec")
    assert "redis.Redis.from_url(" in code
    said = run("init", "--write", cwd=tmp_path).stdout
    assert f"Next:\n  redis-ssot check --statistics\n{advice}\nWhere there is none yet" in said
    again = run("init", cwd=tmp_path).stdout
    assert "# Next, with what you take of this in pyproject.toml:\n" in again and "--write" not in again


def test_comments_and_fixes_together(tmp_path: Path, run: Command) -> None:
    uses = "from app.old import redis_manager\nimport redis\nredis.Redis(db=5)\n"
    write(tmp_path, PROJECT | {"app/uses.py": uses})
    for option in ("--diff", "--fix-only"):
        done = run("check", "--add-noqa", option, cwd=tmp_path)
        assert done.returncode == 2 and f"{option} leaves that alone; leave one out" in done.stderr
    done = run("check", "--add-noqa", "--fix", cwd=tmp_path)
    assert done.stdout == "Fixed 1 error.\nAdded 2 noqa directives.\n"


def test_a_baseline_that_stays_as_it_is_says_so(tmp_path: Path, run: Command) -> None:
    write(tmp_path, {"a.py": "import redis\nredis.Redis()\n"})
    assert run("baseline", cwd=tmp_path).stdout.startswith("Recorded 1 diagnostic in ")
    said = run("baseline", cwd=tmp_path).stdout
    assert said == "Nothing to change: redis-ssot-baseline.jsonl has 1 diagnostic.\n"


def test_where_there_is_no_python_the_paths_are_named(tmp_path: Path, run: Command) -> None:
    for name in ("one", "two", "three", "four"):
        (tmp_path / name).mkdir()
    assert (
        "no Python files found in one; name others, or see `exclude`"
        in run("check", "one", cwd=tmp_path).stderr
    )
    assert "found in this folder; name others" in run("check", cwd=tmp_path).stderr
    assert (
        "found in one, two, three and 1 more;"
        in run("check", "one", "two", "three", "four", cwd=tmp_path).stderr
    )


def test_no_empty_frame_is_drawn_of_what_cannot_be_decoded(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_bytes(b"import redis\nname = '\xe9'\n")
    said = run("check", "--isolated", "--output-format", "full", cwd=tmp_path).stdout
    assert "RED000 This file is not UTF-8 (byte 0xe9)" in said and "--> a.py:2:9\n" in said
    assert "^" not in said and " |\n" not in said


def test_one_advice_is_given_of_an_exception_that_is_over(tmp_path: Path, run: Command) -> None:
    over = '[[tool.redis-ssot.allow]]\npaths = ["app/gone.py"]\nrules = ["RED201"]\nreason = "r"\nexpires = 2020-01-01\n'
    write(tmp_path, PROJECT | {"pyproject.toml": TABLE + over})
    said = run("check", "--select", "RED201,RED9", "--output-format", "concise", cwd=tmp_path).stdout
    assert "RED901" in said and "RED902" not in said
    said = run("check", "--select", "RED201,RED902", "--output-format", "concise", cwd=tmp_path).stdout
    assert "RED902" in said


def test_a_manager_of_an_installed_package_is_only_warned_of(tmp_path: Path, run: Command) -> None:
    write(tmp_path, PROJECT | {"pyproject.toml": TABLE.replace("app.manager", "acme_redis.manager")})
    warning = (
        "pyproject.toml:2: `acme_redis.manager` is no module of this project, so what it has cannot be seen"
    )
    plan = run("plan", cwd=tmp_path)
    assert plan.returncode == 0 and plan.stderr.count(warning) == 1
    assert "acme_redis.manager: the manager, which is not in this project; " in plan.stdout
    assert "so that nobody can tell what it lacks" in plan.stdout
    migrate = run("migrate", "--dry-run", cwd=tmp_path)
    assert migrate.returncode == 1 and migrate.stderr.count(warning) == 1


def test_a_run_that_moves_a_call_with_its_import_parts_nothing(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "new"\ninstance = "manager"\nforbidden-managers = ["old"]\n'
        '[tool.redis-ssot.replacements]\n"old.Manager" = "new.Manager"\n'
    )
    for name in ("old.py", "new.py"):
        (tmp_path / name).write_text(
            "import redis\n\n\nclass Manager:\n    def __init__(self) -> None:\n"
            "        self.client = redis.Redis()\n\n\nmanager = Manager()\n"
        )
    (tmp_path / "rooms.py").write_text("from old import Manager\n\n\nclass Room(Manager):\n    pass\n")
    (tmp_path / "users.py").write_text(
        "from old import Manager\n\n\ndef asked(it):\n    return isinstance(it, Manager), Manager().client.get('u')\n"
    )
    done = run("migrate", "--include-unsafe", cwd=tmp_path)
    assert "from new" in (tmp_path / "users.py").read_text(), done.stdout
    assert "though" not in done.stdout, done.stdout
