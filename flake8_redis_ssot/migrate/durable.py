"""Files written, moved and removed so that they are whole on the disk, whenever the process is killed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress

BESIDE = ".redis-ssot-new"
"""Ends the name of the copy beside a file that lies on another file system than the journal."""


def read(path: str) -> bytes | None:
    """The bytes of the file; None where there is nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is no plain file", path)
    with open(path, "rb") as stream:
        return stream.read()


def write(path: str, data: bytes, like: os.stat_result | None = None) -> None:
    """Make the file, on disk, with the mode and where possible the owner of another."""
    try:
        with open(path, "xb") as stream:
            stream.write(data)
            stream.flush()
            if like:
                with suppress(OSError, AttributeError):
                    os.chown(path, like.st_uid, like.st_gid)
                os.chmod(path, stat.S_IMODE(like.st_mode))
            os.fsync(stream.fileno())
    except OSError as error:
        error.filename = path
        raise


def move(source: str, target: str) -> None:
    """Replace `target` by `source` at once; over a border of file systems, by a copy beside it."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target + BESIDE
        remove(beside)
        try:
            write(beside, read(source) or b"", os.stat(source))
            os.replace(beside, target)
        except BaseException:
            remove(beside)
            raise
        remove(source)


def remove(path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)


def sync(paths: Iterable[str]) -> None:
    """Wait until the folders of the paths are on disk, where the system can tell."""
    for folder in {os.path.dirname(path) for path in paths}:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
