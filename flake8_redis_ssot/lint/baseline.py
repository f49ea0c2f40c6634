"""The baseline: a file that records the diagnostics a project has already, one a line, so that only new ones are reported."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic, Fingerprint
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.settings.boundaries import SettingsError

FILE = "redis-ssot-baseline.jsonl"
"""Its name where the settings give none."""

NEVER_RECORDED = frozenset(["RED000", "RED403", "RED901", "RED902"])
"""Codes that no baseline silences: files that could not be read and were not checked, settings that name what does not
exist, and allowances that have expired."""

_VERSION = 1
_HEAD = "redis-ssot-baseline"
_HEADLESS = f'it does not begin with {{"{_HEAD}": {_VERSION}}}'
_CONFLICT = re.compile(r"(<{7}|\|{7}|={7}|>{7})( |$)")
_TEXTS = ("path", "rule", "in", "text", "digest", "sketch")

Key = tuple[str, str, str, str]
"""Path, code, definition and digest: diagnostics that are equal in these are told apart only by their number (`nth`)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded diagnostic: the `nth` (from 1) with its key.

    `path` is absolute; `reason` is set if it was accepted after the baseline was first written.
    """

    code: str
    path: str
    fingerprint: Fingerprint
    nth: int = 1
    reason: str | None = None

    @classmethod
    def of(cls, diagnostic: Diagnostic, reason: str | None = None) -> Entry:
        """The entry of a diagnostic that has a fingerprint."""
        assert diagnostic.fingerprint is not None
        return cls(diagnostic.code, diagnostic.path, diagnostic.fingerprint, reason=reason)

    def matches(self, diagnostic: Diagnostic) -> bool:
        """Whether a diagnostic has the key of the entry."""
        return self.key == Entry.of(diagnostic).key

    @property
    def key(self) -> Key:
        """What the entry and its diagnostic have in common, as long as the code does not move."""
        return (self.path, self.code, self.fingerprint.definition, self.fingerprint.digest)

    @property
    def text_key(self) -> tuple[str, str]:
        """What stays the same when the code moves: the rule's code, and the digest of the text that is reported."""
        return (self.code, self.fingerprint.digest)


@dataclass(frozen=True)
class Baseline:
    """The entries of a `file`; paths in it are relative to its folder."""

    file: str
    entries: tuple[Entry, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[Key, list[Entry]]:
        """The entries by their keys, in the order of their numbers."""
        found: dict[Key, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.nth):
            found.setdefault(entry.key, []).append(entry)
        return found

    @cached_property
    def by_text(self) -> Mapping[tuple[str, str], list[Entry]]:
        """The entries by their `text_key`."""
        found: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.text_key, []).append(entry)
        return found

    @cached_property
    def renamed(self) -> Mapping[str, str]:
        """The files that git has seen renamed since the baseline was last committed: old path to new."""
        from flake8_redis_ssot.git_objects import GitError, Repository  # seldom needed

        folder, name = os.path.split(self.file)
        try:
            repository = Repository(folder)
            last = repository.lines("log", "-1", "--format=%H", "--", name)
            return repository.renamed(last[0] if last else "HEAD")
        except GitError:
            return {}  # then content alone decides

    def with_entries(self, entries: Iterable[Entry]) -> Baseline:
        """The same file with other entries, numbered anew in the order given."""
        numbers: dict[Key, int] = {}
        numbered = []
        for entry in entries:
            numbers[entry.key] = numbers.get(entry.key, 0) + 1
            numbered.append(replace(entry, nth=numbers[entry.key]))
        return Baseline(self.file, tuple(sorted(numbered, key=lambda e: (e.key, e.nth))))

    def to_bytes(self) -> bytes:
        """The file's content: one line an entry, sorted, so that lines that two branches add seldom conflict."""
        lines = [json.dumps({_HEAD: _VERSION})]
        lines += (
            json.dumps(_as_json(entry, os.path.dirname(self.file)), ensure_ascii=False)
            for entry in self.entries
        )
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def file_of(root: str, given: str | None) -> str:
    """The path of the baseline of the project in the folder `root`: the `given` one, else the default in that folder."""
    return given or os.path.join(root, FILE)


