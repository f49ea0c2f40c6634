"""One source file: its bytes, text, lines and tree, and every conversion of columns."""

from __future__ import annotations

import ast
import codecs
import re
import sys
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import Literal

from flake8_redis_ssot.lazy_dataclass import dataclass

PYTHON = (".py", ".pyi")
"""How the names of files with Python code end."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_FIRST_LINES = re.compile(rb"(?:[^\r\n]*(?:\r\n?|\n)?){2}")
_COOKIE = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
_DECLARE = "save it as UTF-8, or declare its encoding in the first line, as `# coding: latin-1`"
_RECODE = "save it as UTF-8"
Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""In the code units of which an editor counts columns."""
_CODECS: dict[Encoding, str] = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_SIZES: dict[Encoding, int] = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_NO_CODE = re.compile(rb"[ \t\f]*(?:[#\r\n]|\Z)")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: 1-based line, 1-based column in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position


class SourceError(Exception):
    """A file that could not be read, decoded or parsed: `message` says why, `advice` what to do; each is one line."""

    def __init__(self, message: str, line: int = 1, column: int = 1, *, advice: str = "fix it") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.advice = advice


class SourceFile:
    """The bytes of a file and what is derived from them, each at first use.

    `path` is absolute. Under flake8 the text and the tree
    are flake8's own, so that nothing is decoded or parsed twice.
    """

    def __init__(
        self, path: str, data: bytes, *, text: str | None = None, tree: ast.Module | None = None
    ) -> None:
        self.path = path
        self.data = data
        self._given_text = text
        self._given_tree = tree

    @classmethod
    def of_text(cls, path: str, text: str, tree: ast.Module) -> SourceFile:
        """A file that another program has already decoded and parsed."""
        return cls(path, text.encode("utf-8", "surrogatepass"), text=text, tree=tree)

    @classmethod
    def of_buffer(cls, path: str, text: str) -> SourceFile:
        """A file as an editor has it, with the bytes that saving would write."""
        plain = text.encode("utf-8", "surrogatepass")
        try:
            data = text.encode(cls(path, plain).encoding)
        except Exception:  # see `text`
            data = plain
        return cls(path, data, text=text.removeprefix("\ufeff"))

    @cached_property
    def _cookie(self) -> tuple[int, bytes]:
        """The line of the declared encoding, and its name; 1 and nothing where none is declared.

        As the compiler has it: `tokenize` takes no lone CR for a line end, and wants what stands
        around the cookie to be utf-8.
        """
        head = _FIRST_LINES.match(self.data.removeprefix(codecs.BOM_UTF8))
        for number, line in enumerate(head[0].splitlines() if head else (), 1):
            found = _COOKIE.match(line)
            if found:
                return number, found[1]
            if not _NO_CODE.match(line):
                break
        return 1, b""

    @cached_property
    def encoding(self) -> str:
        """The codec named by BOM or cookie, else utf-8; SourceError for an unknown one."""
        if self._given_text is not None:
            return "utf-8"
        line, cookie = self._cookie
        bom = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        try:
            return tokenize.detect_encoding(iter([bom + b"#coding:" + cookie]).__next__)[0]
        except SyntaxError as error:
            raise SourceError(f"cannot be decoded: {error.msg}", line, advice=_DECLARE) from error

    @cached_property
    def text(self) -> str:
        """The decoded text without BOM, line ends as they are; SourceError if undecodable."""
        if self._given_text is not None:
            return self._given_text
        (line, cookie), encoding = self._cookie, self.encoding
        try:
            return self.data.decode(encoding)
        except UnicodeDecodeError as error:
            if error.object != self.data:  # of a codec that decodes piece by piece
                raise SourceError(
                    f"is not valid {encoding}: {error.reason}", line, advice=_DECLARE
                ) from error
            before = self.data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            byte = f"(byte 0x{self.data[error.start]:02x})"
            what = f"valid {encoding} {byte}, the encoding that line {line} declares"
            raise SourceError(
                f"is not {what if cookie else f'UTF-8 {byte}, and declares no other encoding'}",
                before.count(b"\n") + 1,
                len(before) - before.rfind(b"\n"),
                advice=_DECLARE,
            ) from error
        except Exception as error:  # a codec is code of anybody's, and not all are for text
            reason = str(error).partition(";")[0].replace("\n", " ")
            raise SourceError(f"cannot be decoded: {reason}", line, advice=_DECLARE) from error

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset in `text` of each line; only CR, LF and CRLF end one, as in Python."""
        text = self.text
        if "\r" in text:
            return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        lengths = accumulate(map(len, text.split("\n")))
        return [0, *(length + breaks for breaks, length in enumerate(lengths, 1))][:-1]

    def line(self, number: int) -> str:
        """Line `number` (1-based) without its line end; empty past the end."""
        if not 1 <= number <= len(self.line_starts):
            return ""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds the character `offset` of `text`."""
        return bisect_right(self.line_starts, offset)

    def lines_with(self, *words: str) -> list[int]:
        """The lines, in order, on which one of the `words` stands."""
        found = re.finditer("|".join(map(re.escape, words)), self.text)
        return sorted({self.line_of(one.start()) for one in found})

    def offset(self, position: Position) -> int:
        """Where `position` is in `text`."""
        return self.line_starts[position.line - 1] + position.column - 1

    def utf8_column(self, position: Position) -> int:
        """The 1-based column of `position` in bytes of utf-8."""
        return self.units_before(position, "utf-8") + 1

    def units_before(self, position: Position, encoding: Encoding) -> int:
        """How many code units of `encoding` stand before `position` in its line."""
        before = self.line(position.line)[: position.column - 1]
        past_the_end = position.column - 1 - len(before)
        return len(before.encode(_CODECS[encoding], "surrogatepass")) // _SIZES[encoding] + past_the_end

    def position_at(self, line: int, units: int, encoding: Encoding) -> Position:
        """The position behind that many code units of `encoding` in a 1-based line, not past its end."""
        data = self.line(line).encode(_CODECS[encoding], "surrogatepass")[: units * _SIZES[encoding]]
        return Position(line, len(data.decode(_CODECS[encoding], "ignore")) + 1)

    def place(self, start: int, end: int) -> Range:
        """The range from one offset of `text` to another."""
        first, last = self.line_of(start), self.line_of(end)
        return Range(
            Position(first, start - self.line_starts[first - 1] + 1),
            Position(last, end - self.line_starts[last - 1] + 1),
        )

    def replaced(self, parts: Iterable[tuple[int, int, str]]) -> bytes:
        """The bytes with other text from each start to each end, offsets of `text`; all else stays.

        SourceError where the encoding cannot tell which bytes stand for a part, or lacks a character.
        """
        text, bom = self.text, 3 if self.data.startswith(codecs.BOM_UTF8) else 0
        codec = self.encoding.removesuffix("-sig")
        try:
            whole = text.encode(codec)
            found, at = [self.data[:bom]], 0
            for start, end, content in sorted(parts):
                found += text[at:start].encode(codec), content.encode(codec)
                at = end
            found.append(text[at:].encode(codec))
        except UnicodeEncodeError as error:
            raise SourceError(
                f"cannot be changed: its encoding {codec} lacks a character", advice=_RECODE
            ) from error
        except Exception as error:  # see `text`
            raise SourceError(
                f"cannot be changed: its encoding {codec} cannot write it", advice=_RECODE
            ) from error
        if self.data[bom:] != whole:
            raise SourceError(
                f"cannot be changed: its encoding {codec} writes the same text in other bytes", advice=_RECODE
            )
        return b"".join(found)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; SourceError where the running Python cannot make one."""
        if self._given_tree is not None:
            return self._given_tree
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text)
        except SyntaxError as error:
            from flake8_redis_ssot.newer_syntax import newer

            message = (error.msg or "invalid syntax").removeprefix("(unicode error) ")
            line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
            found = newer(message, self.line(line))
            python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
            raise SourceError(
                f"cannot be parsed by {python}: {message}",
                line,
                column,
                advice=f"run redis-ssot by Python {found[0]} or newer, which {found[1]} and may parse it, or fix it"
                if found
                else "fix it",
            ) from error
        except (RecursionError, MemoryError) as error:
            raise SourceError(
                "cannot be parsed: it is nested too deeply", advice="make it less deep"
            ) from error
        except (ValueError, UnicodeError) as error:
            raise SourceError(f"cannot be parsed: {error}") from error

    def check_syntax(self) -> None:
        """SourceError where there is no tree; where there is one it is not made, which takes half the time."""
        from symtable import symtable

        if self._given_tree is None:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    symtable(self.text, self.path, "exec")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                _ = self.tree  # the parser alone decides

    def range_of(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword | ast.excepthandler) -> Range:
        """Where `node` stands, its utf-8 columns turned into characters."""
        end_line = node.end_lineno or node.lineno
        end_offset = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return Range(
            Position(node.lineno, self._column(node.lineno, node.col_offset)),
            Position(end_line, self._column(end_line, end_offset)),
        )

    def _column(self, line: int, utf8_offset: int) -> int:
        text = self.line(line)
        if text.isascii():
            return utf8_offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:utf8_offset].decode("utf-8", "replace")) + 1
