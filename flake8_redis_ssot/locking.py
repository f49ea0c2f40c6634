"""A file that one process at a time holds, so that others do not write meanwhile."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def locked(path: str) -> int:
    """A descriptor that holds the file at `path` until it is closed; BlockingIOError where another has it.

    The file and its folder are made where they are missing.
    """
    folder = os.path.dirname(path)
    while True:
        with suppress(FileExistsError):
            os.mkdir(folder)
        with suppress(FileNotFoundError):  # whoever had it may just have removed it
            lock = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                _hold(lock)
                if os.path.samestat(os.fstat(lock), os.stat(path)):
                    return lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)


def _hold(lock: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
