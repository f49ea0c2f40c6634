"""At which lines of the files as they were stands what is said of them as they are after some changes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.source import Range, SourceFile

_PLACE = re.compile(
    r"(?P<path>[^\s`():]+\.pyi?)(?::(?P<line>\d+))?(?P<on>(?: stays| uses it)?: )?"
    r"|(?P<word>\blines? )(?P<lines>\d+(?:, \d+)*(?: and \d+(?! more))?)"
)
"""Places as reasons have them: `path:line`, and lines of the file that the reason is about."""


class Shifts:
    """Knows the lines of changed files by what they were `before`; paths in reasons are relative to `root`."""

    def __init__(self, before: Mapping[str, bytes], changes: Mapping[str, bytes], root: str) -> None:
        self._before = before
        self._changes = changes
        self._root = root
        self._blocks: dict[str, list[tuple[int, int, int, int]]] = {}

    def line_before(self, path: str, line: int) -> int:
        """The line that became a line of the file at `path`, or what stands in its place."""
        for start, end, first, last in self._blocks_of(path) if path in self._changes else ():
            if first < line <= last:
                return min(start + line - first, max(end, start + 1))
        return line

    def diagnostic_before(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic at the lines that it had before."""
        start, end = diagnostic.range.start, diagnostic.range.end
        shift = self.line_before(diagnostic.path, start.line) - start.line
        moved = Range(replace(start, line=start.line + shift), replace(end, line=end.line + shift))
        return replace(diagnostic, range=moved)

    def reason_before(self, path: str, reason: str) -> str:
        """A reason about the file at `path` with the lines as they were; after `FILE: ` it is about that file."""

        def placed(found: re.Match[str]) -> str:
            nonlocal path
            if found["lines"]:
                lines = re.sub(r"\d+", lambda n: str(self.line_before(path, int(n[0]))), found["lines"])
                return found["word"] + lines
            other = os.path.join(self._root, found["path"])
            path = other if found["on"] else path
            line = f":{self.line_before(other, int(found['line']))}" if found["line"] else ""
            return found["path"] + line + (found["on"] or "")

        return _PLACE.sub(placed, reason)

    def _blocks_of(self, path: str) -> list[tuple[int, int, int, int]]:
        """The blocks of lines of a file, where each stood and where it stands."""
        from difflib import SequenceMatcher

        if path not in self._blocks:
            old, new = (
                SourceFile(path, one[path]).text.splitlines() for one in (self._before, self._changes)
            )
            codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
            self._blocks[path] = [block for _, *block in codes]  # type: ignore[misc]
        return self._blocks[path]
