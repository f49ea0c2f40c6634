"""What a rule reports: frozen values that know nothing of files or output."""

from __future__ import annotations

from typing import Literal

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.source import Range

Applicability = Literal["safe", "unsafe", "display-only"]
"""As in ruff: keeps the meaning; may change it; only to be shown."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The text in `range` becomes `content`."""

    range: Range
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The `edits` of one file that settle a diagnostic; `message` says what they do.

    With `is_removal` they put nothing in the place of what they take out.
    """

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    is_removal: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a diagnostic speaks of, and what is there."""

    path: str
    range: Range
    message: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a diagnostic is known by wherever its lines move: see `lint.fingerprint`.

    `definition` is the dotted name of the function or class around, empty for the module; `text` what is
    reported, for people, and `digest` stands for it however it is formatted; `sketch` tells whether two
    definitions are alike.
    """

    definition: str
    text: str
    digest: str
    sketch: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `path` is absolute, `message` one line without code or final dot, `symbols` the dotted
    names that an allowance may name. `fix`, `noqa_row`, the line where a comment silences it, and
    `fingerprint` are there only where they were asked for and there is one.
    """

    path: str
    range: Range
    code: str
    name: str
    message: str
    help: str | None = None
    symbols: tuple[str, ...] = ()
    fix: Fix | None = None
    noqa_row: int | None = None
    related: tuple[Related, ...] = ()
    fingerprint: Fingerprint | None = None

    @property
    def sort_key(self) -> tuple[str, Range, str, str]:
        return (self.path, self.range, self.code, self.message)
