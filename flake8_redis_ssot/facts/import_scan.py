"""The import statements of a file, found in its bytes, without parsing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flake8_redis_ssot.lazy_dataclass import dataclass

_COMMENT = re.compile(rb"#[^\n]*")
_DOTTED = re.compile(rb"[A-Za-z_]\w*(?:\.\w+)+([\"'])")
_SPACE = re.compile(rb"[\s\\]+")
_LISTED = re.compile(rb"[\s\\]*\(((?:[^)#]+|#[^\n]*)*)")
_AFTER = frozenset([b" ", b"\t", b"\f", b"\\", b"("])
"""What may follow `import` in a statement."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An import edge: `name` of `module`, bound as `local_name`; `*` for all names, None for the module itself."""

    module: str
    name: str | None
    local_name: str

    @property
    def full_name(self) -> str:
        """The dotted name of what is imported; for `*` that of the module."""
        return self.module if self.name in (None, "*") else f"{self.module}.{self.name}"


def statements(data: bytes) -> bytes:
    """The import statements, one a line, each as `module name as bound, ...`; with `-` for the module of a plain `import`.

    They are found by text, so an example in a docstring counts as well: a rule that reports one must parse the file.
    """
    found = []
    data = data.removeprefix(b"\xef\xbb\xbf")
    at = data.find(b"import")
    while at >= 0:
        if data[at + 6 : at + 7] in _AFTER:
            start = data.rfind(b"\n", 0, at) + 1
            head = data[start:at].split()
            if (head and (len(head) != 2 or head[0] != b"from")) or b"\\" in data[start - 3 : start]:
                head = _head(data, at)
            if not head or (len(head) == 2 and head[0] == b"from"):
                end = data.find(b"\n", at)
                rest = data[at + 6 : end if end >= 0 else len(data)]
                if b"(" in rest or b"\\" in rest:
                    rest = _names(data, at + 6)
                rest = _SPACE.sub(b" ", rest.partition(b"#")[0].partition(b";")[0]).strip(b" ,")
                found.append(b"%b %b" % (head[1] if head else b"-", rest))
        at = data.find(b"import", at + 6)
    return b"\n".join(found)


def _head(data: bytes, at: int) -> list[bytes]:
    """The words of a statement before its `import` at the index `at`, if other code is in the row, or an earlier row."""
    start = data.rfind(b"\n", 0, at) + 1
    while data.endswith((b"\\\n", b"\\\r\n"), 0, start):
        start = data.rfind(b"\n", 0, start - 1) + 1
    head = data[start:at]
    if b"#" not in head:  # in a comment
        head = head.rpartition(b";")[2].rpartition(b":")[2]
    words = head.replace(b"\\", b" ").split()
    return [words[0], b"".join(words[1:])] if len(words) > 2 else words


def _names(data: bytes, at: int) -> bytes:
    """What an import statement takes, from the index `at` behind its `import`, over all its rows, without comments."""
    listed = _LISTED.match(data, at)
    if listed is not None:
        return _COMMENT.sub(b"", listed[1])
    end = data.find(b"\n", at)
    while end >= 0 and data[at:end].rstrip().endswith(b"\\"):
        end = data.find(b"\n", end + 1)
    return data[at : end if end >= 0 else len(data)]


def quoted(data: bytes) -> bytes:
    """The dotted names in quotes that contain `edis`, one a line; found by text."""
    found = set()
    at = data.find(b"edis")
    while at >= 0:
        end = at + 4
        start = max(data.rfind(quote, max(0, at - 200), at) for quote in (b'"', b"'")) + 1
        match = _DOTTED.match(data, start) if start else None
        if match is not None and match.end() >= end and match[1] == data[start - 1 : start]:
            found.add(data[start : match.start(1)])
        at = data.find(b"edis", end)
    return b"\n".join(sorted(found))


def edges(statement: str) -> Iterator[Edge]:
    """The import edges of one line of `statements`."""
    module, _, names = statement.partition(" ")
    for part in names.split(","):
        words = part.split()
        if not words:
            continue
        bound = words[2] if len(words) == 3 and words[1] == "as" else ""
        if module != "-":
            yield Edge(module, words[0], bound or words[0])
        else:
            yield Edge(words[0], None, bound or words[0].split(".")[0])
