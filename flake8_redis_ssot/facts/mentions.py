"""What a file names in strings, and whether it loads by name: taken from its bytes without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# patterns that begin with one plain byte are searched for many times faster
_QUOTED = [
    re.compile(rb"%b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:[.:][A-Za-z_]\w*)+)\.?[\"'%%{]" % quote)
    for quote in (b'"', b"'")
]
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
)
_LOADING = re.compile(
    rb"\b(?:import_module|__import__|resolve_name|import_string)\((?!\s*[\"'][\w.]+[\"'])|\bwalk_packages\b"
    rb"|\biter_modules\b|(?<![\"'] in )(?<![\"'] not in )\bsys\.modules\b"
    rb"(?!\s*(?:\[|\.get\()\s*(?:__name__|[\"']__main__[\"'])\s*[\]),]|[\"'])"
)
"""To ask whether there is a module by its name, or for a file's own module or the program, loads none."""
_BY_PATH_WORDS = (b"run_path", b"spec_from_file_location", b"SourceFileLoader", b"run_module")
_BY_PATH = re.compile(rb"\b(?:run_path|spec_from_file_location|SourceFileLoader|run_module\((?!\s*[\"']))")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one file names without importing it.

    `quoted` are the dotted names that it has in quotes, or at the beginning of a longer text; `module:name`, as
    entry points are written, is among them. `coded` are those that code in strings imports, `pieces` the names with a
    dot before them that are put behind others. `loads` says that it imports modules whose names are put together, goes
    through those that are there, or runs files; `by_path` that it runs files by their paths.
    """

    quoted: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    loads: bool = False
    by_path: bool = False


NOTHING = Mentions()


def mentions(data: bytes) -> Mentions:
    """What the bytes of a file name."""
    by_path = _has(data, _BY_PATH_WORDS, _BY_PATH)
    found = Mentions(
        _sorted(name for pattern in _QUOTED for name in pattern.findall(data)),
        _sorted(b".".join(filter(None, pair)) for pair in coded(data)),
        _sorted(part for pattern in _PIECES for name in pattern.findall(data) for part in name.split(b".")),
        by_path or _has(data, _LOADING_WORDS, _LOADING),
        by_path,
    )
    return NOTHING if found == NOTHING else found


def coded(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The modules, empty for none, and the names that code in strings imports from them."""
    at = data.find(b"import ")
    while at >= 0:
        line = data[data.rfind(b"\n", 0, at) + 1 : at]
        before = _BEFORE_CODED.search(line) if b'"' in line or b"'" in line else None
        name = _IMPORTED.match(data, at + 7) if before is not None else None
        if before is not None and name is not None:
            yield before[1] or b"", name[1]
        at = data.find(b"import ", at + 7)


def _has(data: bytes, words: tuple[bytes, ...], pattern: re.Pattern[bytes]) -> bool:
    return any(word in data for word in words) and pattern.search(data) is not None


def _sorted(names: Iterator[bytes]) -> tuple[str, ...]:
    return tuple(sorted(name.decode("utf-8", "replace") for name in {*names}))
