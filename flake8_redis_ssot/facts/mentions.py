"""The names in a file's strings, and whether it imports by computed names: found in its bytes, without parsing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from flake8_redis_ssot.lazy_dataclass import dataclass

# patterns that begin with one plain byte are searched for many times faster
_QUOTED = [
    re.compile(
        rb"%b(?:[\w.-]+ *= *)?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:[.:][A-Za-z_]\w*)+)\.?[\"'%%{]" % quote
    )
    for quote in (b'"', b"'")
]
_LISTS = [
    re.compile(rb"%b([A-Za-z_]\w*(?:\.\w+)+ *[^\w.\"'\s:\\]?[^\"'\n\\]*\w)[\"']" % quote)
    for quote in (b'"', b"'")
]
_DIVIDED = re.compile(
    rb"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?: *[/|#;@,!%>~=&-]+ *|:: *|: +| +)([A-Za-z_]\w*)(?![\w.])"
)
"""The dotted name of a module and another one, for code that parts them: `"app.rooms/cache"`."""
_IN_FILES = [
    re.compile(rb"%b((?:\w+/)+\w+)(?:\.py)?::?([A-Za-z_]\w*)[\"']" % quote) for quote in (b'"', b"'")
]
"""The path of a file and a name of it."""
_PIECES = [re.compile(rb"%b\.([\w.]*\w)[.\"'{\\]" % before) for before in (b'"', b"'", rb"\}", b"%s")]
_BEFORE_CODED = re.compile(rb"(?:[\"';]|\\n) *(?:from +([\w.]+) +)?\Z")
_IMPORTED = re.compile(rb" *([\w.]+)")
_LOADING_WORDS = (
    b"import_module",
    b"__import__",
    b"resolve_name",
    b"import_string",
    b"walk_packages",
    b"iter_modules",
    b"sys.modules",
    b"getmodule(",
    b".__globals__",
)
_LOADING = re.compile(
    rb"\b(?:import_module|__import__|resolve_name|import_string)\((?!\s*[\"'][\w.]+[\"']\s*[,)])|\bwalk_packages\b"
    rb"|\biter_modules\b|\bgetmodule\(|\.__globals__\b|(?<![\"'] in )(?<![\"'] not in )\bsys\.modules\b"
    rb"(?!\s*(?:\[|\.get\()\s*(?:__name__|[\"']__main__[\"'])\s*[\]),]|[\"'])"
)
"""Loads modules by computed names. `"m" in sys.modules` loads none, nor does `sys.modules[__name__]`."""
_BY_PATH_WORDS = (b"run_path", b"spec_from_file_location", b"SourceFileLoader", b"run_module")
_BY_PATH = re.compile(rb"\b(?:run_path|spec_from_file_location|SourceFileLoader|run_module\((?!\s*[\"']))")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one file names in strings.

    `quoted` are dotted names in quotes, or at the start of a longer string, entry points (`module:name`, `script = module:name`),
    and names that something else stands between (`module/name`, `path.py:name`), with a dot there. `coded`
    are names that code within strings imports. `pieces` are names behind a dot, to be appended to others (`".tasks"`).
    `loads` is set if it imports modules by computed names, goes through all modules, has that of a function, or runs files; `by_path` if it
    runs files by their paths.
    """

    quoted: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    loads: bool = False
    by_path: bool = False


NOTHING = Mentions()


def mentions(data: bytes) -> Mentions:
    """The mentions in the bytes of a file."""
    by_path = _has(data, _BY_PATH_WORDS, _BY_PATH)
    found = Mentions(
        _sorted(chain((n for pattern in _QUOTED for n in pattern.findall(data)), _divided(data))),
        _sorted(b".".join(filter(None, pair)) for pair in coded(data)),
        _sorted(part for pattern in _PIECES for name in pattern.findall(data) for part in name.split(b".")),
        by_path or _has(data, _LOADING_WORDS, _LOADING),
        by_path,
    )
    return NOTHING if found == NOTHING else found


def _divided(data: bytes) -> Iterator[bytes]:
    """The names that strings hold in two parts, as one."""
    for pattern in _LISTS:
        for text in pattern.findall(data):
            yield from map(b".".join, _DIVIDED.findall(text))
    for pattern in _IN_FILES:
        for path, name in pattern.findall(data):
            yield b"%b.%b" % (path.replace(b"/", b"."), name)


def coded(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The imports in code within strings, each as module (empty for a plain `import`) and name."""
    at = data.find(b"import ")
    while at >= 0:
        line = data[data.rfind(b"\n", 0, at) + 1 : at]
        before = _BEFORE_CODED.search(line) if b'"' in line or b"'" in line else None
        name = _IMPORTED.match(data, at + 7) if before is not None else None
        if before is not None and name is not None:
            yield before[1] or b"", name[1]
        at = data.find(b"import ", at + 7)


def _has(data: bytes, words: tuple[bytes, ...], pattern: re.Pattern[bytes]) -> bool:
    """Whether `pattern` is found; the `words`, one of which must be there for that, are searched for first, for speed."""
    return any(word in data for word in words) and pattern.search(data) is not None


def _sorted(names: Iterator[bytes]) -> tuple[str, ...]:
    return tuple(sorted(name.decode("utf-8", "replace") for name in {*names}))
