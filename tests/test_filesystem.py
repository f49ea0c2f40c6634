"""A value that says what files hold: changes that are tried are seen wherever files are read, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint import run
from flake8_redis_ssot.settings.boundaries import SettingsError
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
    assert DISK.names(str(tmp_path)) == ["a", "b.py"] and DISK.is_folder(str(tmp_path))
    assert DISK.names(str(tmp_path / "gone")) == []


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
    monkeypatch.setattr(run, "_run_part", fail)
    with pytest.raises(type(error)):
        run.run(["a.py", "b.py"], checker, jobs=2)
    monkeypatch.setattr(run, "_run_part", lambda *_, **__: os._exit(7))
    failures = run.run(["a.py", "b.py"], checker, jobs=2).failures
    assert len(failures) == 2 and "ended before it was done" in failures[0]
