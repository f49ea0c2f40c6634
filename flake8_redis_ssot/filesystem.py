"""Which files there are and what they hold, as a value that is passed in."""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.stamps import Stamp, stamp

Kind = Literal["file", "folder", "other"]
EntryKind = Literal[Kind, "link"]
Question = tuple[Literal["read", "entries", "kind"], str]
"""What a file system is asked, and of which path."""


class Entry(NamedTuple):
    """What is in a folder under a name; links are not followed."""

    name: str
    kind: EntryKind


class FileSystem(ABC):
    """Files as they are read, listed and looked for; paths are absolute.

    To read from somewhere else takes three methods: `read`, `entries` and `kind`. All that is read of a
    project goes through one such value: its files, settings and `.gitignore`. What is written goes to the disk.
    """

    @abstractmethod
    def read(self, path: str) -> bytes:
        """What the file at `path` holds now; OSError when the system refuses."""

    @abstractmethod
    def entries(self, folder: str) -> list[Entry]:
        """What is in a folder, in the order of the names; OSError where it cannot be read."""

    @abstractmethod
    def kind(self, path: str) -> Kind:
        """What is at `path`, links followed; OSError or ValueError where nothing can be."""

    def size(self, path: str) -> int:
        """How many bytes the file at `path` has; OSError when the system refuses."""
        return len(self.read(path))

    def stamp(self, path: str) -> Stamp | None:
        """What tells without reading that the file at `path` is as it was; None where there is none, or nothing tells."""
        return None

    def source(self, path: str) -> SourceFile:
        """The file at `path`, read now; SourceError when the system refuses."""
        try:
            return SourceFile(path, self.read(path))
        except OSError as error:
            raise SourceError(
                f"cannot be read: {error.strerror or error}", advice="make it readable"
            ) from error

    def is_file(self, path: str) -> bool:
        """Whether there is a file at `path`."""
        with suppress(OSError, ValueError):
            return self.kind(path) == "file"
        return False

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        with suppress(OSError, ValueError):
            return self.kind(path) == "folder"
        return False

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in order; nothing where it cannot be read."""
        with suppress(OSError):
            return [entry.name for entry in self.entries(folder)]
        return []

    def with_edits(self, edited: Mapping[str, bytes]) -> FileSystem:
        """The same, with other bytes in these files: changes that are tried, buffers of an editor."""
        return Edited(self, edited)

    @property
    def unnoted(self) -> FileSystem:
        """The same, where nobody notes what is read: for searches through all files."""
        return self


class Disk(FileSystem):
    """The files of this machine."""

    def read(self, path: str) -> bytes:
        with open(path, "rb") as stream:
            return stream.read()

    def entries(self, folder: str) -> list[Entry]:
        with os.scandir(folder) as found:
            return sorted(Entry(entry.name, _kind_of(entry)) for entry in found)

    def kind(self, path: str) -> Kind:
        mode = os.stat(path).st_mode
        return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

    def size(self, path: str) -> int:
        return os.path.getsize(path)

    def stamp(self, path: str) -> Stamp | None:
        return stamp(path)

    # these two are asked by the thousand for what is not there
    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path)


def _kind_of(entry: os.DirEntry[str]) -> EntryKind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


@dataclass(frozen=True)
class Edited(FileSystem):
    """Another file system in which the files of `edited` hold other bytes, or are there at all."""

    base: FileSystem
    edited: Mapping[str, bytes]

    def with_edits(self, edited: Mapping[str, bytes]) -> FileSystem:
        return Edited(self.base, {**self.edited, **edited})

    def read(self, path: str) -> bytes:
        return self.edited[path] if path in self.edited else self.base.read(path)

    def entries(self, folder: str) -> list[Entry]:
        added = self._added.get(folder)
        if added is None:
            return self.base.entries(folder)
        there: list[Entry] = []
        with suppress(FileNotFoundError):
            there = self.base.entries(folder)
        return sorted({entry.name: entry for entry in [*added, *there]}.values())

    def kind(self, path: str) -> Kind:
        if path in self.edited:
            return "file"
        return "folder" if path in self._added else self.base.kind(path)

    def size(self, path: str) -> int:
        return len(self.edited[path]) if path in self.edited else self.base.size(path)

    def stamp(self, path: str) -> Stamp | None:
        return None if path in self.edited else self.base.stamp(path)

    def is_file(self, path: str) -> bool:
        return path in self.edited or self.base.is_file(path)

    def is_folder(self, path: str) -> bool:
        return path in self._added or self.base.is_folder(path)

    @cached_property
    def _added(self) -> dict[str, list[Entry]]:
        """The folders of the edited files, each with what these put there."""
        found: dict[str, dict[str, Entry]] = {}
        for path in self.edited:
            entry = Entry(os.path.basename(path), "file")
            folder = os.path.dirname(path)
            while entry.name not in found.setdefault(folder, {}):
                found[folder][entry.name] = entry
                if folder == os.path.dirname(folder):
                    break
                entry = Entry(os.path.basename(folder), "folder")
                folder = os.path.dirname(folder)
        return {folder: [*entries.values()] for folder, entries in found.items()}


class Noting(FileSystem):
    """Another file system, with the paths of the files that were read."""

    def __init__(self, base: FileSystem) -> None:
        self.base = base
        self.noted: set[str] = set()

    @property
    def unnoted(self) -> FileSystem:
        return self.base

    def read(self, path: str) -> bytes:
        self.noted.add(path)
        return self.base.read(path)

    def entries(self, folder: str) -> list[Entry]:
        return self.base.entries(folder)

    def kind(self, path: str) -> Kind:
        return self.base.kind(path)

    def size(self, path: str) -> int:
        return self.base.size(path)

    def stamp(self, path: str) -> Stamp | None:
        return self.base.stamp(path)

    def is_file(self, path: str) -> bool:
        return self.base.is_file(path)

    def is_folder(self, path: str) -> bool:
        return self.base.is_folder(path)


class UnansweredError(BaseException):
    """A question that `Carried` has no answer to.

    No Exception: nobody on the way may take it for a fault of the file that is being checked.
    """

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class Carried(FileSystem):
    """What another file system answered, to be carried to a machine that cannot reach it.

    With a `base` every question is passed on, and its answer kept; without one, questions that
    nobody asked before raise UnansweredError.
    """

    def __init__(self, base: FileSystem | None, answers: Mapping[Question, Any] | None = None) -> None:
        self._base = base
        self.answers: dict[Question, Any] = {**(answers or {})}
        """In the order in which the questions came; a refusal of the system is an answer as well."""

    def read(self, path: str) -> bytes:
        data: bytes = self._answer(("read", path))
        return data

    def entries(self, folder: str) -> list[Entry]:
        kinds: Mapping[str, EntryKind] = self._answer(("entries", folder))
        return [Entry(name, kind) for name, kind in kinds.items()]

    def kind(self, path: str) -> Kind:
        """From what is listed in its folder: so one answer serves for all that is asked of a folder."""
        chain = [path]
        while (folder := os.path.dirname(chain[-1])) != chain[-1]:
            chain.append(folder)
        # down from the nearest folder that is listed: what is missing on the way is not listed in turn
        nearest = next((n for n, folder in enumerate(chain[1:], 1) if ("entries", folder) in self.answers), 1)
        kind: EntryKind = "folder"
        for folder, inner in pairwise(reversed(chain[: nearest + 1])):
            try:
                found = self._answer(("entries", folder)).get(os.path.basename(inner))
            except PermissionError:
                return self._asked_kind(path)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            kind = self._asked_kind(inner) if found == "link" else found
        assert kind != "link"
        return kind

    def _asked_kind(self, path: str) -> Kind:
        kind: Kind = self._answer(("kind", path))
        return kind

    def _answer(self, question: Question) -> Any:
        if question not in self.answers:
            if self._base is None:
                raise UnansweredError(question)
            self.answers[question] = _asked(self._base, question)
        answer = self.answers[question]
        if isinstance(answer, Exception):
            raise answer.with_traceback(None)
        return answer


def _asked(filesystem: FileSystem, question: Question) -> Any:
    """An answer in a form that can be kept and sent."""
    verb, path = question
    try:
        return dict(filesystem.entries(path)) if verb == "entries" else getattr(filesystem, verb)(path)
    except (OSError, ValueError) as error:
        return error


DISK = Disk()
