"""A run over many files is done, or not, or undone: whatever happens meanwhile."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Command

from flake8_redis_ssot.migrate import durable, journal
from flake8_redis_ssot.migrate.journal import Change, JournalError, carry_out, roll_back, runs, unfinished

KILLS = int(os.environ.get("KILLS", "5"))
NO_RUN = (
    "there is no run of `redis-ssot migrate` here to roll back; run this in the project's folder, or name its settings "
    "file by --config"
)
"""How often the long test kills; `KILLS=50 pytest -s tests/integration/test_journal.py -k random`."""

Tree = dict[str, tuple[bytes, int]]


def tree(root: Path) -> Tree:
    """Bytes and mode of every file, the journal's included."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode)
        for path in root.rglob("*")
        if path.is_file()
    }


def files(root: Path) -> Tree:
    return {name: value for name, value in tree(root).items() if not name.startswith(journal.FOLDER)}


def change(path: Path, after: bytes | None) -> Change:
    return Change(str(path), path.read_bytes() if path.exists() else None, after)


def written(root: Path) -> list[str]:
    """What the journal holds, without its lock."""
    return sorted(name for name in tree(root) if name.startswith(journal.FOLDER) and name[-4:] != "lock")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    for number in range(8):
        (root / "app" / f"m{number}.py").write_bytes(b"old %d\r\n" % number)
    (root / "app" / "m1.py").chmod(0o750)
    (root / "app" / "m2.py").chmod(0o600)
    return root


@pytest.fixture
def work(project: Path) -> list[Change]:
    """Six files to write, one to remove, one to make."""
    app = project / "app"
    changes = [change(app / f"m{n}.py", b"new %d\n\xff" % n) for n in range(6)]
    return [*changes, change(app / "m6.py", None), change(app / "made.py", b"made\n")]


def refused(root: Path, changes: list[Change]) -> str:
    """The message of a run that is refused and leaves everything as it was."""
    before = tree(root), sorted(root.rglob("*"))
    with pytest.raises(JournalError) as error:
        carry_out(str(root), changes, "test")
    assert (tree(root), sorted(root.rglob("*"))) == before
    assert "\n" not in error.value.message
    return error.value.message


def not_undone(root: Path, name: str | None = None) -> str:
    """The message of a roll back that is refused and touches nothing."""
    before = files(root)
    with pytest.raises(JournalError) as error:
        roll_back(str(root), name)
    assert files(root) == before
    return error.value.message


def test_a_run_is_carried_out_listed_and_undone(project: Path, work: list[Change]) -> None:
    before = files(project)
    assert runs(str(project)) == [] and unfinished(str(project)) is None
    done = carry_out(str(project), work, "migrate app")
    after = files(project)
    assert {name: data for name, (data, _) in after.items()} == {
        **{f"app/m{n}.py": b"new %d\n\xff" % n for n in range(6)},
        "app/m7.py": b"old 7\r\n",
        "app/made.py": b"made\n",
    }
    assert all(after[name][1] == mode for name, (_, mode) in before.items() if name in after)
    assert re.fullmatch(r"\d{8}T\d{6}Z-1", done.name) and done.started[:4] == done.name[:4]
    assert (done.command, done.state, len(done.paths)) == ("migrate app", "done", 8)
    assert done.paths[0] == "app/m0.py" and runs(str(project)) == [done]
    assert (project / journal.FOLDER / ".gitignore").read_text() == "*\n"
    undone = roll_back(str(project))
    assert files(project) == before
    assert undone.state == "rolled back" and undone.name == done.name and runs(str(project)) == [undone]
    folder = f"{journal.FOLDER}/{done.name}"
    assert written(project) == [f"{journal.FOLDER}/.gitignore", f"{folder}/run.json"]


def test_the_owner_stays(project: Path, work: list[Change]) -> None:
    path = project / "app" / "m1.py"
    try:
        os.chown(path, 1234, 2345)
    except OSError:
        pytest.skip("only root gives files away")
    for step in (lambda: carry_out(str(project), work, "test"), lambda: roll_back(str(project))):
        step()
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (1234, 2345, 0o750)


