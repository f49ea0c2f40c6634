"""Modules of which a copy takes the place as a whole, so that it is their name alone that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.facts.texts import has_word
from flake8_redis_ssot.fix.edits.naming import renamed_text
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.loaded import texts_of
from flake8_redis_ssot.fix.together.patch import Patch
from flake8_redis_ssot.fix.together.staying import Staying, names_in_string
from flake8_redis_ssot.libraries.frameworks import PATCHING
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.imports import Part

Strings = dict[str, dict[Part, str]]
"""For each file the changes of its strings, each with the string."""


class WholeModules:
    """Finds such modules, and the strings that name them; `within` are the files that may change."""

    def __init__(self, rewriter: Rewriter, staying: Staying, within: Collection[str]) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self.staying = staying
        self.within = within
        self._strings: dict[tuple[str, str], Strings | None] = {}

    def replaced(
        self, proposals: Collection[Proposal], refused: Iterable[tuple[Diagnostic, Refusal]]
    ) -> dict[str, str]:
        """The modules that all leave for one that nobody has yet, each with that one."""
        found = {}
        refused = list(refused)
        for old, new in sorted({p.modules for p in proposals if p.modules[0]}):
            strings = self.strings(old, new) or {}
            left = [
                (diagnostic, why)
                for diagnostic, why in refused
                if not names_in_string(diagnostic)
                or set(strings.get(diagnostic.path, {}).values()).isdisjoint(diagnostic.symbols)
            ]
            if self.staying.is_replaced(old, new, proposals, left, strings):
                found[old] = new
        return found

    def strings(self, old: str, new: str) -> Strings | None:
        """The changes of the strings that name a module, or something in it; None where not all of them can change."""
        if (old, new) not in self._strings:
            self._strings[old, new] = None if self._is_named_unseen(old) else self._renamed(old, new)
        return self._strings[old, new]

    def _is_named_unseen(self, old: str) -> bool:
        """Whether code in a string, or a test that no run checks, may name a module."""
        own = self.index.modules.find(old)
        if any(
            is_under(name, old) and {*paths} != {own} for name, paths in self.rewriter.reads.coded.items()
        ):
            return True
        around = self.rewriter.around.facts.keys() - self.index.facts.keys()
        return any(
            self.index.settings.is_test(path) and self._has(path, old)
            for path in {*around, *self.rewriter.unchecked.data}
        )

    def _has(self, path: str, word: str) -> bool:
        try:
            return has_word(self.index.modules.filesystem.source(path).data, word.encode())
        except SourceError:
            return True

    def _renamed(self, old: str, new: str) -> Strings | None:
        found: Strings = {}
        quoted = self.rewriter.reads.quoted.items()
        naming = {path for text, paths in quoted if is_under(text.replace(":", "."), old) for path in paths}
        for path in sorted(naming - {self.index.modules.find(old)}):
            view = self.rewriter.view(path)
            if view is None or path not in self.within:
                return None
            is_patching = any(word in view.source.data for word in (*PATCHING, b"sys.modules"))
            if not (view.is_test or is_patching):
                return None  # a string of the application may be data
            for node in texts_of(view.source.tree):
                text = str(node.value)
                if is_under(text.replace(":", "."), old):
                    try:
                        found.setdefault(path, {})[renamed_text(view, node, old, new)] = text
                    except Refusal:
                        return None
        return found

    def follows(self, patch: Patch, whole: dict[str, Strings], proposals: Iterable[Proposal]) -> bool:
        """Whether a patch of something in one of these modules goes with its strings, or with an import of its file."""
        name = patch.text.rpartition(" ")[2]
        old = next((module for module in whole if is_under(name, module)), None)
        if old is None or patch.is_listing:
            return False
        return patch.path in whole[old] or any(
            p.path == patch.path and p.modules[0] == old for p in proposals
        )
