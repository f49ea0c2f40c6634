"""The sources of what is reported, for the formats that quote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output import relative
from flake8_redis_ssot.output.report import Report
from flake8_redis_ssot.source import SourceError, SourceFile


def with_sources(report: Report) -> Iterator[tuple[Diagnostic, SourceFile]]:
    """Each diagnostic with its source, without text where that cannot be read."""
    for path, found in groupby(report.diagnostics, lambda d: d.path):
        source = source_of(path, report)
        yield from ((diagnostic, source) for diagnostic in found)


def source_of(path: str, report: Report) -> SourceFile:
    """The source at `path`, without text where that cannot be read."""
    try:
        source = report.filesystem.source(path)
        _ = source.line_starts
    except SourceError:
        return SourceFile.of_text(path, "", SourceFile("", b"").tree)
    return source


def fingerprints(report: Report) -> Iterator[str]:
    """What each diagnostic is known by from run to run: its rule, path and line of text, not the line's number."""
    import hashlib

    seen: Counter[str] = Counter()
    for diagnostic, source in with_sources(report):
        line = " ".join(source.line(diagnostic.range.start.line).split())
        known = "\0".join([diagnostic.code, relative(diagnostic.path), line])
        seen[known] += 1
        text = f"{known}\0{seen[known]}".encode("utf-8", "surrogatepass")
        yield hashlib.sha256(text, usedforsecurity=False).hexdigest()[:32]
