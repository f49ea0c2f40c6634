"""What `redis-ssot init` proposes for projects of every kind: `projects/*.txt`, each with what is expected of it."""

from __future__ import annotations

import configparser
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

from flake8_redis_ssot.init.layout import _test_glob

EXAMPLE = Path(__file__).parents[2] / "examples" / "chat_platform"
PROJECTS = sorted((Path(__file__).parent / "projects").glob("*.txt"))


def sections(path: Path) -> Iterator[tuple[str, str]]:
    """The name and text of each section of a project, the sentence before them left out."""
    _, *parts = re.split(r"^==== ", path.read_text(), flags=re.MULTILINE)
    for part in parts:
        name, _, text = part.partition("\n")
        yield name, text


@pytest.fixture(params=PROJECTS, ids=lambda path: path.stem)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any], list[str]]:
    """A project on disk, the tables that are expected of it by their folders, and what is said besides."""
    return write(tmp_path, request.param.stem)


def write(root: Path, name: str) -> tuple[Path, dict[str, Any], list[str]]:
    tables: dict[str, Any] = {}
    said: list[str] = []
    for section, text in sections(Path(__file__).parent / "projects" / f"{name}.txt"):
        if section.startswith("expected"):
            tables[section.removeprefix("expected").strip()] = tomllib.loads(text)
        elif section == "says":
            said = text.splitlines()
        else:
            path = root / section
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return root, tables, said


def flat(text: str) -> str:
    """Text without the breaks of its lines, in comments too."""
    return " ".join(re.sub(r"\n\s*#", " ", text).split())


def test_what_is_proposed_is_what_is_expected(
    written: tuple[Path, dict[str, Any], list[str]], run: Command
) -> None:
    root, tables, said = written
    result = run("init", cwd=root)
    assert result.returncode == 0, result.stderr
    for line in said:
        assert flat(line.removeprefix("#")) in flat(result.stdout + result.stderr)
    if not tables:
        assert result.stdout == ""
        return
    if len(tables) == 1:
        assert tomllib.loads(result.stdout)["tool"]["redis-ssot"] == tables[""]
    several = "  # in each folder" * (len(tables) > 1)
    steps = ["# Next:", "#   redis-ssot init --write", "#   redis-ssot check --statistics"]
    if all(manager_in(table) for table in tables.values()):
        steps.append(f"#   redis-ssot plan{several}")
    else:
        steps.append(
            "# Then set `manager` to the one module that may build clients, and run `redis-ssot plan`."
        )
    lines = result.stdout.splitlines()
    at = lines.index(steps[0])
    assert lines[at : at + 4] == steps
    assert not [*root.rglob(".redis_ssot*")]


def manager_in(table: dict[str, Any]) -> bool:
    return any("manager" in one for one in (table, *table.get("boundary", ())))


def test_what_is_written_is_valid_and_leaves_the_rest(
    written: tuple[Path, dict[str, Any], list[str]], run: Command
) -> None:
    root, tables, said = written
    files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    result = run("init", "--write", cwd=root)
    assert result.returncode == 0, result.stderr
    settings = {root / folder / "pyproject.toml" for folder in tables}
    assert {path for path in root.rglob("*") if path.is_file()} == {*files, *settings}
    for path, before in files.items():
        assert path.read_bytes().startswith(before) if path in settings else path.read_bytes() == before
    for folder, expected in tables.items():
        table = tomllib.loads((root / folder / "pyproject.toml").read_text())["tool"]["redis-ssot"]
        assert table == expected
    doubts = [line for line in said if line.startswith("cannot tell")]
    assert result.stderr.count("warning: cannot tell for certain") == len(doubts)
    assert all(flat(doubt) in flat(result.stderr) for doubt in doubts)
    if tables:
        checked = run("check", "--output-format", "concise", "--no-cache", cwd=root)
        assert checked.returncode < 2, checked.stderr
        assert "RED403" not in checked.stdout
        assert "RED902" not in checked.stdout
        again = run("init", "--write", cwd=root / next(iter(tables)))
        assert again.returncode == 2
        assert "has a [tool.redis-ssot] table already" in again.stderr


