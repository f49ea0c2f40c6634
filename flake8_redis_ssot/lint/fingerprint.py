"""What a diagnostic is known by when its lines have moved, been reformatted, or come to another file."""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

from flake8_redis_ssot.diagnostic import Diagnostic, Fingerprint
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.source import Range, SourceError, SourceFile

_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SHOWN = 80
"""Characters of the text that people see; the digest stands for all of it."""
_SKETCHED = 12
"""Hashes in a sketch: enough to tell half alike from less."""
_UNSTABLE = frozenset(["ctx", "kind", "type_comment", "type_params", "type_ignores"])
"""Fields of nodes that say nothing, or that not every Python has."""
_FORMATTED = frozenset(["JoinedStr", "TemplateStr"])
_BODIES = frozenset(["body", "orelse", "handlers", "finalbody", "cases", "decorator_list"])

Span = tuple[tuple[int, int], tuple[int, int]]


def fingerprinted(diagnostics: Iterable[Diagnostic], source: SourceFile) -> Iterator[Diagnostic]:
    """The `diagnostics` of one file with their fingerprints."""
    import hashlib  # loads OpenSSL, and few commands keep fingerprints

    for diagnostic in diagnostics:
        if diagnostic.code == "RED000":  # of the file as a whole, of which perhaps nothing can be read
            yield replace(diagnostic, fingerprint=Fingerprint("", "", "", ""))
            continue
        around = _around(source, diagnostic.range)
        definition = ".".join(node.name for node in around if isinstance(node, _Definition))
        text, whole = _texts(source, diagnostic.range, around)
        digest = hashlib.sha256(whole.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()
        found = Fingerprint(definition, text, digest[:12], _sketch(source, diagnostic.range, around))
        yield replace(diagnostic, fingerprint=found)


def definitions(source: SourceFile) -> frozenset[str]:
    """The names of all functions and classes of a file, as fingerprints have them; SourceError if it has no tree."""
    found: set[str] = set()
    stack: list[tuple[ast.AST, str]] = [(source.tree, "")]
    while stack:
        node, prefix = stack.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Definition):
                found.add(prefix + child.name)
                stack.append((child, f"{prefix}{child.name}."))
            elif not isinstance(child, ast.expr):
                stack.append((child, prefix))
    return frozenset(found)


def similarity(one: str, other: str) -> float:
    """How much of two definitions is alike, from 0 to 1, by their sketches."""
    first, second = ({sketch[at : at + 4] for at in range(0, len(sketch), 4)} for sketch in (one, other))
    lowest = sorted(first | second)[:_SKETCHED]
    return sum(part in first and part in second for part in lowest) / len(lowest) if lowest else 1.0


def _around(source: SourceFile, where: Range) -> list[ast.AST]:
    """The nodes that hold a place, the innermost last; none where the file is no Python."""
    if source.path.endswith(".toml"):
        return []
    try:
        found: list[ast.AST] = [source.tree]
    except SourceError:
        return []
    start, end = ((place.line, source.utf8_column(place) - 1) for place in (where.start, where.end))

    def holds(node: ast.AST) -> bool:
        first, last = _span(node)
        starts = [first, *(_span(decorator)[0] for decorator in getattr(node, "decorator_list", ()))]
        # a comment behind the last statement of a definition stands in that
        is_before_end = end[0] <= last[0] if isinstance(node, _Definition) else end <= last
        return min(starts) <= start and is_before_end

    while (inner := next(filter(holds, _placed(found[-1])), None)) is not None:
        found.append(inner)
    return found


def _placed(node: ast.AST) -> Iterator[ast.AST]:
    """The nearest nodes below that have a place in the file; in an f-string that depends on the Python."""
    for child in ast.iter_child_nodes(node) if type(node).__name__ not in _FORMATTED else ():
        if hasattr(child, "lineno"):
            yield child
        else:
            yield from _placed(child)


def _span(node: ast.AST) -> Span:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    return (line, column), (getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column))


def _texts(source: SourceFile, where: Range, around: list[ast.AST]) -> tuple[str, str]:
    """What stands at a place: as people see it, and as it is compared, however it is formatted."""
    is_point = where.start == where.end
    text = (
        source.line(where.start.line)
        if is_point
        else source.text[source.offset(where.start) : source.offset(where.end)]
    )
    shown = " ".join(text.split())
    node = around[-1] if len(around) > 1 else None
    if node is None or not (is_point or _is_at(source, node, where)):
        return _cut(shown), shown
    statement = around[-2]
    if isinstance(node, ast.alias) and isinstance(statement, ast.Import | ast.ImportFrom):
        shown = _imported(statement, node)
        return _cut(shown), shown
    if isinstance(node, ast.stmt) and hasattr(node, "body"):
        shown = " ".join(source.line(where.start.line).split())
    try:
        return _cut(shown), _normalised(node)
    except RecursionError:
        return _cut(shown), shown


def _is_at(source: SourceFile, node: ast.AST, where: Range) -> bool:
    return isinstance(node, ast.expr | ast.stmt | ast.alias) and source.range_of(node) == where


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\u2026"


def _imported(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    """One alias as a statement of its own."""
    origin = (
        f"from {'.' * statement.level}{statement.module or ''} "
        if isinstance(statement, ast.ImportFrom)
        else ""
    )
    return f"{origin}import {alias.name}{f' as {alias.asname}' if alias.asname else ''}"


def _normalised(node: ast.AST) -> str:
    """A node as text that is the same for all formatting, and in every Python; of a compound statement the head."""
    skipped = _UNSTABLE | _BODIES if isinstance(node, ast.stmt) else _UNSTABLE
    if isinstance(node, _Definition):
        return type(node).__name__  # its name is that of the definition
    parts = []
    for name in node._fields:
        value = getattr(node, name, None)
        if name in skipped or value is None or value == []:
            continue
        items = value if isinstance(value, list) else [value]
        words = (_normalised(item) if isinstance(item, ast.AST) else repr(item) for item in items)
        parts.append(f"{name}={','.join(words)}")
    return f"{type(node).__name__}({';'.join(parts)})"


def _sketch(source: SourceFile, where: Range, around: list[ast.AST]) -> str:
    """The lowest hashes of the pairs of words in the innermost definition around, or in the whole file.

    Words do not change when code is formatted. The definition's own name is left out, so that it may be
    renamed, and what is reported, which is compared by itself.
    """
    inner = next((node for node in reversed(around) if isinstance(node, _Definition)), None)
    start, end = (source.offset(place) for place in (where.start, where.end))
    first, last, name = 0, len(source.text), ""
    if inner is not None:
        (first_line, _), (last_line, _) = _span(inner)
        first = min(start, source.line_starts[first_line - 1])
        last = max(end, source.line_starts[last_line - 1] + len(source.line(last_line)))
        name = inner.name
    words = re.findall(r"\w+", f"{source.text[first:start]} {source.text[end:last]}")
    pairs = {
        f"{one} {other}".encode("utf-8", "surrogatepass")
        for one, other in pairwise("" if word == name else word for word in words)
    }
    return "".join(sorted({f"{zlib.crc32(pair) & 0xFFFF:04x}" for pair in pairs})[:_SKETCHED])
