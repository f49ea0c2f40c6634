"""Which lines of a file matter, found by plain text search: expressions are entered in those alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.inference import reach
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.libraries.frameworks import IMPORTERS
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.lines import touches
from flake8_redis_ssot.syntax.lookalikes import has_lookalikes

DYNAMIC = frozenset(["__import__", "sys.modules"]) | {
    name.rpartition(".")[2] for name in IMPORTERS - {"sys.modules.get"}
}
"""Words without which nothing is imported by the text of its name."""

_BEGIN = re.compile(r"(?:import|from)\b")
_IMPORT = re.compile(r"\n(?:import|from)\b")


def lines_of_interest(source: SourceFile, inference: Inference, needles: Iterable[str]) -> list[int] | None:
    """The lines that hold a needle, or a name that carries on what such a line binds; None for all of them.

    Names are added until none is new, each binding judged once.
    """
    is_disguised = not source.text.isascii() and has_lookalikes(source.text.encode("utf-8", "surrogatepass"))
    if inference.names.managers.is_wordless or is_disguised:
        return None
    words = {*inference.names.table.packages, *needles, *DYNAMIC, *reach.starred(inference)}
    # imports at the top level cost nothing to enter, and say what `partial` or `sys` is
    found = {source.line_of(at) for at in _imports(source.text)} | _lines_of(source, words)
    fresh, waiting = sorted(found), inference.scopes.all_bindings
    while fresh and not inference.is_exhausted:
        names: set[str] = set()
        bodies: set[int] = set()
        left = []
        for one in waiting:
            name, binding, place = one
            if not touches(fresh, place):
                left.append(one)
                continue
            if name not in words and inference.is_carrier(binding):
                names.add(name)
            if isinstance(binding.value, ast.ClassDef):
                bases, lines = reach.family(inference, inference.namespaces[binding.value])
                names |= bases
                bodies |= lines
        names -= words
        words |= names
        fresh = sorted((_lines_of(source, names) | bodies) - found)
        found.update(fresh)
        waiting = left
    return sorted(found)


def _imports(text: str) -> Iterator[int]:
    """Where the import statements of the top level begin."""
    if _BEGIN.match(text):
        yield 0
    for found in _IMPORT.finditer(text):
        yield found.start() + 1


def _lines_of(source: SourceFile, words: Iterable[str]) -> set[int]:
    text = source.text
    found: set[int] = set()
    for word in words:
        if word in text:
            # the literal first: the engine searches for it at C speed
            literal = re.escape(word)
            matches = re.finditer(rf"{literal}(?!\w)(?<!\w{literal})", text)
            found.update(source.line_of(match.start()) for match in matches)
    return found
