"""Options of the command by themselves; those that are ruff's too are run beside it in test_beside_ruff."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from conftest import EXAMPLE, Command, places
from monorepo import SERVICES, make

from flake8_redis_ssot.settings.model import OPTIONS

BAD = "import redis\nredis.Redis()\n"


def test_settings_are_shown_as_they_are_set(tmp_path: Path, run: Command) -> None:
    text = run("check", "--show-settings", cwd=EXAMPLE).stdout
    table = tomllib.loads(text)["tool"]["redis-ssot"]
    assert table.keys() <= OPTIONS.keys()
    assert table["manager"] == ["backend.app.redis_manager"] and "RED201" in table["select"]
    assert [boundary["name"] for boundary in table["boundary"]]


@pytest.mark.parametrize(
    "table",
    [
        "",
        'manager = ["m", "p.**"]\ninstance = "get()"\nforbidden-managers = ["old.*"]\nsrc = [".", "lib"]\n'
        'select = ["RED2", "RED6"]\nignore = ["RED202"]\nextend-exclude = ["vendor", "gen/**"]\nunfixable = ["RED1"]\n'
        'output-format = "concise"\nforce-exclude = true\ntests = ["spec/**", "!spec/x.py"]\n'
        'per-file-ignores = { "!sub/**" = ["RED601"], "a.py" = ["RED2"] }\n'
        '[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["sub/**"]\nmanager = "sub.m"\nreason = "a \\"word\\""\n'
        '[[tool.redis-ssot.allow]]\npaths = ["/c.py"]\nrules = ["RED2"]\nreason = "\u00fc"\nsymbols = ["redis.Redis"]\n'
        'owner = "@x"\nexpires = 2999-01-01\n[tool.redis-ssot.replacements]\n"old.a" = "m.b"\n'
        '"old.c" = { to = "m.d", arguments = { name = "key" } }\n',
    ],
)
def test_what_is_shown_of_settings_may_be_used_as_such(table: str, tmp_path: Path, run: Command) -> None:
    source = "import old.x\nimport redis\nredis.Redis('redis://a')\nmake = redis.Redis\nmake()\nURL = 'redis://h'\n"
    for name in ("a.py", "c.py", "sub/d.py", "vendor/e.py", "gen/f.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    (tmp_path / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{table}")

    def found() -> tuple[str, str]:
        shown = run("check", "--show-settings", cwd=tmp_path).stdout
        return shown, run("check", "-n", "--output-format", "json", cwd=tmp_path).stdout

    first, before = found()
    (tmp_path / "pyproject.toml").write_text(first)
    second, after = found()
    assert second == first
    assert [row for row in json.loads(after) if row["filename"].endswith(".py")] == [
        row for row in json.loads(before) if row["filename"].endswith(".py")
    ]


def test_paths_of_another_settings_file_are_shown_from_here(tmp_path: Path, run: Command) -> None:
    for name in ("base", "own"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "base.toml").write_text(
        'tests = ["/spec/**", "!/spec/no/**", "deep/**", "*.spec.py"]\nexclude = ["gone/x", "no"]\n'
    )
    (tmp_path / "own" / "pyproject.toml").write_text('[tool.redis-ssot]\nextend = "../base/base.toml"\n')
    (tmp_path / "own" / "a.py").write_text(BAD)
    shown = tomllib.loads(run("check", "--show-settings", cwd=tmp_path / "own").stdout)["tool"]["redis-ssot"]
    base = tmp_path / "base"
    assert shown["tests"] == [f"{base}/spec/**", f"!{base}/spec/no/**", f"{base}/deep/**", "*.spec.py"]
    assert f"{base}/gone/x" in shown["exclude"] and "no" in shown["exclude"]


def test_options_hold_in_every_project_of_a_run(tmp_path: Path, run: Command) -> None:
    root = make(tmp_path / "monorepo")
    check = ("check", "--output-format", "concise")
    for arguments in (["--select", "RED101,RED108"], ["--config", "select = ['RED101', 'RED108']"]):
        found = places(run(*check, *arguments, cwd=root).stdout)
        assert {code for *_, code in found} == {"RED101", "RED108"}
        assert len({path.split("/")[1] for path, *_ in found}) == len(SERVICES)
    paths = {
        path for path, *_ in places(run(*check, "--exclude", "services/auth,generated", cwd=root).stdout)
    }
    assert paths and not any(path.startswith("services/auth") for path in paths)
    isolated = run(*check, "--isolated", "--select", "RED201", cwd=root)
    assert {path for path, *_ in places(isolated.stdout)} == {
        str(path.relative_to(root)) for path in root.rglob("*.py") if "redis.Redis()" in path.read_text()
    }
    wrong = run("check", "--config", "manger = 1", "--select", "RED999", cwd=root)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.count("error: ") == 2  # once, not once a project
    assert "--config 'manger = 1': unknown key `manger`; did you mean `manager`?" in wrong.stderr
    assert "command line: unknown rule code `RED999` in `select`" in wrong.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("select = RED2", "not valid TOML"),
        ("extend = 'a.toml'", "`extend` names a file"),
        ("select = 'RED2'", "`select` must be a list of strings"),
    ],
)
def test_a_setting_of_the_command_line_that_is_wrong(
    given: str, message: str, tmp_path: Path, run: Command
) -> None:
    done = run("check", "--config", given, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        2,
        "",
    ) and f"error: --config '{given}': {message}" in done.stderr


def test_the_cache_may_lie_outside_by_the_command_line_alone(tmp_path: Path, run: Command) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text(BAD)
    assert run("check", "--config", "cache-dir = '../cache'", cwd=project).returncode == 1
    assert (tmp_path / "cache" / "CACHEDIR.TAG").is_file()
    (project / "pyproject.toml").write_text('[tool.redis-ssot]\ncache-dir = "../cache"\n')
    assert "lies outside the project" in run("check", cwd=project).stderr


def test_a_per_file_ignore_of_the_command_line_is_never_unused(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nper-file-ignores = { "x.py" = ["RED2"] }\n'
        'extend-per-file-ignores = { "y.py" = ["RED2"] }\n'
    )
    check = ("check", "--output-format", "concise", "--select", "RED9,RED2")
    found = run(*check, "--extend-per-file-ignores", "z.py:RED2", cwd=tmp_path).stdout
    assert found.count("RED902") == 2 and "`z.py`" not in found
    assert places(found) == [("pyproject.toml", 2, 1, "RED902"), ("pyproject.toml", 3, 1, "RED902")]
    replaced = run(*check, "--per-file-ignores", "z.py:RED2", cwd=tmp_path).stdout
    assert places(replaced) == [("pyproject.toml", 3, 1, "RED902")]


def test_comments_are_never_added_to_settings(tmp_path: Path, run: Command) -> None:
    table = '[tool.redis-ssot]\nmanager = "a"\nper-file-ignores = { "x.py" = ["RED2"] }\n'
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "a.py").write_text("")
    (tmp_path / "b.py").write_text(BAD + "redis.Redis(); redis.ConnectionPool()\n")
    done = run("check", "--add-noqa=known", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Added 2 noqa directives.\n")
    assert done.stderr == "warning: pyproject.toml: RED902 is left: no comment silences what settings say\n"
    assert (tmp_path / "pyproject.toml").read_text() == table
    assert (tmp_path / "b.py").read_text().splitlines()[1:] == [
        "redis.Redis()  # noqa: RED201 known",
        "redis.Redis(); redis.ConnectionPool()  # noqa: RED201, RED301 known",
    ]
    assert run("check", "--select", "RED2,RED3,RED903", "b.py", cwd=tmp_path).stdout == "All checks passed!\n"
    silenced = run("check", "--select", "RED2,RED3", "--ignore-noqa", "b.py", cwd=tmp_path)
    assert silenced.stdout.endswith("Found 3 errors.\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# noqa: E501", "# noqa: E501, RED201 for now"),
        ("# noqa: E501 # type: ignore", "# noqa: E501, RED201 for now # type: ignore"),
        ("# noqa: E501 long", "# noqa: E501, RED201 long"),
        ("# noqa:E501,E302", "# noqa:E501,E302, RED201 for now"),
        ("# type: ignore", "# type: ignore  # noqa: RED201 for now"),
    ],
)
def test_a_reason_is_given_where_there_is_none(before: str, after: str, tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "m"\n')
    (tmp_path / "m.py").write_text("")
    (tmp_path / "b.py").write_text(f"{BAD.splitlines()[0]}\nredis.Redis()  {before}\n")
    assert run("check", "--add-noqa=for now", "b.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "b.py").read_text().splitlines()[1] == f"redis.Redis()  {after}"
    assert run("check", "--select", "RED2,RED903", "b.py", cwd=tmp_path).stdout == "All checks passed!\n"


def test_no_comment_is_added_to_a_file_that_nobody_may_write(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "m"\n')
    (tmp_path / "b.py").write_text(BAD)
    (tmp_path / "b.py").chmod(0o444)
    done = run("check", "--add-noqa=known", "b.py", cwd=tmp_path)
    assert done.returncode == 2 and (tmp_path / "b.py").read_text() == BAD
    assert "b.py: it or its folder is read-only; make it writable, and run again" in done.stderr


def test_ignored_comments_hold_back_no_project_rule_and_are_not_judged(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "m"\nextend-select = ["RED904"]\n')
    (tmp_path / "m.py").write_text("import redis\nmanager = redis.Redis()\n")
    (tmp_path / "h.py").write_text("from m import manager  # noqa: RED402, RED101\n")
    check = ("check", "--output-format", "concise")
    assert {code for *_, code in places(run(*check, cwd=tmp_path).stdout)} == {"RED904"}
    for _ in range(2):
        assert {code for *_, code in places(run(*check, "--ignore-noqa", cwd=tmp_path).stdout)} == {"RED402"}


@pytest.mark.parametrize(
    "arguments", [["--fix", "-"], ["--diff", "--no-project"], ["--fix-only", "--ignore-noqa"]]
)
def test_fixes_need_all_files_and_heed_comments(arguments: list[str], tmp_path: Path, run: Command) -> None:
    done = run("check", *arguments, cwd=tmp_path, stdin=b"")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("error: fixes ")


def test_levels_of_what_is_said(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "pyproject.toml").write_text("[tool.redis-ssot]\n")
    concise = ("check", "--output-format", "concise")
    plain = run(*concise, cwd=tmp_path)
    for _ in range(2):
        assert run(*concise, "-q", cwd=tmp_path).stdout == plain.stdout.removesuffix("Found 1 error.\n")
    assert run(*concise, "--select", "RED000", "-q", cwd=tmp_path).stderr == ""
    verbose = run(*concise, "-v", cwd=tmp_path)
    assert verbose.stdout == plain.stdout
    assert (
        f"debug: settings: {tmp_path}/pyproject.toml" in verbose.stderr and "debug: cache: " in verbose.stderr
    )
    silent = run(*concise, "-s", cwd=tmp_path)
    assert (silent.returncode, silent.stdout, silent.stderr) == (1, "", "")
    missing = run(*concise, "-s", "nowhere", cwd=tmp_path)
    assert missing.returncode == 2 and missing.stderr.startswith("error: nowhere")


def test_watching_checks_again_when_a_file_changes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    command = subprocess.Popen(
        [sys.executable, "-u", "-m", "flake8_redis_ssot", "check", "--watch", "--output-format", "concise"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert command.stdout is not None
    try:
        assert command.stdout.readline() == "All checks passed!\n"
        line = ""
        for _ in range(40):  # the watch begins some time after the first check
            (tmp_path / "a.py").write_text(BAD)
            time.sleep(0.3)
            if command.poll() is not None:
                break
            import select

            if select.select([command.stdout], [], [], 0)[0]:
                line = command.stdout.readline()
                break
        assert line.startswith("a.py:2:1: RED201 ")
    finally:
        command.terminate()
        command.wait()


def test_watching_without_its_extra_says_what_to_install(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    monkeypatch.setitem(sys.modules, "shtab", None)
    for arguments, extra in (
        (["check", "--watch"], "watch"),
        (["generate-shell-completion", "zsh"], "completion"),
    ):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 2 and f"install flake8-redis-ssot[{extra}]" in done.stderr


def test_no_output_takes_the_place_of_a_source_file(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text("import redis\n")
    done = run("check", "-o", "a.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "--output-file a.py: is what would be checked, not where to write; name another file" in done.stderr
    )
    assert (tmp_path / "a.py").read_text() == "import redis\n"
