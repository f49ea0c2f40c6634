"""Read `[tool.redis-ssot]` and flake8's options into `Settings`, all errors at once."""

from __future__ import annotations

import difflib
import glob
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flake8_redis_ssot import __version__
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import (
    DEFAULT_EXCLUDE,
    DEFAULT_TESTS,
    OPTIONS,
    Allowance,
    Boundary,
    DottedPattern,
    Globs,
    Selection,
    Settings,
)
from flake8_redis_ssot.settings.patterns import (
    FilePatterns,
    PatternError,
    alternatives,
    excluding,
    ignoring,
    naming_files,
)

# the keys of an entry, and those it must have
_ENTRIES = {
    "boundary": (
        ("name", "paths", "manager", "instance", "forbidden-managers", "src", "reason"),
        ("name", "paths"),
    ),
    "allow": (
        ("paths", "rules", "symbols", "reason", "owner", "expires"),
        ("paths", "rules", "reason"),
    ),
}
_LISTS = frozenset(k for k, o in OPTIONS.items() if o.type.startswith("list"))
_STRINGS = frozenset(k for k, o in OPTIONS.items() if o.type == "string")
_BOOLEANS = frozenset(k for k, o in OPTIONS.items() if o.type == "boolean")
# what says of a path pattern that it cannot be meant
_PATTERNS: dict[str, Callable[[str, str], object]] = {
    "exclude": excluding,
    "extend-exclude": excluding,
    "tests": ignoring,
    "paths": ignoring,
    "src": lambda base, pattern: alternatives(pattern),
}
# lists that mean nothing when they are empty
_NEVER_EMPTY = frozenset(["select", "src", "paths", "rules", "symbols"])
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_DOTTED_GLOB = re.compile(r"[\w*]+(\.[\w*]+)*")


def has_table(path: str) -> bool:
    """Whether the file has a `[tool.redis-ssot]` table; true as well where it mentions one and is broken."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        return False
    if b"redis-ssot" not in data:
        return False
    try:
        tool = tomllib.loads(data.decode()).get("tool")
        return isinstance(tool, dict) and "redis-ssot" in tool
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return re.search(rb"^\s*\[+\s*tool\.[\"']?redis-ssot", data, re.MULTILINE) is not None


def chain_of(path: str) -> list[str]:
    """The settings file and those that it extends, as far as they can be read."""
    return [table.path for table in _Reader((), ()).read_chain(path)]


def load_settings(
    path: str | None,
    *,
    root: str,
    codes: Collection[str],
    formats: Collection[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings of the file `path` (none: defaults below `root`), with flake8's `options` added.

    `codes` and `formats` are the known rule codes and output formats. SettingsError holds
    every mistake at once.
    """
    reader = _Reader(codes, formats)
    tables = reader.read_chain(path) if path else []
    base = os.path.dirname(os.path.abspath(path)) if path else os.path.abspath(root)
    if options:
        tables = reader.add_options(tables, options, path, base)
    settings = reader.build(tables, path, base)
    if reader.errors:
        raise SettingsError(reader.errors)
    return settings


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of one file, with the folder its paths are relative to and its text for line numbers."""

    path: str
    base: str
    values: dict[str, Any]
    text: str

    def line(self, key: str, nth: int | None = None) -> int:
        """The line of `key`, or of the nth `[[...key]]` header; the table's header where neither is found."""
        lines = self.text.splitlines()
        if nth is not None:
            header = re.compile(rf"\s*\[\[\s*tool\.\"?redis-ssot\"?\.{re.escape(key)}\s*\]\]")
            found = [n for n, text in enumerate(lines, 1) if header.match(text)]
            if nth < len(found):
                return found[nth]
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


