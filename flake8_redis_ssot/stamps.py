"""What tells without reading that a path is as it was."""

from __future__ import annotations

import os

Stamp = list[int]
"""Size, time of change, time of change of the entry itself, and number of the entry."""

SETTLED = 2_000_000_000
"""Nanoseconds after which the clock of any file system in use has moved on."""


def stamp(path: str) -> Stamp | None:
    """The stamp of `path`, links followed; None where there is nothing."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def settled(known: Stamp | None, start: int) -> bool:
    """Whether what has this stamp cannot have changed since `start` without a change of the stamp.

    A path that is not there has none, and is settled.
    """
    return known is None or max(known[1], known[2]) < start - SETTLED
