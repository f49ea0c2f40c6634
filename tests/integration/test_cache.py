"""The cache changes nothing that is said, whatever happens to it."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import FIXTURES, Command, places

from flake8_redis_ssot import store
from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.facts.modules import ModuleFacts, module_facts
from flake8_redis_ssot.lint import run
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import PARALLEL_FROM
from flake8_redis_ssot.source import SourceFile

SETTINGS = '[tool.redis-ssot]\nmanager = "app.redis_manager"\nforbidden-managers = ["app.old"]\n'
MANAGER = """import redis


class RedisManager:
    def __init__(self):
        self.client = redis.Redis()


redis_manager = RedisManager()
"""
BAD = "import redis\n\nclient = redis.Redis()\n"
CALL = "from app.redis_manager import RedisManager\n\nmanager = RedisManager()\n"
SILENCED = "import redis\n\nclient = redis.Redis()  # noqa: RED201 - a test\n"
QUIET = "import os\n\nprint(os.name)\n"
FORK = multiprocessing.get_context("fork")


def make(root: Path, copies: int = 1) -> Path:
    """A project with `4 * copies` files and the manager; what it holds is old enough to be trusted."""
    (root / "app").mkdir(parents=True)
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "app" / "redis_manager.py").write_text(MANAGER)
    for number in range(copies):
        folder = root / f"part{number}"
        folder.mkdir()
        for name, text in (("bad", BAD), ("call", CALL), ("silenced", SILENCED), ("quiet", QUIET)):
            (folder / f"{name}.py").write_text(text)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "project")


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that this process has checked, in order; all that is older than now is trusted."""
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)
    names: list[str] = []
    check = FileChecker.check

    def counted(self: FileChecker, source):
        names.append(os.path.basename(source.path))
        return check(self, source)

    monkeypatch.setattr(FileChecker, "check", counted)
    yield names


