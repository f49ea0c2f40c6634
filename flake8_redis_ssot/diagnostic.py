"""What a rule reports: frozen values that know nothing of files or output."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_redis_ssot.source import Range


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `path` is absolute, `message` one line without code or final dot, `symbols` the dotted
    names that an allowance may name, `noqa_row` the line where a `noqa` counts.
    """

    path: str
    range: Range
    code: str
    name: str
    message: str
    help: str | None = None
    symbols: tuple[str, ...] = ()

    @property
    def noqa_row(self) -> int:
        return self.range.start.line

    @property
    def sort_key(self) -> tuple[str, Range, str, str]:
        return (self.path, self.range, self.code, self.message)
