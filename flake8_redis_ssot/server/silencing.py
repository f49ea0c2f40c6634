"""Exceptions that an editor offers at a diagnostic: a comment, or an entry of the settings."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain, pairwise
from typing import Any

import tomlkit
from tomlkit.items import Array

from flake8_redis_ssot.diagnostic import Diagnostic, Edit
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.noqa import add_noqa
from flake8_redis_ssot.lint.suppress import unsuppressed
from flake8_redis_ssot.server.session import Options
from flake8_redis_ssot.settings.tables import parsed
from flake8_redis_ssot.source import Position, Range, SourceError, SourceFile

REASON = "TODO: say why"
"""Stands where a person has to write."""
_EXCEPTIONS = "RED9"
"""How the rules begin that judge exceptions: more of these settle nothing."""


def changes(before: SourceFile, after: SourceFile) -> tuple[Edit, ...]:
    """The lines by which a text becomes another."""
    old, new = (_lines(source) for source in (before, after))
    return tuple(
        Edit(Range(_start(before, old, i), _start(before, old, j)), "".join(new[k:m]))
        for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def _lines(source: SourceFile) -> list[str]:
    starts = [*source.line_starts, len(source.text)]
    return [source.text[a:b] for a, b in pairwise(starts)]


def _start(source: SourceFile, lines: Sequence[str], index: int) -> Position:
    """Where a line begins, or what is behind the last one ends."""
    if index < len(lines):
        return Position(index + 1, 1)
    return Position(len(lines), len(source.line(len(lines))) + 1)


def noqa(source: SourceFile, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    """The comment that silences a diagnostic; nothing where none can."""
    added = add_noqa(source, [diagnostic], REASON)
    return changes(source, SourceFile(source.path, added.data)) if added.count else ()


def allowance(before: SourceFile, options: Options, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    """The entry of a settings file that allows a diagnostic where it stands.

    Nothing where the entry would not do, or the file, not saved yet, allows it already.
    """
    if diagnostic.code.startswith(_EXCEPTIONS):
        return ()
    entry = {
        "paths": [_pattern(os.path.relpath(diagnostic.path, os.path.dirname(before.path)))],
        "rules": [diagnostic.code],
        **({"symbols": [diagnostic.symbols[0]]} if diagnostic.symbols else {}),
        "reason": REASON,
    }
    try:
        for text in chain([before.text], _with_entry(before.text, entry)):
            after = SourceFile(before.path, text.encode())
            if _allows(after, options, diagnostic):
                return changes(before, after)
    except (SourceError, tomllib.TOMLDecodeError):
        pass
    return ()


def _pattern(path: str) -> str:
    """The gitignore pattern of one file."""
    escaped = re.sub(r"([\\*?\[\]!# ])", r"\\\1", path.replace(os.sep, "/"))
    return escaped if "/" in escaped else f"/{escaped}"


def _with_entry(text: str, entry: dict[str, Any]) -> Iterator[str]:
    """A settings file with one more entry: at its end, or where entries stand in brackets."""
    known = parsed(text)
    end = "\r\n" if "\r\n" in text else "\n"
    has_header = "redis-ssot" in known.get("tool", {})
    header = "[[tool.redis-ssot.allow]]" if has_header else "[[allow]]"
    lines = [header, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items())]
    gap = "" if text.endswith(("\n", "\r")) or not text else end
    yield f"{text}{gap}{end}{end.join(lines)}{end}"
    document: Any = tomlkit.parse(text)
    table = document["tool"]["redis-ssot"] if has_header else document
    if isinstance(table.get("allow"), Array):
        inline = tomlkit.inline_table()
        inline.update(entry)
        table["allow"].append(inline)
        yield tomlkit.dumps(document)


def _allows(table: SourceFile, options: Options, diagnostic: Diagnostic) -> bool:
    """Whether the settings are right with this file, and allow the diagnostic."""
    finder = options.finder(DISK.with_edits({table.path: table.data}))
    settings = finder.find(os.path.dirname(diagnostic.path))
    return settings is not None and not [*unsuppressed([diagnostic], settings)]
