"""Which lines of a file matter: the walk enters only those, found by plain text search."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.semantic.flow import IMPORTERS, Flow
from flake8_redis_ssot.semantic.lookalikes import has_lookalikes
from flake8_redis_ssot.semantic.names import Names
from flake8_redis_ssot.semantic.references import TAKERS
from flake8_redis_ssot.semantic.scopes import Walk
from flake8_redis_ssot.source import SourceFile

DYNAMIC = frozenset(["__import__", "sys.modules"]) | {
    name.rpartition(".")[2] for name in IMPORTERS - {"sys.modules.get"}
}
"""Words without which nothing is imported by the text of its name."""

_BEGIN = re.compile(r"(?:import|from)\b")
_IMPORT = re.compile(r"\n(?:import|from)\b")
_BUILDING = re.compile(r"(?:Redis|from_url|Valkey)\(")
_BOUND = re.compile(r"\s*(?:self\.|cls\.)?(\w+)\s*(?::[^=]+)?=")
_ROUNDS = 8


def follow(
    source: SourceFile,
    names: Names,
    needles: Iterable[str],
    wanted: Collection[type[ast.AST]],
    modules: tuple[str, ...],
    is_package: bool,
) -> Flow:
    """Walk the lines that hold a needle, or a name that carries on what such a line found.

    Lines are added until no new name appears, so that every line which binds or uses a
    carrying name has been entered. Where words do not tell which lines matter, all are walked.
    """
    if names.managers.is_wordless or has_lookalikes(source.text.encode("utf-8", "surrogatepass")):
        return Flow(names, Walk(source.tree, None, wanted, modules, is_package))
    words = {*names.table.packages, *needles, *DYNAMIC, *_made(source)}
    # imports at the top level cost nothing to enter, and say what `partial` or `sys` is
    top = {source.line_of(at) for at in _imports(source.text)}
    lines = sorted({*top, *_lines_of(source, words)})
    steps = 0
    for _ in range(_ROUNDS):
        flow = Flow(names, Walk(source.tree, lines, wanted, modules, is_package), steps)
        for site in flow.walk.sites:
            if isinstance(site.node, ast.Call):
                flow.values(site.node, site)
                func = site.node.func
                if (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) in TAKERS:
                    for argument in site.node.args[:1]:
                        if isinstance(argument, ast.JoinedStr | ast.BinOp):
                            flow.texts(argument, site)
        if flow.is_exhausted:
            return flow
        bases, bodies = flow.family()
        new = (flow.carriers() | flow.wanted | bases) - words
        words |= new
        more = sorted({*lines, *bodies, *_lines_of(source, new)})
        if more == lines:
            return flow
        flow.walk.release()
        lines, steps = more, flow.steps
    # a chain longer than the rounds: only the whole file shows every binding
    return Flow(names, Walk(source.tree, None, wanted, modules, is_package), steps)


def _made(source: SourceFile) -> Iterator[str]:
    """The names that a line gives to what it seems to build; to guess them saves a walk."""
    for found in _BUILDING.finditer(source.text):
        line = source.line(source.line_of(found.start()))
        bound = _BOUND.match(line)
        if bound is not None:
            yield bound[1]


def _imports(text: str) -> Iterator[int]:
    """Where the import statements of the top level begin."""
    if _BEGIN.match(text):
        yield 0
    for found in _IMPORT.finditer(text):
        yield found.start() + 1


def _lines_of(source: SourceFile, words: Iterable[str]) -> list[int]:
    text = source.text
    found: set[int] = set()
    for word in words:
        if word in text:
            # the literal first: the engine searches for it at C speed
            literal = re.escape(word)
            matches = re.finditer(rf"{literal}(?!\w)(?<!\w{literal})", text)
            found.update(source.line_of(match.start()) for match in matches)
    return sorted(found)
