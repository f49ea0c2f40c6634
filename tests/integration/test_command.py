"""The command and the plugin as a user meets them, mishaps included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command, places

BAD = "import redis\nredis.Redis()\n"


def test_exit_codes_and_messages(tmp_path: Path, run: Command) -> None:
    assert run(cwd=tmp_path).returncode == 2
    empty = run("check", cwd=tmp_path)
    assert (empty.returncode, empty.stdout) == (0, "All checks passed!\n")
    assert "no Python files" in empty.stderr
    (tmp_path / "bad.py").write_text(BAD)
    assert run("check", cwd=tmp_path).returncode == 1
    assert run("check", "--exit-zero", cwd=tmp_path).returncode == 0
    missing = run("check", "nowhere", "bad.py", "--output-format", "concise", cwd=tmp_path)
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
@pytest.mark.parametrize("style", ["concise", "full", "json", "json-lines", "github"])
def test_bad_input_never_ends_in_a_traceback(name, data, codes, style, tmp_path: Path, run: Command) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "other.py").write_text(BAD)
    done = run("check", "--output-format", style, cwd=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    if style == "json":
        found = [(Path(row["filename"]).name, row["code"]) for row in json.loads(done.stdout)]
        assert sorted(found) == sorted([*((name, code) for code in codes), ("other.py", "RED201")])


def test_odd_files(tmp_path: Path, run: Command) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "bad.py").write_text(BAD)
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "up").symlink_to(tmp_path)
    done = run("check", "--output-format", "concise", cwd=tmp_path)
    assert places(done.stdout) == [("folder.py/bad.py", 2, 1, "RED201")] and done.stderr == ""
    for name in ("pipe.py", "loop.py"):
        named = run("check", name, cwd=tmp_path)
        assert named.returncode == 2 and named.stderr.startswith(f"error: {name}: ")


def test_a_file_that_the_system_refuses_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8_redis_ssot.engine import run as engine
    from flake8_redis_ssot.settings.load import load_settings
    from flake8_redis_ssot.settings.model import Selection
    from flake8_redis_ssot.source import SourceError, SourceFile

    good = tmp_path / "b.py"
    good.write_text(BAD)
    read = SourceFile.read

    def refuse(path: str) -> SourceFile:
        if path.endswith("a.py"):
            raise SourceError("cannot be read: Permission denied")
        return read(path)

    monkeypatch.setattr(SourceFile, "read", refuse)
    settings = load_settings(None, root=str(tmp_path), codes=[])
    found = engine.run([str(tmp_path / "a.py"), str(good)], engine.checker_for(settings, Selection()))
    assert [d.code for d in found.diagnostics] == ["RED000", "RED201"]
    assert "Permission denied" in found.diagnostics[0].message


def test_standard_input(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\n')
    command = run("check", "--output-format", "concise", "-", cwd=tmp_path, stdin=BAD.encode())
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
    flake8 = run("--isolated", "-", cwd=tmp_path, stdin=BAD.encode(), module="flake8")
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
    assert done.stdout == "kept/a.py\n"
    assert "warning: kept/pyproject.toml" in done.stderr
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


def test_our_own_failure_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BAD)
    script = (
        "import sys\nfrom flake8_redis_ssot.engine.check import FileChecker\n"
        "def broken(*_):\n    raise SyntaxError('ours')\nFileChecker.check = broken\n"
        "from {} import main\nsys.exit(main({!r}))\n"
    )
    for module, arguments in (
        ("flake8.main.cli", ["--isolated", "-j0", "a.py"]),
        ("flake8_redis_ssot.cli.main", ["check", "a.py"]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script.format(module, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        text = done.stdout + done.stderr
        assert done.returncode and "a.py: not checked" in text and "please report it" in text
        assert "Traceback" not in text and "E999" not in text


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import redis\n" + "redis.Redis()\n" * 3000)
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m flake8_redis_ssot check a.py | head -1"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == "" and done.stdout.startswith("RED201")


def test_importing_the_command_is_light() -> None:
    code = (
        "import sys; import flake8_redis_ssot.cli.main; "
        "print(*{'astroid', 'multiprocessing', 'importlib.metadata', 'pygls', 'rich', 'flake8'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_table_knows_every_builder_of_the_installed_redis() -> None:
    import redis
    import redis.asyncio

    from flake8_redis_ssot.semantic.redis_api import BUILDERS

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
