"""What a rule is, and how it says what it found."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar

from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.context import Noqa, RuleContext, manager_wanted
from flake8_redis_ssot.diagnostic import Diagnostic, Related
from flake8_redis_ssot.libraries.builders import Kind
from flake8_redis_ssot.project_context import Followed, ProjectContext
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Position, Range, SourceError

__all__ = [
    "Construction", "ConstructionRule", "Followed", "Noqa", "ProjectContext", "ProjectRule", "Rule", "RuleContext",
    "manager_wanted", "on", "unreadable",
]  # fmt: skip

Handler = TypeVar("Handler", bound=Callable[..., Any])
FixKind = Literal["import", "call", "construction", "string", "comment", "name"]
"""What a fix changes: an import with its uses, a call of a manager's class, one of a client or pool, a string,
a `noqa` comment, a library's name. A diagnostic's `range` is where that stands; of the first two and of a string
`symbols[0]` is what is exchanged."""


def on(*types: type) -> Callable[[Handler], Handler]:
    """Mark a method of a rule as the handler of these node types."""

    def mark(function: Handler) -> Handler:
        function.handles = types  # type: ignore[attr-defined]
        return function

    return mark


class Rule:
    """A file rule: needs the source and the settings, nothing of other files.

    `code`, `name` (reads as "allow NAME"), `since` (version), `default` (on unless selected)
    and the docstring, which is its page. `fix_kind` says what a fix of it changes; where and how is
    for `fix` to say, which knows the whole project. Handlers marked with `on` take a node or ProgramPoint and a
    context and yield diagnostics.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    since: ClassVar[str]
    default: ClassVar[bool] = True
    project: ClassVar[bool] = False
    follows: ClassVar[bool] = False
    """Whether the command asks it once more of files that something of a client library reaches from others."""
    fix_kind: ClassVar[FixKind | None] = None
    needles: ClassVar[tuple[bytes, ...]] = ()
    """Texts for whose sake alone it asks that a file be parsed."""

    @classmethod
    @cache
    def handlers(cls) -> tuple[tuple[type, str], ...]:
        """Each handled type with the name of its method."""
        return tuple(
            (node_type, name) for name in dir(cls) for node_type in getattr(getattr(cls, name), "handles", ())
        )

    @classmethod
    def documentation(cls) -> str:
        """The docstring: summary and the fixed headings."""
        import inspect  # takes a start long, and only pages need it

        return inspect.cleandoc(cls.__doc__ or "")

    def diagnostic(
        self,
        context: RuleContext,
        where: Range,
        message: str,
        *,
        help: str | None = None,
        symbols: Iterable[str] = (),
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        return Diagnostic(
            context.source.path, where, self.code, self.name, message, help, tuple(symbols), related=related
        )


class ConstructionRule(Rule):
    """A file rule on what builds, outside the manager: clients or pools (`kind`).

    `inferred` True wants those for which values must be followed, False the others, None both.
    """

    kind: ClassVar[Kind]
    inferred: ClassVar[bool | None] = None
    fix_kind = "construction"

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.built_outside(self.kind):
            if self.inferred in (None, made.inferred):
                yield self.diagnostic(context, made.range, context.built_message(made), symbols=made.symbols)


class ProjectRule(Rule):
    """A project rule: asks the index of all files, and runs in the command alone."""

    project = True
    judges_classes: ClassVar[bool] = False
    """Whether it asks for the classes and shims of the facts, for which more files are parsed."""
    judges_settings: ClassVar[bool] = False
    """Whether it asks for the defaults of the facts."""

    @classmethod
    def words(cls, settings: Settings) -> Collection[bytes]:
        """Texts by which it knows the files that it has to read: the facts tell which of them a file has."""
        return ()

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        """What the rule finds in the whole project."""
        raise NotImplementedError

    def check_last(self, project: ProjectContext) -> Iterator[Diagnostic]:
        """What it had to wait for, asked when all other rules are done."""
        return iter(())

    def at(
        self,
        path: str,
        where: Range,
        message: str,
        *,
        symbols: Iterable[str] = (),
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        return Diagnostic(path, where, self.code, self.name, message, None, tuple(symbols), related=related)


def unreadable(error: SourceError) -> Range:
    """The place of a file's failure."""
    start = Position(error.line, error.column)
    return Range(start, start)
