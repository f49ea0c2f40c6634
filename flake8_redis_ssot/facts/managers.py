"""What the managers and the forbidden managers define."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flake8_redis_ssot.facts.modules import Kind, Modules
from flake8_redis_ssot.settings.model import Settings


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
