"""What the bytes of files are asked that are not held: a result stays true while the answers do."""

from __future__ import annotations

import re
from collections.abc import Collection

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.source import SourceError

_LETTER = r"[\w\x80-\xff]"
_ELSE_SPACE = bytes(n if re.match(_LETTER.encode(), bytes([n])) else ord(" ") for n in range(256))
"""A table that leaves words alone, with spaces between them."""


class Texts:
    """Searches files for patterns, and remembers what was `asked`: path -> pattern -> whether it is there."""

    def __init__(self, filesystem: FileSystem) -> None:
        self._filesystem = filesystem
        self.asked: dict[str, dict[str, bool]] = {}

    def has(self, path: str, pattern: str) -> bool:
        """Whether a regular expression is found in a file; not in one that cannot be read."""
        known = self.asked.setdefault(path, {})
        if pattern not in known:
            known[pattern] = re.search(pattern.encode(), self._data_of(path)) is not None
        return known[pattern]

    def speaks_of(self, path: str, words: Collection[str]) -> bool:
        """Whether a file has one of the `words`."""
        either = "|".join(map(re.escape, sorted(words))) or "(?!)"
        pattern = f"(?<!{_LETTER})(?:{either})(?!{_LETTER})"
        known = self.asked.setdefault(path, {})
        if pattern not in known:
            there = self._data_of(path).translate(_ELSE_SPACE).split()
            known[pattern] = not {word.encode() for word in words}.isdisjoint(there)
        return known[pattern]

    def _data_of(self, path: str) -> bytes:
        try:
            return self._filesystem.source(path).data
        except SourceError:
            return b""