def read_baseline(file: str, filesystem: FileSystem, *, merging: bool = False) -> Baseline:
    """Reads the baseline in `file`; SettingsError if there is none, or it cannot be read.

    With `merging` it may have conflict markers, and the entries of both sides count.
    """
    try:
        text = filesystem.read(file).decode("utf-8-sig", "surrogatepass")
    except FileNotFoundError:
        raise SettingsError(
            [f"{file}: there is no such baseline; write it by `redis-ssot baseline`"]
        ) from None
    except OSError as error:
        raise SettingsError(
            [f"{file}: the baseline cannot be read: {error.strerror}; make it readable"]
        ) from error
    except UnicodeDecodeError as error:
        raise _no_baseline(file, 1, "it is not UTF-8") from error
    entries: dict[tuple[Key, int], Entry] = {}
    is_headed = False
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line:
            continue
        if _CONFLICT.match(line):
            if merging:
                continue
            raise SettingsError(
                [f"{file}:{number}: a merge left conflict markers; `redis-ssot baseline` resolves them"]
            )
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            if not is_headed:
                raise _no_baseline(file, number, _HEADLESS) from error
            raise _broken(file, number, f"no JSON from column {error.colno} on: {error.msg}") from error
        if isinstance(values, dict) and _HEAD in values:
            if values[_HEAD] != _VERSION:
                raise SettingsError(
                    [f"{file}:{number}: the baseline is of version {values[_HEAD]}, and this redis-ssot reads "
                     f"version {_VERSION}; use the redis-ssot that wrote it, or delete it and run `redis-ssot baseline`"]
                )  # fmt: skip
            is_headed = True
            continue
        if not is_headed:
            raise _no_baseline(file, number, _HEADLESS)
        entry = _entry(file, number, values)
        entries.setdefault((entry.key, entry.nth), entry)
    if not is_headed:
        raise _no_baseline(file, 1, "it is empty")
    return Baseline(file, tuple(entries.values()))


def _as_json(entry: Entry, folder: str) -> dict[str, Any]:
    """An entry as the JSON object in the file; its path is relative to `folder`."""
    known = entry.fingerprint
    path = os.path.relpath(entry.path, folder).replace(os.sep, "/")
    values: dict[str, Any] = {
        "path": path, "rule": entry.code, "in": known.definition, "text": known.text, "digest": known.digest,
        "sketch": known.sketch, "nth": entry.nth,
    }  # fmt: skip
    return values if entry.reason is None else {**values, "reason": entry.reason}


def _entry(file: str, number: int, values: Any) -> Entry:
    """The entry on line `number` of `file`; SettingsError where its `values` are not as they must be."""
    if not isinstance(values, dict):
        raise _broken(file, number, "an entry is an object")
    nth, reason = values.get("nth"), values.get("reason")
    unknown = values.keys() - {*_TEXTS, "nth", "reason"}
    if unknown:
        raise _broken(file, number, f"an entry has no `{min(unknown)}`")
    texts = []
    for name in _TEXTS:
        text = values.get(name)
        if not isinstance(text, str):
            raise _broken(file, number, f"`{name}` must be a string")
        texts.append(text)
    if not isinstance(nth, int) or nth < 1:
        raise _broken(file, number, "`nth` must be a number from 1")
    if reason is not None and not isinstance(reason, str):
        raise _broken(file, number, "`reason` must be a string")
    path, code, *known = texts
    return Entry(
        code, os.path.normpath(os.path.join(os.path.dirname(file), path)), Fingerprint(*known), nth, reason
    )


def _broken(file: str, number: int, why: str) -> SettingsError:
    return SettingsError(
        [
            f"{file}:{number}: the baseline is broken: {why}; restore it, or delete it and run `redis-ssot baseline`"
        ]
    )


def _no_baseline(file: str, number: int, why: str) -> SettingsError:
    """The error for a file that is no baseline: it may be somebody's own, so nobody is told to delete it."""
    return SettingsError([f"{file}:{number}: is no baseline: {why}; restore it, or name another file"])
