"""`noqa` comments: where flake8 finds them, what they silence, and how they are added and changed.

flake8 searches a whole physical line, strings included. Only text in comments is ever changed here.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.syntax.imports import Part

UNSILENCED = frozenset(["RED000", "RED903", "RED904"])
"""Codes that no `noqa` silences: files that cannot be read, and diagnostics about the comments themselves."""

_OPENING, _CLOSING = (
    {getattr(tokenize, kind + edge, None) for kind in ("FSTRING", "TSTRING")} for edge in ("_START", "_END")
)
_NEXT_COMMENT = re.compile(r"#(?!\d)")
"""Where another comment begins after a `noqa`; `#12` belongs to its reason."""
_LEADING_DIRECTIVE = re.compile(r"#\s*(?:type|mypy|pyright|ruff|flake8|fmt)\s*[:=]", re.IGNORECASE)
"""Comments that other tools heed only if no other comment stands before them."""

_JOINING = re.compile(r"\\$|\"\"\"|\'\'\'")
"""What may join a row to the next one or to the one before."""
_FORMATTED = re.compile(r"(?i)[ft]r?(\"\"\"|\'\'\')")
_LATER_FORMATTED = re.compile(
    rf"{_FORMATTED.pattern}|\b(?:[ft]r?|r[ft])[\"'][^\r\n]*\{{[^}}\r\n]*$", re.MULTILINE
)
"""Where a string with code in it (an f-string) begins that may go over several rows; from Python 3.12 on these are more."""

_NO_PLACE = "no comment can stand there"


@dataclass(frozen=True, slots=True)
class PhysicalLine:
    """What flake8 searches for a `noqa` at once: one row, or those that a multi-line string or a backslash joins.

    `first` and `last` are its rows, from 1. `comment` is the index in `text` where its comment begins, or would begin;
    None where no comment can stand.
    """

    first: int
    last: int
    text: str
    comment: int | None

    def offset(self, source: SourceFile, at: int) -> int:
        """The index in the file's text of `at`, an index of `text` in its last row."""
        last_row = self.text.rfind("\n") + 1
        return source.line_starts[self.last - 1] + at - last_row


@dataclass(frozen=True, slots=True)
class Directive:
    """The `noqa` that flake8 finds in a comment, from index `start` to `end` of the physical line's text.

    `codes` are those that it names, each with its start and end. Without any it silences all.
    """

    start: int
    end: int
    codes: tuple[tuple[str, int, int], ...]


def physical_lines(source: SourceFile) -> dict[int, PhysicalLine]:
    """The physical line of each row of `source`; SourceError if it cannot be decoded.

    If Python cannot tokenize it, only those of a single row, up to the error.
    """
    found: dict[int, PhysicalLine] = {}
    first = last = depth = comment = 0
    is_broken = False
    text = re.sub(r"\r\n?", "\n", source.text)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first = min(first or token.start[0], token.start[0])
            last = max(last, token.end[0])
            depth += (token.type in _OPENING) - (token.type in _CLOSING)
            is_broken |= token.type == tokenize.ERRORTOKEN
            if token.type == tokenize.COMMENT:
                comment = len(token.string)  # to the end of its row
            elif token.type in (tokenize.NL, tokenize.NEWLINE):
                joined = "\n".join(source.line(row) for row in range(first, last + 1))
                # inside an f-string, no Python, or what the system reads to run the file
                has_no_place = depth or is_broken or (last == 1 and joined.startswith("#!"))
                line = PhysicalLine(first, last, joined, None if has_no_place else len(joined) - comment)
                found.update(dict.fromkeys(range(first, last + 1), line))
                first = last = comment = 0
                is_broken = False
    except (tokenize.TokenError, SyntaxError):
        return {row: line for row, line in found.items() if line.first == line.last}  # each by itself
    return found


def searched(source: SourceFile, rows: Iterable[int]) -> dict[int, str]:
    """For each of the `rows`, the text in which flake8 searches for a `noqa` for what begins there.

    SourceError if the source cannot be decoded.
    """
    nesting = _code_strings(source)
    found = {row: source.line(row) for row in rows}
    joined = [row for row in found if not _is_surely_single(source, row, nesting)]
    lines = physical_lines(source) if joined else {}
    return found | {row: lines[row].text for row in joined if row in lines}


