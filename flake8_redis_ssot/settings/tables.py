"""What settings files say: each table as it is written, with where, and what was wrong with it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, replace


def has_table(path: str, filesystem: FileSystem, *, is_nested: bool = False) -> bool:
    """Whether the file has a `[tool.redis-ssot]` table, or may have one: what reads it then says why nobody knows.

    One that `is_nested` in what a run is about may be no TOML at all, as in a template, if it does not name the table.
    """
    try:
        data = filesystem.read(path)
        if is_nested and b"redis-ssot" not in data:
            return False
        tool = parsed(data.decode()).get("tool")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, PermissionError):
        return True
    except OSError:
        return False
    return isinstance(tool, dict) and "redis-ssot" in tool


def parsed(text: str) -> dict[str, Any]:
    """TOML as it is read; what is nested deeper than Python can follow is an error of the text like any other."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deeply (at end of document)") from None


def broken_toml(
    data: bytes,
    error: tomllib.TOMLDecodeError | UnicodeDecodeError,
    *,
    quotes: bool = True,
    advice: str = "correct it",
) -> tuple[str, str]:
    """Where TOML is broken, as `:line:column`, and why.

    A file that `extend` names is not quoted: it may be no settings file, and nobody's to print.
    """
    if isinstance(error, UnicodeDecodeError):
        line = data.count(b"\n", 0, error.start) + 1
        return (
            f":{line}",
            f"is not UTF-8 (byte 0x{data[error.start]:02x}), which TOML has to be; save it as UTF-8",
        )
    text, _, place = str(error).removesuffix(")").rpartition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)", place)
    lines = data.rstrip().splitlines()
    number = int(found[1]) if found else len(lines)
    where = f":{number}:{found[2]}" if found else f":{number}"
    shown = lines[number - 1].decode().strip() if quotes and number <= len(lines) else ""
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    what = f"{text}{'' if found else ', up to the end'}{f' in `{shown}`' if shown else ''}"
    return where, f"not valid TOML: {what}; {advice}"


@dataclass(frozen=True, slots=True)
class Table:
    """What one place says: a file, with its `text` for line numbers, or options.

    `path` names the place, paths in it are relative to the folder `base`.
    """

    path: str
    base: str
    values: dict[str, Any]
    text: str = ""

    @property
    def is_file(self) -> bool:
        return bool(self.text)

    def line(self, key: str, nth: int | None = None) -> int:
        """The line of `key`, or of the nth `[[...key]]` header; the table's header where neither is found."""
        if nth is not None:
            found = _entries(self.text, key)
            if nth < len(found):
                return found[nth]
        lines = self.text.splitlines()
        own = re.compile(rf"\s*\[\s*tool\.\"?redis-ssot\"?\.{re.escape(key)}\s*\]")
        headed = next((n for n, text in enumerate(lines, 1) if own.match(text)), None)
        if headed is not None:
            return headed
        header = re.compile(r"\s*\[\s*tool\.\"?redis-ssot\"?(\.[\w-]+)?\s*\]")
        start = next((n for n, text in enumerate(lines, 1) if header.match(text)), 1)
        for number in range(start, len(lines)):
            text = lines[number]
            if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", text):
                return number + 1
            if text.lstrip().startswith("[") and not header.match(text) and "=" not in text:
                break
        return start

    def replacement_line(self, old: str) -> int:
        """The line of the replacement of `old`; that of all replacements where it is not found."""
        start = self.line("replacements")
        name = re.compile(rf"\s*[\"']?{re.escape(old)}[\"']?\s*=")
        for number, text in enumerate(self.text.splitlines()[start:], start + 1):
            if name.match(text):
                return number
            if text.startswith("["):
                break
        return start


@lru_cache(maxsize=8)
def _entries(text: str, key: str) -> list[int]:
    """The lines of the `[[...key]]` headers: asked for each entry of tables that may have thousands."""
    header = re.compile(rf"\s*\[\[\s*tool\.\"?redis-ssot\"?\.{re.escape(key)}\s*\]\]")
    return [n for n, line in enumerate(text.splitlines(), 1) if header.match(line)]


