"""Settings belong to files: wherever a check is started and however files are named, the same is found."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import tomllib
from pathlib import Path

import pytest
from conftest import Command, places
from monorepo import BAD, SERVICES, expected, make, write

from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.finder import SettingsFinder

ALONE = {rule.code for rule in all_rules() if rule.project}


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    return make(tmp_path / "monorepo")


def rows(output: str, cwd: Path) -> list[tuple[str, int, str]]:
    found = ((os.path.normpath(cwd / path), line, code) for path, line, _, code in places(output))
    return sorted(row for row in found if row[0].endswith(".py"))


def test_the_command_finds_the_same_from_everywhere(monorepo: Path, tmp_path: Path, run: Command) -> None:
    wanted = expected(monorepo)
    assert {code for _, _, code in wanted} == {"RED101", "RED402", "RED108", "RED201", "RED206"}
    elsewhere, service = tmp_path / "elsewhere", monorepo / "services" / "auth"
    elsewhere.mkdir()
    named = [str(path) for path in monorepo.rglob("*.py") if "generated" not in path.parts]
    check = ("check", "--output-format", "concise")
    for cwd, arguments in (
        (monorepo, []),
        (monorepo, ["services", "shared"]),
        (monorepo / "shared", [".", "../services"]),
        (service, ["../.."]),
        (elsewhere, [str(monorepo)]),
        (elsewhere, named),
    ):
        done = run(*check, *arguments, cwd=cwd)
        assert rows(done.stdout, cwd) == wanted, (cwd, arguments)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.endswith(f"Found {len(wanted)} errors.\n")
        paths = [line.split(":")[0] for line in done.stdout.splitlines()[:-1]]
        assert paths == sorted(paths, key=lambda path: os.path.normpath(cwd / path))
    for name in SERVICES:
        home = monorepo / "services" / name
        mine = [row for row in wanted if row[0].startswith(str(home))]
        assert rows(run(*check, cwd=home).stdout, home) == mine
        for path in home.rglob("*.py"):
            alone = run(*check, str(path), cwd=elsewhere)
            assert rows(alone.stdout, elsewhere) == [
                row for row in mine if row[0] == str(path)
            ] or path.parts[-2:] == ("generated", "client.py")


def test_flake8_and_standard_input_find_the_same_from_everywhere(
    monorepo: Path, tmp_path: Path, run: Command
) -> None:
    wanted = [row for row in expected(monorepo) if row[2] not in ALONE]
    elsewhere, service = tmp_path / "elsewhere", monorepo / "services" / "auth"
    elsewhere.mkdir()
    for cwd in (monorepo, service, elsewhere):
        for jobs in ("1", "2"):
            done = run("--isolated", "-j", jobs, str(monorepo), cwd=cwd, module="flake8")
            assert rows(done.stdout, cwd) == wanted and done.stderr == ""
        for path in (service / "auth" / "redis_manager.py", service / "auth" / "bad.py"):
            mine = [row for row in wanted if row[0] == str(path)]
            name = os.path.relpath(path, cwd)
            text = path.read_bytes()
            piped = run(
                "check", "--output-format", "concise", "--stdin-filename", name, "-", cwd=cwd, stdin=text
            )
            assert rows(piped.stdout, cwd) == mine
            piped = run(
                "--isolated", "--stdin-display-name", name, "-",
                cwd=cwd, stdin=text, module="flake8",
            )  # fmt: skip
            assert rows(piped.stdout, cwd) == mine


def test_a_nested_project_that_the_parent_excludes_is_left_alone_and_stands_alone(
    tmp_path: Path, run: Command
) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.redis-ssot]\nextend-exclude = ["vendor/**", "generated"]\n',
            "a.py": BAD,
            "vendor/thing/pyproject.toml": "[tool.redis-ssot]\n",
            "vendor/thing/b.py": BAD,
            "vendor/thing/generated/c.py": BAD,
            "vendor/broken/pyproject.toml": "[tool.redis-ssot]\nmanger = 1\n",
            "service/pyproject.toml": "[tool.redis-ssot]\n",
            "service/d.py": BAD,
            "service/generated/e.py": BAD,
        },
    )
    shown = ("check", "--show-files")
    assert run(*shown, cwd=tmp_path).stdout == "a.py\nservice/d.py\n"
    assert run(*shown, cwd=tmp_path / "service").stdout == "d.py\n"
    assert run(*shown, cwd=tmp_path / "vendor" / "thing").stdout == "b.py\ngenerated/c.py\n"
    assert (
        run(*shown, "vendor/thing", cwd=tmp_path).stdout == "vendor/thing/b.py\nvendor/thing/generated/c.py\n"
    )
    flake8 = run("--isolated", "service", cwd=tmp_path, module="flake8")
    assert [path for path, *_ in places(flake8.stdout)] == ["service/d.py"]


def test_gitignore_files_of_the_repository_hold_in_every_project(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".gitignore": "build/\n",
            "service/pyproject.toml": "[tool.redis-ssot]\n",
            "service/a.py": BAD,
            "service/build/b.py": BAD,
        },
    )
    for cwd, arguments in (
        (tmp_path, []),
        (tmp_path / "service", []),
        (tmp_path / ".git", [str(tmp_path / "service")]),
    ):
        done = run("check", "--show-files", *arguments, cwd=cwd)
        assert [os.path.normpath(cwd / path) for path in done.stdout.split()] == [
            str(tmp_path / "service/a.py")
        ]


ENDED = """\
[tool.redis-ssot]
manager = "app.nowhere"