class _Reader:
    def __init__(self, codes: Collection[str], formats: Collection[str]) -> None:
        self.codes = codes
        self.formats = formats
        self.errors: list[str] = []

    def error(self, table: _Table, key: str, message: str, nth: int | None = None) -> None:
        place = f"{table.path}:{table.line(key, nth)}" if table.text else table.path
        self.errors.append(f"{place}: {message}")

    def read_chain(self, path: str) -> list[_Table]:
        """The table of `path` and of what it extends, the innermost parent first."""
        chain: list[_Table] = []
        current: str | None = os.path.abspath(path)
        while current is not None:
            if any(table.path == current for table in chain):
                self.error(chain[-1], "extend", f"`extend` leads back to {current}; remove one of the two")
                break
            table = self.read_file(current, asked=chain[-1] if chain else None)
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

    def read_file(self, path: str, *, asked: _Table | None) -> _Table | None:
        try:
            with open(path, "rb") as stream:
                text = stream.read().decode()
            values = tomllib.loads(text)
        except OSError as error:
            if asked is not None:
                self.error(asked, "extend", f"`extend` names {path}, which cannot be read: {error.strerror}")
            else:
                self.errors.append(f"{path}: cannot be read: {error.strerror}; name a settings file")
            return None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
            place = f"{path}:{found[1]}:{found[2]}" if found else path
            text = str(error).replace(found[0], "") if found else str(error)
            self.errors.append(f"{place}: not valid TOML: {text}; fix the file")
            return None
        tool = values.get("tool", {})
        table = tool.get("redis-ssot") if isinstance(tool, dict) else None
        if table is None and os.path.basename(path) != "pyproject.toml":
            table = {} if "tool" in values else values
        if not isinstance(table, dict):
            self.errors.append(f"{path}: has no [tool.redis-ssot] table; add one")
            return None
        return _Table(path, os.path.dirname(path), table, text)

    def add_options(
        self, tables: list[_Table], options: Mapping[str, Any], path: str | None, base: str
    ) -> list[_Table]:
        """flake8's options join the table; a key in both must be equal."""
        file_values = {key: value for table in tables for key, value in table.values.items()}
        values: dict[str, Any] = {}
        for key, given in options.items():
            if key not in file_values:
                values[key] = given
            elif self.comparable(key, given) != self.comparable(key, file_values[key]):
                self.errors.append(
                    f"`{key}` is set in {path} and, differently, in flake8's option "
                    f"--redis-ssot-{'boundaries' if key == 'boundary' else key}; keep one"
                )
        return [*tables, _Table("flake8 options --redis-ssot-*", base, values, "")] if values else tables

    @staticmethod
    def comparable(key: str, value: Any) -> Any:
        if key == "boundary" and isinstance(value, list):
            return sorted(
                (str(b.get("name")), tuple(b.get("paths", ())), tuple(_as_list(b.get("manager"))))
                for b in value
            )
        return tuple(_as_list(value))

    def build(self, tables: list[_Table], path: str | None, base: str) -> Settings:
        # another version may know other keys
        for table in tables if all([self.check_version(table) for table in tables]) else ():
            self.check_types(table)
        if self.errors:
            return Settings(base)
        default = _Table("", base, {}, "")

        def last(key: str) -> tuple[_Table, Any]:
            return next(((t, t.values[key]) for t in reversed(tables) if key in t.values), (default, None))

        def joined(key: str) -> list[tuple[_Table, list[Any]]]:
            return [(t, t.values[key]) for t in tables if key in t.values]

        root = self.boundary(*self.root_values(last, base), Boundary("", Globs(base, ())))
        boundaries = [root]
        for table, entries in joined("boundary"):
            for nth, entry in enumerate(entries):
                boundary = self.boundary_entry(table, nth, entry, root)
                boundaries = [b for b in boundaries if b.name != boundary.name]
                boundaries.append(boundary)
        self.check_claims(boundaries, tables)
        exclude_table, exclude = last("exclude")
        tests_table, tests = last("tests")
        excludes = [
            FilePatterns(exclude_table.base, tuple(exclude if exclude is not None else DEFAULT_EXCLUDE))
        ]
        excludes += [FilePatterns(t.base, tuple(v)) for t, v in joined("extend-exclude")]
        ignores_table, ignores = last("per-file-ignores")
        output_table, output_format = last("output-format")
        if output_format is not None and self.formats and output_format not in self.formats:
            self.error(
                output_table,
                "output-format",
                f"`output-format` is `{output_format}`{nearest(output_format, self.formats)}",
            )
        cache_table, cache_dir = last("cache-dir")
        if cache_dir is not None:
            cache_dir = os.path.normpath(os.path.join(cache_table.base, cache_dir))
            if os.path.commonpath([cache_dir, base]) != base:
                self.error(
                    cache_table, "cache-dir", "`cache-dir` lies outside the project; name a folder in it"
                )
        return Settings(
            root=base,
            path=os.path.abspath(path) if path else None,
            boundaries=tuple(boundaries),
            tests=(_globs(tests_table, tests if tests is not None else DEFAULT_TESTS),),
            settings_modules=tuple(m.removesuffix(".**") for m in last("settings-modules")[1] or ()),
            client_builders=tuple(last("extend-client-builders")[1] or ()),
            pool_builders=tuple(last("extend-pool-builders")[1] or ()),
            selections=tuple(
                Selection(
                    tuple(t.values["select"]) if "select" in t.values else None,
                    tuple(t.values.get("ignore", ())),
                    tuple(t.values.get("extend-select", ())),
                )
                for t in tables
            ),
            per_file_ignores=tuple(
                (FilePatterns(ignores_table.base, (pattern.removeprefix("!"),)), pattern.startswith("!"), tuple(codes))
                for pattern, codes in (ignores or {}).items()
            ),
            exclude=tuple(excludes),
            force_exclude=bool(last("force-exclude")[1]),
            respect_gitignore=last("respect-gitignore")[1] is not False,
            cache_dir=cache_dir,
            output_format=output_format or "full",
            allowances=tuple(
                self.allow_entry(table, nth, entry)
                for table, entries in joined("allow")
                for nth, entry in enumerate(entries)
            ),
            replacements=tuple(sorted({k: v for _, r in joined("replacements") for k, v in dict(r).items()}.items())),
            read_from=tuple(table.path for table in tables),
            lines=tuple((k, t.path, t.line(k)) for t in reversed(tables) if t.text for k in t.values),
        )  # fmt: skip

    def root_values(self, last: Any, base: str) -> tuple[_Table, dict[str, Any]]:
        values = {}
        where = _Table("", base, {}, "")
        for key in ("manager", "instance", "forbidden-managers", "src"):
            table, value = last(key)
            if value is not None:
                values[key] = value
                where = table
                if key == "src":
                    values["src-base"] = table.base
        return where, values

    def boundary(self, table: _Table, values: dict[str, Any], inherited: Boundary) -> Boundary:
        src_base = values.get("src-base", table.base)
        patterns = _as_list(values.get("manager"))
        managers = tuple(dict.fromkeys(name.removesuffix(".**") for name in patterns))
        packages = frozenset(name.removesuffix(".**") for name in patterns if name.endswith(".**"))
        own = replace(inherited, managers=managers, packages=packages, instance=values.get("instance"))
        forbidden = inherited.forbidden
        if "forbidden-managers" in values:
            forbidden = tuple(DottedPattern(p) for p in values["forbidden-managers"])
        for pattern in forbidden:
            if pattern.text in managers:
                self.error(
                    table,
                    "forbidden-managers",
                    f"`forbidden-managers` names the manager `{pattern.text}` itself; remove it",
                )
            elif not pattern.is_glob and own.is_manager(pattern.text):
                self.error(
                    table,
                    "forbidden-managers",
                    f"`forbidden-managers` names `{pattern.text}`, which `manager` takes in; keep one of the two",
                )
        if "src" in values or not inherited.roots:
            roots = tuple(_expand(src_base, values.get("src", [".", "src"])))
        else:
            roots = inherited.roots
        return replace(own, forbidden=forbidden, roots=roots)

    def boundary_entry(self, table: _Table, nth: int, entry: dict[str, Any], root: Boundary) -> Boundary:
        named = replace(
            root,
            name=entry["name"],
            paths=_globs(table, entry["paths"]),
            reason=entry.get("reason"),
            file=table.path,
            line=table.line("boundary", nth),
        )
        return self.boundary(table, entry, named)

    @staticmethod
    def allow_entry(table: _Table, nth: int, entry: dict[str, Any]) -> Allowance:
        expires = entry.get("expires")
        return Allowance(
            _globs(table, entry["paths"]),
            tuple(entry["rules"]),
            entry["reason"],
            tuple(DottedPattern(s) for s in entry.get("symbols", ())),
            entry.get("owner"),
            expires,
            table.path,
            table.line("allow", nth),
        )

    def check_entry(
        self, table: _Table, kind: str, nth: int, entry: Any, keys: Collection[str], required: Iterable[str]
    ) -> None:
        if not isinstance(entry, dict):
            self.error(
                table, kind, f"write each `{kind}` under a line [[tool.redis-ssot.{kind}]] of its own", nth
            )
            return
        for key, value in entry.items():
            if key not in keys:
                self.error(table, kind, f"unknown key `{kind}.{key}`{nearest(key, keys)}", nth)
            elif key in ("name", "reason", "owner", "instance"):
                if not isinstance(value, str) or not value.strip():
                    self.error(table, kind, f"`{kind}.{key}` must be a string that is not empty", nth)
            elif key == "expires":
                if not isinstance(value, date) or isinstance(value, datetime):
                    self.error(
                        table,
                        kind,
                        f"`{kind}.expires` must be a date, as 2027-03-01, without quotes and time",
                        nth,
                    )
            else:
                self.check_names(table, f"{kind}.{key}", value, nth, kind)
        for key in required:
            if key not in entry:
                self.error(table, kind, f"`{kind}` needs `{key}`; add it", nth)

    def check_types(self, table: _Table) -> None:
        for key, value in table.values.items():
            if key not in OPTIONS:
                self.error(table, key, f"unknown key `{key}`{nearest(key, OPTIONS)}")
            elif key in _STRINGS and not (isinstance(value, str) and value.strip()):
                self.error(table, key, f"`{key}` must be a string that is not empty")
            elif key in _BOOLEANS and not isinstance(value, bool):
                self.error(table, key, f"`{key}` must be true or false")
            elif key in _LISTS or key == "manager":
                self.check_names(table, key, value)
            elif key in ("boundary", "allow"):
                if not isinstance(value, list):
                    self.error(
                        table, key, f"write each `{key}` under a line [[tool.redis-ssot.{key}]] of its own"
                    )
                    continue
                keys, required = _ENTRIES[key]
                names = [e.get("name") for e in value if key == "boundary" and isinstance(e, dict)]
                for nth, name in enumerate(names):
                    if name in names[:nth]:
                        message = f"boundary `{name}` is defined twice; give each a name of its own"
                        self.error(table, key, message, nth)
                for nth, entry in enumerate(value):
                    self.check_entry(table, key, nth, entry, keys, required)
            elif key == "per-file-ignores":
                if not isinstance(value, dict):
                    self.error(table, key, '`per-file-ignores` must be a table, as "tests/**" = ["RED201"]')
                else:
                    for pattern, codes in value.items():
                        self.check_pattern(table, key, pattern, naming_files)
                        self.check_names(table, f"per-file-ignores.{pattern}", codes, codes=True)
            elif key == "replacements":
                self.check_replacements(table, key, value)

    def check_replacements(self, table: _Table, key: str, value: Any) -> None:
        if not (isinstance(value, dict) and all(isinstance(v, str) for v in value.values())):
            self.error(table, key, "`replacements` must be a table of strings")
            return
        for old, new in value.items():
            if not _DOTTED.fullmatch(old) or not _DOTTED.fullmatch(new.removesuffix("()")):
                wrong = new if _DOTTED.fullmatch(old) else old
                self.error(
                    table,
                    key,
                    f"`replacements` has `{wrong}`, which is no dotted name; "
                    'write it as "app.old.get" = "app.new.manager", or "app.new.get()" for what a call gives',
                )

    def check_names(
        self,
        table: _Table,
        key: str,
        value: Any,
        nth: int | None = None,
        kind: str | None = None,
        *,
        codes: bool = False,
    ) -> None:
        where = kind or key.split(".")[0]
        name = key.split(".")[-1] if kind else where
        if name == "manager" and isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            wanted = (
                "must be a dotted module name, as `app.redis_manager`, or a list of them"
                if name == "manager"
                else "must be a list of strings, none empty"
            )
            self.error(table, where, f"`{key}` {wanted}", nth)
            return
        if not value and name in _NEVER_EMPTY:
            self.error(table, where, f"`{key}` is empty; name something in it, or leave it out", nth)
        if value and name in ("tests", "paths") and all(item.startswith("!") for item in value):
            self.error(
                table, where, f"`{key}` only takes back what it never named; begin with what it names", nth
            )
        for item in value:
            if name in _PATTERNS:
                self.check_pattern(table, key, item, _PATTERNS[name], where, nth)
            elif codes or name in ("select", "ignore", "extend-select", "rules"):
                if item != "ALL" and not any(code.startswith(item) for code in self.codes):
                    self.error(
                        table,
                        where,
                        f"unknown rule code `{item}` in `{key}`{nearest_code(item, self.codes)}",
                        nth,
                    )
            elif name in ("manager", "settings-modules") and not _DOTTED.fullmatch(item.removesuffix(".**")):
                self.error(
                    table,
                    where,
                    f"`{key}` is `{item}`, which is no module name; write it as `app.redis_manager`",
                    nth,
                )
            elif name in ("forbidden-managers", "symbols") and not _DOTTED_GLOB.fullmatch(item):
                self.error(
                    table,
                    where,
                    f"`{key}` is `{item}`, which is no dotted name or pattern; write it as `app.db.*`",
                    nth,
                )

    def check_pattern(
        self,
        table: _Table,
        key: str,
        pattern: str,
        check: Callable[[str, str], object],
        where: str | None = None,
        nth: int | None = None,
    ) -> None:
        try:
            check(table.base, pattern)
        except PatternError as error:
            self.error(table, where or key, f"`{key}` has `{pattern}`: {error}", nth)

    def check_claims(self, boundaries: list[Boundary], tables: list[_Table]) -> None:
        where = next((t for t in reversed(tables) if "boundary" in t.values), None)
        if where is None:
            return
        for index, one in enumerate(boundaries):
            for other in boundaries[index + 1 :]:
                nth = next(
                    (n for n, entry in enumerate(where.values["boundary"]) if entry["name"] == other.name), 0
                )
                first = f"boundary `{one.name}`" if one.name else "the top-level table"
                for manager in other.managers:
                    if one.is_manager(manager) or any(map(other.is_manager, one.managers)):
                        message = (
                            f"`{manager}` is the manager of {first} and of boundary `{other.name}`; keep one"
                        )
                        self.error(where, "boundary", message, nth)
                for pattern in sorted(set(one.paths.patterns) & set(other.paths.patterns)):
                    message = (
                        f"the path `{pattern}` is claimed by {first} and by boundary `{other.name}`; "
                        "make one pattern more specific, as `billing/api/**`"
                    )
                    self.error(where, "boundary", message, nth)

    def check_version(self, table: _Table) -> bool:
        """Whether this version is one that a table requires."""
        required = table.values.get("required-version")
        if not isinstance(required, str) or not required.strip():
            return True
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            wanted = SpecifierSet("==" * (re.match(r"\s*\d", required) is not None) + required)
        except InvalidSpecifier:
            what = (
                f"`required-version` is `{required}`; write a version, as `0.1.0`, or bounds, as `>=0.1,<0.2`"
            )
        else:
            if wanted.contains(__version__, prereleases=True):
                return True
            what = f"this is flake8-redis-ssot {__version__}, but `required-version` is `{required}`; install a version that fits"
        self.error(table, "required-version", what)
        return False


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _globs(table: _Table, patterns: Iterable[str]) -> Globs:
    return Globs(table.base, tuple(line for pattern in patterns for line in ignoring(table.base, pattern)))


def _expand(base: str, patterns: Iterable[str]) -> Iterable[str]:
    for one in (one for pattern in patterns for one in alternatives(pattern)):
        path = os.path.normpath(os.path.join(base, one))
        if glob.has_magic(one):
            yield from sorted(p for p in glob.glob(path, recursive=True) if os.path.isdir(p))
        else:
            yield path


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...`, or the known names where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1, 0.7)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(names)}" if names else ""


def nearest_code(code: str, known: Iterable[str]) -> str:
    """As `nearest`, for rule codes: the code of another tool is near none, whatever its number."""
    letters = code.upper().rstrip("0123456789")
    if letters and not difflib.get_close_matches(letters, ["RED", "ALL"], 1, 0.7):
        return "; the codes of redis-ssot begin with `RED`"
    return nearest(code.upper(), known)
