"""What one file contributes to the whole project, and what the managers define."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from flake8_redis_ssot.semantic.modules import Kind, Modules
from flake8_redis_ssot.semantic.pools import PoolFacts
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Position, Range


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class that does what a manager does.

    `operations` are its methods that stand for a command, each with the dotted name of what
    another file would have to define as a manager for it, else empty; `handing_out` those that
    return a client which it built; `known_as` are the module's names for the class and for what
    is made of it.
    """

    name: str
    line: int
    column: int
    end_column: int
    operations: tuple[tuple[str, str], ...] = ()
    handing_out: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()

    @property
    def range(self) -> Range:
        return Range(Position(self.line, self.column), Position(self.line, self.end_column))


@dataclass(frozen=True, slots=True)
class ShimFacts:
    """A module whose public `names` all forward to `targets` of its boundary's manager.

    The range is that of its first statement after the docstring; `deprecated` says that it
    warns of itself.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    names: tuple[str, ...]
    targets: tuple[str, ...]
    deprecated: bool = False

    @property
    def range(self) -> Range:
        return Range(Position(self.line, self.column), Position(self.end_line, self.end_column))


@dataclass(frozen=True, slots=True)
class DefaultFacts:
    """The default that one place gives to a variable, as text, and where."""

    name: str
    default: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def range(self) -> Range:
        return Range(Position(self.line, self.column), Position(self.end_line, self.end_column))


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is kept of one file for the questions that need all: plain values, as JSON has them.

    `imports` are its import statements and `quoted` its dotted names in quotes that speak of
    Redis, as `semantic.edges` finds them, one a line; `has_noqa`
    says that a comment may name a code of ours, `has_all` that it may set `__all__`. `used`
    are the allowances and ignores that silenced something in it. `classes` do what a manager
    does, `clients` are top-level names that are, or return, a client or a manager. `carried` are
    its names from which a builder can be reached, `handed` the callables of ours that get such,
    as `semantic.flow.Flow` gives both. `blocking` are
    those by which others get at a blocking client, or at a function that sends by one. `defaults`
    are those of settings that it reads from the environment.
    """

    path: str
    imports: str = ""
    quoted: str = ""
    has_noqa: bool = False
    has_all: bool = False
    used: tuple[str, ...] = ()
    pools: tuple[PoolFacts, ...] = ()
    carried: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    defaults: tuple[DefaultFacts, ...] = ()
    classes: tuple[ClassFacts, ...] = ()
    clients: tuple[str, ...] = ()
    shim: ShimFacts | None = None


class ManagerFacts:
    """The kinds of the names in the managers and forbidden managers of all boundaries.

    A file is read at the first question about it, once a run; one that is missing or broken
    knows no names.
    """

    def __init__(self, settings: Settings) -> None:
        self._boundaries = settings.boundaries
        self.is_wordless = any(not p.needle for b in settings.boundaries for p in b.forbidden)
        """Whether a forbidden pattern has a `*` in every segment, so that no word tells of it."""
        self.modules = Modules(tuple(dict.fromkeys(root for b in settings.boundaries for root in b.roots)))

    def is_forbidden(self, name: str) -> bool:
        """Whether some boundary forbids the dotted `name`."""
        return any(pattern.covers(name) for b in self._boundaries for pattern in b.forbidden)

    def may_reach_forbidden(self, name: str) -> bool:
        """Whether the dotted `name`, or something below it, may be forbidden by some boundary."""
        return any(pattern.reaches(name) for b in self._boundaries for pattern in b.forbidden)

    def covers(self, name: str) -> bool:
        """Whether the dotted `name` is, or is in, a manager or a forbidden one."""
        return any(boundary.owns(name) for boundary in self._boundaries) or self.is_forbidden(name)

    def kind(self, name: str) -> Kind | None:
        """What the dotted `name` is; None where it is no manager's or is not defined."""
        found = self.modules.lookup(name, self.covers) if self.covers(name) else None
        return None if found is None or found.kind == "unknown" else found.kind

    def classes(self, module: str) -> Iterator[str]:
        """The classes that a manager module defines or hands on."""
        facts = self.modules.facts(module) if self.covers(module) else None
        for name in facts.names if facts is not None else ():
            if self.kind(f"{module}.{name}") == "class":
                yield name

    def classes_below(self, module: str) -> Iterator[str]:
        """The classes of a manager; where it is a package, of all its modules."""
        yield from self.classes(module)
        path = self.modules.find(module)
        if path is not None and not path.endswith((".py", ".pyi")):
            folder = path
        elif path is not None and os.path.basename(path).startswith("__init__."):
            folder = os.path.dirname(path)
        else:
            return
        for entry in sorted(os.listdir(folder)):
            stem, suffix = os.path.splitext(entry)
            if suffix in ("", ".py", ".pyi") and stem.isidentifier() and not stem.startswith("__"):
                yield from self.classes_below(f"{module}.{stem}")
