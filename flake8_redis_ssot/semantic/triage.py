"""Which files need parsing at all: decided on their bytes, before anything is decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from flake8_redis_ssot.semantic.facts import ManagerFacts
from flake8_redis_ssot.semantic.lines import DYNAMIC
from flake8_redis_ssot.semantic.managers import ENOUGH
from flake8_redis_ssot.semantic.operations import method_meanings
from flake8_redis_ssot.semantic.redis_api import BuilderTable
from flake8_redis_ssot.settings.boundaries import boundary_of, manager_words
from flake8_redis_ssot.settings.model import Settings

_DYNAMIC = tuple(word.encode() for word in sorted(DYNAMIC))
_QUOTED = re.compile(rb"[\"']([\w.]+)")
_FROM = re.compile(rb"(?:^|[;:])[ \t\f]*from[ \t]+([\w.]+)[ \t]+import\b[ \t(]*([^#\n]*)")
_PLAIN = re.compile(rb"(?:^|[;:])[ \t\f]*import[ \t]+([\w.]+)")
_OPENED = re.compile(rb"import[ \t\f\\\r\n]*\((?:[^)#]+|#[^\n]*)*")
_HEAD = re.compile(rb"\w+\Z")
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_METHOD = re.compile(rb"def[ \t]+([^\W_]\w*)")
_LONG_TEXT = re.compile(rb'"""[^"]*(?:"{1,2}[^"]+)*"""|\'\'\'.*?\'\'\'', re.DOTALL)
_MORE = re.compile(
    rb"^[ \t]+(?:for|while|with|async[ \t]+(?:for|with)|assert|del|global|if|elif|try)\b|^(?:for|while|with|assert|del)\b",
    re.MULTILINE,
)


def may_be_managing(data: bytes) -> bool:
    """Whether enough methods have names of operations for a class to do what a manager does."""
    found = 0
    for name in _METHOD.findall(data):
        found += bool(method_meanings(name.decode("utf-8", "replace")))
        if found >= ENOUGH:
            return True
    return False


def may_only_forward(data: bytes) -> bool:
    """Whether no function has a statement of the kinds that do more than forward."""
    return not _MORE.search(_LONG_TEXT.sub(b"", data))


class Triage:
    """Finds the files in which an import, or a string taken for one, concerns a rule.

    A file counts when it imports a client library, a forbidden manager, or another boundary's
    manager; the manager of its own boundary only when one of its classes is named as well. With
    `holders` it counts too where a class may do what a manager does, or the file may do no more
    than hand the manager on. The answer is never a false no, but for a dotted name put together from parts.
    """

    def __init__(
        self, settings: Settings, table: BuilderTable, managers: ManagerFacts, *, holders: bool = False
    ) -> None:
        self.holders = holders
        self.settings = settings
        self.table = table
        self.managers = managers
        everything = sorted({*manager_words(settings), *table.packages})
        # a needle within another is the wider net
        kept = [n for n in everything if not any(o != n and o in n for o in everything)]
        self._needles = tuple(n.encode() for n in kept)
        self._libraries = frozenset(package.encode() for package in table.packages)
        self._words = frozenset(n.encode() for n in everything)
        # each needle with what stands before it in a word, and what finds it at C speed: the literal first
        self._nets = [
            (
                needle,
                tuple({w.partition(needle)[0] for w in self._words if needle in w} - {b""}),
                re.compile(re.escape(needle) + rb"\w*"),
            )
            for needle in self._needles
        ]
        self._opened: tuple[bytes, list[tuple[int, int]]] = (b"", [])

    @cached_property
    def _classes(self) -> tuple[bytes, ...]:
        """The names of the managers' classes."""
        names = {
            name
            for boundary in self.settings.boundaries
            for manager in boundary.managers
            for name in self.managers.classes_below(manager)
        }
        return tuple(sorted(name.encode() for name in names))

    def concerns(self, path: str, data: bytes) -> bool:
        """Whether the file at `path` must be parsed."""
        if not any(needle in data for needle in self._needles):
            # a relative import names its package by the file's own path alone
            parts = path.encode("utf-8", "surrogateescape")
            return b"import" in data and any(needle in parts for needle in self._needles)
        dynamic: bool | None = None
        for at, word in self._occurrences(data):
            start = data.rfind(b"\n", 0, at) + 1
            if self._in_import(path, data, start, at, word):
                return True
            quote = max(data.rfind(b'"', start, at), data.rfind(b"'", start, at))
            quoted = _QUOTED.match(data, quote) if quote >= 0 else None
            if quoted is None or quoted.end() <= at:
                if self._is_part(data, at):
                    return True
                continue
            if dynamic is None:
                dynamic = any(word in data for word in _DYNAMIC)
            if dynamic or self.managers.is_forbidden(quoted[1].decode("utf-8", "replace")):
                return True
        return self.holders and may_be_managing(data)

    @staticmethod
    def _is_part(data: bytes, at: int) -> bool:
        """Whether the word at `at` ends a dotted name put together: `f"{BASE}.word"`, `BASE + ".word"`."""
        return data[at - 1 : at] == b"." and data[at - 2 : at - 1] in (b"}", b'"', b"'")

    def _occurrences(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Each place of a word, with the word."""
        words = self._words
        for needle, heads, net in self._nets:
            for found in net.finditer(data) if needle in data else ():
                at, word = found.start(), found[0]
                if at and data[at - 1] in _LETTERS:
                    head = _HEAD.search(data, max(0, at - 100), at) if data.endswith(heads, 0, at) else None
                    if head is None:
                        continue
                    at, word = head.start(), head[0] + word
                if word in words:
                    yield at, word

    def _in_import(self, path: str, data: bytes, start: int, at: int, word: bytes) -> bool:
        """Whether the word at `at`, in the line from `start`, is imported, from where it matters."""
        head = data[start:at]
        if b"import" in head or b"from" in head:
            end = data.find(b"\n", at)
            line = data[start : end if end >= 0 else len(data)].rstrip(b"\r")
            found = _FROM.search(line)
            if b";" in line:
                return True
            if found is not None and found.end(1) >= at - start > found.start():
                module = found[1]  # the word stands in the module's name
                return module[:1] == b"." or self._matters(path, data, module, word)
            if found is not None and found[1][:1] != b"." and at - start > found.end(1):
                # among the names: the module of a library or manager is `module.word`
                return self._matters(path, data, found[1] + b"." + word, b"")
            plain = _PLAIN.search(line)
            if plain is not None and found is None and b"," not in line:
                return self._matters(path, data, plain[1], word)
            return b"#" not in head or head.index(b"#") > max(head.find(b"import"), head.find(b"from"))
        if data[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\"):
            return True  # the line before goes on here
        if self._opened[0] is not data:
            self._opened = (data, [found.span() for found in _OPENED.finditer(data)])
        return any(first < at < last for first, last in self._opened[1])

    def _matters(self, path: str, data: bytes, module: bytes, word: bytes) -> bool:
        """Whether an absolute import of `module`, in which `word` stands, concerns a rule."""
        top = module.partition(b".")[0]
        if top in self._libraries and word in (top, b""):
            return True
        name = module.decode("utf-8", "replace")
        owner = next((b for b in self.settings.boundaries if b.owns(name)), None)
        if owner is None:
            return self.managers.is_forbidden(name)
        if owner is not boundary_of(self.settings, path):
            return True
        if any(name in data for name in self._classes):
            return True
        return self.holders and may_only_forward(data)
