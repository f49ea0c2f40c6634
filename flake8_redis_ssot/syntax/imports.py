"""Import statements rewritten as text: names dropped and added, all else left as it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.source import SourceFile

Part = tuple[int, int, str]
"""From one offset of the text to another, and what comes there instead."""

_FROM = re.compile(r"from(\s*[.\w][.\w\s\\]*?\s*)\bimport\b")
_DIRECTIVE = re.compile(
    r"#\s*(?:noqa|type:|pylint:|pragma:|pyright:|mypy:|isort:|fmt:|ruff:|nosec)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Imported:
    """`from module import name as alias`; `name` None where it is `import module as alias`."""

    module: str
    name: str | None
    alias: str | None = None

    @property
    def local_name(self) -> str:
        """The name that it gives."""
        return self.alias or self.name or self.module.partition(".")[0]

    @property
    def names(self) -> str:
        """What stands after `import`."""
        what = self.name or self.module
        return f"{what} as {self.alias}" if self.alias and self.alias != self.name else what

    @property
    def statement(self) -> str:
        return f"from {self.module} import {self.names}" if self.name else f"import {self.names}"


def local_name_of(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    """The name that an alias of an import binds."""
    if alias.asname:
        return alias.asname
    return alias.name.split(".")[0] if isinstance(statement, ast.Import) else alias.name


def rewritten(
    source: SourceFile,
    statement: ast.Import | ast.ImportFrom,
    dropped: Collection[ast.alias],
    added: Sequence[Imported],
    module: str,
    *,
    last_of_block: bool,
    behind: bool = False,
) -> Iterator[Part]:
    """The changes of an import statement that loses and gains names.

    `module` is the dotted module of a from-import, `last_of_block` says that without it nothing
    is left of its block, `behind` that what is added does not run before what is kept.
    """
    start, end = _span(source, statement)
    kept = [alias for alias in statement.names if alias not in dropped]
    added = list(dict.fromkeys(added))
    if not kept and not added:
        yield removed(source, start, end, last_of_block)
        return
    here: list[Imported] = []
    if isinstance(statement, ast.ImportFrom):
        home = module if kept else added[0].module
        here = [one for one in added if one.name and one.module == home]
    before = _statements([one for one in added if one not in here])
    if kept or here:
        found = _FROM.match(source.text, start) if not kept else None
        if found is not None:
            yield found.start(1), found.end(1), f" {here[0].module} "
        yield from _names(source, statement, kept, [one.names for one in here])
    else:
        yield start, end, before.pop()
    if before and behind and kept:
        yield _appended(source, start, end, before)
    elif before:
        line = source.text.rfind("\n", 0, start) + 1
        indent = source.text[line:start]
        separator = "; " if indent.strip(" \t\f\ufeff") else _line_end(source) + indent.lstrip("\f")
        yield start, start, "".join(text + separator for text in before)


def _appended(source: SourceFile, start: int, end: int, added: Sequence[str]) -> Part:
    """The change that puts statements behind one, below its line where no other follows there."""
    line = source.text.rfind("\n", 0, start) + 1
    indent = source.text[line:start].strip("\ufeff\f")
    rest = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)").match(source.text, end)
    if indent.strip() or rest is None:
        return end, end, "".join(f"; {text}" for text in added)
    return rest.end(), rest.end(), "".join(f"{_line_end(source)}{indent}{text}" for text in added)


def _statements(added: Sequence[Imported]) -> list[str]:
    """The statements that import all of these, the names of one module by one."""
    by_module: dict[str, list[str]] = {}
    for one in added:
        by_module.setdefault(one.module if one.name else one.statement, []).append(one.names)
    plain = {one.statement for one in added if not one.name}
    return [m if m in plain else f"from {m} import {', '.join(names)}" for m, names in by_module.items()]


def _names(
    source: SourceFile, statement: ast.Import | ast.ImportFrom, kept: list[ast.alias], new: list[str]
) -> Iterator[Part]:
    """The list of names with only those `kept`, and the `new` ones after them."""
    text, spans = source.text, [_span(source, alias) for alias in statement.names]
    first, last = spans[0][0], spans[-1][1]
    if not kept:
        if "#" not in text[first:last]:
            yield first, last, ", ".join(new)
            return
        yield *spans[0], ", ".join(new)
        spans_dropped = spans[1:]
    else:
        ends = [end for alias, (_, end) in zip(statement.names, spans, strict=True) if alias in kept]
        if new:
            yield ends[-1], ends[-1], "".join(f", {one}" for one in new)
        spans_dropped = [s for alias, s in zip(statement.names, spans, strict=True) if alias not in kept]
        tail = [s for s in spans_dropped if s[0] > ends[-1]]
        if tail and not re.match(r"[ \t]*,", text[last:]) and "#" not in text[ends[-1] : last]:
            yield ends[-1], last, ""
            spans_dropped = [s for s in spans_dropped if s not in tail]
    for start, end in spans_dropped:
        comma = re.compile(r"[ \t]*,[ \t]*").match(text, end)
        stop = comma.end() if comma else end
        line = text.rfind("\n", 0, start) + 1
        rest = re.compile(r"(?:\r\n|\r|\n)").match(text, stop)
        if rest and not text[line:start].strip():
            yield line, rest.end(), ""
        else:
            yield start, stop, ""


def removed(source: SourceFile, start: int, end: int, last_of_block: bool) -> Part:
    """The change that takes a whole statement away, with its line where nothing else stands on it."""
    text = source.text
    if last_of_block:
        return start, end, "pass"
    line = text.rfind("\n", 0, start) + 1
    after = re.compile(r"[ \t]*(;[ \t]*)?(#[^\r\n]*)?(\r\n|\r|\n|\Z)?").match(text, end)
    assert after is not None
    if text[line:start].strip(" \t\f\ufeff"):
        semicolon = text.rfind(";", line, start)
        return (
            (semicolon, end, "")
            if semicolon >= 0 and not text[semicolon + 1 : start].strip()
            else (start, end, "pass")
        )
    if after[1] and after[3] is None:
        return start, after.end(1), ""  # another statement follows on the line
    if after[2] and not _DIRECTIVE.match(after[2]):
        return start, after.start(2), ""
    return (
        line + len(text[line:start].rpartition("\f")[0] + text[line:start].rpartition("\f")[1]),
        after.end(),
        "",
    )


def is_directive(line: str) -> bool:
    """Whether the comment on a line speaks to a tool."""
    return _DIRECTIVE.search(line) is not None


def _line_end(source: SourceFile) -> str:
    found = re.search(r"\r\n|\r|\n", source.text)
    return found[0] if found else "\n"


def _span(source: SourceFile, node: ast.stmt | ast.alias) -> tuple[int, int]:
    where = source.range_of(node)
    return source.offset(where.start), source.offset(where.end)