def test_runs_are_in_order_and_undone_from_the_newest(project: Path) -> None:
    path, states = project / "app" / "m0.py", [files(project)]
    for number in range(12):
        carry_out(str(project), [change(path, b"%d" % number)], f"step {number}")
        states.append(files(project))
    there = runs(str(project))
    assert [run.command for run in there] == [f"step {number}" for number in range(12)]
    assert there[0].name in not_undone(project, there[0].name)  # the later ones changed the same file
    for state in reversed(states[:-1]):
        roll_back(str(project))
        assert files(project) == state
    assert {run.state for run in runs(str(project))} == {"rolled back"}
    assert not_undone(project).startswith("all 12 runs here are rolled back already; ")
    assert (
        not_undone(project, there[3].name)
        == f"the run {there[3].name} is rolled back already; `redis-ssot migrate --list` shows which are not"
    )


def test_an_older_run_is_undone_by_its_name(project: Path) -> None:
    before = files(project)
    older = carry_out(str(project), [change(project / "app" / "m0.py", b"x")], "one")
    newer = carry_out(str(project), [change(project / "app" / "m1.py", b"y")], "two")
    assert roll_back(str(project), older.name).name == older.name
    assert files(project)["app/m0.py"] == before["app/m0.py"]
    assert files(project)["app/m1.py"][0] == b"y"
    assert roll_back(str(project)).name == newer.name and files(project) == before


def test_a_link_inside_the_project_stays_a_link(project: Path) -> None:
    link = project / "link.py"
    link.symlink_to("app/m0.py")
    run = carry_out(str(project), [change(link, b"new")], "test")
    assert link.is_symlink() and (project / "app" / "m0.py").read_bytes() == b"new"
    assert run.paths == ("app/m0.py",)
    roll_back(str(project))
    assert link.is_symlink() and link.read_bytes() == b"old 0\r\n"


def test_the_root_may_be_named_by_a_link(project: Path, tmp_path: Path, work: list[Change]) -> None:
    before = files(project)
    (tmp_path / "other").symlink_to(project)
    carry_out(str(tmp_path / "other"), work, "test")
    assert files(project) != before
    roll_back(str(project))
    assert files(project) == before


def test_files_that_changed_are_named(project: Path, work: list[Change]) -> None:
    for number in range(5):
        (project / "app" / f"m{number}.py").write_bytes(b"edited")
    (project / "app" / "m5.py").unlink()
    message = refused(project, work)
    names = ", ".join(f"app/m{number}.py" for number in range(5))
    assert message.startswith(f"changed or gone since it was read: {names} and 1 more; nothing was written")


def _exists(root: Path) -> str:
    (root / "app" / "made.py").write_bytes(b"")
    return "there already: app/made.py;"


def _leads_nowhere(root: Path) -> str:
    (root / "app" / "made.py").symlink_to("nowhere.py")
    return "there already: app/nowhere.py;"


def _read_only(root: Path) -> str:
    (root / "app" / "m2.py").chmod(0o444)
    return "read-only, or in a folder that is read-only or missing: app/m2.py;"


def _folder_read_only(root: Path) -> str:
    (root / "app").chmod(0o555)
    return "app/m1.py, app/m2.py, app/m3.py, app/m4.py and 3 more;"


def _a_folder(root: Path) -> str:
    (root / "app" / "m3.py").unlink()
    (root / "app" / "m3.py").mkdir()
    return "app/m3.py: is no plain file;"


def _a_pipe(root: Path) -> str:
    (root / "app" / "m3.py").unlink()
    os.mkfifo(root / "app" / "m3.py")
    return "app/m3.py: is no plain file;"


def _a_linked_journal(root: Path) -> str:
    (root / "elsewhere").mkdir()
    (root / journal.FOLDER).symlink_to("elsewhere")
    return f"{journal.FOLDER}: is a link"


def _a_file_for_a_journal(root: Path) -> str:
    (root / journal.FOLDER).write_bytes(b"")
    return f"{journal.FOLDER}/lock: Not a directory; nothing was written"


@pytest.mark.parametrize(
    "spoil",
    [
        _exists, _leads_nowhere, _read_only, _folder_read_only, _a_folder, _a_pipe, _a_linked_journal,
        _a_file_for_a_journal,
    ],
)  # fmt: skip
def test_refused_with_nothing_written(
    spoil: Callable[[Path], str], project: Path, work: list[Change]
) -> None:
    expected = spoil(project)
    message = refused(project, work)
    (project / "app").chmod(0o755)
    assert expected in message


