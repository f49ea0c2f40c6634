"""A code frame with carets, as ruff draws it."""

from __future__ import annotations

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.output.report import Format, Report
from flake8_redis_ssot.output.sources import with_sources
from flake8_redis_ssot.output.statistics import table
from flake8_redis_ssot.output.summary import headline
from flake8_redis_ssot.output.terminal import painted, wrapped
from flake8_redis_ssot.source import SourceFile

_WIDTH = 160
_NARROWEST = 40


def _render(report: Report) -> str:
    return "".join(_frame(diagnostic, source, report) for diagnostic, source in with_sources(report))


def _frame(diagnostic: Diagnostic, source: SourceFile, report: Report) -> str:
    look = report.look
    start, end = diagnostic.range.start, diagnostic.range.end
    last = len(source.line_starts) - (source.text.endswith(("\n", "\r")))
    rows = range(max(1, start.line - 2), min(last, start.line + 2) + 1)
    gutter = len(str(rows[-1] if rows else start.line))
    width = max(look.width - gutter - 3, _NARROWEST) if look.width else _WIDTH
    bar = painted("|", "blue", look)
    out = [
        headline(diagnostic, report),
        f"{' ' * gutter}{painted('-->', 'blue', look)} {shown(diagnostic.path)}:{start.line}:{start.column}",
    ]
    if source.text:
        out.append(f"{' ' * gutter} {bar}")
        stop = end.column - 1 if end.line == start.line else len(source.line(start.line))
        cut = max(0, start.column - 1 - width // 2) if stop > width else 0  # of all rows, which stay in line
        for row in rows:
            line = source.line(row)
            text = _plain(line[cut : cut + width])[:width]
            out.append(f"{painted(f'{row:>{gutter}}', 'blue', look)} {bar} {text}".rstrip())
            if row == start.line:
                lead = len(_plain(line[cut : start.column - 1]))
                marked = len(_plain(line[start.column - 1 : min(stop, cut + width)]))
                carets = painted("^" * max(1, min(marked, width - lead)), "red", look)
                out.append(f"{' ' * gutter} {bar} {' ' * lead}{carets}")
        out.append(f"{' ' * gutter} {bar}")
    help = diagnostic.fix.message if diagnostic.fix and look.is_person else diagnostic.help
    for one in diagnostic.related:
        place = f"{shown(one.path)}:{one.range.start.line}:{one.range.start.column}"
        text = wrapped(f"{escaped(one.message)} is at {place}", look, first=6)
        out.append(f"{painted('note', 'cyan', look)}: {text}")
    if help:
        out.append(f"{painted('help', 'cyan', look)}: {wrapped(escaped(help), look, first=6)}")
    return "\n".join(out) + "\n\n"


def _plain(text: str) -> str:
    return escaped(text.replace("\t", "    "))


FORMAT = Format(_render, is_text=True, count=table)