def test_options_of_flake8_mean_the_same(
    written: tuple[Path, dict[str, Any], list[str]], run: Command
) -> None:
    root, tables, _ = written
    result = run("init", "--flake8", cwd=root)
    assert result.returncode == 0, result.stderr
    if len(tables) != 1:
        return
    parser = configparser.ConfigParser()
    parser.read_string(result.stdout)
    options = {
        key.removeprefix("redis-ssot-"): [one.strip(" ,") for one in value.strip().splitlines()]
        for key, value in parser["flake8"].items()
    }
    table = tables[""]
    manager = table.get("manager", [])
    expected = {
        "manager": [manager] if isinstance(manager, str) else manager,
        "forbidden-managers": table.get("forbidden-managers", []),
        "src": table.get("src", []),
        "boundaries": [
            f"{b['name']}: {', '.join(b['paths'])} -> {b.get('manager', '')}".strip()
            for b in table.get("boundary", [])
        ],
    }
    assert options == {key: value for key, value in expected.items() if value}
    (root / "setup.cfg").write_text(result.stdout)
    checked = run("--select", "RED", module="flake8", cwd=root)
    assert checked.returncode < 2, checked.stderr


def test_the_example_gets_the_table_that_it_was_made_for(tmp_path: Path, run: Command) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pyproject.toml").unlink()
    result = run("init", cwd=tmp_path)
    assert "cannot tell" not in result.stdout
    found = tomllib.loads(result.stdout)["tool"]["redis-ssot"]
    wanted = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["tool"]["redis-ssot"]
    assert (found["manager"], found["instance"]) == (wanted["manager"], wanted["instance"])
    assert found["forbidden-managers"] == [
        "backend.app.cache.redis_cache_manager",
        "backend.app.db.redis_manager",
    ]
    keys = ("name", "paths", "manager")
    assert [[b[key] for key in keys] for b in found["boundary"]] == [
        [b[key] for key in keys] for b in wanted["boundary"]
    ]
    assert "1 file outside uses its manager" in found["boundary"][0]["reason"]


def test_paths_and_excludes_limit_what_is_looked_at(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "boundary")
    only = run("init", "auth_service", cwd=tmp_path)
    assert tomllib.loads(only.stdout)["tool"]["redis-ssot"]["manager"] == "auth_service.core.redis_manager"
    without = run("init", "--extend-exclude", "auth_service", cwd=tmp_path)
    assert "boundary" not in tomllib.loads(without.stdout)["tool"]["redis-ssot"]
    (tmp_path / ".gitignore").write_text("auth_service/\n")
    ignored = run("init", cwd=tmp_path)
    assert ignored.stdout == without.stdout.replace("auth_service --write", "--write").replace(
        "init --extend-exclude ", "init "
    )


def test_elsewhere_the_next_commands_say_the_folder(tmp_path: Path, run: Command) -> None:
    (tmp_path / "here").mkdir()
    write(tmp_path / "there", "flat")
    result = run("init", "../there", cwd=tmp_path / "here")
    assert 'src = ["worker"]' in result.stdout
    assert "#   redis-ssot init ../there --write\n" in result.stdout
    assert f"#   (cd {tmp_path}/there && redis-ssot plan)\n" in result.stdout
    wrote = run("init", "../there", "--write", cwd=tmp_path / "here")
    assert f"(cd {tmp_path}/there && redis-ssot plan)" in wrote.stdout
    assert (tmp_path / "there/pyproject.toml").exists()


def test_a_settings_file_above_is_named(tmp_path: Path, run: Command) -> None:
    write(tmp_path / "part", "flat")
    (tmp_path / "pyproject.toml").write_text("")
    said = run("init", cwd=tmp_path / "part").stderr
    assert f"{tmp_path}/pyproject.toml lies above" in said
    (tmp_path / "part/.git").mkdir()
    assert "lies above" not in run("init", cwd=tmp_path / "part").stderr


def test_a_path_that_is_not_there_is_refused(tmp_path: Path, run: Command) -> None:
    result = run("init", "gone", cwd=tmp_path)
    assert result.returncode == 2
    assert "gone: No such file or directory" in result.stderr


def test_a_nested_project_is_left_out(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "boundary")
    (tmp_path / "auth_service/pyproject.toml").write_text("[tool.redis-ssot]\n")
    result = run("init", cwd=tmp_path)
    assert "boundary" not in tomllib.loads(result.stdout)["tool"]["redis-ssot"]
    assert "auth_service/pyproject.toml has settings already" in result.stderr


