"""Which of today's diagnostics are those that were known, though code has moved since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from flake8_redis_ssot.diagnostic import Diagnostic, Fingerprint
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.lint.baseline import Baseline, Entry
from flake8_redis_ssot.lint.fingerprint import definitions, similarity
from flake8_redis_ssot.source import SourceError

_ALIKE = 0.5
"""How much of a definition must be as it was, so that it counts for the same under another name; as git has it."""


@dataclass(slots=True)
class Matching:
    """The diagnostics that are `new`, the others each with its entry, and the entries that are `left`."""

    new: list[Diagnostic] = field(default_factory=list)
    known: list[tuple[Entry, Diagnostic]] = field(default_factory=list)
    left: list[Entry] = field(default_factory=list)

    @property
    def moved(self) -> list[tuple[Entry, Diagnostic]]:
        """Those that have come from another place."""
        return [(entry, diagnostic) for entry, diagnostic in self.known if not entry.matches(diagnostic)]


def matching(
    baseline: Baseline,
    diagnostics: Iterable[Diagnostic],
    filesystem: FileSystem,
    renamed: Callable[[], Mapping[str, str]],
) -> Matching:
    """Match the `diagnostics` with the entries, each with one at most.

    First those that are where they were. An entry whose file is gone, or whose definition is gone from its
    file, may have come to another place: to the file that it was `renamed` to, or to a definition that is alike.
    """
    found = _Matcher(baseline, filesystem, renamed)
    rest = [d for d in diagnostics if not found.stands(d)]
    found.follow([d for d in rest if d.fingerprint is not None and _text_key(d) in baseline.by_text])
    return Matching(
        [d for d in rest if id(d) not in found.matched],
        found.known,
        [entry for entry in baseline.entries if entry not in found.taken],
    )


class _Matcher:
    """One matching: what is `known` so far, with the entries `taken` and the ids of the diagnostics `matched`."""

    def __init__(
        self, baseline: Baseline, filesystem: FileSystem, renamed: Callable[[], Mapping[str, str]]
    ) -> None:
        self.baseline = baseline
        self.filesystem = filesystem
        self.known: list[tuple[Entry, Diagnostic]] = []
        self.taken: set[Entry] = set()
        self.matched: set[int] = set()
        self._renamed = renamed
        self._numbers: Counter[tuple[str, ...]] = Counter()
        self._definitions: dict[str, frozenset[str] | None] = {}

    def stands(self, diagnostic: Diagnostic) -> bool:
        """Whether an entry is left that is of this very place."""
        if diagnostic.fingerprint is None:
            return False
        key = Entry.of(diagnostic).key
        entries = self.baseline.by_key.get(key, [])
        number = self._numbers[key]
        if number >= len(entries):
            return False
        self._numbers[key] += 1
        self._take(entries[number], diagnostic)
        return True

    def follow(self, diagnostics: list[Diagnostic]) -> None:
        """Match those that have come from another place."""
        lost = {
            key: [e for e in self.baseline.by_text[key] if e not in self.taken and self._is_lost(e)]
            for key in dict.fromkeys(map(_text_key, diagnostics))
        }
        is_gone = any(not self.filesystem.is_file(e.path) for some in lost.values() for e in some)
        renamed = self._renamed() if is_gone else {}
        moved = {e: renamed.get(e.path, e.path) for some in lost.values() for e in some}
        self._follow_exactly(diagnostics, moved, lambda path, of: (path, of.definition))
        self._follow_exactly(diagnostics, moved, lambda path, of: (of.definition, of.sketch))
        moves = []
        for at, diagnostic in enumerate(diagnostics):
            now = diagnostic.fingerprint
            assert now is not None
            for entry in lost[_text_key(diagnostic)] if id(diagnostic) not in self.matched else ():
                was = entry.fingerprint
                alike = similarity(was.sketch, now.sketch) if entry not in self.taken else 0.0
                if alike >= _ALIKE:
                    is_near = moved[entry] == diagnostic.path
                    is_named = was.definition == now.definition
                    moves.append(((not is_near, not is_named, -alike, at, entry.nth), entry, diagnostic))
        for _, entry, diagnostic in sorted(moves, key=lambda move: move[0]):
            if entry not in self.taken and id(diagnostic) not in self.matched:
                self._take(entry, diagnostic)

    def _follow_exactly(
        self,
        diagnostics: list[Diagnostic],
        moved: Mapping[Entry, str],
        place: Callable[[str, Fingerprint], tuple[str, str]],
    ) -> None:
        """Match those of which the same can be said of their `place`, by path and fingerprint; entries have `moved`."""
        there: dict[tuple[tuple[str, str], tuple[str, str]], list[Entry]] = {}
        for entry, path in moved.items():
            if entry not in self.taken:
                there.setdefault((entry.text_key, place(path, entry.fingerprint)), []).append(entry)
        for diagnostic in diagnostics:
            if id(diagnostic) not in self.matched and diagnostic.fingerprint is not None:
                entries = there.get(
                    (_text_key(diagnostic), place(diagnostic.path, diagnostic.fingerprint)), []
                )
                if entries:
                    self._take(entries.pop(0), diagnostic)

    def _take(self, entry: Entry, diagnostic: Diagnostic) -> None:
        self.known.append((entry, diagnostic))
        self.taken.add(entry)
        self.matched.add(id(diagnostic))

    def _is_lost(self, entry: Entry) -> bool:
        """Whether the place of an entry is gone: its file, or its definition."""
        if not self.filesystem.is_file(entry.path):
            return True
        definition = entry.fingerprint.definition
        there = self._there(entry.path) if definition else None
        return there is not None and definition not in there

    def _there(self, path: str) -> frozenset[str] | None:
        """The definitions of a file; None where they cannot be known."""
        if path not in self._definitions:
            try:
                self._definitions[path] = definitions(self.filesystem.source(path))
            except SourceError:
                self._definitions[path] = None
        return self._definitions[path]


def _text_key(diagnostic: Diagnostic) -> tuple[str, str]:
    assert diagnostic.fingerprint is not None
    return (diagnostic.code, diagnostic.fingerprint.digest)
