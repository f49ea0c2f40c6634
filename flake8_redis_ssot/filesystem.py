"""Which files there are and what they hold, as a value that is passed in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.stamps import Stamp, stamp


class Entry(Protocol):
    """What lies in a folder, as `os.DirEntry` has it."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    def is_symlink(self) -> bool: ...
    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The disk, where the files of `edited` hold other bytes: changes that are tried, buffers of an editor."""

    edited: Mapping[str, bytes] = field(default_factory=dict)

    def with_edits(self, edited: Mapping[str, bytes]) -> FileSystem:
        """The same, with other bytes in these files."""
        return replace(self, edited={**self.edited, **edited})

    def source(self, path: str) -> SourceFile:
        """The file at `path`, read now; SourceError when the system refuses."""
        if path in self.edited:
            return SourceFile(path, self.edited[path])
        try:
            with open(path, "rb") as stream:
                return SourceFile(path, stream.read())
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror or error}") from error

    def is_file(self, path: str) -> bool:
        """Whether there is a file at `path`."""
        return path in self.edited or os.path.isfile(path)

    def stamp(self, path: str) -> Stamp | None:
        """What tells without reading that the file at `path` is as it was; None where there is none."""
        return None if path in self.edited else stamp(path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        return os.path.isdir(path)

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in order; nothing where it cannot be read."""
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return []

    def entries(self, folder: str) -> list[Entry]:
        """What is in a folder, in order of the names; OSError where it cannot be read."""
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)


DISK = FileSystem()
