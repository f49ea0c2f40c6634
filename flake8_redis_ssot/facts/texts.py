"""Text searches in files that are not parsed; each search is recorded, as cached results depend on its outcome."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.source import SourceError

LETTER = r"[\w\x80-\xff]"
"""A character of a name, as a pattern over bytes."""

_MOST_HELD = 200
"""Files whose bytes are kept in memory, as one file is searched for several things."""

_LETTERS = frozenset(n for n in range(256) if re.match(LETTER.encode(), bytes([n])))


class Search(NamedTuple):
    """A search for a regular expression that must match at least `times` times, without overlap.

    With `within` only that is searched which groups of this other expression capture in the file: one in each match.
    """

    pattern: str
    times: int = 1
    within: str = ""


class Texts:
    """Searches files for patterns; `asked` records for each path and search whether it found something."""

    def __init__(self, filesystem: FileSystem) -> None:
        self._filesystem = filesystem
        self.asked: dict[str, dict[str | Search, bool]] = {}
        self._patterns: dict[str, str] = {}
        self._compiled: dict[str, re.Pattern[bytes]] = {}
        self._data_of = lru_cache(maxsize=_MOST_HELD)(self._read)
        self._parts_of = lru_cache(maxsize=_MOST_HELD)(self._captured)

    def has(self, path: str, search: str | Search) -> bool:
        """Whether a regular expression or `Search` finds something in a file; never in one that cannot be read."""
        known = self.asked.setdefault(path, {})
        found = known.get(search)
        if found is None:
            pattern, times, within = Search(search) if isinstance(search, str) else search
            data = self._parts_of(path, within) if within else self._data_of(path)
            matches = self._expression(pattern).finditer(data)
            found = known[search] = next(islice(matches, times - 1, None), None) is not None
        return found

    def speaks_of(self, path: str, words: Collection[str]) -> bool:
        """Whether a file mentions one of the `words`; those that are no identifiers are ignored."""
        return any(self.says(path, word) for word in sorted(words) if word.isidentifier())

    def says(self, path: str, word: str) -> bool:
        """Whether a file mentions `word`, as a whole word."""
        pattern = self._patterns.get(word)
        if pattern is None:
            pattern = self._patterns[word] = f"(?<!{LETTER}){re.escape(word)}(?!{LETTER})"
        known = self.asked.setdefault(path, {})
        found = known.get(pattern)
        if found is None:
            found = known[pattern] = has_word(self._data_of(path), word.encode())
        return found

    def _expression(self, pattern: str) -> re.Pattern[bytes]:
        compiled = self._compiled.get(pattern)
        if compiled is None:  # there are more patterns than the cache of `re` holds
            compiled = self._compiled[pattern] = re.compile(pattern.encode())
        return compiled

    def _captured(self, path: str, pattern: str) -> bytes:
        """What the groups of a regular expression capture in a file, one match a line."""
        matches = self._expression(pattern).finditer(self._data_of(path))
        return b"\n".join(match[match.lastindex or 0] for match in matches)

    def _read(self, path: str) -> bytes:
        try:
            return self._filesystem.source(path).data
        except SourceError:
            return b""


def has_word(data: bytes, word: bytes) -> bool:
    """Whether a word occurs as a whole word; faster than a regular expression."""
    at = data.find(word)
    while at >= 0:
        end = at + len(word)
        is_whole = (not at or data[at - 1] not in _LETTERS) and (
            end == len(data) or data[end] not in _LETTERS
        )
        if is_whole:
            return True
        at = data.find(word, end)
    return False