def test_paths_that_are_not_the_project_s_own_are_refused(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"old")
    (project / "link.py").symlink_to(outside)
    (project / "up").symlink_to(tmp_path)
    (project / ".git").mkdir()
    for path in (
        outside, project / ".." / "outside.py", project / "link.py", project / "up" / "outside.py", project,
        tmp_path / "project-2" / "x.py", project / ".git" / "hook", project / journal.FOLDER / "x",
    ):  # fmt: skip
        data = path.read_bytes() if path.is_file() else None
        message = refused(project, [Change(str(path), data, b"new")])
        assert message.startswith(f"not among the project's own files: {path};")
    assert outside.read_bytes() == b"old"
    path = project / "app" / "m0.py"
    twice = [change(path, b"one"), change(project / "app" / ".." / "app" / "m0.py", b"two")]
    assert "to be changed twice" in refused(project, twice)
    lost = Change(str(project / "nowhere" / "a.py"), None, b"x")
    assert "or missing: nowhere/a.py" in refused(project, [lost])


def test_nothing_to_do_is_no_run(project: Path) -> None:
    path = project / "app" / "m0.py"
    same = [change(path, path.read_bytes()), Change(str(project / "none.py"), None, None)]
    for changes in ([], same):
        assert refused(project, changes) == "there is nothing to change"
    (project / journal.FOLDER).mkdir()
    assert not_undone(project, "20000101T000000Z-1") == NO_RUN
    assert not (project / journal.FOLDER).exists()


def failing(
    monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException, before: Callable[[], object] = id
) -> None:
    """Let the `number`th file fail to be moved to its place, after `before`."""
    move, count = os.replace, iter(range(1000))

    def replace(source: str, target: str) -> None:
        if journal.FOLDER not in target and next(count) == number:
            before() if before is not id else None
            raise error
        move(source, target)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize("number", [0, 3, 6])
def test_a_failure_in_the_middle_puts_all_back(
    number: int, project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, number, OSError(errno.ENOSPC, "No space left on device"))
    assert refused(project, work).endswith("No space left on device; all that was written is put back")
    assert carry_out(str(project), work, "test").state == "done"