class Here:
    """Runs the command in this process, in a project's folder."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        monkeypatch.chdir(root)
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        time.sleep(0.02)  # the clock of the file system moves on
        main(["check", "--output-format", "concise", "--jobs", "1", *arguments])
        return self._capsys.readouterr().out


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(project, monkeypatch, capsys)


def values(project: Path, kind: str) -> list[Path]:
    return sorted(project.glob(f"{store.FOLDER}/*/{kind}-*"))


def forget_runs(project: Path) -> None:
    for path in values(project, "run"):
        path.unlink()


@pytest.mark.parametrize("style", ["concise", "json"])
def test_the_same_bytes_cold_warm_and_in_any_order(
    style: str, tmp_path: Path, run: Command, process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)
    project = make(tmp_path, 100)
    folders = [f"part{number}" for number in range(100)] + ["app"]
    assert 4 * len(folders) > PARALLEL_FROM
    shuffled = random.Random(7).sample(folders, len(folders))

    def check(*arguments: str, command: Command = run) -> tuple[int, str, str]:
        done = command("check", "--output-format", style, *arguments, cwd=project)
        return done.returncode, done.stdout, done.stderr

    # the hashes of another process put its sets in another order
    expected = check("--no-cache", "--jobs", "1", command=process)
    assert expected[0] == 1 and len(expected[1].splitlines()) > 200
    assert not (project / store.FOLDER).exists()
    assert check("--no-cache", "--jobs", "2") == expected
    assert check("--jobs", "2") == expected
    time.sleep(0.02)
    for _ in range(2):
        for arguments in ([], ["--jobs", "1"], ["--jobs", "2"], folders, shuffled):
            assert check(*arguments) == expected, arguments
    assert values(project, "run")
    shutil.rmtree(project / store.FOLDER)
    assert check("--jobs", "1") == expected
    without = check("--no-project", "--no-cache")
    assert check("--no-project") == without and check("--no-project", *shuffled) == without


def test_what_is_unchanged_is_not_checked(project: Path, here: Here, checked: list[str]) -> None:
    first = here()
    assert sorted(checked) == ["bad.py", "call.py", "quiet.py", "redis_manager.py", "silenced.py"]
    assert "bad.py:3" in first and "call.py:3" in first and "silenced.py" not in first
    checked.clear()
    assert here() == first and not checked
    forget_runs(project)
    assert here() == first and not checked
    (project / "part0" / "quiet.py").write_text(BAD)
    assert "quiet.py:3" in here() and checked == ["quiet.py"]
    checked.clear()
    os.utime(project / "part0" / "bad.py")
    (project / "part0" / "quiet.py").write_text(QUIET)
    assert here() == first and checked == ["quiet.py"]


def test_a_repeated_run_asks_for_stamps_alone(
    here: Here, checked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here()
    again = here()
    monkeypatch.setattr("flake8_redis_ssot.cli.checking.run", None)
    assert here() == again and not checked[5:]


def test_same_size_and_restored_time_are_noticed(project: Path, here: Here, checked: list[str]) -> None:
    path = project / "part0" / "bad.py"
    here(), here()
    was = path.stat()
    path.write_text(BAD.replace("redis.Redis()", "redis.rrrrr()"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    now = path.stat()
    assert (now.st_size, now.st_mtime_ns) == (was.st_size, was.st_mtime_ns)
    checked.clear()
    assert "bad.py" not in here() and checked == ["bad.py"]


def test_what_is_younger_than_the_clock_can_tell_is_read_again(project: Path, run: Command) -> None:
    for _ in range(2):
        run("check", cwd=project)
    assert not values(project, "run")
    (stored,) = values(project, "files")
    entries = json.loads(stored.read_bytes()[:-8].split(b"\n")[1])
    assert entries and not any(stamp for stamp, *_ in entries.values())


@pytest.mark.parametrize("style", ["concise", "json"])
def test_modules_that_were_young_are_not_parsed_for_ever(
    style: str, project: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a checkout: what the first run looked up could have changed while it ran."""
    parsed: list[str] = []

    def counted(source: SourceFile, module: str) -> ModuleFacts:
        parsed.append(module)
        return module_facts(source, module)

    def check() -> str:
        time.sleep(0.02)  # the clock of the file system moves on
        return run("check", "--output-format", style, cwd=project).stdout

    monkeypatch.setattr("flake8_redis_ssot.facts.modules.module_facts", counted)
    first = check()
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)
    parsed.clear()
    assert check() == first and "app.redis_manager" in parsed
    parsed.clear()
    forget_runs(project)
    (project / "part0" / "quiet.py").write_text(f"{QUIET}# longer\n")
    assert check() == first and not parsed
    (project / "app" / "redis_manager.py").write_text(MANAGER.replace("RedisManager", "Manager"))
    assert check() != first and parsed


def test_the_manager_is_part_of_what_others_depend_on(project: Path, here: Here, checked: list[str]) -> None:
    assert "call.py:3" in here()
    checked.clear()
    manager = project / "app" / "redis_manager.py"
    manager.write_text(MANAGER.replace("    def", "    def get(self): ...\n    def"))
    assert "call.py:3" in here() and checked == ["redis_manager.py"]
    checked.clear()
    manager.write_text(MANAGER.replace("redis.Redis()", "None"))
    assert "RED203" not in here() and len(checked) == 5
    manager.unlink()
    (project / "app" / "redis_manager").mkdir()
    (project / "app" / "redis_manager" / "__init__.py").write_text(MANAGER)
    assert "call.py:3" in here()


def test_a_manager_that_is_nowhere_does_not_change(project: Path, here: Here, checked: list[str]) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + 'instance = "redis_manager"\n')
    (project / "part0" / "old.py").write_text("from app.old import cache\n\ncache.get('a')\n")
    assert "old.py:1" in here()
    checked.clear()
    (project / "part0" / "quiet.py").write_text(QUIET + "\n")
    assert "old.py:1" in here() and checked == ["quiet.py"]


