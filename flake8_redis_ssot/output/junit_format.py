"""JUnit's XML: a suite a file, a failed case a diagnostic."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

from flake8_redis_ssot.output import escaped, relative
from flake8_redis_ssot.output.report import Format, Report


def _render(report: Report) -> str:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(report)]) + "\n"


def _lines(report: Report) -> Iterator[str]:
    from xml.sax.saxutils import escape, quoteattr

    number = len(report.diagnostics)
    yield f'<testsuites name="redis-ssot" tests="{number}" failures="{number}" errors="0">'
    for path, of_path in groupby(report.diagnostics, lambda d: d.path):
        found = list(of_path)
        name = escaped(relative(path))
        yield (
            f'    <testsuite name={quoteattr(name)} tests="{len(found)}" skipped="0" errors="0" '
            f'failures="{len(found)}" package="org.redis-ssot">'
        )
        for d in found:
            line, column, message = d.range.start.line, d.range.start.column, escaped(d.message)
            text = escape(f"line {line}, col {column}, {message}")
            yield (
                f'        <testcase name="org.redis-ssot.{d.code}" '
                f"classname={quoteattr(os.path.splitext(name)[0])}>"
            )
            yield f"            <failure message={quoteattr(message)}>{text}</failure>"
            yield "        </testcase>"
        yield "    </testsuite>"
    yield "</testsuites>"


FORMAT = Format(_render)
