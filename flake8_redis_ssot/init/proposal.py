"""What is proposed: the keys of a table, each with the reason for it."""

from __future__ import annotations

from typing import Any

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.settings.patterns import literal


@dataclass(frozen=True, slots=True)
class Choice:
    """A value, and why it was chosen."""

    value: str
    why: str


@dataclass(slots=True)
class Scope:
    """The managers of one boundary, which has no name where it is the root one, and the shared object.

    That is in the module `home`; those `close` to it may be meant as well. `tests` are those that lie outside of the
    boundary's `folder`.
    """

    home: str = ""
    name: str = ""
    folder: str = ""
    reason: str = ""
    managers: list[Choice] = field(default_factory=list)
    instance: Choice | None = None
    tests: list[str] = field(default_factory=list)
    close: list[str] = field(default_factory=list)

    @property
    def globs(self) -> list[str]:
        """What takes the files of the boundary."""
        return [f"{literal(self.folder)}/**", *map(literal, self.tests)]


@dataclass(frozen=True, slots=True)
class Exchange:
    """An entry of `replacements`; with what is `against` it, it is only shown."""

    old: str
    new: str
    against: str | None = None


@dataclass(slots=True)
class Proposal:
    """A table for the project in the folder `root`.

    `summary` says what was found. `undecided` is what a person has to decide, `doubts` what was decided though
    another choice was close. Without `uses_redis` there is nothing to set up.
    """

    root: str
    summary: str = ""
    uses_redis: bool = True
    scope: Scope = field(default_factory=Scope)
    boundaries: list[Scope] = field(default_factory=list)
    forbidden: list[Choice] = field(default_factory=list)
    src: list[str] | None = None
    tests: list[str] | None = None
    replacements: list[Exchange] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def has_manager(self) -> bool:
        return any(scope.managers for scope in (self.scope, *self.boundaries))

    def values(self) -> dict[str, Any]:
        """The keys and values of the table."""
        found: dict[str, Any] = _managers(self.scope)
        if self.forbidden:
            found["forbidden-managers"] = [choice.value for choice in self.forbidden]
        if self.src is not None:
            found["src"] = self.src
        if self.tests is not None:
            found["tests"] = self.tests
        if self.boundaries:
            found["boundary"] = [
                {"name": b.name, "paths": b.globs, **_managers(b), "reason": b.reason}
                for b in self.boundaries
            ]
        granted = {one.old: one.new for one in self.replacements if one.against is None}
        if granted:
            found["replacements"] = granted
        return found


def _managers(scope: Scope) -> dict[str, Any]:
    names = [choice.value for choice in scope.managers]
    found: dict[str, Any] = {"manager": names[0] if len(names) == 1 else names} if names else {}
    if scope.instance is not None:
        found["instance"] = scope.instance.value
    return found
