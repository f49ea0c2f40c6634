"""The journal of what was done to files: written before the first of them changes, so that all can be undone.

A run is a folder of the journal: `run.json` names the files with the digests of their bytes
before and after, `0`, `1`, ... are the bytes before, with the mode and owner of the files, and
`0.new`, ... the bytes after. All of them are on disk before the run counts as one. Carrying it
out then is to move `0.new`, ... to their places, and undoing it to move `0`, ... back: neither
needs room on the disk, and whoever is killed meanwhile leaves nothing beside the files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal, get_args

from flake8_redis_ssot.files import is_closed
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.locking import locked
from flake8_redis_ssot.migrate.durable import BESIDE, move, read, remove, sync, write

FOLDER = ".redis_ssot_journal"

State = Literal["unfinished", "done", "rolled back"]

_NAME = re.compile(r"(\d{8}T\d{6}Z)-(\d+)")
_NO_RUN = (
    "there is no run of `redis-ssot migrate` here to roll back; run this in the project's folder, or name its settings "
    "file by --config"
)
_NEW = "new-"
"""Begins the name of a folder that is no run yet, or none any more."""
_INDEX = "run.json"
_FOREIGN = {".git", ".hg", ".svn", FOLDER}
"""Folders of which nothing is ever written: what lies there may be run, or is ours."""


@dataclass(frozen=True)
class Change:
    """What is to become of the file at the absolute `path`.

    `before` None: it is made, in a folder that exists; `after` None: it is removed.
    """

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Run:
    """One entry of the journal.

    `name` sorts by time, as 20261123T113000Z-1; `started` is that time in ISO 8601; `paths` are
    relative to the project's folder, with `/`. A run that is at work now is "unfinished". `restored` says of one that
    `roll_back` gives how many files it had to put back: the others were as before, such as those that a run which was
    killed had not come to.
    """

    name: str
    command: str
    state: State
    paths: tuple[str, ...]
    started: str
    restored: int = field(default=0, compare=False)


class JournalError(Exception):
    """What cannot be done: one line that says what, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class _Entry:
    """A file of a run, relative to the root, and the digests of its bytes; None: it is not there."""

    path: str
    before: str | None
    after: str | None


def carry_out(root: str, changes: Sequence[Change], command: str) -> Run:
    """Make all of the changes below the folder `root`, or none, as a run of `command`.

    JournalError where that is not possible: then, unless it says otherwise, all files are as
    they were, and there is no run.
    """
    changes = [change for change in changes if change.before != change.after]
    if not changes:
        raise JournalError("there is nothing to change")
    with _locked(root) as folder:
        check_finished(root)
        try:
            targets = _targets(root, changes)
            run, entries = _begin(root, folder, list(zip(targets, changes, strict=True)), command)
        except OSError as error:
            raise JournalError(f"{_why(error, root)}; nothing was written") from error
        path = os.path.join(folder, run.name)
        begun = 0
        try:
            for number, (target, change) in enumerate(zip(targets, changes, strict=True)):
                if read(target) != change.before:
                    raise JournalError(f"{entries[number].path} changed meanwhile")
                begun = number + 1
                if change.after is None:
                    os.unlink(target)
                else:
                    move(_new(path, number), target)
            sync(targets)
            return _mark(path, run, entries, "done")
        except BaseException as error:
            why = _why(error, root) if isinstance(error, OSError) else str(error)
            try:
                _restore(_to_restore(root, path, entries[:begun]))
                _drop(folder, run.name)
            except (OSError, JournalError) as second:
                also = _why(second, root) if isinstance(second, OSError) else second.message
                raise JournalError(
                    f"{why}; what was written is not all put back ({also}): "
                    f"make that possible, and run `redis-ssot rollback {run.name}`"
                ) from error
            if isinstance(error, OSError | JournalError):
                raise JournalError(f"{why}; all that was written is put back") from error
            raise


def runs(root: str) -> list[Run]:
    """All runs, the oldest first; JournalError where one cannot be read."""
    folder = _folder(root)
    return [_load(folder, name)[0] for name in _names(folder)]


def unfinished(root: str) -> Run | None:
    """The run that was killed before its end and is not rolled back, or is at work now."""
    return next((run for run in runs(root) if run.state == "unfinished"), None)


def check_finished(root: str) -> None:
    """JournalError where a run was killed before its end and is not rolled back: what it did, and what to do."""
    past = unfinished(root)
    if past is None:
        return
    _, entries = _load(_folder(root), past.name)
    done = []
    for entry in entries:
        target = _real(root, os.path.join(root, entry.path))
        with suppress(OSError):
            if target is not None and _digest(read(target)) == entry.after:
                done.append(entry.path)
    changed = f"{len(done)} of {len(entries)} files{f' ({_some(done)})' if done else ''}"
    raise JournalError(
        f"the run {past.name} (`{past.command}`) was stopped when it had changed {changed}; "
        f"nothing was written: run `redis-ssot rollback {past.name}` first"
    )


