"""The files of a project's folder that no run checks: excluded, ignored by git, or of another project."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress

from flake8_redis_ssot.facts.import_scan import statements
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.facts.modules import Modules
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.source import SourceError

_KEPT_HIDDEN = frozenset([".github", ".gitlab", ".circleci"])
_SKIPPED = frozenset(["node_modules", "__pycache__", "venv", "dist", "build", "site-packages"])

QUOTED = "?"
"""What a name in quotes is bound to in the facts of a file that is not checked: it may be used for anything."""


def beside(root: str, known: Collection[str], filesystem: FileSystem) -> Iterator[str]:
    """The files below `root` that are not `known`, without those of environments and builds."""
    folders = [root]
    while folders:
        folder = folders.pop()
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


class Unchecked:
    """The Python files in the folder `root` that are not `known`, looked for at the first question."""

    def __init__(self, root: str, known: Collection[str], filesystem: FileSystem) -> None:
        self._root = root
        self._known = known
        self._filesystem = filesystem
        self._facts: list[FileFacts] | None = None

    def facts(self, modules: Modules) -> list[FileFacts]:
        """What each of them imports; a name in quotes that begins with one of the `modules` counts as imported."""
        if self._facts is None:
            paths = [
                p
                for p in beside(self._root, frozenset(self._known), self._filesystem)
                if p.endswith((".py", ".pyi"))
            ]
            lines: dict[str, list[str]] = {}
            for path in paths:
                with suppress(SourceError):
                    data = self._filesystem.source(path).data
                    lines[path] = [statements(data).decode("utf-8", "replace")]
            for text, places in ProjectReads(paths, self._filesystem).quoted.items():
                module, name = _split(text, modules)
                for path in places if module else ():
                    lines[path].append(f"{module} {name} as {QUOTED}")
            self._facts = [FileFacts(path, imports="\n".join(found)) for path, found in lines.items()]
        return self._facts


def _split(text: str, modules: Modules) -> tuple[str, str]:
    """The longest module at the beginning of a dotted name, and what of it is named; all where it is the module."""
    parts = text.replace(":", ".").split(".")
    depth = 0
    while depth < len(parts) and modules.find(".".join(parts[: depth + 1])) is not None:
        depth += 1
    return ".".join(parts[:depth]), parts[depth] if depth < len(parts) else "*"