def test_so_are_the_bases_of_its_classes(project: Path, here: Here) -> None:
    base = project / "app" / "base.py"
    base.write_text(MANAGER.replace("RedisManager", "Base"))
    manager = project / "app" / "redis_manager.py"
    manager.write_text("from app.base import Base\n\n\nclass RedisManager(Base):\n    pass\n")
    assert "RED203" in here()
    base.write_text(MANAGER.replace("RedisManager", "Base").replace("redis.Redis()", "None"))
    assert "RED203" not in here()
    base.write_text(MANAGER.replace("RedisManager", "Base"))
    assert "RED203" in here()


def test_files_come_and_go(project: Path, here: Here, checked: list[str]) -> None:
    first = here()
    (project / "part0" / "more.py").write_text(BAD)
    assert "more.py:3" in here() and checked[5:] == ["more.py"]
    (project / "part0" / "more.py").unlink()
    assert here() == first and checked[6:] == []
    (project / "redis.py").write_text("")  # a module of the project's own, no library
    assert "bad.py:3" not in here()
    (project / "redis.py").unlink()
    assert here() == first
    (project / ".gitignore").write_text("bad.py\n")
    assert "bad.py:3" not in here()
    (project / ".gitignore").write_text("nothing.py\n")
    assert here() == first
    assert "more.py" not in values(project, "files")[-1].read_text()