def roll_back(root: str, name: str | None = None) -> Run:
    """Make all files of a run what they were before; None stands for the newest run not rolled back.

    JournalError where there is no such run, or it cannot be undone: then, unless it says
    otherwise, no file was touched. A roll back that was killed can be run again.
    """
    if not os.path.isdir(_folder(root)):
        raise JournalError(_NO_RUN)
    with _locked(root) as folder:
        run, entries = _load(folder, _chosen(runs(root), name))
        path = os.path.join(folder, run.name)
        try:
            todo = _to_restore(root, path, entries)
        except OSError as error:
            raise JournalError(f"{_why(error, root)}; nothing was touched") from error
        restored = sum(saved != (target if os.path.lexists(target) else None) for target, saved in todo)
        try:
            _restore(todo)
            for number in range(len(entries)):
                remove(os.path.join(path, str(number)))
                remove(_new(path, number))
            return replace(_mark(path, run, entries, "rolled back"), restored=restored)
        except OSError as error:
            again = f"run `redis-ssot rollback {run.name}` again"
            raise JournalError(f"{_why(error, root)}; not all is restored: {again}") from error


def _chosen(there: list[Run], name: str | None) -> str:
    left = [run.name for run in there if run.state != "rolled back"]
    if not there:
        raise JournalError(_NO_RUN)
    if name is None and not left:
        which = "the one run here is" if len(there) == 1 else f"all {len(there)} runs here are"
        raise JournalError(f"{which} rolled back already; `redis-ssot migrate --list` lists what there is")
    if name is None:
        return left[-1]
    if name in left:
        return name
    if any(run.name == name for run in there):
        raise JournalError(
            f"the run {name} is rolled back already; `redis-ssot migrate --list` shows which are not"
        )
    raise JournalError(f"there is no run `{name}`; there are: {_some([run.name for run in there[::-1]])}")


def _targets(root: str, changes: list[Change]) -> list[str]:
    """The files that the changes are about, links followed; JournalError where one cannot be made."""
    targets: dict[str, None] = {}
    outside, twice, there, changed, closed = [], [], [], [], []
    for change in changes:
        target = _real(root, change.path)
        if target is None:
            outside.append(change.path)
            continue
        if target in targets:
            twice.append(change.path)
        targets[target] = None
        name = _relative(root, target)
        if change.before is None and os.path.lexists(change.path):
            there.append(name)
        elif read(target) != change.before:
            changed.append(name)
        elif not os.path.isdir(os.path.dirname(target)) or is_closed(target):
            closed.append(name)
    nothing = "nothing was written"
    _refuse(outside, "not among the project's own files", nothing)
    _refuse(twice, "to be changed twice", nothing)
    _refuse(there, "there already", f"{nothing}: move it away, and run again")
    _refuse(changed, "changed or gone since it was read", f"{nothing}: run again")
    _refuse(
        closed,
        "read-only, or in a folder that is read-only or missing",
        f"{nothing}: make the folder, or the file writable, and run again",
    )
    return list(targets)


def _begin(root: str, folder: str, work: list[tuple[str, Change]], command: str) -> tuple[Run, list[_Entry]]:
    """Write down what a run will do; it counts as begun when all is on disk, and else leaves nothing."""
    now = datetime.now(UTC)
    name = _free_name(folder, f"{now:%Y%m%dT%H%M%SZ}")
    entries = [_Entry(_relative(root, t), _digest(c.before), _digest(c.after)) for t, c in work]
    paths = tuple(entry.path for entry in entries)
    run = Run(name, command, "unfinished", paths, now.isoformat(timespec="seconds"))
    path = os.path.join(folder, _NEW + name)
    try:
        os.mkdir(path, 0o700)
        for number, (target, change) in enumerate(work):
            like = None if change.before is None else os.stat(target)
            if change.before is not None:
                write(os.path.join(path, str(number)), change.before, like)
            if change.after is not None:
                write(_new(path, number), change.after, like)
        _mark(path, run, entries, "unfinished")
        os.rename(path, os.path.join(folder, name))
        sync([path, folder])
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return run, entries


def _to_restore(root: str, path: str, entries: list[_Entry]) -> list[tuple[str, str | None]]:
    """Files of the run whose folder is `path`, and what each is to be replaced by; None: it is removed.

    A file that is as it was stands for itself. JournalError where one cannot be restored.
    """
    todo: list[tuple[str, str | None]] = []
    outside, changed, broken, closed = [], [], [], []
    for number, entry in enumerate(entries):
        name = entry.path
        sound = not os.path.isabs(name) and ".." not in name.split("/")
        target = _real(root, os.path.join(root, name)) if sound else None
        if target is None:
            outside.append(name)
            continue
        found = _digest(read(target))
        if found == entry.before:
            todo.append((target, target if found else None))
            continue
        saved = os.path.join(path, str(number)) if entry.before else None
        todo.append((target, saved))
        if found != entry.after:
            changed.append(name)
        elif saved and _digest(read(saved)) != entry.before:
            broken.append(name)
        elif is_closed(target):
            closed.append(name)
    run = os.path.basename(path)
    nothing = "nothing was touched"
    _refuse(
        outside,
        "not among the project's own files",
        f"{nothing}: somebody changed the journal, do not trust the run {run}",
    )
    _refuse(
        changed,
        f"changed since the run {run}",
        f"{nothing}: take back those later changes and run again, or restore the files from version control",
    )
    _refuse(broken, f"not saved whole in the run {run}", f"{nothing}: take them from version control")
    _refuse(closed, "read-only, or in a folder that is", f"{nothing}: make them writable, and run again")
    return todo


