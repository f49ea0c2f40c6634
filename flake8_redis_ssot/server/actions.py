"""What an editor may offer at a diagnostic: fixes that were granted, and exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from lsprotocol import types
from pygls.workspace import Workspace

from flake8_redis_ssot.diagnostic import Diagnostic, Edit, Fix
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.noqa import UNSILENCED
from flake8_redis_ssot.server.messages import Converter, path_of, uri_of
from flake8_redis_ssot.server.session import Document, Session
from flake8_redis_ssot.server.silencing import allowance, changes, noqa
from flake8_redis_ssot.source import SourceError, SourceFile

FIX_ALL = "source.fixAll.redisSsot"
_CONFIRMED = "confirmed"


def wants(only: Sequence[str] | None, kind: str, *, unasked: bool = True) -> bool:
    """Whether a client that asks `only` for some kinds takes this one; `unasked` if it names none."""
    return unasked if only is None else any(f"{kind}.".startswith(f"{asked}.") for asked in only)


class Actions:
    """Makes the actions of one client."""

    def __init__(
        self,
        session: Session,
        converter: Converter,
        workspace: Workspace,
        capabilities: types.ClientCapabilities,
    ) -> None:
        self.session = session
        self.converter = converter
        self._workspace = workspace
        self._capabilities = capabilities

    def fix(self, document: Document, diagnostic: Diagnostic, fix: Fix) -> types.CodeAction:
        """What settles a diagnostic; what may change what the code does is shown before, where a client can."""
        is_safe = fix.applicability == "safe"
        return types.CodeAction(
            title=fix.message if is_safe else f"{fix.message} (unsafe)",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.converter.diagnostic(document.source, diagnostic)],
            is_preferred=is_safe or None,
            edit=self._edit(document, fix.edits, "" if is_safe else fix.message),
        )

    def exceptions(self, document: Document, diagnostic: Diagnostic) -> Iterator[types.CodeAction]:
        """What lets a diagnostic be: a comment with a reason, an entry of the settings."""
        shown = [self.converter.diagnostic(document.source, diagnostic)]
        edits = noqa(document.source, diagnostic) if diagnostic.code not in UNSILENCED else ()
        if edits:
            yield types.CodeAction(
                title=f"Silence {diagnostic.code} here by a `noqa` with a reason",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=shown,
                edit=self._edit(document, edits),
            )
        settings = self._settings_file(diagnostic.path)
        edits = allowance(settings.source, self.session.options, diagnostic) if settings is not None else ()
        if settings is not None and edits:
            yield types.CodeAction(
                title=f"Allow {diagnostic.code} in this file, in the settings",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=shown,
                edit=self._edit(settings, edits),
            )

    def _settings_file(self, path: str) -> Document | None:
        """The settings file of a file, with the text that the client has where it is open there; None without one."""
        settings = self.session.settings_of(path)
        if settings is None or settings.path is None:
            return None
        for document in self._workspace.text_documents.values():
            if path_of(document.uri) == settings.path:
                source = SourceFile.of_buffer(settings.path, document.source)
                return Document(source, document.uri, document.version)
        try:
            return Document(DISK.source(settings.path), uri_of(settings.path))
        except SourceError:
            return None

    def fix_all(self, uri: str) -> types.CodeAction:
        """All that is safe in a file, whose changes are found out when they are asked for."""
        return types.CodeAction(title="Apply all safe fixes of redis-ssot", kind=FIX_ALL, data={"uri": uri})

    def whole(self, document: Document, data: bytes) -> types.WorkspaceEdit:
        """The change of a document to other bytes."""
        return self._edit(document, changes(document.source, SourceFile(document.source.path, data)))

    def _edit(self, document: Document, edits: Sequence[Edit], confirmed: str = "") -> types.WorkspaceEdit:
        found = self.converter.edits(document.source, edits)
        uri = document.uri
        if not self._has_versions or document.version is None:
            return types.WorkspaceEdit(changes={uri: found})
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri, document.version)
        if not confirmed or not self._has_annotations:
            return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, found)])
        noted = [types.AnnotatedTextEdit(_CONFIRMED, one.range, one.new_text) for one in found]
        why = types.ChangeAnnotation(
            confirmed, needs_confirmation=True, description="may change what the code does"
        )
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(identifier, noted)], change_annotations={_CONFIRMED: why}
        )

    @cached_property
    def _workspace_edit(self) -> types.WorkspaceEditClientCapabilities:
        workspace = self._capabilities.workspace
        return (workspace and workspace.workspace_edit) or types.WorkspaceEditClientCapabilities()

    @property
    def _has_versions(self) -> bool:
        return bool(self._workspace_edit.document_changes)

    @property
    def _has_annotations(self) -> bool:
        return self._workspace_edit.change_annotation_support is not None
