"""What silences a diagnostic: allowances, per-file-ignores and `noqa` comments."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Noqa
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Position, Range, SourceError, SourceFile

_UNSILENCED = frozenset(["RED000", "RED903", "RED904"])
# comments of other tools are no reason
_DIRECTIVE = re.compile(
    r"#\s*(?:type:|pylint:|pragma:|pyright:|mypy:|fmt:|isort:|ruff:|noqa|nosec|nosemgrep|nosonar)[^#]*",
    re.IGNORECASE,
)


def unsettled(
    diagnostics: Iterable[Diagnostic], settings: Settings, used: set[str] | None = None
) -> Iterator[Diagnostic]:
    """Those that no allowance and no per-file-ignore of the settings covers.

    `used` receives the keys of those that cover something: `allow 0`, `per-file-ignores 2`.
    """
    for diagnostic in diagnostics:
        covering = [
            f"per-file-ignores {nth}"
            for nth, (globs, negated, codes) in enumerate(settings.per_file_ignores)
            if _has(codes, diagnostic.code) and globs.match(diagnostic.path) != negated
        ]
        covering += [
            f"allow {nth}"
            for nth, entry in enumerate(settings.allowances)
            if _has(entry.rules, diagnostic.code)
            and entry.paths.match(diagnostic.path)
            and (not entry.symbols or any(p.covers(s) for p in entry.symbols for s in diagnostic.symbols))
        ]
        if not covering:
            yield diagnostic
        elif used is not None:
            used.update(covering)


def _has(codes: tuple[str, ...], code: str) -> bool:
    return any(code.startswith(prefix) or prefix == "ALL" for prefix in codes)


def without_noqa(diagnostics: list[Diagnostic], source: SourceFile) -> list[Diagnostic]:
    """Those that no comment silences, as flake8 itself decides it."""
    if not diagnostics or b"noqa" not in source.data.lower():
        return diagnostics
    from flake8.violation import Violation

    try:
        lines = noqa_lines(source)
    except SourceError:
        return diagnostics
    if _opts_out(source):
        return [d for d in diagnostics if d.code in _UNSILENCED]
    return [
        d
        for d in diagnostics
        if d.code in _UNSILENCED
        or not Violation(
            d.code, d.path, d.noqa_row, d.range.start.column, d.message, _joined(source, lines, d.noqa_row)
        ).is_inline_ignored(False)
    ]


def comments(
    source: SourceFile, diagnostics: Iterable[Diagnostic], enabled: frozenset[str], known: Collection[str]
) -> Iterator[Noqa]:
    """The `noqa` comments that name codes of ours, judged by the `diagnostics` before any was silenced.

    A code that is not `enabled` in this run may silence something in another; one that no
    `known` rule has silences nothing.
    """
    if b"noqa" not in source.data.lower() or b"RED" not in source.data.upper() or _opts_out(source):
        return
    from flake8 import defaults

    inline = next(v for name, v in vars(defaults).items() if name.startswith("NOQA_INLINE"))
    for first, last in sorted(set(noqa_lines(source).values())):
        text = _joined(source, {first: (first, last)}, first)
        found = inline.search(text)
        if found is None:
            continue

        def place(start: int, end: int, text: str = text, first: int = first) -> Range:
            row, column = text.count("\n", 0, start), start - (text.rfind("\n", 0, start) + 1)
            return Range(Position(first + row, column + 1), Position(first + row, column + 1 + end - start))

        rest = _DIRECTIVE.sub("", text[found.end() :])
        if found["codes"] is None:
            if re.match(r"\s*:\s*RED\b", rest):
                yield Noqa(place(*found.span()), (), "", is_bare=True)
            continue
        start = found.start("codes")
        codes = [
            (code[0], place(start + code.start(), start + code.end()))
            for code in re.finditer(r"[A-Za-z]+[0-9]+", found["codes"])
            if code[0].upper().startswith("RED")
        ]
        here = {d.code for d in diagnostics if first <= d.noqa_row <= last and d.code not in _UNSILENCED}
        if codes:
            yield Noqa(
                place(*found.span()),
                tuple(code for code, _ in codes),
                rest.strip(" \t\r\n-\u2013\u2014:;,.#()[]"),
                tuple(
                    (code, where)
                    for code, where in codes
                    if not any(c.startswith(code) for c in here)
                    and (
                        any(c.startswith(code) for c in enabled - _UNSILENCED)
                        or not any(c.startswith(code) for c in set(known) - _UNSILENCED)
                    )
                ),
                frozenset(code for code, _ in codes if any(c.startswith(code) for c in known)),
            )


def _opts_out(source: SourceFile) -> bool:
    from flake8 import defaults

    return any(defaults.NOQA_FILE.match(source.line(n)) for n in range(1, len(source.line_starts) + 1))


def noqa_lines(source: SourceFile) -> dict[int, tuple[int, int]]:
    """Line -> first and last line of the physical line that its `noqa` may stand on.

    Lines of a multi-line string, or joined by a backslash, are one.
    """
    found: dict[int, tuple[int, int]] = {}
    first, last = 0, 0
    text = re.sub(r"\r\n?", "\n", source.text)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first = min(first or token.start[0], token.start[0])
            last = max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                found.update(dict.fromkeys(range(first, last + 1), (first, last)))
                first, last = 0, 0
    except (tokenize.TokenError, SyntaxError):
        return {}
    return found


def _joined(source: SourceFile, lines: dict[int, tuple[int, int]], row: int) -> str:
    first, last = lines.get(row, (row, row))
    return "\n".join(source.line(number) for number in range(first, last + 1))


def add_noqa(source: SourceFile, diagnostics: Iterable[Diagnostic]) -> bytes:
    """The file with a `noqa` for each diagnostic, merged into one that is there."""
    lines = noqa_lines(source)
    wanted: dict[int, set[str]] = {}
    for diagnostic in diagnostics:
        if diagnostic.code not in _UNSILENCED:
            last = lines.get(diagnostic.noqa_row, (0, diagnostic.noqa_row))[1]
            wanted.setdefault(last, set()).add(diagnostic.code)
    text = source.text
    for row, codes in sorted(wanted.items(), reverse=True):
        start = source.line_starts[row - 1]
        line = source.line(row)
        found = re.search(r"# noqa:\s?[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*", line, re.IGNORECASE)
        if found:
            changed = f"{line[: found.end()]}, {', '.join(sorted(codes))}{line[found.end() :]}"
        else:
            changed = f"{line.rstrip()}  # noqa: {', '.join(sorted(codes))}"
        text = text[:start] + changed + text[start + len(line) :]
    return text.encode(source.encoding)
