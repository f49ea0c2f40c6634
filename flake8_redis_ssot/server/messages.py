"""Values of ours as the protocol has them, and back."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from flake8_redis_ssot.diagnostic import Diagnostic, Edit
from flake8_redis_ssot.output import DOCUMENTATION
from flake8_redis_ssot.server.session import Session
from flake8_redis_ssot.source import Encoding, Position, Range, SourceError, SourceFile

SOURCE = "redis-ssot"
_DEPRECATED, _UNNECESSARY = frozenset(["RED506"]), frozenset(["RED902", "RED904"])


def path_of(uri: str) -> str | None:
    """The absolute path of a file; None for what lies on no disk, as a new buffer."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return os.path.normpath(path) if path else None


def uri_of(path: str) -> str:
    """The address of an absolute path."""
    return str(from_fs_path(path))


class Converter:
    """Converts in the encoding that was agreed on with the client."""

    def __init__(self, encoding: Encoding, session: Session) -> None:
        self.encoding = encoding
        self.session = session

    def position(self, source: SourceFile, position: Position) -> types.Position:
        return types.Position(position.line - 1, source.units_before(position, self.encoding))

    def range(self, source: SourceFile, place: Range) -> types.Range:
        return types.Range(self.position(source, place.start), self.position(source, place.end))

    @classmethod
    def agreed(cls, encoding: str | None, session: Session) -> Converter:
        """By the name of the encoding that was agreed on."""
        return cls(
            "utf-8" if encoding == "utf-8" else "utf-32" if encoding == "utf-32" else "utf-16", session
        )

    def from_position(self, source: SourceFile, position: types.Position) -> Position:
        return source.position_at(position.line + 1, position.character, self.encoding)

    def from_range(self, source: SourceFile, place: types.Range) -> Range:
        return Range(self.from_position(source, place.start), self.from_position(source, place.end))

    def location(self, path: str, place: Range) -> types.Location:
        return types.Location(uri_of(path), self.range(self.source(path), place))

    def edits(self, source: SourceFile, edits: Iterable[Edit]) -> list[types.TextEdit]:
        return [types.TextEdit(self.range(source, edit.range), edit.content) for edit in edits]

    def diagnostic(self, source: SourceFile, diagnostic: Diagnostic) -> types.Diagnostic:
        tags = []
        if diagnostic.code in _DEPRECATED:
            tags.append(types.DiagnosticTag.Deprecated)
        if diagnostic.code in _UNNECESSARY:
            tags.append(types.DiagnosticTag.Unnecessary)
        related = [
            types.DiagnosticRelatedInformation(self.location(one.path, one.range), one.message)
            for one in diagnostic.related
        ]
        return types.Diagnostic(
            range=self.range(source, diagnostic.range),
            message=diagnostic.message,
            severity=types.DiagnosticSeverity.Warning,
            code=diagnostic.code,
            code_description=types.CodeDescription(DOCUMENTATION.format(diagnostic.code)),
            source=SOURCE,
            tags=tags or None,
            related_information=related or None,
        )

    def source(self, path: str) -> SourceFile:
        """The text of any file, empty where it cannot be read."""
        try:
            source = self.session.filesystem.source(path)
            _ = source.text
        except SourceError:
            return SourceFile(path, b"")
        return source
