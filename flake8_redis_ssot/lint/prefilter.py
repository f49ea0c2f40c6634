"""Decides by the bytes of a file whether it must be parsed, before anything is decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.analysis.operations import method_meanings
from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.libraries.frameworks import LOADING_WORDS
from flake8_redis_ssot.settings.boundaries import boundary_of, manager_words
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.syntax.lookalikes import has_lookalikes

_DYNAMIC = tuple(word.encode() for word in sorted(LOADING_WORDS))
_W = rb"[\w\x80-\xff]"  # a byte of a name, in utf-8
_DOTTED = rb"[\w.\x80-\xff]+"
_QUOTED = re.compile(rb"[\"'](" + _DOTTED + rb")")
_FROM = re.compile(rb"(?:^|[;:])[ \t\f]*from[ \t]+(" + _DOTTED + rb")[ \t]+import\b[ \t(]*([^#\n]*)")
_IMPORT = re.compile(rb"(?:^|[;:])[ \t\f]*import[ \t]+(" + _DOTTED + rb")")
_PARENTHESIZED = re.compile(rb"import[ \t\f\\\r\n]*\((?:[^)#]+|#[^\n]*)*")
_HEAD = re.compile(_W + rb"+\Z")
_LETTERS = frozenset(n for n in range(256) if re.fullmatch(_W, bytes([n])))
_RELATIVE = re.compile(rb"\bfrom[ \t\f\\\r\n]*\.")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_GAP = b" \t\f\r\n\\()"
_JOINING = frozenset([b'"', b"'", b"+", b"%"])
"""What joins a string to another one, with at most `_GAP` between them."""
_METHOD = re.compile(rb"def[ \t]+([^\W_]\w*)")
_LONG_TEXT = re.compile(rb'"""[^"]*(?:"{1,2}[^"]+)*"""|\'\'\'.*?\'\'\'', re.DOTALL)
_DOING_MORE = re.compile(
    rb"^[ \t]+(?:for|while|with|async[ \t]+(?:for|with)|assert|del|global|if|elif|try)\b|^(?:for|while|with|assert|del)\b",
    re.MULTILINE,
)


_Search = tuple[bytes, tuple[bytes, ...], re.Pattern[bytes]]


def may_have_manager_class(data: bytes) -> bool:
    """Whether so many functions have names of operations that a class may do what a manager does."""
    found = 0
    for name in _METHOD.findall(data):
        found += bool(method_meanings(name.decode("utf-8", "replace")))
        if found >= ENOUGH:
            return True
    return False


def may_only_forward(data: bytes) -> bool:
    """Whether a file has no statement that does more than forward, so that it may be a shim."""
    return not _DOING_MORE.search(_LONG_TEXT.sub(b"", data))


def _is_part(data: bytes, quoted: re.Match[bytes]) -> bool:
    """Whether a dotted name in quotes is only part of a longer one: it begins or ends in a dot, or is joined to a string."""
    text, start, end = quoted[1], quoted.start(), quoted.end()
    before = data[max(0, start - 40) : start].rstrip(_GAP)[-1:]
    after = data[end : end + 40].lstrip(b"\"'").lstrip(_GAP)[:1]
    return (
        text[:1] == b"."
        or text[-1:] == b"."
        or before in _JOINING
        or after in _JOINING
        or data[end : end + 1] == b"{"
    )


class Prefilter:
    """Finds the files in which an import, or a dotted name in a string, concerns a rule.

    Such a file imports a client library, a forbidden manager, another boundary's manager, or its own boundary's if it
    also names one of the manager's classes. With `wants_manager_classes` files count too in which a class may do what a
    manager does, or that may be shims. A file that must be parsed is missed only if a dotted name is put together from
    strings in a way that does not show, or is written with escapes.
    """

    def __init__(
        self,
        settings: Settings,
        table: BuilderTable,
        managers: ManagerFacts,
        *,
        wants_manager_classes: bool = False,
    ) -> None:
        self.wants_manager_classes = wants_manager_classes
        self.settings = settings
        self.table = table
        self.managers = managers
        everything = sorted({*manager_words(settings), *table.packages})
        # a word within another one finds that as well
        kept = [n for n in everything if not any(o != n and o in n for o in everything)]
        self._libraries = frozenset(package.encode() for package in table.packages)
        self._words = frozenset(n.encode() for n in everything)
        forbidden = [pattern for b in settings.boundaries for pattern in b.forbidden]
        homes = [manager for b in settings.boundaries for manager in b.managers]
        self._are_ascii = all(name.isascii() for name in [*(p.text for p in forbidden), *homes, *everything])
        self._pieces = tuple(pattern.piece.encode() for pattern in forbidden if not pattern.needle)
        # each word to search for, what stands before it in longer words, and a pattern that begins with it: it is found fast
        self._searches = [
            (
                needle,
                tuple({w.partition(needle)[0] for w in self._words if needle in w} - {b""}),
                re.compile(re.escape(needle) + _W + rb"*"),
            )
            for needle in map(str.encode, kept)
        ]
        self._parenthesized: tuple[bytes, list[tuple[int, int]]] = (b"", [])

    @cached_property
    def _objects(self) -> dict[bytes, re.Pattern[bytes]]:
        """For each forbidden name that is no module, its last part, and a pattern for the part before that."""
        found: dict[bytes, set[str]] = {}
        for pattern in (pattern for b in self.settings.boundaries for pattern in b.forbidden):
            if pattern.object_name and self.managers.modules.find(pattern.object_name) is None:
                *_, module, last = pattern.object_name.split(".")
                found.setdefault(last.encode(), set()).add(re.escape(module))
        return {
            last: re.compile(rf"(?<![\w\x80-\xff])(?:{'|'.join(modules)})(?![\w\x80-\xff])".encode())
            for last, modules in found.items()
        }

    @cached_property
    def _classes(self) -> tuple[bytes, ...]:
        """The names of the managers' classes."""
        names = {
            name
            for boundary in self.settings.boundaries
            for module in self.managers.modules_of(boundary)
            for name in self.managers.classes(module)
        }
        return tuple(sorted(name.encode() for name in names))

    def concerns(self, path: str, data: bytes) -> bool:
        """Whether the file at `path` must be parsed."""
        if any(piece in data for piece in self._pieces) or self._is_disguised(data):
            return True
        if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._is_named_by_path(path) and _RELATIVE.search(data):
            return True
        searches = [search for search in self._searches if search[0] in data]
        if not searches:
            return False
        dynamic: bool | None = None
        for at, word in self._occurrences(data, searches):
            start = data.rfind(b"\n", 0, at) + 1
            if self._in_import(path, data, start, at, word):
                return True
            quote = max(data.rfind(b'"', start, at), data.rfind(b"'", start, at))
            quoted = _QUOTED.match(data, quote) if quote >= 0 else None
            if quoted is None or quoted.end() <= at:
                module = self._objects.get(word) if data[at - 1 : at] == b"." else None
                if module is not None and module.search(data):
                    return True  # a forbidden object as an attribute of its module
                if data[at - 1 : at] == b"." and data[at - 2 : at - 1] in (b"}", b'"', b"'"):
                    return True  # f"{BASE}.word"
                continue
            if dynamic is None:
                dynamic = any(word in data for word in _DYNAMIC)
            if dynamic or _is_part(data, quoted):
                return True
            if self.managers.may_reach_forbidden(quoted[1].decode("utf-8", "replace")):
                return True
        return self.wants_manager_classes and may_have_manager_class(data)

    def _is_disguised(self, data: bytes) -> bool:
        """Whether names in the file may differ from its bytes: by its codec, or by look-alike letters."""
        second = data.find(b"\n") + 1
        head = data[: data.find(b"\n", second)] if second else data
        cookie = _COOKIE.search(head) if b"coding" in head else None
        if cookie is not None and not self._is_plain(cookie[1].decode()):
            return True
        return has_lookalikes(data)

    def _is_plain(self, codec: str) -> bool:
        """Whether the codec encodes the words that are searched for as utf-8 does."""
        sample = "redis+AHI-\\x72"
        try:
            return sample.encode().decode(codec) == sample and (
                self._are_ascii or "é".encode().decode(codec) == "é"
            )
        except (LookupError, ValueError):
            return True  # it cannot be decoded: its bytes decide whether that is an error

    def _is_named_by_path(self, path: str) -> bool:
        """Whether a relative import in the file may mean a manager or library whose name stands only in the file's path."""
        roots = [r for b in self.settings.boundaries for r in b.roots if path.startswith(r.rstrip("/") + "/")]
        if not roots:
            return False
        below = path[len(min(roots, key=len)) :].encode("utf-8", "surrogateescape")
        return any(part in self._words for part in re.split(rb"[/.]", below)) or any(
            piece in below for piece in self._pieces
        )

    def _occurrences(self, data: bytes, searches: list[_Search]) -> Iterator[tuple[int, bytes]]:
        """Each index of a word in the file, with the word."""
        words = self._words
        for _, heads, pattern in searches:
            for found in pattern.finditer(data):
                at, word = found.start(), found[0]
                if at and data[at - 1] in _LETTERS:
                    head = _HEAD.search(data, max(0, at - 100), at) if data.endswith(heads, 0, at) else None
                    if head is None:
                        continue
                    at, word = head.start(), head[0] + word
                if word in words:
                    yield at, word

    def _in_import(self, path: str, data: bytes, start: int, at: int, word: bytes) -> bool:
        """Whether the word at index `at`, in the line from `start`, belongs to an import that concerns a rule."""
        if data[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\"):
            return True  # the line before goes on here
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
            plain = _IMPORT.search(line)
            if plain is not None and found is None and b"," not in line:
                return self._matters(path, data, plain[1], word)
            return b"#" not in head or head.index(b"#") > max(head.find(b"import"), head.find(b"from"))
        if self._parenthesized[0] is not data:
            self._parenthesized = (data, [found.span() for found in _PARENTHESIZED.finditer(data)])
        return any(first < at < last for first, last in self._parenthesized[1])

    def _matters(self, path: str, data: bytes, module: bytes, word: bytes) -> bool:
        """Whether an absolute import of `module`, of which `word` is a part, concerns a rule."""
        top = module.partition(b".")[0]
        if top in self._libraries and word in (top, b""):
            return True
        name = module.decode("utf-8", "replace")
        owner = self.managers.owner(name)
        if owner is None:
            return self.managers.may_reach_forbidden(name)
        if owner is not boundary_of(self.settings, path):
            return True
        if any(name in data for name in self._classes):
            return True
        return self.wants_manager_classes and may_only_forward(data)
