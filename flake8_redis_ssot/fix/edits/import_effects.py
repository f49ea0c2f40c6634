"""What importing a module does, and when: an import that goes or comes may take that along."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from flake8_redis_ssot.facts.modules import absolute, is_under
from flake8_redis_ssot.fix.compatibility.copies import Copies
from flake8_redis_ssot.fix.compatibility.patch_targets import LOADED
from flake8_redis_ssot.fix.compatibility.replacements import Replacement, Replacements
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.unused import Acts
from flake8_redis_ssot.fix.execution.import_graph import (
    ImportGraph,
    imported_names,
    packages_of,
    sure_imports,
    with_parents,
)
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.symbols import Symbols
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.syntax.nodes import all_nodes, unparsed

_WARNING = re.compile(r"`[\w.]*\bwarn\(")


class ImportEffects:
    """Compares what runs by the imports of a file before and after a change."""

    def __init__(
        self, symbols: Symbols, replacements: Replacements, copies: Copies, graph: ImportGraph
    ) -> None:
        self.symbols = symbols
        self.replacements = replacements
        self.copies = copies
        self.acts = Acts(symbols, graph, replacements.reads, replacements.index.settings.is_test)
        self.graph = graph
        self._running: dict[str, frozenset[str]] = {}
        self._looked_up: dict[str, frozenset[str]] = {}

    def module_of(self, name: str) -> str:
        """The module that an import of the dotted name imports."""
        symbol = self.symbols.symbol(name)
        return name if symbol is not None and symbol.kind == "module" else name.rpartition(".")[0]

    def check(self, view: View, proposal: Proposal, module: str, old: str) -> None:
        """Note that importing a module does something, unless what does it is imported anyhow."""
        new = ""
        with suppress(Refusal):
            new = self.module_of(self.replacements.find(old, view.place.boundary).new.qualified_name)
        if new and not self.copies.modules(module, new):
            self.check_new(view, proposal, new, self.acts.reached(module))
        anyhow = {package for name in (new, *view.place.modules) for package in packages_of(name)}
        anyhow |= self.acts.reached(new)
        if module in anyhow:
            return
        if proposal.statement is not None:
            anyhow |= self.others(view, proposal.statement)
        running = self.acts.running(module, frozenset(anyhow))
        for here in running:
            acts = self.acts.directly(here, is_alone=True)
            if acts and not _WARNING.match(acts) and not self._is_run_anyhow(here, module, running):
                why = f"importing `{module}` does more than to define: {acts}"
                if here == module and self.copies.modules(module, new):
                    proposal.as_whole = why  # so does the copy
                else:
                    proposal.unsafe(f"{why}, which this file would no longer do")
                return

    def check_new(
        self, view: View, proposal: Proposal, new: str, before: frozenset[str] = frozenset()
    ) -> None:
        """Note that importing the module `new` does something, if no file did so far; `before` are those that this one had."""
        anyhow = {*before, *(package for name in view.place.modules for package in packages_of(name))}
        if proposal.statement is not None:
            anyhow |= self.others(view, proposal.statement)
        running = self.acts.running(new, frozenset(anyhow)) if new not in anyhow else []
        if self._is_run_by_others(new, running):
            return
        for here in running:
            acts = self.acts.directly(here, is_alone=True)
            if acts and not self._is_run_by_others(here, running):
                proposal.unsafe(
                    f"importing `{new}` does more than to define: {acts}, and no other file is sure to import it"
                )
                return

    def copy_of(self, module: str) -> str:
        """The module that the settings name for all of one, where that is a copy of it; empty where none is."""
        settings = self.replacements.settings
        declared = settings.replacement_of(module)
        apart = any(is_under(old, module) and old != module for old, _ in settings.replacements)
        return declared if declared and not apart and self.copies.modules(module, declared) else ""

    def _is_run_anyhow(self, module: str, old: str, running: Sequence[str]) -> bool:
        """Whether something else of the project imports a module that `old` imports, where all these are `running` with it."""
        return module != old and self._is_run_by_others(module, running)

    def _is_run_by_others(self, module: str, running: Sequence[str]) -> bool:
        """Whether a file that is neither of the modules `running` nor a test surely imports a module when it runs."""
        index = self.replacements.index
        own = {index.modules.find(one) for one in running}
        return any(
            path not in own and not index.settings.is_test(path) and self._surely_imports(path, module)
            for path in index.importers(module)
        )

    def _surely_imports(self, path: str, module: str) -> bool:
        """Whether a file imports a module, or something of it, by a statement that no condition and no call is needed for."""
        place = self.replacements.index.place(path)
        statements = self.replacements.reads.summary(path, sure_imports) or ()
        return any(
            is_under(name, module)
            for statement in statements
            for name in imported_names(statement, place.modules, is_package=place.is_package)
        )

    def others(self, view: View, statement: ast.AST) -> frozenset[str]:
        """The modules that run with the other imports at the top of a file, the file itself apart."""
        own = frozenset(view.place.modules)
        found: set[str] = set()
        for module in view.place.modules:
            for other in view.source.tree.body:
                if other is not statement and isinstance(other, ast.Import | ast.ImportFrom):
                    for name in self.graph.named(other, module):
                        if self.symbols.modules.find(name) is not None:
                            found |= self.acts.reached(name, own)
        return frozenset(found)

    def is_timed(self, view: View, proposal: Proposal, replacement: Replacement) -> bool:
        """Whether a module that makes one of the objects may come to be imported at another time."""
        statement = proposal.statement
        if statement is None:
            return False
        known = self.others(view, statement)
        if view.uses.scope_of(statement).kind == "function":
            return not replacement.is_same and not {replacement.old.module, replacement.new.module} <= known
        return replacement.is_same and replacement.new.module not in known | self.acts.reached(
            replacement.old.module
        )

    def note_loads(self, view: View, proposal: Proposal, named: str = "") -> None:
        """Note the modules that the file may be the first to import, by what it imports before or afterwards alone.

        `named` is what it imports before, if that is not what the diagnostic is about.
        """
        named = named or proposal.diagnostic.symbols[0].removesuffix(".*")
        old, *new = [self._running_with(self.module_of(name)) for name in (named, *proposal.written)]
        own = {one for module in view.place.modules for one in with_parents(module)}
        statement = proposal.anchor
        proposal.is_late = statement is None or view.uses.scope_of(statement).kind == "function"
        if statement is not None and not proposal.is_late:
            others = self.others(view, statement)
            own |= others.union(*map(with_parents, others))
        proposal.loads = old.symmetric_difference(frozenset().union(*new)) - own
        proposal.lets_go = named

    def _running_with(self, module: str) -> frozenset[str]:
        """The modules that surely run when one is imported, with the packages around them."""
        if module not in self._running:
            reached = self.acts.reached(module)
            found = {one for name in reached for one in with_parents(name)}
            self._running[module] = frozenset(n for n in found if self.symbols.modules.find(n) is not None)
        return self._running[module]

    def looked_up(self, module: str) -> frozenset[str]:
        """The dotted names that are looked up when a module runs: what it imports by name, and what its statements use."""
        if module not in self._looked_up:
            names = set(self._names_run(module))
            self._looked_up[module] = frozenset(n for n in names if self.symbols.modules.find(n) is None)
        return self._looked_up[module]

    def _names_run(self, module: str) -> Iterator[str]:
        table = self.copies.making.table
        for node, home in self.graph.running(module):
            if isinstance(node, ast.ImportFrom):
                base = absolute(node, home, self.symbols.is_package(home))
                yield from (f"{base}.{alias.name}" for alias in node.names)
            for part in all_nodes(node) if isinstance(node, ast.expr) else ():
                name = self.symbols.dotted(part, home) if isinstance(part, ast.Attribute) else None
                led = self.symbols.modules.lookup(name) if name is not None else None
                for found in (name, led.qualified_name if led is not None else None):
                    yield from table.looked_up(found or "")

    def note_unloaded(self, view: View, proposal: Proposal, importing: ast.AST) -> None:
        """Note the modules that the file may not import any more when `importing` is gone: `sys.modules` may be asked."""
        module = self.module_of(proposal.diagnostic.symbols[0].removesuffix(".*"))
        there = {*view.place.modules}.union(*map(self._running_with, map(self.module_of, proposal.written)))
        loaded = self.others(view, importing) | there
        if module not in loaded:
            gone = [
                one
                for one in self._running_with(module) | {*with_parents(module)}
                if not any(is_under(other, one) for other in loaded)
            ]
            self._check_unread(view, proposal, gone)
            proposal.reach |= {f"{LOADED}{one}": None for one in gone}

    def _check_unread(self, view: View, proposal: Proposal, gone: Sequence[str]) -> None:
        """Refusal where the file goes on to read a module of its package that no import of it loads any more."""
        handles = {h for one in gone for h in self.replacements.index.handles(view.path, one) if "." in h}
        lasts = {handle.rpartition(".")[2] for handle in handles}
        for node in view.uses.parents if handles else ():
            if isinstance(node, ast.Attribute) and node.attr in lasts and (text := unparsed(node)) in handles:
                start, end = view.span(node)
                if not any(first <= start and end <= last for first, last, _ in proposal.parts):
                    raise Refusal(
                        f"line {node.lineno} uses `{text}`, which only this import loads",
                        f"import `{text}` too",
                    )
