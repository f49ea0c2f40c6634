"""Whether a table says what it may: types, codes, names and patterns, all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any

from flake8_redis_ssot import __version__
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.settings.model import OPTIONS
from flake8_redis_ssot.settings.nearest import nearest, nearest_code
from flake8_redis_ssot.settings.patterns import PatternError, alternatives, excluding, ignoring, naming_files
from flake8_redis_ssot.settings.tables import Problems, Table

_LISTS = frozenset(k for k, o in OPTIONS.items() if o.type.startswith("list"))
_STRINGS = frozenset(k for k, o in OPTIONS.items() if o.type == "string")
_BOOLEANS = frozenset(k for k, o in OPTIONS.items() if o.type == "boolean")
# what says of a path pattern that it cannot be meant
_PATTERNS: dict[str, Callable[[str, str, FileSystem], object]] = {
    "exclude": excluding,
    "extend-exclude": excluding,
    "tests": ignoring,
    "paths": ignoring,
    "src": lambda base, pattern, filesystem: alternatives(pattern),
}
_CODES = frozenset(["rules", *(k for k, o in OPTIONS.items() if o.type == "list of codes")])
# lists that mean nothing when they are empty
_NEVER_EMPTY = frozenset(["select", "src", "paths", "rules", "symbols"])
_BUILDERS = ("extend-client-builders", "extend-pool-builders")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_DOTTED_GLOB = re.compile(r"[\w*]+(\.[\w*]+)*")


class Validator:
    """Puts down in `problems` what is wrong with tables; `codes` and `formats` are those there are."""

    def __init__(
        self, problems: Problems, codes: Collection[str], formats: Collection[str], filesystem: FileSystem
    ) -> None:
        self.filesystem = filesystem
        self.error = problems.add
        self.codes = codes
        self.formats = formats

    def check(self, tables: Iterable[Table]) -> bool:
        """Look through all tables; False where this version will not do: another may know other keys, so no more is said."""
        if not all([self._is_version(table) for table in tables]):
            return False
        for table in tables:
            self._check(table)
        return True

    def _check(self, table: Table) -> None:
        for key, value in table.values.items():
            if key not in OPTIONS:
                self.error(table, key, f"unknown key `{key}`{nearest(key, OPTIONS)}")
            elif key in _STRINGS and not (isinstance(value, str) and value.strip()):
                self.error(table, key, f"`{key}` must be a string that is not empty")
            elif key == "instance":
                self._check_instance(table, key, value)
            elif key == "output-format" and self.formats and value not in self.formats:
                self.error(table, key, f"`output-format` is `{value}`{nearest(value, self.formats)}")
            elif key in _BOOLEANS and not isinstance(value, bool):
                self.error(table, key, f"`{key}` must be true or false")
            elif key in _LISTS or key == "manager":
                self._check_names(table, key, value)
            elif OPTIONS[key].keys:
                if not isinstance(value, list):
                    self.error(
                        table, key, f"write each `{key}` under a line [[tool.redis-ssot.{key}]] of its own"
                    )
                    continue
                names = [e.get("name") for e in value if key == "boundary" and isinstance(e, dict)]
                for nth, name in enumerate(names):
                    if name in names[:nth]:
                        message = f"boundary `{name}` is defined twice; give each a name of its own"
                        self.error(table, key, message, nth)
                for nth, entry in enumerate(value):
                    self._check_entry(table, key, nth, entry)
            elif key in ("per-file-ignores", "extend-per-file-ignores"):
                if not isinstance(value, dict):
                    self.error(table, key, f'`{key}` must be a table, as "tests/**" = ["RED201"]')
                else:
                    for pattern, codes in value.items():
                        self._check_pattern(table, key, pattern, naming_files)
                        self._check_names(table, f"{key}.{pattern}", codes, codes=True)
            elif key == "replacements":
                self._check_replacements(table, key, value)

    def _check_entry(self, table: Table, kind: str, nth: int, entry: Any) -> None:
        keys = OPTIONS[kind].keys
        if not isinstance(entry, dict):
            self.error(
                table, kind, f"write each `{kind}` under a line [[tool.redis-ssot.{kind}]] of its own", nth
            )
            return
        for key, value in entry.items():
            if key not in keys:
                self.error(table, kind, f"unknown key `{kind}.{key}`{nearest(key, keys)}", nth, key)
            elif key in ("name", "reason", "owner", "instance"):
                if not isinstance(value, str) or not value.strip():
                    self.error(table, kind, f"`{kind}.{key}` must be a string that is not empty", nth, key)
                elif key == "instance":
                    self._check_instance(table, f"{kind}.{key}", value, nth)
            elif key == "expires":
                if not isinstance(value, date) or isinstance(value, datetime):
                    self.error(
                        table,
                        kind,
                        f"`{kind}.expires` must be a date, as 2027-03-01, without quotes and time",
                        nth,
                    )
            else:
                self._check_names(table, f"{kind}.{key}", value, nth, kind)
        for key, option in keys.items():
            if option.is_required and key not in entry:
                self.error(table, kind, f"`{kind}` needs `{key}`; add it", nth, key)

    def _check_instance(self, table: Table, key: str, value: str, nth: int | None = None) -> None:
        if not _DOTTED.fullmatch(value.removesuffix("()")):
            what = "no name of an object; write it as `redis_manager`, or `get_redis()` for what a call gives"
            where, _, inner = key.rpartition(".")
            self.error(table, where or key, f"`{key}` is `{value}`, which is {what}", nth, inner)

    def _check_replacements(self, table: Table, key: str, value: Any) -> None:
        entries = value if isinstance(value, dict) else {}
        right = {old: new for old, new in entries.items() if _is_replacement(new)}
        if not isinstance(value, dict) or len(right) < len(entries):
            self.error(
                table,
                key,
                "`replacements` must be a table of strings, "
                'or of tables as { to = "app.new.manager.get", arguments = { name = "key" } }',
            )
        for old, new in ((old, new if isinstance(new, str) else new["to"]) for old, new in right.items()):
            if not _DOTTED.fullmatch(old) or not _DOTTED.fullmatch(new.removesuffix("()")):
                wrong = new if _DOTTED.fullmatch(old) else old
                why = (
                    f"`replacements` has `{wrong}`, which is no dotted name; "
                    'write it as "app.old.get" = "app.new.manager", or "app.new.get()" for what a call gives'
                )
                called = old.removesuffix("()")
                if old != called and _DOTTED.fullmatch(called):
                    why = f'`replacements` has `{old}`: the old name takes no `()`; write it as "{called}"'
                self.error(table, key, why)

    def _check_names(
        self,
        table: Table,
        key: str,
        value: Any,
        nth: int | None = None,
        kind: str | None = None,
        *,
        codes: bool = False,
    ) -> None:
        where = kind or key.split(".")[0]
        name = key.split(".")[-1] if kind else where

        def wrong(message: str) -> None:
            self.error(table, where, message, nth, name)

        if name == "manager" and isinstance(value, str):
            value = [value]
        items = [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []
        if not isinstance(value, list) or len(items) < len(value):
            wanted = (
                "must be a dotted module name, as `app.redis_manager`, or a list of them"
                if name == "manager"
                else "must be a list of strings, none empty"
            )
            wrong(f"`{key}` {wanted}")
        elif not value and name in _NEVER_EMPTY:
            wrong(f"`{key}` is empty; name something in it, or leave it out")
        if items and name in ("tests", "paths") and all(item.startswith("!") for item in items):
            wrong(f"`{key}` only takes back what it never named; begin with what it names")
        for item in items:
            if name in _PATTERNS:
                self._check_pattern(table, key, item, _PATTERNS[name], where, nth, name)
            elif codes or name in _CODES:
                if item != "ALL" and not any(code.startswith(item) for code in self.codes):
                    wrong(f"unknown rule code `{item}` in `{key}`{nearest_code(item, self.codes)}")
            elif name in ("manager", "settings-modules") and not _DOTTED.fullmatch(item.removesuffix(".**")):
                wrong(f"`{key}` is `{item}`, which is no module name; write it as `app.redis_manager`")
            elif name in _BUILDERS and not (_DOTTED.fullmatch(item) and "." in item):
                wrong(
                    f"`{key}` is `{item}`, which is no dotted name of a callable; "
                    "write it with its module, as `acme_redis.connect`"
                )
            elif name in ("forbidden-managers", "symbols") and not _DOTTED_GLOB.fullmatch(item):
                wrong(f"`{key}` is `{item}`, which is no dotted name or pattern; write it as `app.db.*`")

    def _check_pattern(
        self,
        table: Table,
        key: str,
        pattern: str,
        check: Callable[[str, str, FileSystem], object],
        where: str | None = None,
        nth: int | None = None,
        name: str | None = None,
    ) -> None:
        try:
            check(table.base, pattern, self.filesystem)
        except PatternError as error:
            self.error(table, where or key, f"`{key}` has `{pattern}`: {error}", nth, name)

    def _is_version(self, table: Table) -> bool:
        """Whether this version may be one that a table requires; what is no version is a mistake like others."""
        required = table.values.get("required-version")
        if not isinstance(required, str) or not required.strip():
            return True
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            wanted = SpecifierSet("==" * (re.match(r"\s*\d", required) is not None) + required)
        except InvalidSpecifier:
            what = "write a version, as `0.1.0`, or bounds, as `>=0.1,<0.2`"
            self.error(table, "required-version", f"`required-version` is `{required}`; {what}")
            return True
        if wanted.contains(__version__, prereleases=True):
            return True
        what = f"this is flake8-redis-ssot {__version__}, but `required-version` is `{required}`; install a version that fits"
        self.error(table, "required-version", what)
        return False


def _is_replacement(value: Any) -> bool:
    """Whether a value is a dotted name, or a table of one with names of parameters."""
    if isinstance(value, str):
        return True
    if not isinstance(value, dict) or not value.keys() <= {"to", "arguments"}:
        return False
    arguments = value.get("arguments", {})
    return (
        isinstance(value.get("to"), str)
        and isinstance(arguments, dict)
        and all(isinstance(name, str) and name.isidentifier() for name in arguments.values())
    )