def directive(line: PhysicalLine) -> Directive | None:
    """The `noqa` that counts on `line`; None where there is none, or flake8 finds it in a string."""
    found = _inline().search(line.text)
    if found is None or line.comment is None or found.start() < line.comment:
        return None
    return Directive(*found.span(), tuple(_codes(found)))


def silences(text: str, code: str) -> bool:
    """Whether flake8 silences `code` on a physical line with this text."""
    from flake8.violation import Violation

    return bool(Violation(code, "", 1, 1, "", text).is_inline_ignored(False))


def opts_out(source: SourceFile) -> bool:
    """Whether a line (`# flake8: noqa`) makes flake8 ignore the whole file."""
    return any(_opts_out(source.line(row)) for row in range(1, len(source.line_starts) + 1))


def _opts_out(row: str) -> bool:
    """Whether this row does."""
    from flake8 import defaults

    return defaults.NOQA_FILE.match(row) is not None


def without_codes(source: SourceFile, line: PhysicalLine, gone: Collection[int]) -> tuple[Part, str]:
    """The change that takes the codes which begin at the indices `gone` out of the comment of `line`.

    Also returns why the change is not safe; empty if it is. ValueError says why there is no such change.
    """
    found = directive(line)
    assert found is not None and line.comment is not None
    text = line.text
    kept = [code for code in found.codes if code[1] not in gone]
    if kept:
        (_, start, _), (_, _, end) = found.codes[0], found.codes[-1]
        follower = {before: after for (*_, before), (_, after, _) in pairwise(found.codes)}
        content = kept[0][0]
        for (*_, before), (code, *_) in pairwise(kept):
            content += text[before : follower[before]] + code
    else:
        start, content = found.start, ""
        behind = _NEXT_COMMENT.search(text, found.end)
        end = behind.start() if behind else len(text)
        if behind is None:
            start = len(text[:start].rstrip(" \t\f"))
    after = text[:start] + content + text[end:]
    if _silences_more(text, after):
        raise ValueError("what is left of the comment would silence more")
    why = ""
    if _LEADING_DIRECTIVE.match(after, line.comment) and not _LEADING_DIRECTIVE.match(text, line.comment):
        why = "what is left of the comment then counts for other tools"
    return (line.offset(source, start), line.offset(source, end), content), why


def _with_codes(line: PhysicalLine, codes: Sequence[str], reason: str = "") -> tuple[int, int, str]:
    """The change of the text of `line` (start, end, new text) by which its comment silences `codes` too.

    The `reason` is added unless the comment already states one. ValueError says why there is no such change.
    """
    if line.comment is None:
        raise ValueError(_NO_PLACE)
    found = directive(line)
    if found is not None and found.codes:
        start = end = found.codes[-1][2]
        says_why = re.search(r"[^\s#]", line.text[end:].partition("#")[0]) is not None
        content = f", {', '.join(codes)}{f' {reason}' if reason and not says_why else ''}"
    else:
        row = line.text.rpartition("\n")[2].rstrip(" \t\f")
        end = len(line.text)
        start = line.text.rfind("\n") + 1 + len(row)
        content = f"{'  ' if row else ''}# noqa: {', '.join(codes)}{f' {reason}' if reason else ''}"
    after = line.text[:start] + content + line.text[end:]
    if not all(silences(after, code) for code in codes):
        raise ValueError("another `noqa` on it counts first")
    return start, end, content


@dataclass(frozen=True, slots=True)
class Added:
    """A file with `noqa` comments added: its bytes, the number of changes, and what is not silenced: row, codes, why."""

    data: bytes
    count: int
    left: list[tuple[int, str, str]]


def add_noqa(source: SourceFile, diagnostics: Iterable[Diagnostic], reason: str = "") -> Added:
    """Adds comments that silence the `diagnostics` for a `reason` to `source`; existing comments are extended."""
    lines = _physical_lines_if_decodable(source)
    wanted: dict[int, set[str]] = {}
    for diagnostic in diagnostics:
        row = diagnostic.range.start.line
        wanted.setdefault(lines[row].last if row in lines else row, set()).add(diagnostic.code)
    parts: list[Part] = []
    left: list[tuple[int, str, str]] = []
    for row, codes in sorted(wanted.items()):
        if codes & UNSILENCED:
            left.append((row, ", ".join(sorted(codes & UNSILENCED)), "no comment silences it"))
        if codes - UNSILENCED:
            try:
                if row not in lines:
                    raise ValueError(_NO_PLACE)
                line = lines[row]
                start, end, content = _with_codes(line, sorted(codes - UNSILENCED), reason)
                parts.append((line.offset(source, start), line.offset(source, end), content))
            except ValueError as error:
                left.append((row, ", ".join(sorted(codes - UNSILENCED)), str(error)))
    if not parts:
        return Added(source.data, 0, left)
    try:
        return Added(source.replaced(parts), len(parts), left)
    except SourceError as error:
        rows = sorted({source.line_of(start) for start, _, _ in parts})
        why = [
            (row, ", ".join(sorted(wanted[row] - UNSILENCED)), f"the file {error.message}") for row in rows
        ]
        return Added(source.data, 0, sorted([*left, *why]))


