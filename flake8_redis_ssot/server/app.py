"""The language server: what an editor says goes to the session, and what is found goes back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from flake8_redis_ssot import __version__
from flake8_redis_ssot.diagnostic import Diagnostic, Fix
from flake8_redis_ssot.fix.apply import FIXABLE
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.output.rule_page import page
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.server.actions import FIX_ALL, Actions, wants
from flake8_redis_ssot.server.background import WorkerDied, result_of
from flake8_redis_ssot.server.messages import Converter, path_of, uri_of
from flake8_redis_ssot.server.places import manager_at, managers
from flake8_redis_ssot.server.session import Document, Options, Session
from flake8_redis_ssot.server.worker import Check, Mend, Propose
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import OPTIONS
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.source import PYTHON, Range

LONGEST_WAIT = 0.5
"""Seconds that a change waits at most until it is looked at."""
AFTER_SAVING = 0.1
"""Seconds in which several saved files become one run."""

_EDITOR = "the settings of the editor"
_WATCHED = ("**/*.{py,pyi}", "**/pyproject.toml", "**/.gitignore")


class Server(LanguageServer):
    """One editor's server.

    Each change of a text is checked by the rules that need one file, at once or, while many come, as often as keeps
    half of the time free. Runs over a project follow when something was opened or saved.
    """

    def __init__(self, options: Options) -> None:
        # whole texts: pygls cuts lines at characters that end none for Python and the protocol
        super().__init__("redis-ssot", __version__, types.TextDocumentSyncKind.Full)
        self._asked = options
        self._given: dict[str, Any] = {}
        self.session = Session(options)
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._free_at: dict[str, float] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[str] = set()
        self._proposed_for = ""
        self._proposals: dict[Diagnostic, asyncio.Task[dict[Diagnostic, Fix]]] = {}
        self._of_settings: dict[str, set[str]] = {}
        _add_features(self)

    @property
    def options(self) -> Options:
        """Which settings the client wants."""
        return self.session.options

    def begin(self, params: types.InitializeParams) -> None:
        """Take the folders of the workspace, and what the client says of settings."""
        given = params.initialization_options
        self._given = given if isinstance(given, dict) else {}
        self.session = Session(self._joined())
        self.session.say(_misgiven(self._given))
        self.converter = Converter.agreed(self.workspace.position_encoding, self.session)
        self.actions = Actions(self.session, self.converter, self.workspace, params.capabilities)

    def _joined(self) -> Options:
        """The options of the command line with those of the client: `config` and `settings`, which count more."""
        uris = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        folders = tuple(filter(None, map(path_of, uris)))
        top = folders[0] if folders else os.getcwd()
        config, values = self._given.get("config"), self._given.get("settings")
        config = config if isinstance(config, str) else None
        tables = [Table(_EDITOR, top, values)] if isinstance(values, dict) else []
        return replace(
            self._asked,
            config=os.path.join(top, os.path.expanduser(config)) if config else self._asked.config,
            overrides=(*self._asked.overrides, *tables),
            folders=folders,
        )

    def configured(self, given: Any = None) -> None:
        """The client wants other settings, or has other folders."""
        mine = given.get("redisSsot") if isinstance(given, dict) else None
        self._given = mine if isinstance(mine, dict) else self._given
        self.session.options = self._joined()
        self.session.reload()
        self.session.say(_misgiven(self._given))
        self.files_changed()

    def watch(self) -> None:
        """Ask the client to say which files change."""
        workspace = self.client_capabilities.workspace
        watching = workspace and workspace.did_change_watched_files
        if not watching or not watching.dynamic_registration:
            return
        globs = [*_WATCHED, *([self.options.config] if self.options.config else [])]
        wanted = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher(glob) for glob in globs]
        )
        registration = types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, wanted)
        self.client_register_capability(types.RegistrationParams([registration]))

    def document(self, uri: str) -> Document | None:
        """The open document that a client speaks of."""
        path = path_of(uri)
        return self.session.documents.get(path) if path is not None else None

    def opened(self, item: types.TextDocumentItem) -> None:
        """A document was opened: its project may be another than those that are known."""
        path = path_of(item.uri)
        if path is None or not (item.language_id == "python" or path.endswith(PYTHON)):
            return
        if self.session.has_new_settings():
            self.session.reload()
        self.session.open(path, item.uri, item.text, item.version)
        self.check(path)
        self.run_later(path, at_once=False)

    def changed(self, uri: str, version: int) -> None:
        """A document has another text."""
        document = self.document(uri)
        if document is None:
            return
        path = document.source.path
        self._forget_proposals()
        text = self.workspace.get_text_document(uri).source
        for other in self.session.change(path, text, version):
            self.check_later(other)

    def closed(self, uri: str) -> None:
        """A document is as it is on the disk again."""
        document = self.document(uri)
        if document is None:
            return
        path = document.source.path
        others = self.session.close(path)
        if path in self._due:
            self._due.pop(path).cancel()
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        for other in others:
            self.check_later(other)

    def files_changed(self) -> None:
        """Files changed on the disk, settings perhaps among them: what was read of them is forgotten."""
        if self.session.has_new_settings():
            self.session.reload()
        else:
            self.session.refresh()
        for path in [*self.session.documents]:
            self.check_later(path)
            self.run_later(path)

    def check_later(self, path: str) -> None:
        """Check a document as soon as the last check of it has been over for as long as it took."""
        if path not in self._due:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._free_at.get(path, 0.0) - loop.time())
            self._due[path] = loop.call_later(wait, self.check, path)

    def check(self, path: str) -> None:
        """Check a document by the rules that need one file, and show what is there."""
        self._due.pop(path, None)
        if path not in self.session.documents:
            return
        loop = asyncio.get_running_loop()
        start = loop.time()
        self.session.check(path)
        self.publish(path)
        self._free_at[path] = loop.time() + min(loop.time() - start, LONGEST_WAIT)

    def publish(self, path: str) -> None:
        """Show the diagnostics of a document, and what is to be told besides."""
        document = self.session.documents[path]
        found = [self.converter.diagnostic(document.source, d) for d in document.diagnostics]
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(document.uri, found, document.version)
        )
        self.tell()

    def tell(self) -> None:
        """Show the messages of the session."""
        for message in self.session.messages:
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, f"redis-ssot: {message}")
            )
        self.session.messages.clear()

    def run_later(self, path: str, *, at_once: bool = True) -> None:
        """Run over the project of a file; an earlier run of it is ended, or else waited for."""
        settings = self.session.settings_of(path)
        if settings is None or settings.excludes(path):
            return
        root, earlier = settings.root, self._runs.get(settings.root)
        if earlier is not None and not earlier.done():
            if not at_once:
                self._waiting.add(root)
                return
            earlier.cancel()
        self._waiting.discard(root)
        self._runs[root] = asyncio.create_task(self._run_all(root))

    async def _run_all(self, root: str) -> None:
        await asyncio.sleep(AFTER_SAVING)
        await self._run(root)
        while root in self._waiting:
            self._waiting.discard(root)
            await self._run(root)

    async def _run(self, root: str) -> None:
        """Run over a project, and show what is found in its open documents and its settings."""
        session = self.session
        files = session.files_of(root)
        for path in files:  # what the files by themselves give has to be that of these texts
            if path in self._due:
                self._due.pop(path).cancel()
                self.check(path)
        seen = {path: (session.documents[path].source, session.documents[path].own) for path in files}
        if not files:
            return
        try:
            result = await result_of(Check(self.options, tuple(files), session.unsaved))
        except SettingsError as error:
            session.say(error.messages)
            self.tell()
            return
        except WorkerDied as error:
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, str(error)))
            return
        session.say(result.errors)
        for limit in result.warnings:
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, limit))
        for path, (source, own) in seen.items():
            session.took(path, source, own, tuple(d for d in result.diagnostics if d.path == path))
            if path in session.documents:
                self.publish(path)
        self._publish_settings(root, [d for d in result.diagnostics if d.path not in seen])
        self.tell()

    def _publish_settings(self, root: str, diagnostics: Sequence[Diagnostic]) -> None:
        """Show what is said of settings files, and that no more is said of others."""
        paths = {diagnostic.path for diagnostic in diagnostics}
        for path in paths | self._of_settings.get(root, set()):
            source = self.converter.source(path)
            found = [self.converter.diagnostic(source, d) for d in diagnostics if d.path == path]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri_of(path), found))
        self._of_settings[root] = paths

    def shown_at(self, document: Document, place: types.Range) -> list[Diagnostic]:
        """The diagnostics that are shown where a range is."""
        asked = self.converter.from_range(document.source, place)
        return [d for d in document.diagnostics if d.range.start <= asked.end and asked.start <= d.range.end]

    async def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | None:
        """What can be done at a range: fixes that are granted for the texts as they are now, and exceptions."""
        document = self.document(params.text_document.uri)
        if document is None or self.session.checker(document.source.path) is None:
            return None
        asked = params.context.only
        only = None if asked is None else [getattr(kind, "value", kind) for kind in asked]
        found: list[types.CodeAction] = []
        source = document.source
        if wants(only, types.CodeActionKind.QuickFix.value):
            shown = self.shown_at(document, params.range)
            for diagnostic, fix in (await self._granted(document, shown)).items():
                found.append(self.actions.fix(document, diagnostic, fix))
            for diagnostic in shown:
                found += self.actions.exceptions(document, diagnostic)
        if wants(only, FIX_ALL, unasked=False):
            action = self.actions.fix_all(document.uri)
            if not self._can_resolve:
                action = await self.resolved(action)
            if action.edit is not None or self._can_resolve:
                found.append(action)
        # while a worker was asked, the text may have become another
        return found if document.source is source else None

    @property
    def _can_resolve(self) -> bool:
        text = self.client_capabilities.text_document
        support = text and text.code_action and text.code_action.resolve_support
        return bool(support and "edit" in support.properties)

    async def _granted(self, document: Document, diagnostics: Sequence[Diagnostic]) -> dict[Diagnostic, Fix]:
        """The fixes of these diagnostics that are granted, each for itself.

        What was asked once for the same texts is not asked again, though the client may give up waiting.
        """
        if self._proposed_for != self.session.state:
            self._forget_proposals()
            self._proposed_for = self.session.state
        asked = tuple(d for d in diagnostics if d.code in FIXABLE and d not in self._proposals)
        if asked:
            task = Propose(self.options, (document.source.path,), self.session.unsaved, asked)
            self._proposals |= dict.fromkeys(asked, asyncio.create_task(self._proposed(task)))
        found: dict[Diagnostic, Fix] = {}
        for diagnostic in diagnostics:
            if diagnostic in self._proposals:
                granted = await asyncio.shield(self._proposals[diagnostic])
                if diagnostic in granted and granted[diagnostic].applicability != "display-only":
                    found[diagnostic] = granted[diagnostic]
        return found

    async def _proposed(self, task: Propose) -> dict[Diagnostic, Fix]:
        return dict(await self._result(task, []))

    def _forget_proposals(self) -> None:
        """End the search for fixes of texts that are other ones now."""
        for task in self._proposals.values():
            task.cancel()
        self._proposals.clear()

    async def resolved(self, action: types.CodeAction) -> types.CodeAction:
        """The action with its changes."""
        document = self.document(action.data["uri"]) if isinstance(action.data, dict) else None
        if document is None:
            return action
        source = document.source
        changed = await self._result(Mend(self.options, (source.path,), self.session.unsaved), {})
        if source.path in changed and document.source is source:
            action.edit = self.actions.whole(document, changed[source.path])
        return action

    async def _result(self, task: Propose | Mend, otherwise: Any) -> Any:
        try:
            return await result_of(task)
        except (SettingsError, WorkerDied) as error:
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, str(error)))
            return otherwise

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """The page of the rule that found something here, and what manager is named here."""
        document = self.document(params.text_document.uri)
        checker = self.session.checker(document.source.path) if document is not None else None
        if document is None or checker is None:
            return None
        shown = self.shown_at(document, types.Range(params.position, params.position))
        rules = {rule.code: rule for rule in all_rules()}
        said = [page(rules[code]) for code in dict.fromkeys(d.code for d in shown)]
        place: Range | None = shown[0].range if shown else None
        named = manager_at(
            checker, document.source.path, self.converter.from_position(document.source, params.position)
        )
        if named is not None:
            place = place or named[0]
            said.insert(0, named[1])
        if place is None:
            return None
        content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(said))
        return types.Hover(content, self.converter.range(document.source, place))

    def definition(self, params: types.DefinitionParams) -> list[types.Location] | None:
        """From a finding to the manager of its boundary."""
        document = self.document(params.text_document.uri)
        checker = self.session.checker(document.source.path) if document is not None else None
        if document is None or checker is None:
            return None
        if not self.shown_at(document, types.Range(params.position, params.position)):
            return None
        return [
            self.converter.location(path, place) for path, place in managers(checker, document.source.path)
        ]

    def end(self) -> None:
        """End what still runs."""
        self._forget_proposals()
        for task in self._runs.values():
            task.cancel()


def _misgiven(given: dict[str, Any]) -> Iterator[str]:
    """What is wrong with what a client gives; null is as good as nothing."""
    if not isinstance(given.get("config") or "", str):
        yield f"{_EDITOR}: `config` must be a string"
    if not isinstance(given.get("settings") or {}, dict):
        yield f"{_EDITOR}: `settings` must be a table"
    for key in sorted(given.keys() & OPTIONS.keys()):
        yield f"{_EDITOR}: `{key}` is a key of `settings`; write it there"


def _add_features(server: Server) -> None:
    """Tell the server what it does when; it asks for the names of the functions and their types."""

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.begin(params)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        server.watch()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.opened(params.text_document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri, params.text_document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.files_changed()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(params: types.DidChangeWatchedFilesParams) -> None:
        server.files_changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        server.configured(params.settings)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.configured()

    kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        return await server.code_actions(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(params: types.CodeAction) -> types.CodeAction:
        return await server.resolved(params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        return server.hover(params)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        return server.definition(params)

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.end()