def test_settings_selection_python_and_version_have_keys_of_their_own(
    project: Path, here: Here, checked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = here()

    def checks(*arguments: str) -> bool:
        checked.clear()
        here(*arguments)
        return bool(checked)

    assert not checks()
    assert checks("--select", "RED203")
    assert checks("--parse-all")
    assert checks("--no-project")
    assert not checks("--select", "RED203") and not checks()
    (project / "pyproject.toml").write_text(SETTINGS + 'instance = "redis_manager"\n')
    assert checks()
    (project / "pyproject.toml").write_text(SETTINGS)
    assert not checks() and here() == first
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
        assert checks()
    with monkeypatch.context() as patch:
        for module in ("facts.cache", "cli.replay"):
            patch.setattr(f"flake8_redis_ssot.{module}.tool", lambda: "9.9.9")
        assert checks()
    assert not checks()


def test_an_allowance_ends_with_its_day(
    project: Path, here: Here, monkeypatch: pytest.MonkeyPatch, checked: list[str]
) -> None:
    (project / "pyproject.toml").write_text(
        SETTINGS
        + '[[tool.redis-ssot.allow]]\npaths = ["part0/**"]\nrules = ["RED201"]\n'
        + 'reason = "for now"\nexpires = 2026-12-31\n'
    )

    class Day(run.date):
        today_is = (2026, 12, 31)

        @classmethod
        def today(cls):
            return cls(*cls.today_is)

    monkeypatch.setattr("flake8_redis_ssot.lint.check.date", Day)
    monkeypatch.setattr(time, "strftime", lambda style: str(Day.today()))
    assert "RED901" not in here() + here()
    Day.today_is = (2027, 1, 1)
    assert "RED901" in here()


@pytest.mark.parametrize("kind", ["files", "run"])
@pytest.mark.parametrize("harm", ["empty", "cut", "foreign", "flipped", "folder", "nonsense"])
def test_a_harmed_cache_is_built_anew(
    harm: str, kind: str, project: Path, here: Here, checked: list[str]
) -> None:
    first = here()
    assert here() == first
    (path,) = values(project, kind)
    if kind == "files":
        forget_runs(project)
    data = path.read_bytes()
    middle = len(data) // 2
    path.unlink()
    if harm == "folder":
        path.mkdir()
    else:
        path.write_bytes(
            {
                "empty": b"",
                "cut": data[:middle],
                "foreign": b'{"files": {}, "text": "All checks passed!"}',
                "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                "nonsense": b"\x00\xff" * 999,
            }[harm]
        )
    checked.clear()
    assert here() == first and bool(checked) == (kind == "files")
    if harm != "folder":
        checked.clear()
        assert here() == first and not checked


def test_a_cache_from_elsewhere_is_not_repeated(project: Path, here: Here, checked: list[str]) -> None:
    first = here()
    assert here() == first
    for path in values(project, "words"):
        data = path.read_bytes()[:-8].replace(b"bad.py", b"\x1b[2J.py", 1)
        store.store(str(project / store.FOLDER), path.name, [data])
    assert here() == first.replace(
        "bad.py", "\x1b[2J.py", 1
    )  # whoever writes the values can say anything ...
    shutil.copytree(project / store.FOLDER, project / "copy")
    shutil.rmtree(project / store.FOLDER)
    (project / "copy").rename(project / store.FOLDER)
    assert here() == first  # ... but only on the machine where the cache was made


def test_a_killed_run_leaves_a_usable_cache(tmp_path: Path, run: Command) -> None:
    project = make(tmp_path, 100)
    check = ("check", "--output-format", "concise")
    start = time.perf_counter()
    expected = run(*check, cwd=project).stdout
    length = time.perf_counter() - start
    shutil.rmtree(project / store.FOLDER)
    chance = random.Random(11)
    for number in range(12):
        victim = FORK.Process(target=lambda: os.setsid() or run(*check, cwd=project))
        victim.start()
        time.sleep(length * (chance.random() if number % 2 else 0.6 + 0.4 * chance.random()))
        with suppress(ProcessLookupError):  # it was too quick
            os.killpg(victim.pid, signal.SIGKILL)
        victim.join()
        if number % 3 == 2:
            done = run(*check, cwd=project)
            assert (done.stdout, done.stderr) == (expected, "")
            (project / "part0" / "new.py").write_text(f"{number}\n")


def test_several_runs_at_once(tmp_path: Path, run: Command) -> None:
    project = make(tmp_path, 20)
    expected = run("check", "--no-cache", "--output-format", "concise", cwd=project).stdout

    with ProcessPoolExecutor(4, FORK) as pool:
        runs = [pool.submit(run, "check", "--output-format", "concise", cwd=project) for _ in range(12)]
    for done in runs:
        assert (done.result().stdout, done.result().stderr) == (expected, "")
    assert not [*project.glob(f"{store.FOLDER}/**/new-*")]


def test_a_folder_that_cannot_be_written(
    project: Path, here: Here, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = here("--no-cache")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "makedirs", refuse)
        assert here() == expected and not (project / store.FOLDER).exists()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        assert here() == expected
    assert here() == expected
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        assert here() == expected
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        (project / "part0" / "quiet.py").write_text("")
        assert here() == expected
    assert here() == expected and not [*project.glob(f"{store.FOLDER}/**/new-*")]


def test_a_folder_of_another_is_left_alone(project: Path, run: Command) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + 'cache-dir = "part0"\n')
    before = sorted(project.rglob("*"))
    done = run("check", "--output-format", "concise", cwd=project)
    assert done.stderr.startswith("warning: part0: is no cache of redis-ssot") and "bad.py:3" in done.stdout
    assert run("clean", cwd=project).returncode == 2 and sorted(project.rglob("*")) == before