class Problems:
    """What is wrong with the tables, one message each."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self._wrong: list[tuple[Table, str, int | None, str | None]] = []

    def add(
        self, table: Table, key: str, message: str, nth: int | None = None, inner: str | None = None
    ) -> None:
        """Put a mistake down at the line of `key`, or of the nth entry under it, whose key is `inner`."""
        place = f"{table.path}:{table.line(key, nth)}" if table.is_file else table.path
        self.messages.append(f"{place}: {message}")
        self._wrong.append((table, key.split(".")[0], nth, inner))

    def without(self, tables: list[Table]) -> list[Table]:
        """The tables without what is wrong in them, so that all else can be judged together.

        A wrong key goes from all tables, as nothing that it replaces is meant; of a boundary the keys go that are
        wrong, and where it stands None if that is not all.
        """
        if not self._wrong:
            return tables
        keys = {key for _, key, nth, _ in self._wrong if nth is None or key != "boundary"}
        return [
            replace(
                table, values={k: self._right(table, k, v) for k, v in table.values.items() if k not in keys}
            )
            for table in tables
        ]

    def _right(self, table: Table, key: str, value: Any) -> Any:
        is_boundary = key == "boundary"
        entries = [{**e} if isinstance(e, dict) else {} for e in value] if is_boundary else []
        right: list[dict[str, Any] | None] = [*entries]
        for where, wrong, nth, inner in self._wrong:
            if where is not table or wrong != key or nth is None:
                continue
            if inner is None or inner == "name":
                right[nth] = None
            elif inner == "forbidden-managers":
                entries[nth][inner] = []  # those of the top-level table are not meant
            else:
                entries[nth].pop(inner, None)
        return right if is_boundary else value


def read_chain(
    path: str, problems: Problems, filesystem: FileSystem, *, is_nested: bool = False
) -> list[Table]:
    """The table of `path` and of what it extends, the innermost parent first.

    One that `is_nested` in what a run is about can be left out.
    """
    advice = "correct it, or leave its folder out by `extend-exclude`" if is_nested else "correct it"
    chain: list[Table] = []
    current: str | None = os.path.abspath(path)
    while current is not None:
        if chain and _is_other(current, filesystem):
            problems.add(chain[-1], "extend", f"`extend` names {current}, which is no file; correct it")
            break
        if any(table.path == current for table in chain):
            problems.add(chain[-1], "extend", f"`extend` leads back to {current}; remove one of the two")
            break
        table = _read_file(current, problems, filesystem, advice, asked=chain[-1] if chain else None)
        if table is None:
            break
        chain.append(table)
        parent = table.values.get("extend")
        current = (
            os.path.normpath(os.path.join(table.base, os.path.expanduser(parent)))
            if isinstance(parent, str)
            else None
        )
    return chain[::-1]


def _is_other(path: str, filesystem: FileSystem) -> bool:
    """Whether there is something at `path` that is no file: a device may have no end."""
    with suppress(OSError, ValueError):
        return filesystem.kind(path) != "file"
    return False


def _read_file(
    path: str, problems: Problems, filesystem: FileSystem, advice: str, *, asked: Table | None
) -> Table | None:
    data = b""
    try:
        data = filesystem.read(path)
        text = data.decode()
        values = parsed(text)
    except OSError as error:
        if asked is not None:
            problems.add(
                asked, "extend", f"`extend` names {path}, which cannot be read: {error.strerror}; correct it"
            )
        else:
            advice = "make it readable" if isinstance(error, PermissionError) else "name a settings file"
            problems.messages.append(f"{path}: cannot be read: {error.strerror}; {advice}")
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where, why = broken_toml(data, error, quotes=asked is None, advice=advice)
        problems.messages.append(f"{path}{where}: {why}")
        return None
    tool = values.get("tool", {})
    table = tool.get("redis-ssot") if isinstance(tool, dict) else None
    if table is None and os.path.basename(path) != "pyproject.toml":
        table = {} if "tool" in values else values
    if table is None:
        problems.messages.append(f"{path}: has no [tool.redis-ssot] table; add one")
        return None
    if not isinstance(table, dict):
        named = re.search(r"^.*\bredis-ssot\b", text, re.MULTILINE)
        line = text.count("\n", 0, named.start()) + 1 if named else 1
        problems.messages.append(
            f"{path}:{line}: `redis-ssot` is no table here; write its keys below a line [tool.redis-ssot]"
        )
        return None
    return Table(path, os.path.dirname(path), table, text)


def joined(
    tables: list[Table], options: Mapping[str, Any], path: str | None, base: str, problems: Problems
) -> list[Table]:
    """The tables with flake8's options; a key in both must be equal."""
    file_values = {key: value for table in tables for key, value in table.values.items()}
    values: dict[str, Any] = {}
    for key, given in options.items():
        if key not in file_values:
            values[key] = given
        elif _comparable(key, given) != _comparable(key, file_values[key]):
            problems.messages.append(
                f"`{key}` is set in {path} and, differently, in flake8's option "
                f"--redis-ssot-{'boundaries' if key == 'boundary' else key}; keep one"
            )
    return [*tables, Table("flake8 options --redis-ssot-*", base, values)] if values else tables


def _comparable(key: str, value: Any) -> Any:
    if key == "boundary" and isinstance(value, list):
        return sorted(
            (str(b.get("name")), tuple(b.get("paths", ())), tuple(as_list(b.get("manager"))))
            for b in value
            if isinstance(b, dict)
        )
    return tuple(as_list(value))


def as_list(value: Any) -> list[Any]:
    """A value that may be one string or several as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)