def _restore(todo: list[tuple[str, str | None]]) -> None:
    for target, saved in todo:
        remove(target + BESIDE)
        if saved is None:
            remove(target)
        elif saved != target:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            move(saved, target)
    sync(target for target, _ in todo)


@contextmanager
def _locked(root: str) -> Iterator[str]:
    """The folder of the journal, in which nobody else works meanwhile; it goes again if it stays empty."""
    folder = _folder(root)
    try:
        lock = locked(os.path.join(folder, "lock"))
    except BlockingIOError:
        raise JournalError(
            "another run is at work in this project; nothing was written: run again when it is done"
        ) from None
    except OSError as error:
        raise JournalError(f"{_why(error, root)}; nothing was written") from error
    try:
        _prepare(root, folder)
        yield folder
    finally:
        if not _names(folder):
            with suppress(OSError):
                for name in (".gitignore", "lock"):
                    remove(os.path.join(folder, name))
                os.rmdir(folder)
        os.close(lock)


def _prepare(root: str, folder: str) -> None:
    """Tell git to leave the folder alone, and remove what killed runs left that had not begun."""
    try:
        if not os.path.lexists(os.path.join(folder, ".gitignore")):
            write(os.path.join(folder, ".gitignore"), b"*\n")
        for name in os.listdir(folder):
            if name.startswith(_NEW):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    except OSError as error:
        raise JournalError(f"{_why(error, root)}; nothing was written") from error


def _folder(root: str) -> str:
    folder = os.path.join(os.path.realpath(root), FOLDER)
    if os.path.islink(folder):
        raise JournalError(f"{FOLDER}: is a link, and no journal of redis-ssot; remove it yourself")
    return folder


def _names(folder: str) -> list[str]:
    """The names of the runs, the oldest first."""
    if not os.path.isdir(folder):
        return []
    found = [match for match in map(_NAME.fullmatch, os.listdir(folder)) if match]
    return [match[0] for match in sorted(found, key=lambda match: (match[1], int(match[2])))]


def _free_name(folder: str, time: str) -> str:
    last = max((int(name[len(time) + 1 :]) for name in _names(folder) if name.startswith(time)), default=0)
    return f"{time}-{last + 1}"


def _load(folder: str, name: str) -> tuple[Run, list[_Entry]]:
    path = os.path.join(folder, name)
    try:
        if os.path.islink(path):
            raise ValueError
        data = json.loads(read(os.path.join(path, _INDEX)) or b"")
        entries = [_Entry(**row) for row in data["files"]]
        run = Run(name, data["command"], data["state"], tuple(e.path for e in entries), data["started"])
        texts = (run.command, run.started, *run.paths)
        digests = [digest for e in entries for digest in (e.before, e.after) if digest is not None]
        sound = all(isinstance(text, str) and "\0" not in text for text in (*texts, *digests))
        if not sound or run.state not in get_args(State):
            raise ValueError
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise JournalError(
            f"{FOLDER}/{name}: is no run of redis-ssot; see what it holds, and remove it yourself"
        ) from None
    return run, entries


def _mark(path: str, run: Run, entries: list[_Entry], state: State) -> Run:
    """The run with this state, as its folder `path` then says."""
    index = os.path.join(path, _INDEX)
    data = {
        "command": run.command,
        "started": run.started,
        "state": state,
        "files": [asdict(entry) for entry in entries],
    }
    remove(index + ".new")
    write(index + ".new", json.dumps(data, indent=1).encode())
    os.replace(index + ".new", index)
    sync([index])
    return replace(run, state=state)


def _drop(folder: str, name: str) -> None:
    """Forget a run: at once, even for whoever is killed."""
    os.rename(os.path.join(folder, name), os.path.join(folder, _NEW + name))
    shutil.rmtree(os.path.join(folder, _NEW + name), ignore_errors=True)


def _real(root: str, path: str) -> str | None:
    """Where `path` leads, links followed; None where that is not the project's own."""
    base, real = os.path.realpath(root), os.path.realpath(path)
    if not real.startswith(base.rstrip(os.sep) + os.sep):
        return None
    parts = os.path.relpath(real, base).lower().split(os.sep)
    return real if _FOREIGN.isdisjoint(parts) else None


def _relative(root: str, path: str) -> str:
    return os.path.relpath(path, os.path.realpath(root)).replace(os.sep, "/")


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _new(path: str, number: int) -> str:
    return os.path.join(path, f"{number}.new")


def _refuse(names: list[str], what: str, advice: str) -> None:
    if names:
        raise JournalError(f"{what}: {_some(names)}; {advice}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _why(error: OSError, root: str) -> str:
    name = error.filename2 or error.filename
    where = _relative(root, os.path.realpath(name)).removesuffix(BESIDE) if name else FOLDER
    return f"{where}: {error.strerror}"