[[tool.redis-ssot.allow]]
paths = ["app/**"]
rules = ["RED201"]
reason = "r"
expires = 2020-01-01

[[tool.redis-ssot.allow]]
paths = ["gone/**"]
rules = ["RED201"]
reason = "r"
"""


@pytest.mark.parametrize("style", ["concise", "json"])
@pytest.mark.parametrize(
    ("paths", "codes"),
    [
        ([], ["RED403", "RED901", "RED902"]),
        (["."], ["RED403", "RED901", "RED902"]),
        (["app"], ["RED403", "RED901", "RED902"]),
        (["app/a.py", "app"], ["RED403", "RED901", "RED902"]),
        (["app/a.py"], []),
        (["app/a.py", "app/b.py", "nested/c.py"], []),
        (["app/a.py", "nested"], ["RED901"]),
        (["pyproject.toml"], ["RED403", "RED901", "RED902"]),
        (["pyproject.toml", "app/a.py"], ["RED403", "RED901", "RED902"]),
        (["nested/pyproject.toml", "app/a.py"], ["RED901"]),
    ],
    ids=str,
)
def test_settings_are_reported_where_they_were_asked_for(
    paths: list[str], codes: list[str], style: str, tmp_path: Path, run: Command
) -> None:
    nested = ENDED.replace("app.nowhere", "c").partition('\n[[tool.redis-ssot.allow]]\npaths = ["gone')[0]
    write(
        tmp_path,
        {
            "pyproject.toml": ENDED,
            "app/a.py": "",
            "app/b.py": "",
            "nested/pyproject.toml": nested,
            "nested/c.py": "",
        },
    )
    if codes and "." in (paths or ["."]):
        codes = sorted([*codes, "RED901"])
    for _ in "once", "and out of the cache":
        done = run("check", "--output-format", style, *paths, cwd=tmp_path)
        found = re.findall(r': (RED\d+) |"code": "(RED\d+)"', done.stdout)
        assert (sorted(map("".join, found)), done.returncode) == (codes, bool(codes))
        assert "no Python files" not in done.stderr


def test_src_outside_is_indexed_and_never_reported_or_changed(tmp_path: Path, run: Command) -> None:
    old = "class RedisManager:\n    pass\n\n\nold = RedisManager()\n"
    write(
        tmp_path,
        {
            "common/handy.py": "from app.redis_manager import redis_manager\n\nimport redis\nredis.Redis()\n",
            "common/user.py": "from app.legacy import old\n",
            "service/pyproject.toml": '[tool.redis-ssot]\nmanager = "app.redis_manager"\n'
            'forbidden-managers = ["app.legacy"]\nsrc = ["..", "."]\n'
            '[tool.redis-ssot.replacements]\n"app.legacy.old" = "app.redis_manager.redis_manager"\n',
            "service/app/redis_manager.py": old.replace("old", "redis_manager"),
            "service/app/legacy.py": old,
            "service/app/use.py": "from common.handy import redis_manager\n",
            "service/app/old_use.py": "from app.legacy import old\n\nprint(old)\n",
        },
    )
    done = run("check", "--output-format", "concise", cwd=tmp_path / "service")
    assert places(done.stdout) == [("app/old_use.py", 1, 24, "RED101"), ("app/use.py", 1, 26, "RED108")]
    before = {path: path.read_bytes() for path in (tmp_path / "common").iterdir()}
    run("check", "--fix", "--unsafe-fixes", cwd=tmp_path / "service")
    assert "app.legacy" not in (tmp_path / "service/app/old_use.py").read_text()
    assert {path: path.read_bytes() for path in (tmp_path / "common").iterdir()} == before


def test_files_below_no_table(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {
            "bare/lib/a.py": BAD,
            "bare/lib/sub/b.py": BAD,
            "set/pyproject.toml": "[tool.redis-ssot]\n",
            "set/c.py": BAD,
            "far/d.py": BAD,
        },
    )
    check = ("check", "--output-format", "concise")
    for arguments in (["."], ["bare/lib/sub/b.py", "bare", "set", "far"]):
        done = run(*check, *arguments, cwd=tmp_path)
        assert [path for path, *_ in places(done.stdout)] == [
            "bare/lib/a.py", "bare/lib/sub/b.py", "far/d.py", "set/c.py",
        ]  # fmt: skip
    shown = run("check", "--show-settings", str(tmp_path / "bare"), cwd=tmp_path / "far").stdout
    assert shown.startswith(f"# {tmp_path / 'bare'}\n[tool.redis-ssot]\n")
    parts = tomllib.loads(run("check", "--show-settings", "bare", "set", cwd=tmp_path).stdout)
    assert [*parts] == [".", "set"] and "select" in parts["set"]["tool"]["redis-ssot"]
    assert not (tmp_path / "far" / ".redis_ssot_cache").exists()


def test_a_broken_table_above_is_said_for_a_project_below(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.redis-ssot]\nmanger = 1\n",
            "below/pyproject.toml": "[tool.redis-ssot]\n",
            "below/a.py": BAD,
        },
    )
    done = run("check", "a.py", cwd=tmp_path / "below")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("unknown key `manger`") == 1


def test_broken_tables_are_all_said_at_once(monorepo: Path, tmp_path: Path, run: Command) -> None:
    write(
        monorepo,
        {
            "base.toml": "wrong = 1\n",
            "services/auth/pyproject.toml": "[tool.redis-ssot]\nmanger = 1\n",
            "services/billing/pyproject.toml": '[tool.redis-ssot]\nextend = "../../base.toml"\n',
            "services/chat/pyproject.toml": '[tool.redis-ssot]\nextend = "../../base.toml"\n',
        },
    )
    done = run("check", cwd=monorepo)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("error: ") == 2
    assert "auth/pyproject.toml:2: unknown key `manger`" in done.stderr and "base.toml:1: " in done.stderr
    assert run("check", "shared", cwd=monorepo).returncode == 1
    for arguments in (["-j", "1"], ["-j", "2"]):
        flake8 = run("--isolated", *arguments, "services/auth", cwd=monorepo, module="flake8")
        said = flake8.stdout + flake8.stderr
        assert flake8.returncode == 1 and "Traceback" not in said
        assert said.count("pyproject.toml") == 1 and "unknown key `manger`" in said
    assert run("--isolated", "--select", "RED901", "shared", cwd=monorepo, module="flake8").returncode == 0


def test_flake8_options_are_the_table_of_files_that_have_none(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {
            ".flake8": "[flake8]\nredis-ssot-manager = app.redis_manager\n",
            "app/redis_manager.py": BAD,
            "service/pyproject.toml": '[tool.redis-ssot]\nmanager = "mine"\n',
            "service/mine.py": BAD,
            "service/app/redis_manager.py": BAD,
        },
    )
    wanted = [(str(tmp_path / "service/app/redis_manager.py"), 3, "RED201")]
    for cwd in (tmp_path, tmp_path / "app", tmp_path / "service"):
        assert rows(run(str(tmp_path), cwd=cwd, module="flake8").stdout, cwd) == wanted
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "other"\n')
    differs = run("service", cwd=tmp_path, module="flake8")
    assert differs.stdout.count("`manager` is set in") == 1


def test_a_named_settings_file_replaces_the_search(monorepo: Path, run: Command) -> None:
    (monorepo / "one.toml").write_text('manager = "shared.redis_manager"\nselect = ["RED201"]\n')
    done = run("check", "--output-format", "concise", "--config", "one.toml", cwd=monorepo)
    managers = {f"services/{name}/{name}/redis_manager.py" for name in SERVICES}
    assert managers < {path for path, *_ in places(done.stdout)}
    flake8 = run(
        "--isolated", "--select", "RED201", "--redis-ssot-config", "one.toml", cwd=monorepo, module="flake8"
    )
    assert places(flake8.stdout) == places(done.stdout)


def test_a_named_settings_file_beside_the_files_is_warned_of(tmp_path: Path, run: Command) -> None:
    write(
        tmp_path,
        {
            "ci/ssot.toml": '[tool.redis-ssot]\nmanager = "app.redis_manager"\n',
            "service/app/redis_manager.py": BAD,
        },
    )
    service, named = tmp_path / "service", ("--config", "../ci/ssot.toml")
    for _ in range(2):  # also from the cache
        done = run("check", *named, cwd=service)
        assert done.returncode == 1 and done.stderr.count("no file that is checked lies below that") == 1
        assert 'set `src = ["../service"]`' in done.stderr
    for command in (["plan"], ["migrate", "--dry-run"], ["baseline"], ["report", "--output-format", "json"]):
        assert "lies below that" in run(*command, *named, cwd=service).stderr, command
    given = ("--stdin-filename", "app/a.py")
    assert "lies below that" in run("check", *named, *given, "-", cwd=service, stdin=BAD.encode()).stderr
    assert run("check", "-q", *named, cwd=service).stderr == ""
    assert "lies below" not in run("check", *named, ".", "../ci", cwd=tmp_path / "ci").stderr
    # what it advises helps
    (tmp_path / "ci/ssot.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.redis_manager"\nsrc = ["../service"]\n'
    )
    done = run("check", *named, cwd=service)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "ci/ssot.toml").write_text('[tool.redis-ssot]\nmanager = "app.redis_manager"\n')
    (service / "pyproject.toml").write_text('[tool.redis-ssot]\nextend = "../ci/ssot.toml"\n')
    done = run("check", cwd=service)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_done_over_several_projects(monorepo: Path, run: Command) -> None:
    number = len(expected(monorepo))
    for name in SERVICES:
        path = monorepo / "services" / name / "pyproject.toml"
        path.write_text(path.read_text() + 'output-format = "github"\n')
    assert run("check", cwd=monorepo).stdout.endswith(f"Found {number} errors.\n")
    counted = json.loads(run("check", "--statistics", "--output-format", "json", cwd=monorepo).stdout)
    assert {row["code"]: row["count"] for row in counted} == {
        "RED201": 4, "RED101": 3, "RED402": 3, "RED108": 3, "RED206": 3,
    }  # fmt: skip
    diff = run("check", "--diff", cwd=monorepo)
    assert diff.stdout.count("+++ services/") == 6 and diff.stderr == "Would fix 6 errors.\n"
    before = {path: path.read_bytes() for path in monorepo.rglob("*.py")}
    fixed = run("check", "--fix", cwd=monorepo)
    assert fixed.stdout.endswith(f"Found {number} errors (6 fixed, {number - 6} remaining).\n")
    changed = {str(path.relative_to(monorepo)) for path in before if path.read_bytes() != before[path]}
    assert changed == {f"services/{name}/{name}/{file}.py" for name in SERVICES for file in ("bad", "user")}
    added = run("check", "--add-noqa", cwd=monorepo)
    assert added.stdout == f"Added {number - 6} noqa directives.\n"
    assert run("check", cwd=monorepo).stdout == "All checks passed!\n"


def test_an_exception_that_a_nested_project_shares_is_not_unused(tmp_path: Path, run: Command) -> None:
    allow = '[[tool.redis-ssot.allow]]\npaths = ["service/**"]\nrules = ["RED201"]\nreason = "a load test"\n'
    write(
        tmp_path,
        {
            "pyproject.toml": f"[tool.redis-ssot]\n{allow}",
            "a.py": "",
            "service/pyproject.toml": '[tool.redis-ssot]\nextend = "../pyproject.toml"\n',
            "service/b.py": BAD,
        },
    )
    for arguments in ([], ["a.py"], ["pyproject.toml"]):
        assert run("check", *arguments, cwd=tmp_path).stdout == "All checks passed!\n"
    (tmp_path / "service/pyproject.toml").write_text("[tool.redis-ssot]\n")
    assert "RED902" in run("check", "pyproject.toml", cwd=tmp_path).stdout


def test_a_migration_is_of_one_project(monorepo: Path, tmp_path: Path, run: Command) -> None:
    several = run("migrate", "--dry-run", ".", cwd=monorepo)
    assert several.returncode == 2 and "services/auth/pyproject.toml" in several.stderr
    home = run("migrate", "--dry-run", cwd=monorepo)
    assert home.stderr.count("is a project of its own, and left out") == 3
    assert "services/" not in home.stdout
    service = monorepo / "services" / "auth"
    done = run("migrate", str(service), cwd=tmp_path)
    assert (
        "Migrated 1 import and removed 1 import in 2 files." in done.stdout
        and "monorepo/services/auth/auth/user.py" in done.stdout
    )
    undo = done.stdout.split("`")[1].split()
    assert run(*undo[1:], cwd=tmp_path).returncode == 0
    assert "auth.handy" in (service / "auth" / "user.py").read_text()
    (monorepo / "pyproject.toml").unlink()
    for command in ("plan", "migrate"):
        refused = run(command, cwd=monorepo)
        assert refused.returncode == 2 and "in the folder of one" in refused.stderr


def test_a_repeated_run_over_several_projects_notices_everything(
    monorepo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)
    monkeypatch.chdir(monorepo)

    def check() -> str:
        time.sleep(0.02)
        main(["check", "--output-format", "concise", "--jobs", "1"])
        return capsys.readouterr().out

    first = check()
    assert check() == first
    service = monorepo / "services" / "chat"
    for change in (
        lambda: (service / "chat" / "new.py").write_text(BAD),
        lambda: (service / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "chat.bad"\n'),
        lambda: (monorepo / "shared" / "pyproject.toml").write_text("[tool.redis-ssot]\n"),
        lambda: (monorepo / "shared" / "library.py").write_text("class Library:\n    maker = int\n"),
        lambda: (monorepo / "pyproject.toml").write_text("[tool.redis-ssot]\n"),
        lambda: shutil.rmtree(service),
    ):
        change()
        now = check()
        assert now != first
        first = now
        assert check() == first


def test_each_table_is_looked_for_and_read_once(monorepo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8_redis_ssot import files, filesystem
    from flake8_redis_ssot.settings import finder as module

    asked: list[str] = []
    original = module.has_table
    monkeypatch.setattr(
        module, "has_table", lambda path, *disk, **more: asked.append(path) or original(path, *disk, **more)
    )
    scanned: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(filesystem.os, "scandir", lambda path: scanned.append(path) or scandir(path))
    finder = SettingsFinder(str(monorepo), codes=[])
    found = files.discover([str(monorepo)], finder)
    assert len(found.projects) == 4 and len(asked) == len(set(asked))
    assert len(scanned) == len(set(scanned))
    found.all_files(found.projects[0])
    assert len(scanned) == len(set(scanned))


TEMPLATE = '[project]\nname = "{{ cookiecutter.name }}"\n{% if cookiecutter.redis %}\n'


def test_a_nested_settings_file_of_others_may_be_broken(monorepo: Path, run: Command) -> None:
    """A template is no TOML; what does not name the table has none."""
    template = monorepo / "template" / "{{ cookiecutter.name }}"
    write(template, {"pyproject.toml": TEMPLATE, "bad.py": BAD})
    for top in (monorepo, monorepo / "template"):
        done = run("check", "--output-format", "concise", cwd=top)
        assert done.returncode == 1 and "cookiecutter.name }}/bad.py:3:1: RED201" in done.stdout, done.stderr
    done = run("check", cwd=template)
    assert done.returncode == 2 and "pyproject.toml:3:1: not valid TOML" in done.stderr


def test_a_nested_table_that_is_broken(monorepo: Path, run: Command) -> None:
    write(monorepo / "template", {"pyproject.toml": TEMPLATE + "[tool.redis-ssot]\n", "bad.py": BAD})
    done = run("check", cwd=monorepo)
    assert done.returncode == 2
    assert "template/pyproject.toml:3:1: not valid TOML: " in done.stderr
    assert "; correct it, or leave its folder out by `extend-exclude`\n" in done.stderr
    table = monorepo / "pyproject.toml"
    table.write_text(table.read_text().replace('"generated"', '"generated", "template"'))
    assert run("check", cwd=monorepo).returncode == 1


def test_a_file_below_no_import_root_has_all_names_of_a_module(tmp_path: Path, run: Command) -> None:
    for name, text in {
        "pyproject.toml": '[tool.redis-ssot]\nsrc = ["lib"]\nmanager = "manager"\n',
        "lib/store.py": "import redis\n\nclient = redis.Redis()\n",
        "scripts/run.py": "from store import *\n\n\nasync def main():\n    client.get('a')\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    done = run("check", "--select", "RED505", "--output-format", "concise", "--no-cache", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert places(done.stdout) == [("scripts/run.py", 5, 5, "RED505")]
