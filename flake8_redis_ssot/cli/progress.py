"""How far a run has come, on a terminal, for runs that take longer than a second."""

from __future__ import annotations

import sys
import time

AFTER = 1.0
"""Seconds before anything is shown."""
_EVERY = 0.1


class Progress:
    """Shows what it is told on standard error, in one line that it takes away again."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr.isatty()
        self._next = time.monotonic() + AFTER
        self._is_shown = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._is_seen and (now := time.monotonic()) >= self._next:
            self._next = now + _EVERY
            self._is_shown = True
            print(end=f"\r\x1b[KChecking {stage}: {done} of {total}", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            self._is_shown = False
            print(end="\r\x1b[K", file=sys.stderr, flush=True)
