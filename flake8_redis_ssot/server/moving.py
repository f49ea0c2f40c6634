"""Diagnostics of a text, where their lines went in a later one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.source import Range, SourceFile


def moved(diagnostics: Iterable[Diagnostic], before: SourceFile, after: SourceFile) -> Iterator[Diagnostic]:
    """Those whose lines stand above or below all that changed, without their fixes, which hold no more."""
    old, new = ([source.line(n + 1) for n in range(len(source.line_starts))] for source in (before, after))
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    shift = len(new) - len(old)
    for diagnostic in diagnostics:
        start, end = diagnostic.range.start, diagnostic.range.end
        if end.line <= head:
            yield replace(diagnostic, fix=None, noqa_row=None)
        elif start.line > len(old) - tail:
            place = Range(replace(start, line=start.line + shift), replace(end, line=end.line + shift))
            yield replace(diagnostic, range=place, fix=None, noqa_row=None)