def test_clean_removes_the_cache_and_nothing_else(project: Path, run: Command) -> None:
    before = sorted(project.rglob("*"))
    assert run("clean", cwd=project).stdout.startswith("There is no cache at .redis_ssot_cache;")
    (project / "other.toml").write_text('manager = "app.redis_manager"\ncache-dir = "build/cache"\n')
    run("check", cwd=project), run("check", "--config", "other.toml", cwd=project)
    for folder in (store.FOLDER, "build/cache"):
        assert (project / folder / ".gitignore").read_text() == "*\n"
        assert (project / folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d17")
    done = run("clean", "--cache-dir", store.FOLDER, cwd=project)
    assert done.stdout == "Removed the cache .redis_ssot_cache.\n" and done.returncode == 0
    done = run("clean", "--config", "other.toml", cwd=project)
    assert done.stdout == "Removed the cache build/cache.\n" and done.returncode == 0
    (project / "other.toml").unlink(), (project / "build").rmdir()
    assert sorted(project.rglob("*")) == before
    (project / "pyproject.toml").write_text("[tool.redis-ssot]\nmanger = 1\n")
    assert run("clean", cwd=project).returncode == 2


def test_the_folder_is_the_one_of_the_command_line_then_of_the_settings(
    project: Path, tmp_path: Path, here: Here, checked: list[str]
) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + 'cache-dir = "tmp/cache"\n')
    first = here()
    assert here() == first and here() == first and len(checked) == 5
    assert not (project / store.FOLDER).exists() and [*project.glob("tmp/cache/*/run-*")]
    outside = tmp_path / "outside"
    assert here("--cache-dir", str(outside)) == first and [*outside.glob("*/files-*")]


def test_runs_that_do_more_than_report_use_no_cache(project: Path, here: Here, checked: list[str]) -> None:
    here("--no-cache"), here("--show-files"), here("--show-settings")
    assert not (project / store.FOLDER).exists()
    here("--add-noqa")
    assert not (project / store.FOLDER).exists()
    assert here() == "All checks passed!\n"
    here("--output-file", "out.txt"), here("--output-file", "out.txt")
    assert (project / "out.txt").read_text() == "All checks passed!\n"


def test_names_that_are_no_text(project: Path, here: Here, checked: list[str]) -> None:
    folder = os.fsencode(project) + b"/part\xff"
    os.mkdir(folder)
    with open(folder + b"/b\xe9d.py", "w") as stream:
        stream.write(BAD)
    first = here()
    assert here() == first and first.count("RED201") == 2 and len(checked) == 6


def test_failures_are_tried_again(
    project: Path, here: Here, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FileChecker, "check", lambda self, source: 1 / 0)
        assert here() == ""
    assert "bad.py:3" in here()


def test_few_keys_are_kept(project: Path, here: Here) -> None:
    for number in range(store.KEPT + 3):
        (project / "pyproject.toml").write_text(SETTINGS + f'extend-exclude = ["nothing{number}"]\n')
        here("--no-project")
    assert len(values(project, "files")) == store.KEPT


def test_an_import_that_moves_is_seen(tmp_path: Path, run: Command) -> None:
    """The facts of its file are the same, and so is the file of the patch."""
    shutil.copytree(FIXTURES / "RED109" / "project", tmp_path / "project")
    project = tmp_path / "project"

    def patched() -> set[str]:
        done = run("check", "--select", "RED109", "--output-format", "concise", cwd=project)
        return {path for path, *_ in places(done.stdout)}

    test = "tests/test_in_function.py"
    assert test not in patched()
    (project / "shop" / "in_function.py").write_text(
        'from shop.redis_manager import redis_manager\n\n\ndef read():\n    return redis_manager.get("room")\n'
    )
    assert test in patched()


def test_a_member_that_replacements_name_is_looked_at_anew(project: Path, run: Command) -> None:
    settings = project / "pyproject.toml"
    target = "app.redis_manager.redis_manager.client"
    settings.write_text(f'{SETTINGS}[tool.redis-ssot.replacements]\n"app.old.get" = "{target}"\n')
    arguments = ["check", "--select", "RED403", "--output-format", "concise"]
    assert run(*arguments, cwd=project).returncode == 0
    manager = project / "app" / "redis_manager.py"
    manager.write_text(MANAGER.replace("self.client", "self.klient"))
    done = run(*arguments, cwd=project)
    assert "has no `client`, named in `replacements`; did you mean `klient`?" in done.stdout
    manager.write_text(MANAGER)
    assert run(*arguments, cwd=project).returncode == 0
