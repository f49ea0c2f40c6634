"""What the judgement of an exchange comes to."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flake8_redis_ssot.diagnostic import Applicability
from flake8_redis_ssot.fix.compatibility.patch_targets import Reached
from flake8_redis_ssot.fix.compatibility.ties import Ties
from flake8_redis_ssot.lazy_dataclass import dataclass, field


@dataclass(slots=True)
class Verdict:
    """That an exchange can be made, and how safely, with the reason where it is not safe.

    `reach` says by which dotted names a test that patches them reached the object, each with the
    name that does so afterwards, None where none does. `ties` says what has to move with it, `roots` are the
    classes and functions that it is about.
    """

    applicability: Applicability = "safe"
    why: str = ""
    reach: Reached = field(default_factory=dict)
    ties: Ties = field(default_factory=Ties)
    roots: set[str] = field(default_factory=set)
    objects: set[tuple[str, str, str]] = field(default_factory=set)
    """The class of each object that is exchanged, the object, and the class of the one that takes its place.

    Where a function is exchanged that keeps something, the name that keeps it then, the old module, and that name again.
    """
    renames: list[tuple[ast.Attribute | ast.keyword, str]] = field(default_factory=list)
    """Members and keywords that are called otherwise afterwards."""
    caught: dict[str, bool] = field(default_factory=dict)
    """The new exceptions that are caught where other code is tried than that of the old one's module; whether any may be."""
    alone: dict[str, str] = field(default_factory=dict)
    """The new objects that nobody else may use, since what is done with the old ones is not all seen; each with how."""
    builders: set[str] = field(default_factory=set)
    """The names by which the clients of the objects are built when their modules run."""

    modules: tuple[str, str] = ("", "")
    """The module of what is exchanged, and that of what takes its place, where the one is a copy of the other."""
    as_whole: str = ""
    """What is right only where the new module takes the place of all of the old one, its copy."""
    lasting: set[tuple[str, str]] = field(default_factory=set)
    """The names that are looked up when an object is made or connected at its first use, each with the object."""

    def unsafe(self, why: str) -> None:
        """Note that it is not safe; the first reason stays."""
        self.applicability, self.why = "unsafe", self.why or why

    def note_names(
        self, attribute: ast.Attribute | None, call: ast.Call | None, to: str, renamed: Mapping[str, str]
    ) -> None:
        """Note what of a use of a member is called otherwise afterwards."""
        if attribute is not None and attribute.attr != to:
            self.renames.append((attribute, to))
        for keyword in call.keywords if call is not None else ():
            if keyword.arg is not None and keyword.arg in renamed:
                self.renames.append((keyword, renamed[keyword.arg]))
