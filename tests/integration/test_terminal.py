"""The command as a person at a terminal meets it, and what happens when its output has no place."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from conftest import EXAMPLE, Command

from flake8_redis_ssot.lint.run import checker_for, run_project
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection

BAD = "import redis\nredis.Redis()\n"


def on_terminal(*arguments: str, cwd: Path, columns: int = 80, **variables: str) -> tuple[int, str]:
    """Status and output of the command on a terminal so wide, less what shows progress."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    unset = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    command = subprocess.Popen(
        [sys.executable, "-m", "flake8_redis_ssot", *arguments],
        cwd=cwd, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env=environment | {"TERM": "xterm"} | variables,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(slave)
    said = _read(master)
    os.close(master)
    return command.wait(), re.sub(r"\r\x1b\[K(Checking [^\r\n]*)?", "", said.replace("\r\n", "\n"))


def _read(terminal: int) -> str:
    """All that is written to a terminal until nobody has it open."""
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return said.decode()
        said += part


def without_progress(text: str) -> str:
    """The text without the line that a slow machine shows for a while."""
    return re.sub(r"\r\x1b\[K(?:Checking[^\r\n]*)?", "", text)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("style", ["full", "grouped", "concise"])
def test_words_stay_whole_at_the_margin(columns: int, style: str) -> None:
    status, text = on_terminal(
        "check", "--no-cache", "--output-format", style, "backend", cwd=EXAMPLE, columns=columns
    )
    plain = re.sub(r"\x1b\[[\d;]*[mK]", "", without_progress(text))
    assert status == 1 and "\x1b[" in text
    for line in plain.splitlines():
        assert len(line) <= columns or len(line.split()) <= 2, line
    assert re.search(r"RED101 \[\*\] ", plain.replace("\n    ", " "))
    assert re.search(r"\[\*\] \d+ fixable with the `--fix` option\.\n$", plain)


@pytest.mark.parametrize(
    "arguments", [["rule", "RED403"], ["rule", "RED303"], ["config"], ["plan"], ["migrate", "--dry-run"]]
)
def test_words_stay_whole_in_every_subcommand(arguments: list[str], run: Command) -> None:
    text = without_progress(on_terminal(*arguments, cwd=EXAMPLE, columns=60)[1])
    is_code = False
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        assert is_code or len(line) <= 60 or len(line.split()) <= 2, line
    wide = without_progress(on_terminal(*arguments, cwd=EXAMPLE, columns=4000)[1])
    piped = run(*arguments, cwd=EXAMPLE).stdout
    assert wide.split() == text.split() == piped.split()  # the same words


def test_colours_are_asked_for_or_not(tmp_path: Path, process: Command) -> None:
    (tmp_path / "a.py").write_text(BAD)
    for variables, arguments, colored in (
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--color", "never"], False),
    ):
        for _ in range(2):  # also as answered by the run before
            _, text = on_terminal("check", *arguments, cwd=tmp_path, **variables)
            assert ("\x1b[" in text) == colored, (variables, arguments)
    assert "\x1b" not in process("check", cwd=tmp_path).stdout
    _, text = on_terminal("check", "nowhere", cwd=tmp_path)
    assert text.startswith("\x1b[1;31merror\x1b[0m: nowhere")


def test_piped_output_is_that_of_no_width(tmp_path: Path, process: Command) -> None:
    (tmp_path / "a.py").write_text(BAD)
    piped = process("check", "--output-format", "concise", cwd=tmp_path)
    _, text = on_terminal("check", "--output-format", "concise", "--color", "never", cwd=tmp_path, columns=60)
    assert re.sub(r"\n +", " ", text) == piped.stdout + piped.stderr and "\n    " in text


def test_progress_is_shown_after_a_second_and_taken_away(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"m{number}.py").write_text(BAD)
    code = (
        "import sys; from flake8_redis_ssot.cli import progress; progress.AFTER = {}; progress._EVERY = 0.005;"
        "from flake8_redis_ssot.cli.main import main; sys.exit(main(['check', '--no-cache', '-q']))"
    )
    for after, shown in ((0.001, True), (3600, False)):
        master, slave = pty.openpty()
        done = subprocess.Popen(
            [sys.executable, "-c", code.format(after)],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=slave, env=os.environ | {"TERM": "xterm"},
        )  # fmt: skip
        os.close(slave)
        said = _read(master)
        done.communicate()
        os.close(master)
        assert ("Checking files: " in said) == shown
        assert not shown or said.endswith("\r\x1b[K")


def test_progress_is_told_of_files_and_then_of_project_rules(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"m{number}.py").write_text(BAD)
    settings = load_settings(None, root=str(tmp_path), codes=[])
    told: list[tuple[str, int, int]] = []
    files = sorted(str(path) for path in tmp_path.glob("*.py"))
    run_project(files, checker_for(settings, Selection()), progress=lambda *what: told.append(what))
    assert told[:3] == [("files", 0, 3), ("files", 1, 3), ("files", 2, 3)]
    assert {stage for stage, *_ in told[3:]} == {"project rules"}
    assert all(done < total for _, done, total in told)


