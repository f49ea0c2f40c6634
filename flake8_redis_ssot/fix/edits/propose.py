"""From a diagnostic to the edits that settle it: one object of the project exchanged for another.

What is proposed here still has to pass `fix.edits.verify`. What cannot be exchanged is a `Refusal`.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import cached_property

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.compatibility.judge import Compatibility
from flake8_redis_ssot.fix.edits.constructions import ConstructionEdits
from flake8_redis_ssot.fix.edits.import_edits import ImportEdits
from flake8_redis_ssot.fix.edits.loads import LoadEdits
from flake8_redis_ssot.fix.edits.naming import dotted_places, exact, name_for, renamed_text
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS, Proposal
from flake8_redis_ssot.fix.edits.small_edits import with_successor, without_unused_codes
from flake8_redis_ssot.fix.execution.import_graph import ImportGraph
from flake8_redis_ssot.fix.refusal import Refusal, Unfollowed
from flake8_redis_ssot.fix.sources.module_names import star_names
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.unchecked import Unchecked
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.frameworks import LOADING, PATCHING
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.source import Range, SourceError
from flake8_redis_ssot.syntax.nodes import last_name, root_of

_BY_NAME = "import the shared object by its name, and use that"
_KEPT = 100
"""How many files are kept parsed: what is proposed knows its places in them by lines and columns."""


class Rewriter:
    """Proposes what settles diagnostics, by what the whole project says."""

    def __init__(
        self,
        index: ProjectIndex,
        read: Callable[[str], RuleContext | None],
        reads: ProjectReads,
        unchecked: Unchecked,
    ) -> None:
        self.index = index
        self.reads = reads
        self.unchecked = unchecked
        self.compatibility = Compatibility(index, reads)
        self.symbols = self.compatibility.symbols
        self.replacements = self.compatibility.replacements
        self.graph = ImportGraph(self.symbols, reads)
        self.imports = ImportEdits(self.compatibility, self.graph)
        self.loads = LoadEdits(self.imports)
        self.constructions = ConstructionEdits(self.compatibility, self.imports.effects, self)
        self._read = read
        self._views: dict[str, View | None] = {}
        self._known: dict[str, int] = {}

    @cached_property
    def around(self) -> ProjectIndex:
        """The project with the files beside it that no run checks."""
        index = self.index
        facts = [*index.facts.values(), *self.unchecked.facts(index.modules)]
        return ProjectIndex(index.settings, facts, index.managers, lambda: self.reads.quoted)

    def view(self, path: str, *, keep: bool = True) -> View | None:
        """The file at `path`, None where it cannot be parsed, or is another by now; some are kept, as each is large."""
        if path in self._views:
            return self._views[path]
        context = self._read(path)
        view = View(context, self.around, self.reads) if context is not None else None
        read = hash(view.source.data) if view is not None else 0
        if self._known.setdefault(path, read) != read:
            view = None
        if keep:
            self._views[path] = view
            if len(self._views) > _KEPT:
                del self._views[next(iter(self._views))]
        return view

    def forget(self, path: str) -> None:
        """Let go of a file of which nothing was proposed."""
        self._views.pop(path, None)

    def propose(self, diagnostic: Diagnostic, unused: Collection[Range]) -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does.

        `unused` are the places of all codes in the comments of its file that silence nothing.
        """
        view = self.view(diagnostic.path)
        if view is None:
            raise self.unread(diagnostic.path)
        if view.place.is_manager:
            raise Refusal("it stands in the manager itself, which is never rewritten", "change it by hand")
        match FIX_KINDS.get(diagnostic.code):
            case "import" if diagnostic.code == "RED105":
                return self.loads.propose(view, diagnostic)
            case "import":
                return self.imports.propose(view, diagnostic)
            case "call":
                return self._instantiation(view, diagnostic)
            case "construction":
                return self.constructions.propose(view, diagnostic)
            case "string":
                return self._string(view, diagnostic)
            case "comment":
                return without_unused_codes(view, diagnostic, unused)
            case "name":
                return with_successor(view, diagnostic)
        raise Refusal(f"no fix is known for {diagnostic.code}", "change it by hand")

    def instead_of_removal(self, proposal: Proposal, why: str) -> Proposal | None:
        """What exchanges an import that is not to go, as `why` says; None where nothing does, safely."""
        view = self.view(proposal.path) if FIX_KINDS[proposal.diagnostic.code] == "import" else None
        with suppress(Refusal):
            found = self.imports.propose(view, proposal.diagnostic, why) if view is not None else None
            if found is not None and found.applicability == "safe":
                found.let_go()
                return found
        return None

    def unread(self, path: str) -> Refusal:
        """Why nothing can be proposed for a file that has no view."""
        try:
            self.index.modules.filesystem.source(path).check_syntax()
        except SourceError as error:
            return Refusal(f"the file {error.message}", error.advice)
        return Refusal("the file was changed meanwhile", "run again")

    def uses_of(
        self, view: View, modules: Collection[str], wanted: Collection[str]
    ) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses one of the objects `wanted`, by whatever import, each with its qualified name."""
        seen: set[ast.expr] = set()
        for statement, alias in view.aliases.values():
            if alias.name == "*":
                yield from self._uses_of_star(view, statement, wanted)
            found = view.uses.binding(statement, alias)
            for base in view.bases(statement) if found is not None else ():
                led = self.index.modules.lookup(f"{base}.{alias.name}".lstrip("."))
                if found is not None and led is not None and led.qualified_name in wanted:
                    for node, _ in view.uses.of(*found):
                        if node not in seen:
                            seen.add(node)
                            yield node, led.qualified_name
        for module in modules:
            for place, dotted in self.places(view, module):
                led = self.index.modules.lookup(dotted)
                if led is not None and led.qualified_name in wanted and place not in seen:
                    yield place, led.qualified_name

    def _uses_of_star(
        self, view: View, statement: ast.stmt, wanted: Collection[str]
    ) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses one of the objects `wanted` by a star import, or something else of the name."""
        names = {one.rpartition(".")[2] for one in wanted}
        for base in view.bases(statement):  # type: ignore[arg-type]
            for name in names & (star_names(self.symbols, base) or names):
                led = self.index.modules.lookup(f"{base}.{name}")
                if led is not None and led.qualified_name in wanted:
                    yield from ((node, led.qualified_name) for node in view.uses.named(name))

    def places(self, view: View, module: str) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses something of `module`, each with its dotted name."""
        for statement, alias in view.aliases.values():
            for base in view.bases(statement):
                dotted = f"{base}.{alias.name}".lstrip(".")
                inside = dotted.startswith(f"{module}.")
                if alias.name == "*" or not (dotted == module or inside):
                    continue
                found = view.uses.binding(statement, alias)
                if found is None:
                    continue
                nodes: list[ast.expr] = [node for node, _ in view.uses.of(*found)]
                if isinstance(statement, ast.Import) and alias.asname is None:
                    nodes = list(dotted_places(view, alias))
                for node in nodes:
                    parent = view.uses.parents.get(node)
                    if inside:
                        yield node, dotted
                    elif isinstance(parent, ast.Attribute):
                        yield parent, f"{dotted}.{parent.attr}"

    # calls of a manager's class

    def _instantiation(self, view: View, diagnostic: Diagnostic) -> Proposal:
        name = diagnostic.symbols[0]
        call = view.node_at(diagnostic.range, ast.Call)
        old = self.symbols.symbol(name)
        if call is None or old is None or old.kind != "class":
            raise Refusal(f"what `{name}` is cannot be determined", "use the shared object there by hand")
        boundary = view.place.boundary
        root = root_of(call.func)
        if not isinstance(root, ast.Name):
            raise Refusal(f"what gives the class in line {call.lineno} is no plain name", _BY_NAME)
        found = next(
            ((s, a) for s, a in view.aliases.values()
             if a.name != "*" and (b := view.uses.binding(s, a)) is not None
             and b[0] == root.id and root in view.uses.points and view.uses.means(root.id, root, b[1])), None,
        )  # fmt: skip
        replacement = self.replacements.shared(old, boundary, found[0].lineno if found is not None else 0)
        if found is None or view.uses.scope_of(found[0]).kind == "class":
            lines = sorted({s.lineno for s, a in view.aliases.values() if (a.asname or a.name) == root.id})
            if len(lines) < 2:
                raise Refusal(
                    f"`{root.id}` in line {call.lineno} is not, or not only, what an import of this file binds",
                    _BY_NAME,
                )
            where = f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"
            raise Refusal(
                f"`{root.id}` is bound by several imports here, in lines {where}", "keep one, and run again"
            )
        if not isinstance(found[0], ast.ImportFrom) or not isinstance(call.func, ast.Name):
            raise Refusal("the class is reached through its module", _BY_NAME)
        proposal = Proposal(diagnostic, "", "unsafe", found[0])
        verdict = self.compatibility.judge(view, replacement, [call.func])
        proposal.why = "an object of its own becomes the one that all share, so that others see what it keeps"
        new = name_for(view, proposal, replacement.new.qualified_name, [call.func])
        start, end = exact(view, call)
        if view.has_comment(start, end):
            raise Refusal(f"a comment stands inside the call in line {call.lineno}", "put it above that line")
        proposal.parts.append((start, end, f"{new}()" if replacement.calls else new))
        late = view.uses.scope_of(found[0]).kind == "function"
        key = name if late else f"{view.place.modules[0]}.{root.id}" if view.place.modules else name
        proposal.reach = {k: v for k, v in verdict.reach.items() if k != v} | {key: None}
        proposal.written.append(replacement.new.qualified_name)
        proposal.title = f"Use `{replacement.new.qualified_name}` instead of one more `{name}`"
        return proposal

    # strings

    def _string(self, view: View, diagnostic: Diagnostic) -> Proposal:
        """A string that names an object for an importer; those that patch follow the imports."""
        old = diagnostic.symbols[0]
        node = view.node_at(diagnostic.range, ast.Constant)
        if node is None or node.value != old:
            raise Refusal("the string is put together from parts", "change it by hand")
        if not self._is_loaded(view, node):
            raise Unfollowed(old)
        replacement = self.replacements.find(old, view.place.boundary)
        if replacement.old.kind != replacement.new.kind or replacement.calls:
            raise self.compatibility.unlike(replacement.old, replacement.new)
        proposal = Proposal(diagnostic, f"Name `{replacement.new.qualified_name}` instead of `{old}`", "safe")
        proposal.reach[old] = replacement.new.qualified_name
        if not replacement.is_same:
            verdict = self.compatibility.judge_unseen(replacement)
            proposal.take(verdict)
            proposal.reach |= verdict.reach
        proposal.parts = [renamed_text(view, node, old, replacement.new.qualified_name)]
        proposal.written.append(replacement.new.qualified_name)
        return proposal

    @staticmethod
    def _is_loaded(view: View, node: ast.Constant) -> bool:
        """Whether a string is loaded as an object, in settings or by an importer; not patched.

        What a test that patches holds in a variable may be patched.
        """
        parent = view.uses.parents.get(node)
        while isinstance(parent, ast.expr | ast.keyword):
            if isinstance(parent, ast.Call):
                return last_name(parent.func) in LOADING
            parent = view.uses.parents.get(parent)
        return not view.is_test or not any(word in view.source.data for word in PATCHING)

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self.index.settings.root)
