"""One file that is to be rewritten: its imports, its uses, and who reads its names."""

from __future__ import annotations

import ast
from functools import cached_property

from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.semantic.modules import exported_names
from flake8_redis_ssot.semantic.uses import FileUses


class View:
    """One file that is to be rewritten."""

    def __init__(self, context: RuleContext, index: ProjectIndex) -> None:
        self.context = context
        self.source = context.source
        self.place = context.place
        self.uses = FileUses(
            context.source,
            context.names,
            context.place.modules,
            context.place.is_package,
            is_test=any(globs.match(context.source.path) for globs in context.settings.tests),
        )
        self._index = index
        self.aliases = {
            context.source.range_of(alias): (node, alias)
            for node in ast.walk(context.source.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    @property
    def path(self) -> str:
        return self.source.path

    @cached_property
    def exported(self) -> frozenset[str]:
        """The names of this module that other files read, or are told to."""
        listed = exported_names(self.source.tree) or frozenset()
        return frozenset(name for name in self.uses.words if name in listed or self.readers(name))

    def readers(self, name: str) -> list[str]:
        """The files that import `name` from this one, or all of it."""
        found = []
        for module in self.place.modules:
            for user in self._index.users(self.path, {name}):
                for edge in self._index.edges(user):
                    if edge.module == module and edge.name in (name, "*"):
                        found.append(user)
        return found

    def bases(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """The dotted modules that a from-import means."""
        return self.uses.walk.bases(statement) if isinstance(statement, ast.ImportFrom) else [""]

    def span(self, node: ast.expr) -> tuple[int, int]:
        where = self.source.range_of(node)
        return self.source.offset(where.start), self.source.offset(where.end)

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of the block in which a statement stands."""
        parent = self.uses.parents[statement]
        blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
        return next((block for block in blocks if isinstance(block, list) and statement in block), [])

    def has_fallback(self, statement: ast.stmt) -> bool:
        """Whether an `except` catches that the import fails."""
        node: ast.AST = statement
        while (parent := self.uses.parents.get(node)) is not None:
            if isinstance(parent, ast.Try | ast.TryStar) and node in parent.body:
                return True
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return False
            node = parent
        return False
