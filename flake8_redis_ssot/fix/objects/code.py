"""A part of the source, with where its names are looked up."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flake8_redis_ssot.fix.sources.symbols import Symbol
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.syntax.nodes import Function

Given = Mapping[str, "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """A part of the source, with where its names are looked up."""

    node: ast.AST
    module: str
    owner: Symbol | None = None
    function: Function | None = None
    given: Given = field(default_factory=dict, hash=False, compare=False)
    """What its function is known to be called with."""
    maker: Code | None = field(default=None, hash=False, compare=False)
    """The call that makes the object whose method its function is, where that is known."""
    is_called: bool = field(default=False, hash=False, compare=False)
    """Whether its function is called with what is `given`, and nothing else."""

    @property
    def place(self) -> str:
        """The class that the names `self` and `cls` mean, or else the module."""
        return self.owner.qualified_name if self.owner is not None else self.module

    def at(self, node: ast.AST) -> Code:
        """Another part that stands at the same place."""
        return replace(self, node=node)