def with_rows(diagnostics: Iterable[Diagnostic], filesystem: FileSystem) -> Iterator[Diagnostic]:
    """The `diagnostics`, each with the row where a `noqa` for it can stand, if there is one."""
    for path, mine in groupby(diagnostics, lambda d: d.path):
        try:
            source = filesystem.source(path)
        except SourceError:
            source = SourceFile(path, b"")
        lines: dict[int, PhysicalLine] | None = None
        nesting = _code_strings(source)
        for diagnostic in mine:
            row = diagnostic.range.start.line
            if diagnostic.code in UNSILENCED:
                yield diagnostic
                continue
            if _is_surely_single(source, row, nesting) and "#" not in source.line(row):
                yield replace(diagnostic, noqa_row=row)
                continue
            if lines is None:
                lines = _physical_lines_if_decodable(source)
            yield (
                replace(diagnostic, noqa_row=_noqa_row(lines[row], diagnostic.code))
                if row in lines
                else diagnostic
            )


def _code_strings(source: SourceFile) -> list[tuple[int, int]]:
    """The first and last rows of what may be f-strings of several rows; their tokens decide where comments can stand."""
    try:
        text = source.text
    except SourceError:
        return [(0, sys.maxsize)]
    if sys.version_info >= (3, 12):  # such a string may hold others with the same quotes
        later = _LATER_FORMATTED.search(text)
        return [(source.line_of(later.start()), sys.maxsize)] if later else []
    found = ((one.start(), text.find(one[1], one.end())) for one in _FORMATTED.finditer(text))
    return [(source.line_of(start), source.line_of(end) if end >= 0 else sys.maxsize) for start, end in found]


def _is_surely_single(source: SourceFile, row: int, nesting: Iterable[tuple[int, int]]) -> bool:
    """Whether a row surely is a physical line of its own, as most are: to find out by all tokens takes long."""
    if any(first <= row <= last for first, last in nesting):
        return False
    line = source.line(row)
    joins = _JOINING.search(line) or source.line(row - 1).endswith("\\")
    is_whole = all(line.count(quote) % 2 == 0 for quote in "'\"")
    return bool(line.strip()) and is_whole and not joins


def _physical_lines_if_decodable(source: SourceFile) -> dict[int, PhysicalLine]:
    """The physical lines of `source`; none if it cannot be decoded."""
    try:
        return physical_lines(source)
    except SourceError:
        return {}


def _noqa_row(line: PhysicalLine, code: str) -> int | None:
    """The row where a comment can silence `code` on `line`; None where none can."""
    try:
        _with_codes(line, [code])
    except ValueError:
        return None
    return line.last if code not in UNSILENCED else None


def _inline() -> re.Pattern[str]:
    """flake8's own pattern of a `noqa` comment, whose name depends on its version."""
    from flake8 import defaults

    pattern: re.Pattern[str] = next(v for name, v in vars(defaults).items() if name.startswith("NOQA_INLINE"))
    return pattern


def _codes(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """The codes of a `noqa`, split as flake8 splits them, each with its start and end."""
    start = found.start("codes")
    for code in re.finditer(r"[^,\s]+", found["codes"] or ""):
        yield code[0], start + code.start(), start + code.end()


def _silences_more(before: str, after: str) -> bool:
    """Whether a line with the text `after` silences anything that it does not silence with `before`."""
    if _opts_out(after.rpartition("\n")[2]) and not _opts_out(before.rpartition("\n")[2]):
        return True
    old, new = (_inline().search(text) for text in (before, after))
    if new is None or (old is not None and old["codes"] is None):
        return False
    known = {code for code, *_ in _codes(old)} if old is not None else set()
    return new["codes"] is None or not {code for code, *_ in _codes(new)} <= known
