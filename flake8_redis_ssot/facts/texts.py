"""What the bytes of files are asked that are not held: a result stays true while the answers do."""

from __future__ import annotations

import re
from collections.abc import Collection

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.source import SourceError

_LETTER = r"[\w\x80-\xff]"
_WORD = re.compile(rf"{_LETTER}+".encode())
_MANY_WORDS = 50
"""From so many words on a file is split into its own, in place of being searched for each."""


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
        known = self.asked.setdefault(path, {})
        pattern = _one_of(words)
        if pattern not in known:
            data = self._data_of(path)
            there = [word for word in words if word.encode() in data]
            if len(there) > _MANY_WORDS:
                known[pattern] = not {word.encode() for word in there}.isdisjoint(_WORD.findall(data))
            else:
                known[pattern] = bool(there) and re.search(_one_of(there).encode(), data) is not None
        return known[pattern]

    def _data_of(self, path: str) -> bytes:
        try:
            return self._filesystem.source(path).data
        except SourceError:
            return b""


def _one_of(words: Collection[str]) -> str:
    """The pattern that finds one of the `words`; nothing where there are none."""
    either = "|".join(map(re.escape, sorted(words))) or "(?!)"
    return f"(?<!{_LETTER})(?:{either})(?!{_LETTER})"
