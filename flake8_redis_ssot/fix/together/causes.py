"""The causes of what is left because something else is, known when it is settled what moves.

Those of a patch are sought in the code that its test runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS
from flake8_redis_ssot.fix.execution.runs import Runs
from flake8_redis_ssot.fix.refusal import Awaiting, Cause, Refusal, Unfollowed
from flake8_redis_ssot.fix.sources.loaded import MODULES
from flake8_redis_ssot.fix.sources.unchecked import line_of
from flake8_redis_ssot.fix.together.staying import Staying
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, names_in, unparsed

Left = list[tuple[Diagnostic, Refusal]]
"""The diagnostics that stay, each with the reason."""


class Causes:
    """Says what keeps references that move with others; `held` are those that hold files back, by path and line."""

    def __init__(
        self, staying: Staying, runs: Runs, held: Mapping[tuple[str, int], tuple[Refusal, set[str]]]
    ) -> None:
        self.staying = staying
        self.rewriter = staying.rewriter
        self.index = self.rewriter.index
        self.runs = runs
        self._held = held

    def explained(self, refused: Left) -> Iterator[tuple[Diagnostic, Refusal]]:
        """What is left, each with the reason at the root of it."""
        told = []
        for diagnostic, why in refused:
            if isinstance(why, Awaiting):
                cause = self._in_line(diagnostic, why.line, refused)
                what = why.together if cause is not None else why.what
                told.append((diagnostic, Refusal(what, why.advice, cause)))
            else:
                told.append((diagnostic, why))
        for diagnostic, why in told:
            yield diagnostic, self._why(diagnostic, why.old, told) if isinstance(why, Unfollowed) else why

    def _in_line(self, diagnostic: Diagnostic, line: int, refused: Left) -> Cause | None:
        """What else is left in that line of the file; of several, what is about the same object."""
        found = [
            (one, why)
            for one, why in refused
            if one.path == diagnostic.path
            and one.range.start.line == line
            and one.range != diagnostic.range
            and not isinstance(why, Awaiting)
        ]
        found.sort(key=lambda one: set(one[0].symbols).isdisjoint(diagnostic.symbols))
        return Cause(f"line {line}", found[0][1]) if found else None

    def _why(self, patch: Diagnostic, old: str, refused: Left) -> Refusal:
        is_loaded = self._is_in_modules(patch)
        module, _, last = old.rpartition(".")
        if is_loaded:
            module, users = old, {*self.index.importers(old)}
        else:
            users = self.index.importers_of({module}, self.staying.related(old))
        own = next(iter(self._files(old)), None)
        users -= {own, patch.path}
        kept: dict[str, Cause] = {}
        for diagnostic, why in refused:
            is_about = any(is_under(name, module) for name in diagnostic.symbols)
            is_user = diagnostic.path in users or diagnostic.code == "RED105"
            if is_about and is_user and FIX_KINDS.get(diagnostic.code) != "string":
                place = f"{self.rewriter.short(diagnostic.path)}:{diagnostic.range.start.line}"
                # of several reasons of a file, that of the object itself
                if diagnostic.path not in kept or old in diagnostic.symbols:
                    kept[diagnostic.path] = Cause(place, why)
        used = self._used_around(patch)
        met = {path for path in {*users, *kept} if self.runs.may_meet(patch.path, path)}
        if own in used and not used & met:
            what = (
                f"names `{old}` in `sys.modules`"
                if is_loaded
                else f"patches `{old}`, a name inside the old manager"
            )
            return Refusal(
                f"the test {what}, and runs that manager",
                "rewrite the test for the new one, or delete it with the old",
            )
        inner = {path for one in used for path in self.runs.imported(one)}
        first = min(used & met or inner & met or met, key=self._order, default=None)
        if first is None and is_loaded:
            what = "nothing that this test runs" if users else "no other file"
            return Refusal(
                f"it names `{old}` in `sys.modules`, and {what} imports that",
                "name what takes its place in the manager, or take the line out",
            )
        if first is None:
            what = "only the old module itself" if not users else "nothing that this test runs"
            instead = "patch what takes its place in the manager, or take the patch out"
            return Refusal(f"it patches `{old}`, which {what} uses", instead)
        held = self._held.get((patch.path, patch.range.start.line))
        if held is not None and first in held[1]:
            # said of the import that is held, and here of what holds it
            what = held[0].what.replace("this import", f"the import in {self.rewriter.short(first)}")
            return Refusal(what, held[0].advice, held[0].cause)
        text = self.index.modules.filesystem.source(first).data.decode("utf-8", "replace")
        line = line_of(text, [last, module.rpartition(".")[2]])
        cause = kept.get(first)
        patch_moves = f"this patch moves with the code that looks `{old}` up"
        if is_loaded:
            patch_moves = f"what this names in `sys.modules` moves with the imports of `{old}`"
        if cause is not None:
            return Refusal(f"{patch_moves}, as {cause.where} does", "", cause)
        return Refusal(
            f"{patch_moves}, and {self.rewriter.short(first)}:{line} stays",
            "change both by hand, or patch the name in the module that uses it",
        )

    def _is_in_modules(self, patch: Diagnostic) -> bool:
        """Whether a string names a module in `sys.modules`, to put another one there or to take it out."""
        view = self.rewriter.view(patch.path, keep=False)
        part: ast.AST | None = view.node_at(patch.range, ast.Constant) if view is not None else None
        while view is not None and isinstance(part, ast.expr | ast.keyword):
            match part:
                case ast.Call(args=[given, *_]) | ast.Subscript(value=given):
                    return unparsed(given) in MODULES
            part = view.uses.parents.get(part)
        return False

    def _order(self, path: str) -> tuple[bool, str]:
        return self.index.settings.is_test(path), path

    def _used_around(self, patch: Diagnostic) -> set[str]:
        """The files of the project that are named in the function around a patch."""
        view = self.rewriter.view(patch.path, keep=False)
        if view is None:
            return set()
        line = patch.range.start.line
        found: set[str] = set()
        functions = [
            node
            for node in all_nodes(view.source.tree)
            if isinstance(node, Function)
            and min([node.lineno, *(d.lineno for d in node.decorator_list)]) <= line <= (node.end_lineno or 0)
        ]
        names = names_in(*functions)
        for statement, alias in view.aliases.values():
            if (alias.asname or alias.name.partition(".")[0]) in names:
                for base in view.bases(statement):
                    found |= self._files(f"{base}.{alias.name}".lstrip("."))
        return found

    def _files(self, name: str) -> set[str]:
        """The file in which a dotted name stands; none where it is not of the project."""
        module = self.index.modules.around(name)
        path = self.index.modules.find(module) if module else None
        return {path} if path is not None else set()