def test_a_project_with_a_table_is_shown_what_it_would_be_without(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "flat")
    table = '[tool.redis-ssot]\nmanager = "x"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    result = run("init", cwd=tmp_path)
    assert result.returncode == 0
    assert 'manager = "redis_client"' in result.stdout
    assert "has a [tool.redis-ssot] table already" in result.stderr
    refused = run("init", "--write", cwd=tmp_path)
    assert refused.returncode == 2
    assert "change it by hand" in refused.stderr
    assert (tmp_path / "pyproject.toml").read_text() == table


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"# no end",
        b"[tool.x]\r\na = 1\r\n",
        b"tool.x.a = 1\n",
        "[project]\nname = 'ü'  # ü\n\n\n".encode(),
    ],
    ids=["empty", "no-line-end", "crlf", "dotted", "unicode"],
)
def test_what_is_there_stays_byte_for_byte(tmp_path: Path, run: Command, before: bytes) -> None:
    write(tmp_path, "flat")
    path = tmp_path / "pyproject.toml"
    path.write_bytes(before)
    path.chmod(0o640)
    assert run("init", "--write", cwd=tmp_path).returncode == 0
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\r\n") == (after.count(b"\n") if b"\r\n" in before else 0)
    assert path.stat().st_mode & 0o777 == 0o640
    tool = tomllib.loads(after.decode())["tool"]
    assert tool.pop("redis-ssot")["manager"] == "redis_client"
    assert tool == tomllib.loads(before.decode()).get("tool", {})


@pytest.mark.parametrize(
    ("before", "advice"),
    [
        (b"tool = { x = 1 }\n", "put it in by hand"),
        (b"[tool\n", ":1:6: not valid TOML"),
        (b"a = '\xff'\n", "save it as UTF-8"),
    ],
    ids=["inline", "broken", "encoding"],
)
def test_a_file_that_can_take_no_table_stays(
    tmp_path: Path, run: Command, before: bytes, advice: str
) -> None:
    write(tmp_path, "flat")
    (tmp_path / "pyproject.toml").write_bytes(before)
    result = run("init", "--write", cwd=tmp_path)
    assert result.returncode == 2
    assert advice in result.stderr
    assert (tmp_path / "pyproject.toml").read_bytes() == before


def test_of_several_tables_all_are_written_or_none(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "same_names")
    (tmp_path / "services/chat/pyproject.toml").write_text("tool = { x = 1 }\n")
    result = run("init", "--write", cwd=tmp_path)
    assert result.returncode == 2
    assert not (tmp_path / "services/billing/pyproject.toml").exists()


def answered(root: Path, *answers: str) -> str:
    """What the command says at a terminal where somebody answers."""
    master, slave = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "flake8_redis_ssot", "init"],
        cwd=root, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    os.write(master, "".join(f"{answer}\n" for answer in answers).encode())
    said = b""
    with suppress(OSError):
        while part := os.read(master, 65536):
            said += part
    os.close(master)
    assert command.wait() == 0
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("answers", "manager"),
    [(("2",), "app.redis_pool"), (("nine", "9", "1"), "app.redis_client"), (("",), "app.redis_client")],
)
def test_at_a_terminal_it_asks_which_is_meant(tmp_path: Path, answers: tuple[str, ...], manager: str) -> None:
    write(tmp_path, "close")
    said = answered(tmp_path, *answers)
    assert "Which module is the manager?" in said
    assert f'manager = "{manager}"' in said
    assert "cannot tell" not in said


def test_at_a_terminal_nothing_is_asked_where_one_is_clear(tmp_path: Path) -> None:
    write(tmp_path, "flat")
    assert "Which module" not in answered(tmp_path)


def test_where_several_are_imported_alike_none_is_said_to_be_most(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "for_a_check")
    assert "most files import" not in run("init", cwd=tmp_path).stdout


def test_flake8_options_are_not_written(tmp_path: Path, run: Command) -> None:
    result = run("init", "--flake8", "--write", cwd=tmp_path)
    assert result.returncode == 2
    assert "leave --write out" in result.stderr


def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path, run: Command) -> None:
    write(tmp_path, "flat")
    (tmp_path / "worker/broken.py").write_text("import redis\nredis.Redis(\n")
    result = run("init", cwd=tmp_path)
    assert "worker/broken.py" in result.stderr
    assert 'manager = "redis_client"' in result.stdout


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("app/tests/views.py", "**/tests/**"),
        ("test_framework/base.py", "test_framework/**"),
        ("app/views_test.py", "**/*_test.py"),
        ("app/contest/views.py", None),
    ],
)
def test_a_test_is_known_by_its_folder_or_name(path: str, glob: str | None) -> None:
    assert _test_glob(path) == glob
