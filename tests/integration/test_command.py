"""The command and the plugin as a user meets them, mishaps included."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import Command, places

from flake8_redis_ssot.cli.parser import COMMANDS, make_parser
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.output.report import Report, counting, format_of

BAD = "import redis\nredis.Redis()\n"


def test_exit_codes_and_messages(tmp_path: Path, run: Command, process: Command) -> None:
    assert run(cwd=tmp_path).returncode == 2
    empty = run("check", cwd=tmp_path)
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "no Python files" in empty.stderr
    (tmp_path / "bad.py").write_text(BAD)
    assert process("check", cwd=tmp_path).returncode == 1
    assert run("check", "--exit-zero", cwd=tmp_path).returncode == 0
    missing = process("check", "nowhere", "bad.py", "--output-format", "concise", cwd=tmp_path)
    assert missing.returncode == 2
    assert "nowhere: No such file" in missing.stderr and places(missing.stdout)
    unknown = run("check", "--select", "RED999", cwd=tmp_path)
    assert unknown.returncode == 2 and "unknown rule code `RED999`" in unknown.stderr
    assert run("rule", "RED201", cwd=tmp_path).stdout.startswith("# direct-client-construction")
    assert "did you mean `RED201`" in run("rule", "RED211", cwd=tmp_path).stderr
    assert "import roots" in run("config", "src", cwd=tmp_path).stdout.lower()


@pytest.mark.parametrize(
    ("name", "data", "codes"),
    [
        ("empty.py", b"", []),
        ("formfeed.py", b"import redis\n\x0c\nredis.Redis()\n", ["RED201"]),
        ("latin.py", b"import redis\nredis.Redis()  # \xe9\n", ["RED000"]),
        ("cookie.py", b"# coding: latin-1\nimport redis\nx = '\xe9', redis.Redis()\n", ["RED201"]),
        ("wrong.py", b"# coding: nonsense\nimport redis\nredis.Redis()\n", ["RED000"]),
        ("null.py", b"import redis\n\x00redis.Redis()\n", ["RED000"]),
        ("long.py", b"import redis; redis.Redis(); x = '" + b"a" * 10_000_000 + b"'\n", ["RED201"]),
        ("nested.py", b"import redis\n" + b"(" * 5000 + b")" * 5000 + b"\n", ["RED000"]),
        ("sum.py", b"import redis\nx = redis.Redis()" + b" + 1" * 700 + b"\n", ["RED201"]),
        ("half.py", b"import redis\nredis.Redis(\n", ["RED000"]),
        ("a\x1b[31m\nb.py", BAD.encode(), ["RED201"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isprintable() else "",
)
def test_bad_input_never_ends_in_a_traceback(name, data, codes, tmp_path: Path, run: Command) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "other.py").write_text(BAD)
    outputs = [option for style in FORMATS for option in ("--output-format", style, "-o", f"{style}.out")]
    done = run("check", *outputs, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "") and "Traceback" not in done.stderr
    texts = {style: (tmp_path / f"{style}.out").read_text() for style in FORMATS}
    assert not [style for style, text in texts.items() if "\x1b" in text or "other.py" not in text]
    found = [(Path(row["filename"]).name, row["code"]) for row in json.loads(texts["json"])]
    assert sorted(found) == sorted([*((name, code) for code in codes), ("other.py", "RED201")])


def test_odd_files(tmp_path: Path, run: Command) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "bad.py").write_text(BAD)
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "up").symlink_to(tmp_path)
    done = run("check", "--output-format", "concise", cwd=tmp_path)
    assert places(done.stdout) == [("folder.py/bad.py", 2, 1, "RED201")]
    assert [line for line in done.stderr.splitlines() if "redis-ssot init" not in line] == []
    for name in ("pipe.py", "loop.py"):
        named = run("check", name, cwd=tmp_path)
        assert named.returncode == 2 and named.stderr.startswith(f"error: {name}: ")


def test_a_file_that_the_system_refuses_is_reported(tmp_path: Path) -> None:
    from flake8_redis_ssot.filesystem import Disk
    from flake8_redis_ssot.lint import run
    from flake8_redis_ssot.settings.load import load_settings
    from flake8_redis_ssot.settings.model import Selection
    from flake8_redis_ssot.source import SourceError, SourceFile

    class Refusing(Disk):
        def source(self, path: str) -> SourceFile:
            if path.endswith("a.py"):
                raise SourceError("cannot be read: Permission denied")
            return super().source(path)

    good = tmp_path / "b.py"
    good.write_text(BAD)
    settings = load_settings(None, root=str(tmp_path), codes=[])
    found = run.run([str(tmp_path / "a.py"), str(good)], run.checker_for(settings, Selection(), Refusing()))
    assert [d.code for d in found.diagnostics] == ["RED000", "RED201"]
    assert "Permission denied" in found.diagnostics[0].message


def test_standard_input(tmp_path: Path, run: Command, process: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\n')
    command = process("check", "--output-format", "concise", "-", cwd=tmp_path, stdin=BAD.encode())
    assert places(command.stdout) == [("stdin.py", 2, 1, "RED201")]
    framed = run("check", "--stdin-filename", "pyproject.toml", "-", cwd=tmp_path, stdin=BAD.encode())
    assert "2 | redis.Redis()\n  | ^^^^^^^^^^^^^" in framed.stdout
    implied = run("check", "--stdin-filename", "pyproject.toml", cwd=tmp_path, stdin=BAD.encode())
    assert implied.stdout == framed.stdout
    both = run("check", "-", "a.py", cwd=tmp_path, stdin=BAD.encode())
    assert both.returncode == 2 and "standard input is checked alone" in both.stderr
    assert run("check", "--add-noqa", "-", cwd=tmp_path, stdin=BAD.encode()).returncode == 2
    manager = run("check", "--stdin-filename", "manager.py", "-", cwd=tmp_path, stdin=BAD.encode())
    assert manager.returncode == 0
    flake8 = process("--isolated", "-", cwd=tmp_path, stdin=BAD.encode(), module="flake8")
    assert places(flake8.stdout) == [("stdin", 2, 1, "RED201")]
    named = run(
        "--isolated", "--stdin-display-name", "manager.py", "-",
        cwd=tmp_path, stdin=BAD.encode(), module="flake8",
    )  # fmt: skip
    assert places(named.stdout) == []


def test_gitignore_exclude_and_settings_below(tmp_path: Path, run: Command) -> None:
    for name in ("kept/a.py", "ignored/a.py", "node_modules/a.py", "more/a.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(BAD)
    (tmp_path / ".gitignore").write_text("/ignored/\n")
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nextend-exclude = ["more"]\n')
    (tmp_path / "kept" / "pyproject.toml").write_text("[tool.redis-ssot]\n")
    done = run("check", "--show-files", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("kept/a.py\n", "")
    below = run("check", "--output-format", "concise", "a.py", cwd=tmp_path / "more")
    assert places(below.stdout) == [("a.py", 2, 1, "RED201")]


def test_settings_errors_come_all_at_once(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanger = "a"\nsrc = 3\nselect = ["RED9999"]\n'
        '[[tool.redis-ssot.allow]]\npaths = ["a"]\nrules = ["RED201"]\nreason = "r"\nexpires = "soon"\n'
    )
    for done in (run("check", cwd=tmp_path), run("--isolated", cwd=tmp_path, module="flake8")):
        text = done.stderr + done.stdout
        assert done.returncode == (2 if done.stderr else 1) and "Traceback" not in text
        for part in (
            ":2: unknown key `manger`; did you mean `manager`?",
            ":3: `src` must be",
            ":4: unknown rule code",
            ":5: `allow.expires`",
        ):
            assert part in text, text
    (tmp_path / "pyproject.toml").write_text("[tool.redis-ssot]\nmanager = \n")
    broken = run("check", cwd=tmp_path)
    assert broken.returncode == 2 and "pyproject.toml:2:11: not valid TOML" in broken.stderr


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("select = []\n", "`select` is empty"),
        ('exclude = ["[vendor"]\n', "`exclude` has `[vendor`: a `[` is not closed"),
        ('required-version = ">=99"\nnewer = 1\n', "install a version that fits"),
        ('select = ["E501"]\n', "the codes of redis-ssot begin with `RED`"),
        ('manager = ""\n', "`manager` must be a dotted module name"),
        ('[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["../b"]\n', "leads out of"),
    ],
)
def test_a_broken_table_is_one_clear_error_everywhere(
    table: str, message: str, tmp_path: Path, run: Command
) -> None:
    (tmp_path / "a.py").write_text(BAD)
    (tmp_path / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{table}")
    for done in (run("check", cwd=tmp_path), run("--isolated", cwd=tmp_path, module="flake8")):
        said = done.stdout + done.stderr
        assert said.count("pyproject.toml:") == 1 and message in said and "Traceback" not in said
        assert done.returncode == (2 if done.stderr else 1)


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("arguments", [["nowhere"], ["nowhere", "clean.py"]])
def test_what_could_not_be_checked_is_not_said_to_be_well(
    arguments: list[str], style: str, tmp_path: Path, run: Command
) -> None:
    (tmp_path / "clean.py").touch()
    (tmp_path / "b.json").write_text("old")
    done = run("check", *arguments, "--output-format", style, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, format_of(style).render(Report([], failed=True)))
    assert done.stderr.startswith("error: nowhere: ")
    run("check", *arguments, "--output-format", style, "--output-file", "b.json", cwd=tmp_path)
    assert (tmp_path / "b.json").read_text() == done.stdout


def test_json_has_ruff_s_keys_in_its_order(tmp_path: Path, run: Command, process: Command) -> None:
    (tmp_path / "a.py").write_text(f"import os\n{BAD}")
    (tmp_path / "broken.py").write_text("import redis\nredis.Redis(\n")
    ruff = process(
        "check", "--isolated", "--no-cache", "--output-format", "json", "a.py", cwd=tmp_path, module="ruff"
    )
    expected = [(key, type(value)) for key, value in json.loads(ruff.stdout)[0].items() if key != "fix"]
    done = run("check", "--output-format", "json", cwd=tmp_path)
    first, second = json.loads(done.stdout)
    assert [(key, type(value)) for key, value in first.items() if key != "fix"] == expected
    assert list(first) == list(second) == list(json.loads(ruff.stdout)[0])
    assert (first["code"], first["noqa_row"], first["severity"], first["cell"]) == (
        "RED201",
        3,
        "error",
        None,
    )
    assert (second["code"], second["noqa_row"]) == ("RED000", None)
    lines = run("check", "--output-format", "json-lines", cwd=tmp_path).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [first, second]


def test_github_is_told_columns_of_one_line_alone(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text("import redis\nredis.Redis(\n    host='a',\n)\nredis.Redis()\n")
    rows = run("check", "--output-format", "github", cwd=tmp_path).stdout.splitlines()
    assert [row.split("file=")[1].split("::")[0] for row in rows] == [
        "a.py,line=2,endLine=4",
        "a.py,line=5,col=1,endLine=5,endColumn=14",
    ]


def test_statistics_obey_the_format(tmp_path: Path, run: Command, process: Command) -> None:
    (tmp_path / "a.py").write_text(f"import os\n{BAD}")
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nextend-select = ["RED506"]\n')
    (tmp_path / "b.py").write_text(f"{BAD}redis.StrictRedis()\n")
    count = ("check", "--statistics", "--output-format")
    rows = json.loads(run(*count, "json", cwd=tmp_path).stdout)
    assert rows == [
        {"code": "RED201", "name": "direct-client-construction", "count": 3, "fixable": False, "fixable_count": 0},
        {"code": "RED506", "name": "deprecated-redis-api", "count": 1, "fixable": True, "fixable_count": 1},
    ]  # fmt: skip
    ruff = process(
        *count, "json", "--isolated", "--no-cache", "--select", "F401", "a.py", cwd=tmp_path, module="ruff"
    )
    assert list(json.loads(ruff.stdout)[0]) == list(rows[0])
    lines = run(*count, "json-lines", cwd=tmp_path).stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert run(*count, "full", cwd=tmp_path).stdout.startswith(
        "3\tRED201\tdirect-client-construction\n1\tRED506"
    )
    assert run(*count, "json", "--select", "RED4", cwd=tmp_path).stdout == "[]\n"
    refused = run(*count, "github", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"no form in github; choose one of {', '.join(counting())}" in refused.stderr


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
@pytest.mark.parametrize("codes", ["", ",", "RED201,", " "])
def test_an_empty_code_is_an_error(option: str, codes: str, tmp_path: Path, run: Command) -> None:
    done = run("check", option, codes, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {option}: a code is empty" in done.stderr


def test_a_choice_that_leaves_no_rule_is_said(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(BAD)
    for _ in range(2):  # also from the cache
        done = run("check", "--select", "RED201", "--ignore", "RED201", cwd=tmp_path)
        assert done.returncode == 0 and done.stderr.startswith("warning: no rule is enabled but RED000")
    done = run("check", "--select", "RED401", "--no-project", cwd=tmp_path)
    assert "no rule is enabled" in done.stderr
    assert run("check", "--ignore", "RED201", cwd=tmp_path).stderr == ""


def test_no_message_has_an_empty_place(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.manager"\nsrc = ["packages/*"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["b"]\nsrc = ["none", "b"]\nmanager = "b.m"\n'
    )
    (tmp_path / "b" / "b").mkdir(parents=True)
    (tmp_path / "b" / "b" / "a.py").touch()
    done = run("check", "--select", "RED403", "--output-format", "concise", cwd=tmp_path)
    assert "`app.manager`: `src` names no folder that exists; correct `src`" in done.stdout
    assert "`b.m` below `b`; correct `manager` or `src`" in done.stdout


def test_flake8_options_join_the_settings(tmp_path: Path, run: Command) -> None:
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth" / "manager.py").write_text(BAD)
    (tmp_path / "user.py").write_text("import auth.manager\nimport old\n")
    (tmp_path / ".flake8").write_text(
        "[flake8]\nselect = RED\nredis-ssot-manager = app.manager\nredis-ssot-forbidden-managers = old\n"
        "redis-ssot-boundaries =\n    auth: auth/** -> auth.manager\n"
    )
    done = run(cwd=tmp_path, module="flake8")
    assert places(done.stdout) == [("user.py", 1, 8, "RED103"), ("user.py", 2, 8, "RED101")]
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "app.other"\n')
    differs = run(cwd=tmp_path, module="flake8")
    assert "`manager` is set in" in differs.stdout and "Traceback" not in differs.stdout + differs.stderr


@pytest.mark.parametrize(
    ("module", "arguments"), [("flake8", ["--isolated"]), ("flake8_redis_ssot", ["check", "--no-cache"])]
)
def test_our_own_failure_names_the_file(
    module: str, arguments: list[str], tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text(BAD)

    def broken(*_: object) -> NoReturn:
        raise SyntaxError("ours")  # which flake8 takes for the user's

    monkeypatch.setattr(FileChecker, "check", broken)
    done = run(*arguments, "a.py", cwd=tmp_path, module=module)
    text = done.stdout + done.stderr
    assert done.returncode and "a.py: not checked" in text and "please report it" in text
    assert "Traceback" not in text and "E999" not in text


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import redis\n" + "redis.Redis()\n" * 800)
    # more than a pipe holds
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m flake8_redis_ssot check --isolated a.py | head -1"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == "" and done.stdout.startswith("RED201")


def test_importing_the_command_is_light() -> None:
    code = (
        "import sys; import flake8_redis_ssot.cli.main; "
        "print(*{'astroid', 'multiprocessing', 'importlib.metadata', 'pygls', 'rich', 'flake8', 'packaging', 'pathspec'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_table_knows_every_builder_of_the_installed_redis() -> None:
    import redis
    import redis.asyncio

    from flake8_redis_ssot.inference.builder_table import BUILDERS

    bases = (redis.Redis, redis.asyncio.Redis, redis.ConnectionPool, redis.asyncio.ConnectionPool,
             redis.RedisCluster, redis.asyncio.RedisCluster, redis.Sentinel, redis.asyncio.Sentinel)  # fmt: skip
    modules = [
        m for name, m in sys.modules.items() if name.split(".")[0] == "redis" and ".commands" not in name
    ]
    found = {
        f"{module.__name__}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, bases)
        and "Pipeline" not in name
        and "multidb" not in module.__name__
    }
    assert found and found <= set(BUILDERS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    (command,) = make_parser([name])._subparsers._group_actions[0].choices.values()  # type: ignore[union-attr,index]
    assert command.description and command.description.endswith(".")
    assert all(action.help for action in command._actions)


def test_a_cache_that_cannot_be_removed_is_said(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text(BAD)
    run("check", cwd=tmp_path)

    def refused(folder: str) -> NoReturn:
        raise PermissionError(13, "Permission denied", f"{folder}/0")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        done = run("clean", cwd=tmp_path)
    assert (
        done.returncode == 2
        and "cache: cannot be removed completely: Permission denied; make it" in done.stderr
    )
    assert "Removed the cache" in run("clean", cwd=tmp_path).stdout
