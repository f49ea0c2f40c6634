"""A value that says what files hold: changes that are tried are seen wherever files are read, and nowhere else."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import NoReturn

import pytest

from flake8_redis_ssot.files import discover
from flake8_redis_ssot.filesystem import DISK, Carried, Entry, FileSystem, Kind, UnansweredError
from flake8_redis_ssot.fix.apply import mend
from flake8_redis_ssot.lint import run
from flake8_redis_ssot.migrate.plan import plan
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection
from flake8_redis_ssot.source import SourceError

BAD = "import redis\n\nclient = redis.Redis()\n"


def test_edits_stand_for_what_is_on_disk(tmp_path: Path) -> None:
    there, new = str(tmp_path / "there.py"), str(tmp_path / "new.py")
    Path(there).write_text("1\n")
    edited = DISK.with_edits({there: b"2\n"}).with_edits({new: b"3\n"})
    assert [edited.source(path).data for path in (there, new)] == [b"2\n", b"3\n"]
    assert edited.is_file(new) and not DISK.is_file(new)
    assert DISK.source(there).data == b"1\n"
    with pytest.raises(SourceError, match="No such file"):
        DISK.source(new)


def test_folders_are_listed_in_order(tmp_path: Path) -> None:
    for name in ("b.py", "a"):
        (tmp_path / name).touch()
    (tmp_path / "c").mkdir()
    (tmp_path / "d").symlink_to(tmp_path / "c")
    assert DISK.entries(str(tmp_path)) == [("a", "file"), ("b.py", "file"), ("c", "folder"), ("d", "link")]
    assert DISK.names(str(tmp_path / "gone")) == []
    assert DISK.kind(str(tmp_path / "d")) == "folder" and DISK.size(str(tmp_path / "a")) == 0
    with pytest.raises(FileNotFoundError):
        DISK.kind(str(tmp_path / "gone"))


def test_new_files_and_their_folders_are_listed_too(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old.py").touch()
    top = str(tmp_path)
    edited = DISK.with_edits(
        {f"{top}/there/old.py": b"1", f"{top}/there/new.py": b"22", f"{top}/a/b/c.py": b""}
    )
    assert edited.entries(top) == [("a", "folder"), ("there", "folder")]
    assert edited.entries(f"{top}/there") == [("new.py", "file"), ("old.py", "file")]
    assert edited.names(f"{top}/a") == ["b"] and edited.is_folder(f"{top}/a/b")
    assert edited.kind(f"{top}/a/b/c.py") == "file" and edited.size(f"{top}/there/new.py") == 2
    assert not DISK.is_folder(f"{top}/a")
    assert edited.stamp(f"{top}/there/old.py") is None is not DISK.stamp(f"{top}/there/old.py")
    assert edited.stamp(top) == DISK.stamp(top)


def carried(known: Carried) -> Carried:
    """The answers of `known` on another machine."""
    return Carried(None, pickle.loads(pickle.dumps(known.answers)))


def test_what_was_answered_holds_where_the_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "there.py").write_text("1\n")
    (tmp_path / "app" / "other.py").touch()
    (tmp_path / "app" / "link").symlink_to(tmp_path / "app")
    (tmp_path / "app" / "loose").symlink_to(tmp_path / "nowhere")
    app = str(tmp_path / "app")
    known = Carried(DISK)
    assert known.source(f"{app}/there.py").data == b"1\n"
    paths = {
        f"{app}/{name}": DISK.is_file(f"{app}/{name}")
        for name in ("there.py", "other.py", "gone.py", "loose")
    }
    folders = {f"{app}/{name}": DISK.is_folder(f"{app}/{name}") for name in ("link", "there.py", "no/where")}

    def check(asked: Carried) -> None:
        assert {path: asked.is_file(path) for path in paths} == paths
        assert {path: asked.is_folder(path) for path in folders} == folders
        assert asked.entries(app) == DISK.entries(app)
        with pytest.raises(SourceError, match="No such file"):
            asked.source(f"{app}/gone.py")

    check(known)
    away = carried(known)
    check(away)
    (tmp_path / "app" / "there.py").write_text("2\n")
    assert away.read(f"{app}/there.py") == b"1\n"
    with pytest.raises(UnansweredError) as unanswered:
        away.source(f"{app}/other.py")
    assert unanswered.value.question == ("read", f"{app}/other.py")


def test_one_listing_answers_for_all_names_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "app" / "sub").mkdir(parents=True)
    (tmp_path / "app" / "a.py").touch()
    (tmp_path / "app" / "sub" / "b.py").touch()
    top = str(tmp_path)
    known = Carried(DISK)
    assert known.is_file(f"{top}/app/a.py")
    away = carried(known)
    # what is not listed has nothing in it; what is listed and was not looked into may have
    assert not away.is_file(f"{top}/app/gone/deep/c.py")
    with pytest.raises(UnansweredError):
        away.is_file(f"{top}/app/sub/b.py")
    with pytest.raises(UnansweredError):
        away.is_file(f"{top}/elsewhere.py")
    assert known.is_file(f"{top}/app/sub/b.py") and carried(known).is_file(f"{top}/app/sub/b.py")


def test_folders_that_cannot_be_listed_are_asked_name_by_name(tmp_path: Path) -> None:
    class Closed(Memory):
        def entries(self, folder: str) -> list[Entry]:
            raise PermissionError(13, "closed", folder)

    known = Carried(Closed({"/top/a.py": ""}))
    assert known.is_file("/top/a.py") and not known.is_file("/top/b.py")
    away = carried(known)
    assert away.is_file("/top/a.py") and not away.is_file("/top/b.py")


class Memory(FileSystem):
    """Files that are nowhere on the disk, as those of a git revision."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(2, "No such file or directory")
        return self.files[path].encode()

    def entries(self, folder: str) -> list[Entry]:
        rests = {path[len(folder) + 1 :] for path in self.files if path.startswith(f"{folder}/")}
        return sorted({Entry(rest.split("/")[0], "folder" if "/" in rest else "file") for rest in rests})

    def kind(self, path: str) -> Kind:
        if path in self.files:
            return "file"
        if any(other.startswith(f"{path}/") for other in self.files):
            return "folder"
        raise FileNotFoundError(2, "No such file or directory")


