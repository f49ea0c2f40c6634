"""Which lines of a file matter, found by plain text search: expressions are entered in those alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from flake8_redis_ssot.inference import reach
from flake8_redis_ssot.inference.callers import functions_run
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.libraries.frameworks import IMPORTERS
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.bindings import Scope
from flake8_redis_ssot.syntax.lines import Lines, touches
from flake8_redis_ssot.syntax.lookalikes import has_lookalikes
from flake8_redis_ssot.syntax.nodes import Function, last_name

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
    handing = _Handing(inference)
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
        bodies |= handing.entered(fresh)
        fresh = sorted((_lines_of(source, names) | bodies) - found)
        found.update(fresh)
        waiting = left
    return sorted(found)


class _Handing:
    """Finds the functions of a file that its calls hand something over to that matters."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        own = (getattr(node, "name", "") for node in inference.namespaces)
        self._names = {*own, "cls", "__init__"} - {""}

    def entered(self, lines: Sequence[int]) -> set[int]:
        """The lines in which the parameters stand of those that are called in some `lines`."""
        found: set[int] = set()
        for point in self._inference.scopes.points((ast.Call,), lines):
            call = point.node
            assert isinstance(call, ast.Call)
            if last_name(call.func) not in self._names or not (call.args or call.keywords):
                continue
            parts = arguments_of(call)
            if any(self._inference.is_carried(part, point) for part in parts):
                for function in functions_run(self._inference, point):
                    found.update(range(*_header_of(function)))
        return found


def _header_of(function: Scope | None) -> Lines:
    """The first line of a function, and the first one after its parameters."""
    node = function.node if function is not None else None
    if not isinstance(node, Function):
        return 0, 0
    return node.lineno, max(node.lineno + 1, node.body[0].lineno)


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
