"""What the server knows: open buffers, whose settings they have, and what was found in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from flake8_redis_ssot.api import Result, SourceChecker, finder_of
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import digest
from flake8_redis_ssot.filesystem import DISK, Edited, FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.suppress import without_noqa
from flake8_redis_ssot.server.moving import moved
from flake8_redis_ssot.settings.boundaries import SettingsError, place_of
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.load import chain_of
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.stamps import Stamp, stamp


@dataclass(frozen=True, slots=True)
class Options:
    """Which settings an editor wants: a settings file for all, and what counts more than any; its `folders`."""

    config: str | None = None
    overrides: tuple[Table, ...] = ()
    folders: tuple[str, ...] = ()
    isolated: bool = False

    def finder(self, filesystem: FileSystem = DISK) -> SettingsFinder:
        """What finds the settings of files."""
        top = self.folders[0] if self.folders else os.getcwd()
        found = finder_of(top, self.config, self.overrides, isolated=self.isolated, filesystem=filesystem)
        found.name(self.folders)
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """What a run over the whole project said of one text: all that was `found`, with fixes.

    `own` is what the file by itself gave at that time.
    """

    source: SourceFile
    own: tuple[Diagnostic, ...]
    found: tuple[Diagnostic, ...]

    @property
    def added(self) -> list[Diagnostic]:
        """What the project shows, and the file by itself does not."""
        own = {diagnostic.sort_key for diagnostic in self.own}
        return [diagnostic for diagnostic in self.found if diagnostic.sort_key not in own]


@dataclass(slots=True)
class Document:
    """One open buffer, what its own rules found in it, and the last run over its project."""

    source: SourceFile
    uri: str
    version: int | None = None
    own: tuple[Diagnostic, ...] = ()
    run: Run | None = None

    @property
    def is_current(self) -> bool:
        """Whether the last run over the project saw this text."""
        return self.run is not None and self.run.source.text == self.source.text

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """What is to be shown: until the next run what the project shows stays where its lines went."""
        run = self.run
        if run is None:
            return self.own
        if self.is_current and self.own == run.own:
            return run.found
        added = without_noqa([*moved(run.added, run.source, self.source)], self.source)
        shown = {(diagnostic.code, diagnostic.range) for diagnostic in self.own}
        added = [diagnostic for diagnostic in added if (diagnostic.code, diagnostic.range) not in shown]
        return sorted([*self.own, *added], key=lambda diagnostic: diagnostic.sort_key)


@dataclass(slots=True)
class Session:
    """The open documents of an editor, and a warm checker for each of their projects.

    `messages` are for the user, each once: what is wrong with settings, and what could not be checked.
    """

    options: Options
    documents: dict[str, Document] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    _buffers: dict[str, bytes] = field(default_factory=dict)
    _checkers: dict[str, SourceChecker] = field(default_factory=dict)
    _stamps: dict[str, Stamp | None] = field(default_factory=dict)
    _good: dict[str, Settings] = field(default_factory=dict)
    _turn: int = 0
    finder: SettingsFinder = field(init=False)
    filesystem: FileSystem = field(init=False)

    def __post_init__(self) -> None:
        self.filesystem = Edited(DISK, self._buffers)
        self.reload()

    def reload(self) -> None:
        """Read all settings anew."""
        self._turn += 1
        self.finder = self.options.finder()
        config = self.options.config
        self._stamps = {table: stamp(table) for table in (chain_of(config, DISK) if config else ())}
        self._said.clear()
        self._checkers.clear()

    def has_new_settings(self) -> bool:
        """Whether a settings file came, changed or went since it was looked for, or was wrong."""
        return bool(self.finder.errors) or any(stamp(path) != was for path, was in self._stamps.items())

    def settings_of(self, path: str) -> Settings | None:
        """The settings of a file; while a table is wrong, those that it had before, if any."""
        folder = os.path.dirname(path)
        found = self.finder.find(folder)
        for looked_at in self.finder.looked_at - self._stamps.keys():
            self._stamps[looked_at] = stamp(looked_at)
        if found is None:
            self.say(self.finder.errors)
            return self._good.get(folder)
        self._good[folder] = found
        return found

    def say(self, messages: Iterable[str]) -> None:
        """Have the user told, unless that was done."""
        new = [message for message in dict.fromkeys(messages) if message not in self._said]
        self._said.update(new)
        self.messages += new

    def open(self, path: str, uri: str, text: str, version: int | None) -> None:
        """Take up a document; the client calls it by its `uri`."""
        if not DISK.is_file(path):
            self._forget()
        self.documents[path] = Document(SourceFile(path, b""), uri)
        self.change(path, text, version)

    def change(self, path: str, text: str, version: int | None) -> list[str]:
        """Take the new text of a buffer; the documents in which something else may now be found."""
        document = self.documents[path]
        document.source, document.version = SourceFile.of_buffer(path, text), version
        before = self.filesystem.read(path) if self.filesystem.is_file(path) else b""
        self._buffers[path] = document.source.data
        if document.source.data != before and self._forget_dependents(path):
            return [*self.documents]
        return [path]

    def close(self, path: str) -> list[str]:
        """Let a document go: what is on the disk counts again; the documents that this may touch."""
        del self.documents[path]
        data = self._buffers.pop(path)
        if not DISK.is_file(path):
            self._forget()
            return [*self.documents]
        return [*self.documents] if DISK.read(path) != data and self._forget_dependents(path) else []

    def refresh(self) -> None:
        """Forget what was read of files: they may have changed."""
        self._turn += 1
        self._checkers.clear()

    def _forget(self) -> None:
        # which files there are besides those on the disk is asked of a new value
        self.filesystem = Edited(DISK, self._buffers)
        self._checkers.clear()

    def _forget_dependents(self, path: str) -> bool:
        """Forget the checkers that know what the file at `path` defined, where that is another thing now; whether there are any."""
        stale = [root for root, checker in self._checkers.items() if checker.knows_otherwise(path)]
        for root in stale:
            del self._checkers[root]
        return bool(stale)

    def checker(self, path: str) -> FileChecker | None:
        """What checks the file; None where settings exclude it, or are wrong."""
        warm = self._warm(path)
        if warm is None:
            return None
        try:
            place_of(warm.checker.settings, path)
        except SettingsError:  # two boundaries claim the file
            return None
        return warm.checker

    def _warm(self, path: str) -> SourceChecker | None:
        settings = self.settings_of(path)
        if settings is None or settings.excludes(path):
            return None
        if settings.root not in self._checkers:
            self._checkers[settings.root] = SourceChecker(settings, self.filesystem)
        return self._checkers[settings.root]

    def check(self, path: str) -> None:
        """Find out what the rules that need one file say of a document."""
        document = self.documents[path]
        try:
            warm = self._warm(path)
            result = warm.check(document.source) if warm is not None else Result()
        except SettingsError as error:  # two boundaries claim the file, or the baseline cannot be read
            self.say(error.messages)
            result = Result()
        self.say(result.errors)
        document.own = result.diagnostics

    @property
    def unsaved(self) -> dict[str, bytes]:
        """The buffers that differ from the disk."""
        return {
            path: data
            for path, data in self._buffers.items()
            if not DISK.is_file(path) or DISK.read(path) != data
        }

    @property
    def state(self) -> str:
        """What stands for all that fixes depend on, as far as the session knows it."""
        buffers = sorted((path, digest(data)) for path, data in self._buffers.items())
        return digest(repr((buffers, self._turn)).encode())

    def files_of(self, root: str) -> list[str]:
        """The open documents of the project in a folder."""
        found = ((path, self.settings_of(path)) for path in self.documents)
        return [
            path
            for path, settings in found
            if settings and settings.root == root and not settings.excludes(path)
        ]

    def took(
        self, path: str, source: SourceFile, own: tuple[Diagnostic, ...], found: tuple[Diagnostic, ...]
    ) -> None:
        """Take what a run over the project said of the text that a document had."""
        if path in self.documents:
            self.documents[path].run = Run(source, own, found)