TABLE = """\
[tool.redis-ssot]
extend = "../shared.toml"
src = ["packages/*/src", "."]

[tool.redis-ssot.replacements]
"app.old.redis_manager" = "app.manager.redis_manager"
"""
MANAGER = "import redis\n\n\nredis_manager = redis.Redis()\n"
NOWHERE = {
    "/nowhere/shared.toml": 'manager = "app.manager"\nforbidden-managers = ["app.old"]\n',
    "/nowhere/top/pyproject.toml": TABLE,
    "/nowhere/top/.git/HEAD": "",
    "/nowhere/top/.gitignore": "ignored.py\r\n# a comment\n",
    "/nowhere/top/packages/one/src/app/__init__.py": "",
    "/nowhere/top/packages/one/src/app/manager.py": MANAGER,
    "/nowhere/top/packages/one/src/app/old.py": "from app.manager import redis_manager\n",
    "/nowhere/top/packages/one/src/app/user.py": "from app.old import redis_manager\n\nredis_manager.get('a')\n",
    "/nowhere/top/packages/one/src/app/ignored.py": BAD,
    "/nowhere/top/nested/pyproject.toml": "[tool.redis-ssot]\n",
    "/nowhere/top/nested/a.py": BAD,
    "/nowhere/top/Dockerfile": "CMD python -m app.old\n",
}


def test_a_whole_run_reads_nothing_but_the_file_system_it_was_given() -> None:
    filesystem = Memory(NOWHERE)
    finder = SettingsFinder("/nowhere/top", codes=[*defaults()], filesystem=filesystem)
    found = discover(["/nowhere/top"], finder)
    assert not finder.errors and not found.missing
    top, nested = found.projects
    assert nested.files == ["/nowhere/top/nested/a.py"]
    assert [os.path.basename(path) for path in top.files] == [
        "__init__.py",
        "manager.py",
        "old.py",
        "user.py",
    ]
    assert [b.roots for b in top.settings.boundaries] == [("/nowhere/top/packages/one/src", "/nowhere/top")]
    outcome = run.run_project(found.all_files(top), run.checker_for(top.settings, Selection(), filesystem))
    assert not outcome.failures
    assert {(os.path.basename(d.path), d.code) for d in outcome.diagnostics} == {
        ("old.py", "RED402"),
        ("user.py", "RED101"),
    }
    mended = mend(top.files, top.settings, frozenset(["RED101"]), set(top.files), filesystem)
    assert list(mended.changes) == ["/nowhere/top/packages/one/src/app/user.py"]
    assert b"from app.manager import redis_manager\n" in mended.changes[top.files[-1]]
    made = plan(mended, frozenset(["RED101"]), top.settings, outcome, filesystem)
    (old,) = [manager for manager in made.managers if manager.role == "forbidden"]
    assert [str(one.site) for one in old.named] == ["Dockerfile:1"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_sees_the_edits_in_all_its_processes(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PARALLEL_FROM", 1)
    files = [str(tmp_path / f"m{number}.py") for number in range(40)]
    for path in files:
        Path(path).write_text("")
    settings = load_settings(None, root=str(tmp_path), codes=[])
    edited = DISK.with_edits({path: BAD.encode() for path in files[::2]})
    for filesystem, expected in ((DISK, []), (edited, sorted(files[::2]))):
        found = run.run(files, run.checker_for(settings, Selection(), filesystem), jobs=jobs)
        assert [d.path for d in found.diagnostics if d.code == "RED201"] == expected


@pytest.mark.parametrize("error", [SettingsError(["no"]), MemoryError()])
def test_a_process_that_fails_fails_the_run(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PARALLEL_FROM", 1)

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    checker = run.checker_for(load_settings(None, root=str(tmp_path), codes=[]), Selection())
    monkeypatch.setattr(run, "run_part", fail)
    with pytest.raises(type(error)):
        run.run(["a.py", "b.py"], checker, jobs=2)
    monkeypatch.setattr(run, "run_part", lambda *_, **__: os._exit(7))
    failures = run.run(["a.py", "b.py"], checker, jobs=2).failures
    assert len(failures) == 2 and "ended before it was done" in failures[0]
