"""Where the import of the manager can stand: behind what a file does before it imports what the manager needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.fix.edits.import_effects import ImportEffects
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.execution.import_graph import packages_of, with_parents
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.nodes import all_nodes


class Placing:
    """Finds the import behind which that of the manager changes nothing of what is loaded when.

    A file may set the environment, `sys.path` or what a library does, and import after that what reads it.
    """

    def __init__(self, effects: ImportEffects) -> None:
        self.effects = effects

    def place(self, view: View, proposal: Proposal, call: ast.Call, home: str) -> None:
        """Note beside which import that of the module `home` is written, if it cannot take the place of `statement`."""
        own = proposal.statement
        assert own is not None
        self.effects.check_new(view, proposal, home)
        scope, is_tried = view.uses.scope_of(own), view.has_fallback(own)
        needed = {*self.effects.acts.running(home)}
        known = {one for name in view.place.modules for one in packages_of(name)}
        for statement in view.source.tree.body:
            if view.precedes(statement, own):
                known |= self._loaded(view, statement)
        acted: ast.stmt | None = None
        for statement, is_before in _following(view, own, call):
            fresh = self._named(view, statement) & needed - known
            if isinstance(statement, ast.Import | ast.ImportFrom):
                is_behind = fresh if view.uses.scope_of(statement) is not scope else acted is not None
                if is_behind and is_before and not is_tried and view.uses.scope_of(statement).kind != "class":
                    proposal.beside, acted = statement, None
                elif fresh and acted is not None:
                    proposal.unsafe(
                        f"line {statement.lineno} imports `{max(fresh)}` when line {acted.lineno} has run, "
                        "and the manager's import would load it before"
                    )
                known |= self._loaded(view, statement)
            if acted is None and self._acts(view, statement):
                acted = statement

    def _named(self, view: View, statement: ast.stmt) -> set[str]:
        """The modules of the project that an import names, with the packages around them."""
        named = (
            name for module in view.place.modules for name in self.effects.graph.named(statement, module)
        )
        found = {one for name in named for one in with_parents(name)}
        return {name for name in found if self.effects.symbols.modules.find(name) is not None}

    def _loaded(self, view: View, statement: ast.stmt) -> set[str]:
        """The modules of the project that are there when an import has run."""
        reached = frozenset().union(*map(self.effects.acts.reached, self._named(view, statement)))
        return {one for name in reached for one in with_parents(name)}

    def _acts(self, view: View, statement: ast.stmt) -> bool:
        """Whether a statement may do what an import behind it counts on."""
        match statement:
            case ast.Import() | ast.ImportFrom():
                return any(self.effects.acts.of(name) for name in self._named(view, statement))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return bool(statement.decorator_list)
        return any(
            isinstance(part, ast.Call | ast.Await)
            or (isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load))
            for part in all_nodes(statement)
        )


def _following(view: View, own: ast.stmt, call: ast.Call) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run after `own` in the blocks around a call, and whether they surely run before that."""
    start = {id(block): at for block, at in view.blocks_around(own)}
    around = view.blocks_around(call)
    while len(around) > 1 and id(around[1][0]) in start:
        del around[0]
    for block, at in around:
        yield from ((statement, True) for statement in block[start.get(id(block), -1) + 1 : at])
    block, at = around[0]
    if block is view.source.tree.body:
        yield from ((statement, False) for statement in block[at + 1 :])
