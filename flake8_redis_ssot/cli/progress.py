"""How far a run has come, on a terminal, for runs that take longer than a second."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType, TracebackType

AFTER = 1.0
"""Seconds before anything is shown."""
_EVERY = 0.1


class Progress:
    """Shows on standard error what a run is at, in one line that it takes away again.

    A timer of the system draws it, so that one long step shows too; where there is none, nothing is shown.
    """

    def __init__(self) -> None:
        self._text = "the project"
        self._is_shown = False
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_running = is_terminal and hasattr(signal, "setitimer")

    def __call__(self, stage: str, done: int, total: int) -> None:
        self._text = f"{stage}: {done} of {total}"

    def __enter__(self) -> Progress:
        if self._is_running:
            signal.signal(signal.SIGALRM, self._draw)
            signal.setitimer(signal.ITIMER_REAL, AFTER, _EVERY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the line away, for good: what follows is the output."""
        if self._is_running:
            self._is_running = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self.hide()

    def hide(self) -> None:
        """Take the line away until it is drawn again."""
        if self._is_shown:
            self._is_shown = False
            os.write(sys.stderr.fileno(), b"\r\x1b[K")

    def _draw(self, number: int, frame: FrameType | None) -> None:
        # past the buffers, in which whoever is interrupted may be writing
        self._is_shown = True
        os.write(sys.stderr.fileno(), f"\r\x1b[KChecking {self._text}".encode())
