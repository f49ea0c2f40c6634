"""A server over real standard streams, and what an editor says to it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from monorepo import write
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from shimmed import FILES

LIMIT, STEP = 3000, 0.01
"""How often one looks whether something came, and the seconds in between."""
COMMAND = [sys.executable, "-P", "-m", "flake8_redis_ssot", "server"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


class Editor:
    """One client in a project: opens, types, saves, and sees what is shown."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.versions: dict[str, int] = {}
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

    async def begin(
        self, *, capabilities: types.ClientCapabilities | None = None, **given: Any
    ) -> types.InitializeResult:
        return await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities or types.ClientCapabilities(),
                workspace_folders=[types.WorkspaceFolder(self.root.as_uri(), "root")],
                initialization_options=given,
            )
        )

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str, text: str | None = None) -> None:
        """Open a file, with what it holds unless a text is given."""
        text = (self.root / name).read_text() if text is None else text
        language = "toml" if name.endswith(".toml") else "python"
        self.versions[name] = 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(self.uri(name), language, 1, text))
        )

    def type(self, name: str, text: str) -> None:
        """Change the whole text."""
        self.versions[name] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name)),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def save(self, name: str, text: str) -> None:
        """Change the text, and write it to the disk."""
        self.type(name, text)
        (self.root / name).write_text(text)
        self.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(self.uri(name)))
        )

    def close(self, name: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(name)))
        )

    def files_changed(self, *names: str) -> None:
        """Say that files changed on the disk."""
        events = [types.FileEvent(self.uri(name), types.FileChangeType.Changed) for name in names]
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))

    async def shows(self, name: str, wanted: list[str]) -> list[types.Diagnostic]:
        """The diagnostics of a file as soon as they have these codes for its latest version."""
        shown: list[types.Diagnostic] | None = None
        for _ in range(LIMIT):
            shown = self.shown(name)
            if shown is not None and [d.code for d in shown] == wanted:
                return shown
            await asyncio.sleep(STEP)
        raise AssertionError(f"{name} shows {shown}, not {wanted}")

    def shown(self, name: str) -> list[types.Diagnostic] | None:
        """What was shown last of a file; None where that is of an older version."""
        last = self.published.get(self.uri(name))
        if last is None or (last.version is not None and last.version < self.versions.get(name, 0)):
            return None
        return list(last.diagnostics)

    async def message(self) -> str:
        """The next message to the user."""
        for _ in range(LIMIT):
            if self.messages:
                return self.messages.pop(0)
            await asyncio.sleep(STEP)
        raise AssertionError("no message came")

    async def actions(self, name: str, place: types.Range, *only: str) -> list[types.CodeAction]:
        """What can be done at a place."""
        context = types.CodeActionContext([], [*only] or None)
        document = types.TextDocumentIdentifier(self.uri(name))
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(document, place, context)
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    async def hover(self, name: str, line: int, column: int) -> str:
        """What is shown at a place; nothing where nothing is."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(self.uri(name)), types.Position(line, column))
        )
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def definition(self, name: str, line: int, column: int) -> list[types.Location]:
        """Where a place leads."""
        found = await self.client.text_document_definition_async(
            types.DefinitionParams(types.TextDocumentIdentifier(self.uri(name)), types.Position(line, column))
        )
        return [place for place in found or () if isinstance(place, types.Location)]  # type: ignore[union-attr]


def applied(text: str, edit: types.WorkspaceEdit | None, uri: str | None = None) -> str:
    """A text, all of it ASCII, after the edits of one file."""
    assert edit is not None
    if edit.document_changes is not None:
        (change,) = edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        edits = change.edits
    else:
        assert edit.changes is not None
        ((of, edits),) = edit.changes.items()
        assert uri is None or of == uri
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for one in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        assert isinstance(one, types.TextEdit)
        start, end = (starts[p.line] + p.character for p in (one.range.start, one.range.end))
        text = text[:start] + one.new_text + text[end:]
    return text


@pytest_asyncio.fixture
async def editor(project: Path) -> AsyncIterator[Editor]:
    client = LanguageClient(converter_factory=default_converter)
    await client.start_io(*COMMAND)
    yield Editor(client, project)
    if client.capabilities is not None:
        await client.shutdown_session()
    await client.stop()
