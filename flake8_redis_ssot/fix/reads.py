"""What a file reads and sets of what its names give, and which of them it hands on as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.nodes import unparsed

_QUOTED = re.compile(rb"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\.?[\"'%{]")


@dataclass(frozen=True, slots=True)
class Reads:
    """Texts as `base.name` of what is `read` and `stored`, `.name` where the base is no chain of names.

    `bare` are the chains of which nothing is read: what they give may be read anywhere.
    """

    read: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()

    def of(self, bases: Iterable[str]) -> set[str]:
        """The names read of one of the chains `bases`."""
        known = set(bases)
        return {last for text in self.read for base, _, last in [text.rpartition(".")] if base in known}


class ProjectReads:
    """The reads of the project's files, each file parsed at the first question about it."""

    def __init__(self, paths: Iterable[str], filesystem: FileSystem) -> None:
        self._paths = tuple(paths)
        self._filesystem = filesystem
        self._known: dict[str, Reads] = {}

    def of(self, path: str) -> Reads:
        """What the file at `path` reads; nothing where it cannot be parsed."""
        if path not in self._known:
            try:
                self._known[path] = reads(self._filesystem.source(path).tree)
            except SourceError:
                self._known[path] = Reads()
        return self._known[path]

    def changed(self, changes: Mapping[str, bytes]) -> ProjectReads:
        """The same where these files hold other bytes; what is known of the others stays."""
        reads = ProjectReads(self._paths, self._filesystem.with_edits(changes))
        reads._known = {path: known for path, known in self._known.items() if path not in changes}
        return reads

    @cached_property
    def quoted(self) -> frozenset[str]:
        """The dotted names that some file has in quotes, or at the beginning of a longer text."""
        found: set[bytes] = set()
        for path in self._paths:
            try:
                found.update(_QUOTED.findall(self._filesystem.source(path).data))
            except SourceError:
                continue
        return frozenset(name.decode() for name in found)


def reads(tree: ast.Module) -> Reads:
    """The reads of one file."""
    read: set[str] = set()
    stored: set[str] = set()
    bare: set[str] = set()
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
    bases = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            base = unparsed(node.value) if _is_chain(node.value) else ""
            (read if isinstance(node.ctx, ast.Load) else stored).add(f"{base}.{node.attr}")
        if node not in bases and isinstance(node.ctx, ast.Load) and _is_chain(node):
            bare.add(unparsed(node))
    return Reads(frozenset(read), frozenset(stored), frozenset(bare))


def _is_chain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
