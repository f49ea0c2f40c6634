"""What settles one diagnostic, before it is verified."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flake8_redis_ssot.diagnostic import Applicability, Diagnostic
from flake8_redis_ssot.fix.compatibility.patch_targets import Reached
from flake8_redis_ssot.fix.compatibility.ties import Ties
from flake8_redis_ssot.fix.compatibility.verdict import Verdict
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.syntax.imports import Imported, Part

FIX_KINDS = {rule.code: rule.fix_kind for rule in all_rules() if rule.fix_kind is not None}
"""The rules whose diagnostics a fix may settle, and what it changes."""


@dataclass(slots=True)
class Proposal:
    """What settles one diagnostic.

    `drops` are the aliases that go from an import statement and `adds` what is imported there;
    `parts` are other changes of the file. `reach` says by which dotted names a test that patches
    them reached the object, each with the name that does so afterwards, None where none does. `ties` says what
    has to move with it, `roots` of which classes and functions it is a reference.
    """

    diagnostic: Diagnostic
    title: str
    applicability: Applicability
    statement: ast.Import | ast.ImportFrom | None = None
    drops: list[ast.alias] = field(default_factory=list)
    adds: list[Imported] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    beside: ast.Import | ast.ImportFrom | None = None
    """The import behind which is written what it `adds`, where that is not for the place of `statement`."""
    reach: Reached = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """The dotted names that it imports or writes into strings."""
    why: str = "the two may differ in what they do"
    """Why it is not safe, where it is not."""
    names: set[str] = field(default_factory=set)
    """The names by which the file has afterwards what it exchanges."""
    asked: set[str] = field(default_factory=set)
    """Those of `reach` that the code uses only where they are not None: a patch that makes them None does not reach it."""
    ties: Ties = field(default_factory=Ties)
    roots: set[str] = field(default_factory=set)
    objects: set[tuple[str, str, str]] = field(default_factory=set)
    """As `Verdict.objects`."""
    caught: dict[str, bool] = field(default_factory=dict)
    """As `Verdict.caught`."""
    alone: dict[str, str] = field(default_factory=dict)
    """As `Verdict.alone`."""

    modules: tuple[str, str] = ("", "")
    """As `Verdict.modules`."""
    as_whole: str = ""
    """As `Verdict.as_whole`."""
    unless_whole: Refusal | None = None
    """Why nothing is proposed unless the new module takes the place of all of the old one, its copy."""
    lasting: set[tuple[str, str]] = field(default_factory=set)
    """As `Verdict.lasting`."""
    early: set[str] = field(default_factory=set)
    """The dotted names that are looked up when its file is imported, and never after that."""
    loads: frozenset[str] = frozenset()
    """The modules that its file may be the first to import, before or afterwards alone."""
    lets_go: str = ""
    """The dotted name that its file imports no more, if nothing else there does."""
    is_late: bool = False
    """Whether it changes what the file imports as its functions run, not as it is imported."""

    collapses: bool = False
    """Whether it takes an object that is there where one was made."""

    _stands: tuple[tuple[int, int] | None, tuple[int, int] | None, list[tuple[int, int]]] = (None, None, [])
    """Where the statements and the aliases stand that are let go."""

    @property
    def anchor(self) -> ast.Import | ast.ImportFrom | None:
        """The import at which is written what it `adds`."""
        return self.beside or self.statement

    @property
    def is_removal(self) -> bool:
        """Whether it puts nothing in the place of what it takes out."""
        is_of_object = FIX_KINDS[self.diagnostic.code] in ("import", "construction")
        return is_of_object and not self.adds and not self.written

    @property
    def path(self) -> str:
        return self.diagnostic.path

    def let_go(self) -> None:
        """Keep of the syntax tree only where the import stands: there are many files, and each tree is large."""
        at, beside = (_place(s) if s is not None else None for s in (self.statement, self.beside))
        self._stands = at, beside, [_place(alias) for alias in self.drops]
        self.statement, self.beside, self.drops = None, None, []

    def take_up(self, statements: Iterable[ast.Import | ast.ImportFrom]) -> None:
        """Have the import again, from the statements of a tree of the same text."""
        at, beside, aliases = self._stands
        found = {_place(one): one for one in statements}
        self.statement = found.get(at) if at is not None else None
        self.beside = found.get(beside) if beside is not None else None
        if self.statement is not None:
            self.drops = [alias for alias in self.statement.names if _place(alias) in aliases]

    def unsafe(self, why: str) -> None:
        """Note that it is not safe, and why."""
        if self.applicability == "safe":
            self.applicability, self.why = "unsafe", why

    def take(self, verdict: Verdict) -> None:
        """Take in what was found of one of the exchanges that it makes."""
        if verdict.applicability != "safe":
            self.unsafe(verdict.why)
        self.ties.add(verdict.ties)
        self.roots |= verdict.roots
        self.objects |= verdict.objects
        self.alone |= verdict.alone
        self.lasting |= verdict.lasting
        self.modules = verdict.modules if verdict.modules[0] else self.modules
        self.as_whole = self.as_whole or verdict.as_whole
        for raised, is_any in verdict.caught.items():
            self.caught[raised] = self.caught.get(raised, False) or is_any


def _place(node: ast.stmt | ast.alias) -> tuple[int, int]:
    return node.lineno, node.col_offset