def test_ctrl_c_stops_the_command_and_its_workers(tmp_path: Path) -> None:
    heavy = "import redis\n" + "".join(f"def f{n}(a=redis.Redis()): return a.get({n})\n" for n in range(200))
    for number in range(400):
        (tmp_path / f"m{number}.py").write_text(heavy)
    before = {path.name for path in tmp_path.iterdir()}
    command = subprocess.Popen(
        [sys.executable, "-m", "flake8_redis_ssot", "check", "--jobs", "2"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        # who runs the tests in the background may ignore the signal, and a process has that from its parent
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    workers = Path(f"/proc/{command.pid}/task/{command.pid}/children")
    while command.poll() is None and not workers.read_text():
        time.sleep(0.01)
    command.send_signal(signal.SIGINT)  # to it alone, as `kill` does: its workers are its own to end
    out, err = command.communicate(timeout=60)
    assert command.returncode == 130 and (out, err) == (b"", b"")  # at its end it would say what it found
    assert {path.name for path in tmp_path.iterdir()} - before <= {".redis_ssot_cache"}
    assert not [path for path in tmp_path.rglob("new-*")]
    with pytest.raises(ProcessLookupError):
        os.killpg(command.pid, 0)


@pytest.mark.parametrize(
    ("arguments", "redirected"),
    [
        (["check"], ">/dev/full"),
        (["check", "--output-file", "/dev/full"], ""),
        (["check"], ">&-"),
        (["rule", "--all"], ">/dev/full"),
        (["config"], ">&-"),
    ],
)
def test_output_without_a_place_is_one_message(arguments: list[str], redirected: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BAD)
    command = " ".join([sys.executable, "-m", "flake8_redis_ssot", *arguments, redirected])
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_a_closed_output_that_is_not_used_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BAD)
    command = f"{sys.executable} -m flake8_redis_ssot check --output-file a.txt >&- 2>&-"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path)
    assert done.returncode == 1 and "RED201" in (tmp_path / "a.txt").read_text()


def test_notebooks_are_out_of_scope_and_it_is_said(tmp_path: Path, run: Command) -> None:
    (tmp_path / "nb.ipynb").write_text("{}")
    for _ in range(2):
        named = run("check", "nb.ipynb", cwd=tmp_path)
        assert (named.returncode, named.stdout) == (0, "")
        assert named.stderr == "warning: nb.ipynb: notebooks are out of scope; it was not checked\n"
    piped = run("check", "--stdin-filename", "nb.ipynb", cwd=tmp_path, stdin=b"{}")
    assert "notebooks are out of scope" in piped.stderr and piped.returncode == 0 and not piped.stdout


def test_a_run_of_no_python_file_does_not_pass(tmp_path: Path, run: Command) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "script").write_text("x = 1\n")
    for _ in range(2):
        assert run("check", "empty", cwd=tmp_path).stdout == ""
        assert run("check", "empty", "script", cwd=tmp_path).stdout == "All checks passed!\n"


@pytest.mark.parametrize(
    ("arguments", "usage", "message"),
    [
        (
            ["check", "--bogus"],
            "usage: redis-ssot check ",
            "unknown option --bogus; `redis-ssot check --help` lists",
        ),
        (["check", "--output-format", "bogus"], "usage: redis-ssot check ", "invalid choice: 'bogus'"),
        (["rule"], "usage: redis-ssot rule ", "error: name a rule, as RED201, or --all"),
        (
            ["rule", "RED201", "RED202"],
            "usage: redis-ssot rule ",
            "unexpected argument `RED202`; leave it out",
        ),
        (["config", "a", "b"], "usage: redis-ssot config ", "unexpected argument `b`; leave it out"),
        (["plan", "--nonsense"], "usage: redis-ssot plan ", "unknown option --nonsense"),
        (
            ["plan", "app"],
            "usage: redis-ssot plan ",
            "plan takes no path: it is for the project of the working",
        ),
        (["plan", "app"], "usage: redis-ssot plan ", "name the path to `redis-ssot migrate --dry-run`"),
        (["report", "app"], "usage: redis-ssot report ", "report takes no path: "),
        (["clean", "app"], "usage: redis-ssot clean ", "clean takes no path: "),
        (["allowances", "app"], "usage: redis-ssot allowances ", "allowances takes no path: "),
        (["rule", "--no-such"], "usage: redis-ssot rule ", "error: unknown option --no-such"),
        (
            ["check", "--since"],
            "usage: redis-ssot check ",
            "error: --since needs a commit, branch or tag, as main",
        ),
        (["baseline", "--accept"], "usage: redis-ssot baseline ", "error: --accept needs the reason"),
        (["check", "--color"], "usage: redis-ssot check ", "--color needs one of "),
        (["report", "--processes"], "usage: redis-ssot report ", "--processes needs a value: [BOUNDARY=]N"),
        (["--foo"], "usage: redis-ssot [", "error: unknown option --foo"),
        ([], "usage: redis-ssot [", "\nerror: name a command\n"),
        (["nonsense"], "usage: redis-ssot [", "invalid choice: 'nonsense'"),
        (
            ["check", "--output", "x"],
            "usage: redis-ssot check ",
            "unknown option --output; did you mean `--output-file`?",
        ),
    ],
)
def test_a_usage_error_names_the_subcommand_meant(
    arguments: list[str], usage: str, message: str, tmp_path: Path, run: Command
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(usage) and message in done.stderr


def test_codes_of_other_tools_are_near_none(tmp_path: Path, run: Command) -> None:
    for arguments in (
        ["rule", "E501"],
        ["check", "--select", "E501"],
        ["check", "--per-file-ignores", "a:E501"],
    ):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 2 and "the codes of redis-ssot begin with `RED`" in done.stderr
        assert "did you mean" not in done.stderr


def test_a_diff_shows_no_control_characters(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[1m b.py").write_bytes(
        b"# coding: latin-1\r\nimport redis  # \x1b[2J\r\nredis.StrictRedis()\r\n"
    )
    _, said = on_terminal("check", "--isolated", "--select", "RED506", "--diff", cwd=tmp_path)
    assert "-redis.StrictRedis()\n+redis.Redis()\n" in said
    assert "# \\x1b[2J\n" in said and "\x1b" not in said
