"""What the command says beside its output, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from flake8_redis_ssot.cli.replay import look
from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import Paint, painted, wrapped

Kind = Literal["error", "warning", "note", "debug"]
_SHOWN = 3
_PAINTS: dict[Kind, Paint] = {"error": "red", "warning": "yellow", "note": "cyan", "debug": "bold"}


class Messages:
    """Says messages of some kinds as they come; colours are used as `choice` says.

    `notes` are the warnings and notes there were, said or not, `text` is what was said.
    """

    def __init__(
        self,
        choice: str = "auto",
        kinds: tuple[Kind, ...] = ("error", "warning", "note"),
        hide_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.notes: list[str] = []
        self.text = ""
        self._kinds = kinds
        self._hide_progress = hide_progress
        self._look = Look(*look(sys.stderr, choice))

    def __call__(self, kind: Kind, message: str) -> None:
        if kind in ("warning", "note"):
            self.notes.append(message)
        if kind in self._kinds:
            body = wrapped(escaped(message), self._look, first=len(kind) + 2, indent="  ")
            text = f"{painted(kind, _PAINTS[kind], self._look)}: {body}\n"
            self.text += text
            self._hide_progress()
            print(end=text, file=sys.stderr)


def refuse(messages: Iterable[str]) -> int:
    """Say why nothing was done; the status of the command."""
    say = Messages()
    for message in messages:
        say("error", message)
    return 2


def some_of(paths: Sequence[str]) -> str:
    """The paths of a command line, the first of them, as a message names them."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}" if paths else "this folder"
