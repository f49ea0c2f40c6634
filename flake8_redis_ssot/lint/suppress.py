"""What silences a diagnostic: allowances, per-file-ignores, `noqa` comments, and then a baseline."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.lint.baseline import NEVER_RECORDED, Baseline
from flake8_redis_ssot.lint.matching import Matching, matching
from flake8_redis_ssot.lint.noqa import (
    UNSILENCED,
    PhysicalLine,
    directive,
    opts_out,
    physical_lines,
    searched,
    silences,
)
from flake8_redis_ssot.rule import Noqa
from flake8_redis_ssot.settings.model import Allowance, DottedPattern, Settings
from flake8_redis_ssot.source import Range, SourceError, SourceFile

# comments for other tools state no reason for a `noqa`
_OTHER_DIRECTIVES = re.compile(
    r"#\s*(?:type:|pylint:|pragma:|pyright:|mypy:|fmt:|isort:|ruff:|noqa|nosec|nosemgrep|nosonar)[^#]*",
    re.IGNORECASE,
)


def unsuppressed(
    diagnostics: Iterable[Diagnostic], settings: Settings, used: set[str] | None = None
) -> Iterator[Diagnostic]:
    """The diagnostics that no allowance and no per-file-ignore of the settings covers.

    `used` receives the settings that cover one, by name and index: `allow 0`, `per-file-ignores 2`.
    """
    for diagnostic in diagnostics:
        covering = [
            f"per-file-ignores {nth}"
            for nth, entry in enumerate(settings.per_file_ignores)
            if _selects(entry.codes, diagnostic.code) and entry.match(diagnostic.path)
        ]
        covering += [
            f"allow {nth}"
            for nth, allowance in enumerate(settings.allowances)
            if covers(allowance, diagnostic)
        ]
        if not covering:
            yield diagnostic
        elif used is not None:
            used.update(covering)


def covers(allowance: Allowance, diagnostic: Diagnostic) -> bool:
    """Whether an `allow` entry covers a diagnostic: its rule, its path, and one of its symbols if the entry names any.

    An object of a client library may be named by any of its dotted names; a module stands for what it defines, not for
    what it imports.
    """
    return (
        _selects(allowance.rules, diagnostic.code)
        and allowance.paths.match(diagnostic.path)
        and (
            not allowance.symbols
            or any(_covers(pattern, symbol) for pattern in allowance.symbols for symbol in diagnostic.symbols)
        )
    )


def _covers(pattern: DottedPattern, symbol: str) -> bool:
    if symbol not in BUILDERS:
        return pattern.covers(symbol)
    if pattern.text in BUILDERS:  # an object, or the class whose method it is
        return any(map(pattern.covers, BUILDERS.names_of(symbol)))
    return pattern.covers(symbol) or pattern.covers(BUILDERS[symbol].target)


def _selects(codes: tuple[str, ...], code: str) -> bool:
    """Whether one of `codes` is `ALL`, or a prefix of `code`."""
    return any(code.startswith(prefix) or prefix == "ALL" for prefix in codes)


def without_noqa(diagnostics: list[Diagnostic], source: SourceFile) -> list[Diagnostic]:
    """The diagnostics that no `noqa` comment silences, decided as flake8 does."""
    if not diagnostics or b"noqa" not in source.data.lower():
        return diagnostics
    try:
        texts = searched(source, {d.range.start.line for d in diagnostics if d.code not in UNSILENCED})
        if opts_out(source):
            return [d for d in diagnostics if d.code in UNSILENCED]
    except SourceError:
        return diagnostics

    def is_silenced(diagnostic: Diagnostic) -> bool:
        return diagnostic.code not in UNSILENCED and silences(
            texts[diagnostic.range.start.line], diagnostic.code
        )

    return [d for d in diagnostics if not is_silenced(d)]


def recorded(baseline: Baseline, diagnostics: Iterable[Diagnostic], filesystem: FileSystem) -> Matching:
    """Which of the `diagnostics`, which nothing else silences, are in the baseline, and which are new."""
    asked = [*diagnostics]
    found = matching(
        baseline,
        (d for d in asked if d.code not in NEVER_RECORDED),
        filesystem,
        lambda: baseline.renamed,
    )
    found.new = sorted(
        [*found.new, *(d for d in asked if d.code in NEVER_RECORDED)], key=lambda d: d.sort_key
    )
    return found


def comments(
    source: SourceFile, diagnostics: Iterable[Diagnostic], enabled: frozenset[str], known: Collection[str]
) -> Iterator[Noqa]:
    """The `noqa` comments that name codes of this tool, each with the codes that silence none of the `diagnostics`.

    The `diagnostics` are those before any was silenced. A code that is not `enabled` in this run may silence something
    in another run; one that no rule has (`known`) silences nothing. A file that cannot be read or parsed has none.
    """
    try:
        _ = source.tree
        lines = physical_lines(source)
    except SourceError:
        return
    if opts_out(source):
        return
    reported: dict[PhysicalLine | None, set[str]] = {}
    for diagnostic in diagnostics:
        reported.setdefault(lines.get(diagnostic.range.start.line), set()).add(diagnostic.code)
    for line in dict.fromkeys(lines.values()):
        found = directive(line)
        if found is None:
            continue

        def place(start: int, end: int, line: PhysicalLine = line) -> Range:
            return source.place(line.offset(source, start), line.offset(source, end))

        rest = _OTHER_DIRECTIVES.sub("", line.text[found.end :])
        if not found.codes and re.match(r"\s*:\s*RED\b", rest):
            yield Noqa(place(found.start, found.end), (), "", is_bare=True)
        ours = [code for code in found.codes if code[0].upper().startswith("RED")]
        if ours:
            yield Noqa(
                place(found.start, found.end),
                tuple(code for code, _, _ in ours),
                rest.strip(" \t\r\n-\u2013\u2014:;,.#()[]"),
                tuple(
                    (code, place(start, end))
                    for code, start, end in ours
                    if not _begins(code, reported.get(line, ()))
                    and (_begins(code, enabled) or not _begins(code, known))
                ),
                frozenset(
                    spelt
                    for code, _, _ in ours
                    for spelt in (code, code.upper())
                    if any(c.startswith(spelt) for c in known)
                ),
            )


def _begins(code: str, others: Collection[str]) -> bool:
    """Whether a `noqa` for `code` silences one of the codes `others`: `code` is a prefix of it."""
    return any(other.startswith(code) for other in others if other not in UNSILENCED)
