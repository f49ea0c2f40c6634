"""What a rule is told of all files together."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Collection, Iterator
from datetime import date
from functools import cached_property, lru_cache

from flake8_redis_ssot.analysis.blocking import Blocking
from flake8_redis_ssot.analysis.client_calls import Command
from flake8_redis_ssot.analysis.manager_classes import manager_classes_by_others
from flake8_redis_ssot.analysis.running import Run
from flake8_redis_ssot.context import RuleContext
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import Values
from flake8_redis_ssot.project.following import Following
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import ProjectInference
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.scopes import Scopes

_COLLECTED_EVERY = 500
"""Files read between two collections of those that nobody needs any more: a collection goes through all that is held."""


class ProjectContext:
    """All that a project rule may know: the settings, the index, and any file, read on demand.

    `enabled` are the codes of this run; `used` the allowances and ignores that have silenced
    something so far.
    """

    def __init__(
        self,
        settings: Settings,
        index: ProjectIndex,
        read: Callable[[str], RuleContext | None],
        enabled: frozenset[str],
        used: set[str],
        names_of: Callable[[Boundary], Names],
        today: date,
    ) -> None:
        self.settings = settings
        self._names_of = names_of
        self.enabled = enabled
        self.used = used
        self.today = today
        self.index = index
        self._limits: dict[str, None] = {}
        self._followed: list[Followed] | None = None
        self._read, self._reads = read, 0
        self.read = lru_cache(maxsize=16)(self._read_anew)
        """The context of a file that is parsed for this; None where it cannot be."""

    def _read_anew(self, path: str) -> RuleContext | None:
        self._reads += 1
        if self._reads % _COLLECTED_EVERY == 0:
            gc.collect()  # a context that nobody needs any more is a circle
        return self._read(path)

    @property
    def limits(self) -> list[str]:
        """Why more may be to find in the project than the rules found."""
        return list(dict.fromkeys(limit for one in self._followed or () for limit in one.inference.limits))

    @property
    def followed(self) -> list[Followed]:
        """The files that something of a client library reaches, with the values of all of them together."""
        if self._followed is None:
            self._followed = [Followed(self, names, frozenset(paths)) for names, paths in self.meanings()]
        return self._followed

    def managing(self) -> dict[str, tuple[ClassFacts, ...]]:
        """By path, the classes of a file that do what a manager does, where that takes what other files define."""
        return {
            alone.source.path: manager_classes_by_others(alone.source, alone.inference, followed.inference)
            for followed in self.followed
            for alone, _ in followed.contexts
            if not alone.place.is_manager
        }

    def release(self) -> None:
        """Let go of the trees of the files that were followed; nothing can be asked any more."""
        for one in self._followed or ():
            one.release()
        self.read.cache_clear()

    def meanings(self) -> Iterator[tuple[Names, Collection[str]]]:
        """What names mean, each with the files in which they do.

        That differs where some boundary has a module of its own by the name of a library.
        """
        found: dict[frozenset[str], tuple[Names, set[str]]] = {}
        for boundary in self.settings.boundaries:
            names = self._names_of(boundary)
            found.setdefault(names.first_party, (names, set()))[1].add(boundary.name)
        for names, boundaries in found.values():
            yield (
                names,
                [
                    path
                    for path in self.index.facts
                    if len(found) == 1 or self.index.place(path).boundary.name in boundaries
                ],
            )


class Followed:
    """The files in which names have one meaning, as far as something of a client library reaches them."""

    def __init__(self, project: ProjectContext, names: Names, paths: frozenset[str]) -> None:
        self._read = project.read
        self._paths = paths
        self._contexts: dict[str, RuleContext] = {}
        self.inference = ProjectInference(names, project.index, self._scopes)
        Following(self.inference, project.index).follow()

    def _scopes(self, path: str) -> Scopes | None:
        context = self._read(path)
        if context is None:
            return None
        self._contexts[path] = context
        return context.scopes

    def release(self) -> None:
        """Undo the circles among scopes, values and contexts, so that all goes without the garbage collector."""
        self.inference.release()
        for context in self._contexts.values():
            context.release()
        self._contexts.clear()
        self.__dict__.pop("contexts", None)

    @cached_property
    def contexts(self) -> list[tuple[RuleContext, RuleContext]]:
        """Each file: what it knows by itself, and what it knows of the others as well."""
        paths = sorted(self._paths & self.inference.files.keys())
        return [
            (self._contexts[path], _FollowedContext(self._contexts[path], self.inference)) for path in paths
        ]


class _FollowedContext(RuleContext):
    """One file, with the values that come to it from others."""

    def __init__(self, alone: RuleContext, inference: ProjectInference) -> None:
        super().__init__(
            alone.source,
            alone.settings,
            alone.place,
            inference.names,
            enabled=alone.enabled,
            wanted=alone._wanted,
        )
        self.scopes = alone.scopes
        self.inference = inference
        self.lines = None
        self._project = inference
        self._alone = alone

    def named_values(self, node: ast.expr, point: ProgramPoint) -> Values:
        return self._alone.named_values(node, point)

    @cached_property
    def points(self) -> list[ProgramPoint]:
        return self.scopes.calls

    @cached_property
    def commands(self) -> list[Command]:
        return self._project.commands_in(self.source.path)

    @property
    def importing(self) -> frozenset[str]:
        users = self._project.index.all_users(self.source.path)
        return frozenset(user for user in users if not self.settings.is_test(user))

    def path_of(self, point: ProgramPoint) -> str:
        return self._project.path_of(point)

    def place_of(self, point: ProgramPoint) -> str:
        path = self.path_of(point)
        if path == self.source.path:
            return super().place_of(point)
        shown = self.settings.short(path)
        return f"{shown}, line {getattr(point.node, 'lineno', 1)}"

    @cached_property
    def blocking(self) -> list[tuple[Run, Blocking]]:
        return list(self._project.runs(self.source.path))
