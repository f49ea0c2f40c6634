"""What one run of a migration came to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.migrate.plan import Step


@dataclass(frozen=True, slots=True)
class NotShimmed:
    """A module in whose place no shim is left, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Migration:
    """What `moved`, as `moved_kinds` and `removed_kinds` count it, in which `files`, and what was `left`,
    and what an allowance or a comment says shall stay (`silenced`).

    `run` is its name in the journal and `undo` the command that undoes it, where something was written;
    `verified` the number of references that a fresh scan found left.
    """

    is_dry: bool
    moved_kinds: str
    removed_kinds: str
    files: list[str] = field(default_factory=list)
    moved: list[Step] = field(default_factory=list)
    left: list[Step] = field(default_factory=list)
    silenced: list[Step] = field(default_factory=list)
    not_shimmed: list[NotShimmed] = field(default_factory=list)
    run: str | None = None
    undo: str | None = None
    verified: int | None = None

    def as_object(self) -> dict[str, Any]:
        """The run as JSON has it."""
        return asdict(self)
