"""A code frame with carets, as ruff draws it."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.source import SourceError, SourceFile

_WIDTH = 160


def render(diagnostics: Sequence[Diagnostic], given: SourceFile | None = None) -> str:
    parts = []
    source = given
    for diagnostic in diagnostics:
        if source is None or source.path != diagnostic.path:
            try:
                source = DISK.source(diagnostic.path)
                _ = source.line_starts
            except SourceError:
                source = SourceFile.of_text(diagnostic.path, "", SourceFile("", b"").tree)
        parts.append(_frame(diagnostic, source))
    return "".join(parts)


def _frame(diagnostic: Diagnostic, source: SourceFile) -> str:
    start, end = diagnostic.range.start, diagnostic.range.end
    last = len(source.line_starts) - (source.text.endswith(("\n", "\r")))
    rows = range(max(1, start.line - 2), min(last, start.line + 2) + 1)
    width = len(str(rows[-1] if rows else start.line))
    out = [
        f"{diagnostic.code} {escaped(diagnostic.message)}",
        f"{' ' * width}--> {shown(diagnostic.path)}:{start.line}:{start.column}",
        f"{' ' * width} |",
    ]
    for row in rows:
        line = source.line(row)
        cut = max(0, start.column - 1 - _WIDTH // 2) if len(line) > _WIDTH else 0
        text = _plain(line[cut : cut + _WIDTH])
        out.append(f"{row:>{width}} | {text}".rstrip())
        if row == start.line:
            stop = end.column if end.line == start.line else len(line) + 1
            lead = len(_plain(line[cut : start.column - 1]))
            marked = len(_plain(line[start.column - 1 : min(stop - 1, cut + _WIDTH)]))
            out.append(f"{' ' * width} | {' ' * lead}{'^' * max(1, marked)}")
    out.append(f"{' ' * width} |")
    if diagnostic.help:
        out.append(f"help: {escaped(diagnostic.help)}")
    return "\n".join(out) + "\n\n"


def _plain(text: str) -> str:
    return escaped(text.replace("\t", "    "))
