"""Which files there are and what they hold, as a value that is passed in."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.stamps import Stamp, stamp

Kind = Literal["file", "folder", "other"]
EntryKind = Literal[Kind, "link"]


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


DISK = Disk()