def test_an_interrupt_puts_all_back(
    project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(project)
    failing(monkeypatch, 4, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        carry_out(str(project), work, "test")
    assert tree(project) == before


def test_a_file_that_changes_meanwhile_stays_and_the_others_are_put_back(
    project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(project)
    path, begin = project / "app" / "m4.py", journal._begin

    def slowly(*arguments):
        begun = begin(*arguments)
        path.write_bytes(b"edited")
        return begun

    monkeypatch.setattr(journal, "_begin", slowly)
    with pytest.raises(JournalError, match=r"app/m4.py changed meanwhile; all that was written is put back"):
        carry_out(str(project), work, "test")
    assert path.read_bytes() == b"edited" and not (project / journal.FOLDER).exists()
    path.write_bytes(b"old 4\r\n")
    assert files(project) == before


def test_what_cannot_be_put_back_is_said_and_stays_in_the_journal(
    project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, edited = files(project), project / "app" / "m0.py"
    failing(monkeypatch, 4, OSError(errno.EIO, "Input/output error"), lambda: edited.write_bytes(b"edited"))
    with pytest.raises(JournalError) as error:
        carry_out(str(project), work, "test")
    monkeypatch.undo()
    run = unfinished(str(project))
    assert run is not None
    assert "is not all put back (changed since the run" in error.value.message
    assert error.value.message.endswith(f"run `redis-ssot rollback {run.name}`")
    assert "app/m0.py" in not_undone(project)
    edited.write_bytes(before["app/m0.py"][0])
    roll_back(str(project))
    assert files(project) == before


def test_a_roll_back_that_fails_is_run_again(
    project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(project)
    run = carry_out(str(project), work, "test")
    failing(monkeypatch, 3, OSError(errno.EIO, "Input/output error"))
    with pytest.raises(JournalError) as error:
        roll_back(str(project))
    assert error.value.message.endswith(f"not all is restored: run `redis-ssot rollback {run.name}` again")
    assert runs(str(project)) == [run]
    roll_back(str(project))
    assert files(project) == before


def test_over_a_border_of_file_systems(
    project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, move = files(project), os.replace

    def replace(source: str, target: str) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, "Invalid cross-device link", source, None, target)
        move(source, target)

    monkeypatch.setattr(os, "replace", replace)
    carry_out(str(project), work, "test")
    after = files(project)
    assert after["app/m1.py"] == (b"new 1\n\xff", before["app/m1.py"][1]) and len(after) == len(before)
    (project / "app" / "m0.py.redis-ssot-new").write_bytes(b"left by a killed run")
    roll_back(str(project))
    assert files(project) == before


FULL = """
import json, os, resource, sys
from flake8_redis_ssot.migrate.journal import Change, JournalError, carry_out, roll_back, runs
def state():
    found = {}
    for folder, _, names in os.walk(root):
        found.update({os.path.join(folder, n): open(os.path.join(folder, n), "rb").read() for n in names})
    return found
root, part = sys.argv[1], sys.argv[2]
os.makedirs(os.path.join(root, part), exist_ok=True)
size, count, grown = map(int, sys.argv[3:6])
changes = []
for number in range(count):
    path = os.path.join(root, part, f"m{number}.py")
    with open(path, "wb") as stream:
        stream.write(b"#" * size)
    changes.append(Change(path, b"#" * size, b"#" * (grown if number == count - 1 else size)))
before = state()
if part == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    carry_out(root, changes, "test")
    message = "done"
except JournalError as error:
    message = error.message
print(json.dumps({"message": message, "same": state() == before}))
"""


def full(*arguments: object, command: tuple[str, ...] = ()) -> dict[str, object]:
    done = subprocess.run(
        [*command, sys.executable, "-c", FULL, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_file_that_the_system_does_not_take_whole(tmp_path: Path) -> None:
    found = full(tmp_path, "limited", 20_000, 5, 90_000)
    assert found["same"] and str(found["message"]).endswith("File too large; nothing was written")


@pytest.mark.parametrize(
    ("place", "count", "said"),
    [
        ("whole", 12, "No space left on device; nothing was written"),
        ("part", 3, "No space left on device; all that was written is put back"),
    ],
)
def test_a_full_disk(place: str, count: int, said: str, tmp_path: Path) -> None:
    """A disk that is full before a file changes, and one that a part of the project lies on, in the middle."""
    disk = tmp_path if place == "whole" else tmp_path / "part"
    disk.mkdir(exist_ok=True)
    mount = 'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"'
    command = ("unshare", "--mount", "--map-root-user", "sh", "-c", mount, str(disk))
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("no disk of its own may be mounted here; the limit on a file's size stands for it")
    found = full(tmp_path, "part", 20_000, count, 230_000, command=command)
    assert found["same"] and str(found["message"]).endswith(said), found


def edit_index(root: Path, edit: Callable[[dict], object]) -> None:
    (index,) = (root / journal.FOLDER).glob("*/run.json")
    data = json.loads(index.read_text())
    edit(data)
    index.write_text(json.dumps(data))


def test_a_file_that_changed_since_is_named_and_none_is_touched(project: Path, work: list[Change]) -> None:
    before = files(project)
    run = carry_out(str(project), work, "test")
    (project / "app" / "m1.py").write_bytes(b"edited")
    (project / "app" / "m6.py").write_bytes(b"made again")
    (project / "app" / "made.py").unlink()  # as it was before
    message = not_undone(project)
    assert message.startswith(f"changed since the run {run.name}: app/m1.py, app/m6.py; nothing was touched")
    (project / "app" / "m1.py").write_bytes(b"old 1\r\n")
    (project / "app" / "m6.py").unlink()
    roll_back(str(project))
    assert files(project) == before


def test_a_folder_that_went_since_is_made_again(project: Path) -> None:
    before = files(project)
    carry_out(str(project), [change(path, None) for path in (project / "app").iterdir()], "test")
    (project / "app").rmdir()
    roll_back(str(project))
    assert files(project) == before


def test_read_only_files_are_not_rolled_back(project: Path, work: list[Change]) -> None:
    carry_out(str(project), work, "test")
    (project / "app" / "m1.py").chmod(0o400)
    assert "read-only, or in a folder that is: app/m1.py; nothing was touched" in not_undone(project)


@pytest.mark.parametrize("kind", ["absolute", "up", "inner up", "link", "git", "journal"])
def test_a_journal_that_points_elsewhere_is_refused(
    kind: str, project: Path, tmp_path: Path, work: list[Change]
) -> None:
    outside = tmp_path / "m0.py"
    outside.write_bytes(b"new 0\n\xff")
    (project / "up").symlink_to(tmp_path)
    path = {
        "absolute": str(outside), "up": "../m0.py", "inner up": "app/../app/m0.py", "link": "up/m0.py",
        "git": ".GIT/hooks/pre-commit", "journal": f"{journal.FOLDER}/x",
    }[kind]  # fmt: skip
    carry_out(str(project), work, "test")
    edit_index(project, lambda data: data["files"][0].update(path=path))
    assert not_undone(project).startswith(f"not among the project's own files: {path}; nothing was touched")
    assert outside.read_bytes() == b"new 0\n\xff"


def test_a_link_that_came_since_is_not_followed_outside(
    project: Path, tmp_path: Path, work: list[Change]
) -> None:
    carry_out(str(project), work, "test")
    (project / "app").rename(tmp_path / "app")
    (project / "app").symlink_to(tmp_path / "app")
    before = files(tmp_path)
    assert "not among the project's own files: app/m0.py" in not_undone(project)
    assert files(tmp_path) == before


def test_a_saved_copy_that_is_not_whole_is_refused(project: Path, work: list[Change]) -> None:
    run = carry_out(str(project), work, "test")
    folder = project / journal.FOLDER / run.name
    (folder / "3").write_bytes(b"something else")
    (folder / "6").unlink()
    assert f"not saved whole in the run {run.name}: app/m3.py, app/m6.py;" in not_undone(project)
    (folder / "3").unlink()
    (folder / "3").symlink_to(project / "app" / "m7.py")
    assert "is no plain file; nothing was touched" in not_undone(project)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "[" * 100_000, "\udcff", '{"command": "x", "started": "x", "state": "new", "files": []}',
     '{"command": 1, "started": "x", "state": "done", "files": []}',
     '{"command": "x", "started": "x", "state": "done", "files": [{"path": 1, "before": null, "after": null}]}',
     '{"command": "x", "started": "x", "state": "done", "files": [{"path": "a"}]}',
     r'{"command": "x", "started": "x", "state": "done", "files": [{"path": "\u0000", "before": null, "after": ""}]}',
     None],
    ids=range(11),
)  # fmt: skip
def test_a_run_that_cannot_be_read_is_named(text: str | None, project: Path, work: list[Change]) -> None:
    run = carry_out(str(project), work, "test")
    index = project / journal.FOLDER / run.name / "run.json"
    index.unlink() if text is None else index.write_bytes(text.encode(errors="surrogateescape"))
    expected = f"{journal.FOLDER}/{run.name}: is no run of redis-ssot;"
    assert not_undone(project).startswith(expected)
    assert refused(project, [change(project / "app" / "m7.py", b"x")]).startswith(expected)
    with pytest.raises(JournalError):
        runs(str(project))


def test_a_linked_run_is_refused(project: Path, tmp_path: Path, work: list[Change]) -> None:
    run = carry_out(str(project), work, "test")
    folder = project / journal.FOLDER / run.name
    folder.rename(tmp_path / "run")
    folder.symlink_to(tmp_path / "run")
    assert "is no run of redis-ssot" in not_undone(project)


def test_only_one_at_a_time(project: Path, work: list[Change], monkeypatch: pytest.MonkeyPatch) -> None:
    move, begun, go_on = os.replace, threading.Event(), threading.Event()

    def slowly(source: str, target: str) -> None:
        move(source, target)
        if target.endswith("m3.py"):
            begun.set()
            go_on.wait(60)

    monkeypatch.setattr(os, "replace", slowly)
    first = threading.Thread(target=carry_out, args=(str(project), work, "first"))
    first.start()
    try:
        assert begun.wait(60)
        busy = "another run is at work in this project; nothing was written: run again when it is done"
        assert refused(project, [change(project / "app" / "m7.py", b"second")]) == busy
        assert not_undone(project) == busy
    finally:
        go_on.set()
        first.join()
    assert [run.state for run in runs(str(project))] == ["done"]
    assert carry_out(str(project), [change(project / "app" / "m7.py", b"second")], "second").state == "done"


STEPS = """
import os, shutil, sys
from itertools import count
from pathlib import Path
from flake8_redis_ssot.migrate import journal
from flake8_redis_ssot.migrate.journal import Change, carry_out, roll_back, runs, unfinished

root = sys.argv[1]
app = Path(root, "app")

def put(state):
    shutil.rmtree(root, ignore_errors=True)
    app.mkdir(parents=True)
    for name, data in state.items():
        (app / name).write_bytes(data)

def now():
    return {path.name: path.read_bytes() for path in app.iterdir()}

def killed_at(step, work):
    "Whether `work` ended in a process that dies at that step on the file system."
    child = os.fork()
    if not child:
        left = [step]
        def hook(event, arguments):
            if event == "open" or event.startswith(("os.", "shutil.")):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

OLD = {"a.py": b"a", "b.py": b"b", "c.py": b"c", "gone.py": b"g"}
NEW = {"a.py": b"A", "b.py": b"B", "c.py": b"C", "made.py": b"M"}
CHANGES = [
    Change(str(app / name), OLD.get(name), NEW.get(name)) for name in sorted({**OLD, **NEW}, reverse=True)
]

def whole():
    for name in {*OLD, *NEW}:
        assert now().get(name) in (OLD.get(name), NEW.get(name)), (name, now())

def undone():
    assert now() == OLD, now()
    assert [run.state for run in runs(root)] == ["rolled back"]
    folder = Path(root, journal.FOLDER)
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {".gitignore", "lock", "run.json"}

def go():
    carry_out(root, CHANGES, "test")

for step in count():
    put(OLD)
    if not killed_at(step, go):
        break
    whole()
    if not runs(root):
        assert now() == OLD
        print("before")
        go()
    else:
        print("inside" if unfinished(root) else "after")
    roll_back(root)
    undone()
for begun in (10**9, step * 4 // 5):
    for step in count():
        put(OLD)
        killed_at(begun, go)
        if not killed_at(step, lambda: roll_back(root)):
            break
        whole()
        print("back")
        if runs(root)[0].state != "rolled back":
            roll_back(root)
        undone()
"""


def test_killed_at_every_step_on_the_file_system(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(tmp_path / "project")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    landed = Counter(done.stdout.split())
    assert landed["before"] > 20 and landed["inside"] > 10 and landed["after"] and landed["back"] > 40, landed


VICTIM = """
import sys
from pathlib import Path
from flake8_redis_ssot.migrate.journal import Change, carry_out, roll_back
root = sys.argv[1]
changes = []
for path in sorted(Path(root).glob("part*/*.py")):
    data = path.read_bytes()
    changes.append(Change(str(path), data, None if path.name == "9.py" else data.replace(b"old", b"new")))
    if path.name == "9.py":
        changes.append(Change(str(path.with_name("made.py")), None, b"new"))
print("ready", flush=True)
sys.stdin.readline()
carry_out(root, changes, "victim") if sys.argv[2] == "out" else roll_back(root)
"""


def many(root: Path) -> None:
    for number in range(500):
        path = root / f"part{number // 10}" / f"{number % 10}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"# {number}, old\n".encode() * (1 + number % 7))
        path.chmod(0o644 if number % 3 else 0o755)


def kill(root: Path, way: str, moment: Callable[[], object]) -> None:
    """Kill a process at work on 500 files when `moment` returns."""
    command = [sys.executable, "-c", VICTIM, str(root), way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as victim:
        assert victim.stdin and victim.stdout and victim.stdout.readline() == b"ready\n"
        victim.stdin.write(b"\n")
        victim.stdin.flush()
        moment()
        victim.send_signal(signal.SIGKILL)


def let_finish(root: Path) -> float:
    """Carry out the changes of 500 files in a process of its own; the seconds that it takes."""
    times: list[float] = []

    def wait() -> None:
        times.append(time.perf_counter())
        while not any(run.state == "done" for run in runs(str(root))):
            time.sleep(0.001)
        times.append(time.perf_counter())

    kill(root, "out", wait)
    return times[1] - times[0]


def moments(root: Path, length: float, chance: random.Random) -> Callable[[], object]:
    """One time out of two any moment of the work, else the one in which some file changes."""
    if chance.random() < 0.5:
        return lambda: time.sleep(length * chance.random())
    path = root / f"part{chance.randrange(50)}" / f"{chance.randrange(10)}.py"
    data, end = durable.read(str(path)), time.monotonic() + 10 * length + 1

    def wait() -> None:
        with suppress(FileNotFoundError):  # it went between two looks
            while time.monotonic() < end and durable.read(str(path)) == data:
                pass

    return wait


def test_killed_at_random_every_file_is_whole_and_all_is_restored(tmp_path: Path) -> None:
    root, chance = tmp_path / "project", random.Random()
    many(root)
    before = files(root)
    length = let_finish(root)
    after = files(root)
    roll_back(str(root))
    assert files(root) == before and len(after) == 500
    landed: Counter[str] = Counter()
    mixed = 0
    while landed.total() < KILLS or (landed["inside"] < max(1, KILLS // 5) and landed.total() < 5 * KILLS):
        past = len(runs(str(root)))
        kill(root, "out", moments(root, length, chance))
        now = files(root)
        for name in {*before, *after, *now}:
            assert now.get(name) in (before.get(name), after.get(name)), name
        killed = unfinished(str(root))
        if killed:
            landed["inside"] += 1
            mixed += now not in (before, after)
            path = root / "part0" / "0.py"
            with pytest.raises(JournalError, match=f"run `redis-ssot rollback {killed.name}` first"):
                carry_out(str(root), [change(path, b"other")], "test")
            assert files(root) == now
        elif len(runs(str(root))) > past:
            landed["after"] += 1
            assert now == after
        else:
            landed["before"] += 1
            assert now == before
            continue
        assert roll_back(str(root)).state == "rolled back" and files(root) == before
    print(f"\n{landed.total()} kills: {dict(landed)}; {mixed} of those inside left old and new files")
    assert landed["inside"] >= max(1, KILLS // 5)
    with pytest.raises(JournalError, match="rolled back already; `redis-ssot migrate --list` lists"):
        roll_back(str(root))
    assert {path.rpartition("/")[2] for path in written(root)} == {".gitignore", "run.json"}


def test_a_roll_back_killed_at_random_is_run_again(tmp_path: Path) -> None:
    root, chance = tmp_path / "project", random.Random()
    many(root)
    before = files(root)
    inside = 0
    for _ in range(max(4, KILLS // 2)):
        length = let_finish(root)
        after = files(root)
        kill(root, "back", moments(root, length / 3, chance))
        now = files(root)
        for name in {*before, *after, *now}:
            assert now.get(name) in (before.get(name), after.get(name)), name
        inside += now not in (before, after)
        if runs(str(root))[-1].state != "rolled back":
            roll_back(str(root))
        assert files(root) == before
    print(f"\n{max(4, KILLS // 2)} kills of a roll back: {inside} left old and new files")


def test_the_command(project: Path, work: list[Change], run: Command) -> None:
    def said(*arguments: str, cwd: Path = project) -> tuple[int, str, str]:
        done = run("rollback", *arguments, cwd=cwd)
        return done.returncode, done.stdout, done.stderr

    assert said() == (2, "", f"error: {NO_RUN}\n")
    (project / "pyproject.toml").write_text("[tool.redis-ssot]\n")
    before = files(project)
    done = carry_out(str(project), work, "migrate")
    assert run("check", "--show-files", "--no-cache", cwd=project).stdout.count(journal.FOLDER) == 0
    unknown = said("20000101T000000Z-1", cwd=project / "app")
    assert unknown == (
        2, "", f"error: there is no run `20000101T000000Z-1`; there are: {done.name}\n",
    )  # fmt: skip
    assert said(cwd=project / "app") == (0, f"Rolled back {done.name}: 8 files restored.\n", "")
    assert files(project) == before
    assert said(done.name) == (
        2,
        "",
        f"error: the run {done.name} is rolled back already; `redis-ssot migrate --list` shows which are not\n",
    )
    again = "rolled back already; `redis-ssot migrate --list` lists what there is\n"
    assert said() == (2, "", f"error: the one run here is {again}")
    one = carry_out(str(project), [change(project / "app" / "\x1b[31m.py", b"")], "migrate")
    (project / "app" / "\x1b[31m.py").write_bytes(b"edited")
    status, out, error = said("--config", "pyproject.toml", one.name)
    assert (status, out) == (2, "") and r"app/\x1b[31m.py" in error and "\x1b" not in error
    (project / "app" / "\x1b[31m.py").write_bytes(b"")
    assert said(one.name)[1] == f"Rolled back {one.name}: 1 file restored.\n"
    assert said() == (2, "", f"error: all 2 runs here are {again}")
    part = carry_out(str(project), work, "migrate")
    (project / "app" / "m0.py").write_bytes(before["app/m0.py"][0])
    (project / "app" / "made.py").unlink()
    rest = "6 of 8 files restored; the rest was as before already"
    assert said() == (0, f"Rolled back {part.name}: {rest}.\n", "") and files(project) == before
    (project / "pyproject.toml").write_text("[tool.redis-ssot]\nmanger = 1\n")
    assert said()[0] == 2
