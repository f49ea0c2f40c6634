"""The cache: what earlier runs found, file by file, as JSON in the cache folder.

A result holds for the content of its file. The file's stamp only saves reading it: with the same stamp, the content is
taken to be the same. An entry that cannot be read, or that this module did not write, counts as absent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.codec import plain, reader, shape
from flake8_redis_ssot.facts.model import FileFacts
from flake8_redis_ssot.facts.modules import ClientFacts, ModuleFacts, Modules
from flake8_redis_ssot.facts.texts import Search, Texts
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.stamps import Stamp, settled
from flake8_redis_ssot.store import load, store, tool

try:  # `hashlib` loads OpenSSL, which takes a start longer than a small file's rules
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

Asked = dict[str, tuple[str | None, str | None]]
"""For each module that was looked for: its file, and a digest of its facts if these were used."""


_UNASKED = "-"
"""Stands for the digest of a kind of facts that was not used."""


def digest(data: bytes) -> str:
    """A digest of some bytes."""
    return blake2b(data, digest_size=16, usedforsecurity=False).hexdigest()


def key_of(*parts: Any) -> str:
    """One key for everything that decides what is found besides the files: the version, the settings and other `parts`."""
    shapes = [shape(FileFacts), shape(Diagnostic)]
    return digest(json.dumps([tool(), shapes, *map(plain, parts)]).encode())


def asked_of(modules: Modules) -> Asked:
    """What has been looked up in `modules` so far."""
    return {name: (path, _digest_of_module(facts, clients)) for name, path, facts, clients in modules.asked()}


def _digest_of_module(facts: ModuleFacts | None, clients: ClientFacts | None) -> str | None:
    """The digests of both kinds of facts of a module, as two words; None where neither was used."""
    words = [
        digest(repr(part).encode("utf-8", "backslashreplace")) if part is not None else _UNASKED
        for part in (facts, clients)
    ]
    return " ".join(words) if words != [_UNASKED, _UNASKED] else None


def _current_digest(modules: Modules, name: str, before: str) -> str | None:
    """The digests of a module as it is now, for the kinds of facts that were used for `before`."""
    facts, clients = before.split(" ")
    return _digest_of_module(
        modules.facts(name) if facts != _UNASKED else None,
        modules.clients(name) if clients != _UNASKED else None,
    )


class Cache:
    """The stored results of runs with the same key.

    A run asks `changed` which files must be read, gives their results to `keep`, and calls `save` at its end. `start`
    is when the run began, in nanoseconds: a file that changed after that is read again the next time.
    """

    def __init__(self, folder: str, key: str, start: int, filesystem: FileSystem = DISK) -> None:
        self.folder = folder
        self._filesystem = filesystem
        self._name, self._fixes = f"files-{key}", f"fixes-{key}"
        self._fixes_asked: list[str] = []
        self._start = start
        # line 1: what holds for all files; 2: what tells whether each file has changed; 3: the text searches of the
        # project rules; then one line for each file, which most runs need not parse
        first, *lines = (load(folder, self._name) or b"{}").split(b"\n")
        stored = json.loads(first)
        # path -> stamp if it can be trusted, digest of the content, digest of the facts, number of diagnostics
        self._files: dict[str, list[Any]] = json.loads(lines[0]) if lines else {}
        # path -> its diagnostics and facts, as JSON
        self._results: dict[str, bytes] = dict(zip(self._files, lines[2:], strict=True))
        # the patterns, and for each path its content and the numbers of those searched for, negative if not found
        self._texts = lines[1] if lines else b"[[], {}]"
        # module -> its file, the digest of its content, the digests of its facts
        self._modules: dict[str, list[str | None]] = stored.get("modules", {})
        self._project: list[Any] | None = stored.get("project")
        self._dirty = not stored
        # the stamps of this run's files, taken before any was read
        self._stamps: dict[str, Stamp | None] = {}
        # see `trust`
        self._given: Mapping[str, Stamp | None] | None = None
        self._changed: Collection[str] = ()
        self._placed: Collection[str] = ()

    def trust(
        self, stamps: Mapping[str, Stamp | None], changed: Collection[str], modules: Collection[str]
    ) -> None:
        """Use the current `stamps` of all files that the caller knows already, instead of asking the disk for each.

        Only the paths in `changed` have changed since the cache was written, and the `modules` are found where they were.
        """
        self._given, self._changed, self._placed = stamps, changed, modules

    def changed(self, files: Iterable[str], modules: Modules) -> dict[str, str | None]:
        """The files that must be read, each with the known digest of its content, if any."""
        if not self._hold(self._modules, modules):
            self._files, self._results, self._modules, self._project = {}, {}, {}, None
        found: dict[str, str | None] = {}
        for path in files:
            now = self._stamps[path] = (
                self._filesystem.stamp(path) if self._given is None else self._given.get(path)
            )
            entry = self._files.get(path)
            if entry is None:
                found[path] = None
            elif now is None or entry[0] != now:
                found[path] = entry[1]
        return found

    def keep(
        self,
        read: Iterable[str],
        contents: Mapping[str, str],
        diagnostics: Iterable[Diagnostic],
        facts: Iterable[FileFacts],
        asked: Asked,
    ) -> list[str]:
        """Take in the results of the files `read`; `contents` has the digests of those checked without a failure.

        Returns the files whose content turned out to be unchanged.
        """
        unchanged = []
        new: dict[str, list[Any]] = {}
        for path in read:
            now, entry, content = self._stamps[path], self._files.get(path), contents.get(path)
            trusted = now if settled(now, self._start) else None
            if content is None:
                self._dirty |= self._files.pop(path, None) is not None
            elif entry is not None and entry[1] == content:
                unchanged.append(path)
                self._dirty |= entry[0] != trusted
                entry[0] = trusted
            else:
                self._dirty = True
                self._files[path] = [trusted, content, None, 0]
                new[path] = [[], None]
        for diagnostic in diagnostics:
            if diagnostic.path in new:
                new[diagnostic.path][0].append(plain(diagnostic))
        for fact in facts:
            if fact.path in new:
                new[fact.path][1] = plain(fact)
        for path, (found, known) in new.items():
            self._files[path][2:] = known and digest(json.dumps(known).encode()), len(found)
            self._results[path] = json.dumps([found, known]).encode()
        self._modules.update(self._with_contents(asked))
        return unchanged

    def diagnostics(self, files: Iterable[str]) -> Iterator[Diagnostic]:
        """The stored diagnostics of `files`."""
        read = reader(Diagnostic)
        for path in files:
            if path in self._files and self._files[path][3]:
                yield from map(read, json.loads(self._results[path])[0])

    def facts(self, files: Iterable[str]) -> list[FileFacts]:
        """The stored facts of `files`, as far as there are any."""
        read = reader(FileFacts)
        return [read(json.loads(self._results[path])[1]) for path in files if path in self._files]

    def completed(self, facts: Iterable[FileFacts], files: Iterable[str]) -> list[FileFacts]:
        """The facts of all `files`: those of this run, and the stored ones of the others."""
        found = {fact.path: fact for fact in facts}
        known = self.facts(path for path in files if path not in found)
        return sorted([*found.values(), *known], key=lambda fact: fact.path)

    def project(self, files: Sequence[str], modules: Modules, day: str) -> list[Diagnostic] | None:
        """What the project rules found earlier; None if anything that they looked at has changed, or the `day` if that matters."""
        if self._project is None:
            return None
        facts, then, read, asked, found = self._project
        if then != day or facts != self.digest_of_facts(files):
            return None
        if any(self._content(path) != content for path, content in read.items()):
            return None
        if not self._texts_hold():
            return None
        return [*map(reader(Diagnostic), found)] if self._hold(asked, modules) else None

    def keep_project(
        self,
        files: Sequence[str],
        read: Collection[str],
        texts: Mapping[str, Mapping[str | Search, bool]],
        asked: Asked,
        day: str,
        found: list[Diagnostic],
    ) -> None:
        """Store what the project rules found, after reading the files `read` and the searches `texts` in others."""
        contents = {path: self._content(path) for path in read}
        known = self.digest_of_facts(files)
        if known is not None:
            self._project = [known, day, contents, self._with_contents(asked), plain(found)]
            self._texts = self._as_kept({path: texts[path] for path in texts if path not in contents})
            self._dirty = True

    def _as_kept(self, texts: Mapping[str, Mapping[str | Search, bool]]) -> bytes:
        """Text searches and their results as one line of the cache, with each search written once."""
        numbers: dict[str | Search, int] = {}
        kept = {
            path: " ".join(
                [
                    self._content(path) or "",
                    *(
                        f"{'-' * (not is_there)}{numbers.setdefault(search, len(numbers) + 1)}"
                        for search, is_there in asked.items()
                    ),
                ]
            )
            for path, asked in texts.items()
        }
        return json.dumps([[*numbers], kept]).encode()

    def _texts_hold(self) -> bool:
        """Whether the text searches of the last run would still have the same results."""
        searches, kept = json.loads(self._texts)
        searches = [one if isinstance(one, str) else Search(*one) for one in searches]
        now = Texts(self._filesystem)
        for path in kept if self._given is None else kept.keys() & self._changed:
            content, *asked = kept[path].split(" ")
            if (self._content(path) or "") != content and any(
                now.has(path, searches[abs(int(one)) - 1]) is one.startswith("-") for one in asked
            ):
                return False
        return True

    def fixes(self, modules: Modules) -> tuple[Any, bool]:
        """What was stored of fixes, None for nothing; and whether the modules that they depend on are unchanged."""
        asked, kept = json.loads(load(self.folder, self._fixes) or b"[{}, null]")
        before = json.dumps(asked)
        holds = self._hold(asked, modules)
        if json.dumps(asked) != before:
            self._store_fixes(kept, asked)
        self._fixes_asked = [*asked]
        return kept, holds

    def keep_fixes(self, kept: Any, asked: Asked) -> None:
        """Store `kept`, plain values about fixes, which depend on the modules that were `asked` for."""
        self._fixes_asked = [*asked]
        self._store_fixes(kept, self._with_contents(asked))

    def _store_fixes(self, kept: Any, asked: Mapping[str, list[str | None]]) -> None:
        with suppress(OSError):
            store(self.folder, self._fixes, [json.dumps([asked, kept]).encode()])

    def contents(self, beside: Iterable[str]) -> dict[str, str | None]:
        """The digests of the contents of this run's files and of those `beside`; None for one that cannot be read."""
        return {path: self._content(path) for path in dict.fromkeys((*self._stamps, *beside))}

    @property
    def stamps(self) -> Mapping[str, Stamp | None]:
        """The stamps of the files of this run, taken before any was read."""
        return self._stamps

    @property
    def files(self) -> list[str]:
        """The files of this run."""
        return list(self._stamps)

    @property
    def modules(self) -> list[str]:
        """The modules that any result depends on."""
        return [*self._modules, *(self._project[3] if self._project else ()), *self._fixes_asked]

    def save(self, files: Iterable[str]) -> None:
        """Write the cache if anything is new; files that no longer exist are dropped."""
        if self._dirty:
            for path in self._files.keys() - set(files):
                if not self._filesystem.is_file(path):
                    del self._files[path]
            first = {"modules": self._modules, "project": self._project}
            head = f"{json.dumps(first)}\n{json.dumps(self._files)}".encode()
            with suppress(OSError):
                store(
                    self.folder,
                    self._name,
                    chain([head, b"\n", self._texts], (b"\n" + self._results[path] for path in self._files)),
                )

    def digest_of_facts(self, files: Collection[str]) -> str | None:
        """One digest of the facts of all `files`; None if those of one are not stored."""
        if not all(path in self._files for path in files):
            return None
        return digest(json.dumps([(path, self._files[path][2]) for path in sorted(files)]).encode())

    def _content(self, path: str | None) -> str | None:
        """The digest of the content of a file, from this run or read now; None where it cannot be read."""
        if path in self._files and path in self._stamps:
            content: str = self._files[path][1]
            return content
        try:
            return digest(self._filesystem.read(path or ""))
        except (OSError, ValueError):
            return None

    def _with_contents(self, asked: Asked) -> dict[str, list[str | None]]:
        """Each module of `asked` with the digest of its file too, unless that may have changed during the run."""
        return {
            name: [path, self._settled_content(path) if facts is not None else None, facts]
            for name, (path, facts) in asked.items()
        }

    def _settled_content(self, path: str | None) -> str | None:
        """The digest of the content of a file, unless that may have changed during the run."""
        if path is None or not settled(self._filesystem.stamp(path), self._start):
            return None
        return self._content(path)

    def _hold(self, known: Mapping[str, list[str | None]], modules: Modules) -> bool:
        """Whether all `known` modules are found where they were, with the same facts as far as these were used.

        A module whose content was not known gets it in `known`, so that its facts need not be found again.
        """
        for name, entry in known.items():
            path, content, facts = entry
            if name in self._placed and path not in self._changed:
                continue
            if modules.find(name) != path:
                return False
            if facts is None or (content is not None and self._content(path) == content):
                continue
            if _current_digest(modules, name, facts) != facts:
                return False
            entry[1] = self._settled_content(path)
            self._dirty |= entry[1] is not None
        return True
