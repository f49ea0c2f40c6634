"""What still names a module: imports, strings, files that are not checked, settings and documents."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from functools import cached_property

from flake8_redis_ssot.facts.import_scan import edges, statements
from flake8_redis_ssot.facts.mentions import coded
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.fix.sources.unchecked import LARGEST, SETTINGS_SUFFIXES, beside, line_of, without_own
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import PYTHON, SourceError

_SUFFIXES = (*SETTINGS_SUFFIXES, ".md", ".rst", ".txt", ".ipynb", ".sh", ".bash", ".service")
_NAMES = ("Dockerfile", "Containerfile", "Makefile", "Procfile", "Jenkinsfile")
_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+)[\"']")


@dataclass(frozen=True, slots=True)
class Reference:
    """A line that names a module, and `how`."""

    path: str
    line: int
    how: str


class References:
    """Looks for what names a module, in the files of a project as `filesystem` has them and in all beside them.

    The project's own files are taken from the `index`; of the settings the tool's own part is left out.
    """

    def __init__(self, settings: Settings, index: ProjectIndex, filesystem: FileSystem) -> None:
        self._settings = settings
        self._index = index
        self._filesystem = filesystem

    def to(self, path: str) -> Iterator[Reference]:
        """The references to the module at `path`, one a file."""
        modules = self._index.place(path).modules
        place = self._settings.short(path)
        names = "|".join(re.escape(name).replace(r"\.", "[.:]") for name in modules)
        quoted = re.compile(
            rf"""["'](?:{names})(?:[.:][\w.:]+)?["']|["'](?:[^"'\n]*(?:;|\\n) *)?(?:from|import) +(?:{names})\b"""
        )
        named = re.compile(rf"(?<![\w.])(?:{names})(?!\w)|(?<![\w./-])(?:\./)?{re.escape(place)}(?!\w)")
        importers = self._index.users_of(path)
        naming = {user for name, users in self._quoted.items() if _is_in(name, modules) for user in users}
        last = {name.rpartition(".")[2] for name in modules}
        for other in sorted(importers | naming - {path}):
            text = self._text(other)
            match = None if other in importers else quoted.search(text)
            how = "imports it" if match is None else "names it in a string"
            yield Reference(other, line_of(text, last) if match is None else _line(text, match), how)
        for other, text in self._beside:
            match = quoted.search(text)
            if not other.endswith(PYTHON):
                match = named.search(text)
                if match is not None:
                    yield Reference(other, _line(text, match), "names it")
            elif match is not None:
                yield Reference(other, _line(text, match), "names it, and is not checked")
            elif _imports(text, modules):
                yield Reference(other, line_of(text, last), "imports it, and is not checked")

    @cached_property
    def _quoted(self) -> dict[str, list[str]]:
        """The dotted names that the project's files have in quotes, `module:name` among them, with these files."""
        found: dict[str, list[str]] = {}
        for path in self._index.facts:
            for name in set(_QUOTED.findall(self._data(path))):
                found.setdefault(name.decode().replace(":", "."), []).append(path)
            for module, name in set(coded(self._data(path))):
                found.setdefault((module or name).decode(), []).append(path)
        return found

    @cached_property
    def _beside(self) -> list[tuple[str, str]]:
        """The files that are not checked, settings and documents, each with its text."""
        found = []
        for path in beside(self._settings.root, self._index.facts, self._filesystem):
            is_python = path.endswith(PYTHON)
            is_text = path.endswith(_SUFFIXES) or os.path.basename(path).startswith(_NAMES)
            if is_python or (is_text and self._filesystem.size(path) <= LARGEST):
                found.append((path, without_own(path, self._text(path), self._settings)))
        return found

    def _data(self, path: str) -> bytes:
        try:
            return self._filesystem.source(path).data
        except SourceError:
            return b""

    def _text(self, path: str) -> str:
        return self._data(path).decode("utf-8", "replace")


def _imports(text: str, modules: Collection[str]) -> bool:
    """Whether a file imports one of the `modules`, or something of it."""
    lines = statements(text.encode("utf-8", "replace")).decode("utf-8", "replace").split("\n")
    names = {edge.full_name for line in lines for edge in edges(line)}
    names |= {line.partition(" ")[0] for line in lines}
    return any(_is_in(name, modules) for name in names)


def _is_in(name: str, modules: Collection[str]) -> bool:
    """Whether a dotted name is that of one of the `modules`, or of something in one."""
    return any(is_under(name, module) for module in modules)


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
