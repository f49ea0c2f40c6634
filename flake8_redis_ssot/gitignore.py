"""What git ignores, by the files that say so: `.gitignore` in a folder, and `info/exclude` of a repository."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


@dataclass(frozen=True)
class IgnoreFile:
    """The lines of such a file, relative to the folder `base`: the last that takes a path decides."""

    base: str
    lines: tuple[str, ...]

    @classmethod
    def read(cls, path: str, base: str, filesystem: FileSystem) -> IgnoreFile | None:
        """What the file at `path` says; None where there is none, or nothing in it."""
        try:
            text = filesystem.read(path).decode("utf-8-sig", "replace")
        except OSError:
            return None
        lines = tuple(line for line in re.split(r"\r?\n", text) if line.strip() and line[0] != "#")
        return cls(base, lines) if lines else None

    @cached_property
    def _patterns(self) -> list[tuple[GitIgnoreSpecPattern, bool]]:
        """The patterns, the last first, and whether each takes folders alone."""
        from pathspec import GitIgnoreSpec

        found: list[tuple[GitIgnoreSpecPattern, bool]] = []
        for line in reversed(self.lines):
            pattern = line if line.endswith("\\ ") else line.rstrip()
            try:
                made = GitIgnoreSpec.from_lines([pattern.removesuffix("/")]).patterns
            except (ValueError, re.error):  # git passes over what is no pattern
                continue
            found += [(one, pattern.endswith("/")) for one in made if one.include is not None]
        return found

    def ignores(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether the absolute `path` below `base` is ignored; None where no line takes it.

        A line that takes a folder around it says nothing of it: who walks does not enter what is ignored.
        """
        name = path[len(self.base.rstrip("/")) + 1 :]
        for pattern, is_for_folders in self._patterns:
            if is_folder or not is_for_folders:
                found = pattern.match_file(name)
                # the one group of such a pattern is the slash behind a folder around
                if found is not None and found.match.lastindex is None:
                    return pattern.include
        return None


def is_ignored(path: str, files: Sequence[IgnoreFile], *, is_folder: bool) -> bool:
    """Whether `path` is ignored by the files above it, the nearest last: it decides before the others."""
    answers = (file.ignores(path, is_folder=is_folder) for file in reversed(files))
    return next((answer for answer in answers if answer is not None), False)


def exclude_of(repository: str, filesystem: FileSystem) -> str:
    """The path of the `info/exclude` that holds in the folder `repository`: all work trees of one share it."""
    git = os.path.join(repository, ".git")
    git = _named_in(git, repository, filesystem) or git
    git = _named_in(os.path.join(git, "commondir"), git, filesystem) or git
    return os.path.join(git, "info", "exclude")


def _named_in(pointer: str, base: str, filesystem: FileSystem) -> str | None:
    """The folder that a file of git names, relative to `base`; None where there is no such file."""
    try:
        text = os.fsdecode(filesystem.read(pointer))
    except OSError:
        return None
    return os.path.normpath(os.path.join(base, text.removeprefix("gitdir:").strip()))
