"""The files of a project's folder that no run checks: excluded, ignored by git, or of another project."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cached_property

from flake8_redis_ssot.facts.import_scan import statements
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.facts.modules import Modules
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import PYTHON, SourceError

_KEPT_HIDDEN = frozenset([".github", ".gitlab", ".circleci"])
"""Hidden folders that are looked into all the same."""
_SKIPPED = frozenset(["node_modules", "__pycache__", "venv", "dist", "build", "site-packages"])
"""Folders of environments and builds, which are not."""

SETTINGS_SUFFIXES = (".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".env", ".conf")
"""Of files that are no Python and may name what code is to load."""
LARGEST = 1 << 20
"""Bytes of a file that is no Python and still looked through."""
_TABLE = re.compile(r"^[ \t]*\[{1,2}[ \t]*([^\[\]\n]+?)[ \t]*\]{1,2}[ \t]*(?:#.*)?$", re.MULTILINE)
"""The head of a table in TOML; an element of a list ends in a comma."""
_EXAMPLE = re.compile(rb"^[ \t]*(?:>>>|\.\.\.) ?(.*)$", re.MULTILINE)
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+")

_CODE_SUFFIXES = (*SETTINGS_SUFFIXES, ".ipynb", ".sh", ".bash", ".mk", ".pyx", ".pxd", ".pxi", ".pyw")
_CODE_NAMES = frozenset(["Makefile", "Dockerfile", "Justfile", "justfile", "Procfile"])
"""Files that may hold Python code beside other things."""
_CODE = re.compile(
    r"\b(?:from\s+([A-Za-z_][\w.]*)\s+)?import\s+\(?\s*"
    r"([A-Za-z_][\w.]*(?:\s+as\s+\w+)?(?:\s*,\s*[A-Za-z_][\w.]*(?:\s+as\s+\w+)?)*)"
)
"""Imports: from what, and what, as `name as local`."""
_DOCUMENTS = (".md", ".rst", ".txt")
"""Files whose examples doctest may run."""

_NAMING = (*_CODE_SUFFIXES, *_DOCUMENTS, ".csv")
"""How the names of files end that are no Python and may name an object."""

QUOTED = "?"
"""What a name in quotes is bound to in the facts of a file that is not checked: it may be used for anything."""


def beside(
    root: str, known: Collection[str], filesystem: FileSystem, searched: list[str] | None = None
) -> Iterator[str]:
    """The files below `root` that are not `known`, without those of environments and builds.

    `searched` receives the folders in which they are looked for.
    """
    folders = [root]
    while folders:
        folder = folders.pop()
        if searched is not None:
            searched.append(folder)
        inner = []
        with suppress(OSError):
            for name, kind in filesystem.entries(folder):
                path = os.path.join(folder, name)
                if kind == "file" and path not in known:
                    yield path
                is_kept = name not in _SKIPPED and (not name.startswith(".") or name in _KEPT_HIDDEN)
                if kind == "folder" and is_kept:
                    inner.append(path)
        folders += reversed(inner)


def line_of(text: str, words: Collection[str]) -> int:
    """The first line that imports one of `words`, else that has one, else the first."""
    found = [*re.finditer(rf"\b(?:{'|'.join(map(re.escape, words))})\b", text)]
    match = next((one for one in found if _is_import(text, one.start())), found[0] if found else None)
    return text.count("\n", 0, match.start()) + 1 if match is not None else 1


def _is_import(text: str, at: int) -> bool:
    start = text.rfind("\n", 0, at) + 1
    return text[start:at].lstrip().startswith(("import ", "from "))


def without_own(path: str, text: str, settings: Settings) -> str:
    """The text of a file without what these settings say in it."""
    if path == settings.baseline:
        return ""
    if path not in settings.read_from and path != settings.path:
        return text
    if not path.endswith("pyproject.toml"):
        return ""
    parts, start = [], 0
    tables = [*_TABLE.finditer(text)]
    for table, after in zip(tables, [*tables[1:], None], strict=True):
        parts.append(text[start : table.start()])
        end = after.start() if after is not None else len(text)
        is_own = table[1].replace('"', "").startswith("tool.redis-ssot")
        body = text[table.start() : end]
        parts.append("\n" * body.count("\n") if is_own else body)
        start = end
    return "".join(parts) + text[start:]


def _is_plain(path: str) -> bool:
    """Whether a file has no suffix: a script, or one like a Makefile."""
    return "." not in os.path.basename(path)


class Unchecked:
    """The files in a project's folder that are not `known`, and may name its objects; looked for at the first question."""

    def __init__(self, settings: Settings, known: Collection[str], filesystem: FileSystem) -> None:
        self._settings = settings
        self._known = known
        self._filesystem = filesystem
        self._facts: list[FileFacts] | None = None

    def facts(self, modules: Modules) -> list[FileFacts]:
        """What each of them imports; a name in quotes that begins with one of the `modules` counts as imported."""
        if self._facts is None:
            paths = [path for path in self.files if path.endswith(PYTHON) or self._is_script(path)]
            lines: dict[str, list[str]] = {}
            for path in paths:
                with suppress(SourceError):
                    data = self._filesystem.source(path).data
                    lines[path] = [statements(data).decode("utf-8", "replace")]
            named = dict(ProjectReads(paths, self._filesystem).quoted)
            for path in self.files:
                if path.endswith(_CODE_SUFFIXES) or os.path.basename(path) in _CODE_NAMES:
                    for text in self._named_in(path):
                        named.setdefault(text, []).append(path)
                elif path.endswith(_DOCUMENTS) and (code := self._examples(path)):
                    lines[path] = [statements(code).decode("utf-8", "replace")]
            for text, places in named.items():
                module, name = split(text, modules)
                for path in places if module else ():
                    lines.setdefault(path, []).append(f"{module} {name} as {QUOTED}")
            self._facts = [FileFacts(path, imports="\n".join(found)) for path, found in lines.items()]
        return self._facts

    @cached_property
    def data(self) -> list[str]:
        """The files that hold data or settings."""
        return [path for path in self.files if path.endswith((*SETTINGS_SUFFIXES, ".txt", ".csv"))]

    @property
    def files(self) -> list[str]:
        """Those that may name something: of files of data the ones that are not too large."""
        return self._found[0]

    @property
    def folders(self) -> list[str]:
        """The folders in which they were looked for."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[list[str], list[str]]:
        folders: list[str] = []
        around = beside(self._settings.root, frozenset(self._known), self._filesystem, folders)
        found = (path for path in around if path.endswith((*PYTHON, *_NAMING)) or _is_plain(path))
        size = self._filesystem.size
        return [path for path in found if path.endswith(PYTHON) or size(path) <= LARGEST], folders

    def _is_script(self, path: str) -> bool:
        """Whether the first line of a file without a suffix says that Python runs it."""
        if not _is_plain(path):
            return False
        with suppress(SourceError):
            first = self._filesystem.source(path).data.partition(b"\n")[0]
            return first.startswith(b"#!") and b"python" in first
        return False

    def _named_in(self, path: str) -> set[str]:
        """The dotted names in a file that is no Python, and what code there imports."""
        with suppress(SourceError):
            text = self._filesystem.source(path).data.decode("utf-8", "replace")
            text = without_own(path, text, self._settings)
            return {*_DOTTED.findall(text), *_imported(text.replace("\\n", "\n"))}
        return set()

    def _examples(self, path: str) -> bytes:
        """The code of the examples in a document."""
        with suppress(SourceError):
            data = self._filesystem.source(path).data
            return b"\n".join(_EXAMPLE.findall(data)) if b">>> " in data else b""
        return b""


def _imported(text: str) -> Iterator[str]:
    """The dotted names that code in a text imports, and those that it reads of what it imports."""
    read: dict[str, set[str]] = {}
    for base, name in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\.([A-Za-z_]\w*)", text):
        read.setdefault(base, set()).add(name)
    for found in _CODE.finditer(text):
        for taken in found[2].split(","):
            name, *renamed = taken.split()
            dotted = f"{found[1]}.{name}" if found[1] else name
            yield dotted
            yield from (f"{dotted}.{one}" for one in read.get(renamed[-1] if renamed else name, ()))


def split(text: str, modules: Modules) -> tuple[str, str]:
    """The longest module at the beginning of a dotted name, and what of it is named: `*` where the name is the module's."""
    parts = text.replace(":", ".").split(".")
    depth = 0
    while depth < len(parts) and modules.find(".".join(parts[: depth + 1])) is not None:
        depth += 1
    return ".".join(parts[:depth]), parts[depth] if depth < len(parts) else "*"
