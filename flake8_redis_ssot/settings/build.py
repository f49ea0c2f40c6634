"""`Settings` from tables that are known to be well-formed, or from what of them is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.settings.model import (
    DEFAULT_EXCLUDE,
    DEFAULT_TESTS,
    Allowance,
    Boundary,
    DottedPattern,
    Globs,
    PerFileIgnore,
    Selection,
    Settings,
    is_below,
)
from flake8_redis_ssot.settings.patterns import FilePatterns, ignoring, matching_folders
from flake8_redis_ssot.settings.tables import Problems, Table, as_list


class Builder:
    """Joins `tables`, of which the last counts most, into the settings of the folder `base`."""

    def __init__(self, tables: list[Table], base: str, problems: Problems, filesystem: FileSystem) -> None:
        self.tables = tables
        self.base = base
        self.error = problems.add
        self.filesystem = filesystem
        self._default = Table("", base, {})

    def last(self, key: str) -> tuple[Table, Any]:
        """What the last table that has `key` says of it."""
        found = ((t, t.values[key]) for t in reversed(self.tables) if key in t.values)
        return next(found, (self._default, None))

    def all(self, key: str) -> list[tuple[Table, Any]]:
        """What each table says of `key`."""
        return [(t, t.values[key]) for t in self.tables if key in t.values]

    def build(self, path: str | None) -> Settings:
        """The settings; `path` is the settings file."""
        last, tables = self.last, self.tables
        root = self._boundary(*self._root_values(), Boundary("", Globs(self.base, ())))
        boundaries = [root]
        for table, entries in self.all("boundary"):
            for nth, entry in enumerate(entries):
                if entry is None:
                    continue
                boundary = self._boundary_entry(table, nth, entry, root)
                boundaries = [b for b in boundaries if b.name != boundary.name]
                boundaries.append(boundary)
        self._check_claims(boundaries)
        tests_table, tests = last("tests")
        fixable = last("fixable")[1]
        replacements = {old: new for _, some in self.all("replacements") for old, new in some.items()}
        return Settings(
            root=self.base,
            path=os.path.abspath(path) if path else None,
            boundaries=tuple(boundaries),
            tests=(self._globs(tests_table, tests if tests is not None else DEFAULT_TESTS),),
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
            fixable=None if fixable is None else tuple(fixable),
            unfixable=tuple(last("unfixable")[1] or ()),
            per_file_ignores=tuple(self._per_file_ignores()),
            exclude=tuple(self._excludes()),
            force_exclude=bool(last("force-exclude")[1]),
            respect_gitignore=last("respect-gitignore")[1] is not False,
            cache_dir=self._cache_dir(),
            output_format=last("output-format")[1] or "full",
            baseline=self._baseline(),
            allowances=tuple(
                self._allow_entry(table, nth, entry)
                for table, entries in self.all("allow")
                for nth, entry in enumerate(entries)
            ),
            replacements=tuple(
                sorted((old, new if isinstance(new, str) else new["to"]) for old, new in replacements.items())
            ),
            renamed_arguments=tuple(
                (old, tuple(sorted(new.get("arguments", {}).items())))
                for old, new in sorted(replacements.items())
                if isinstance(new, dict)
            ),
            read_from=tuple(table.path for table in tables if table.is_file),
            lines=tuple(self._lines()),
        )  # fmt: skip

    def _lines(self) -> Iterator[tuple[str, str, int]]:
        for table in (table for table in reversed(self.tables) if table.is_file):
            for key in table.values:
                yield key, table.path, table.line(key)
            for old in table.values.get("replacements", ()):
                yield f"replacements.{old}", table.path, table.replacement_line(old)

    def _excludes(self) -> Iterator[FilePatterns]:
        table, exclude = self.last("exclude")
        yield FilePatterns(table.base, tuple(exclude if exclude is not None else DEFAULT_EXCLUDE))
        for table, more in self.all("extend-exclude"):
            yield FilePatterns(table.base, tuple(more))

    def _per_file_ignores(self) -> Iterator[PerFileIgnore]:
        for key, said in (
            ("per-file-ignores", [self.last("per-file-ignores")]),
            ("extend-per-file-ignores", self.all("extend-per-file-ignores")),
        ):
            for table, entries in said:
                line = table.line(key) if table.is_file else 1
                for pattern, codes in (entries or {}).items():
                    yield PerFileIgnore(
                        FilePatterns(table.base, (pattern.removeprefix("!"),)),
                        pattern.startswith("!"),
                        tuple(codes),
                        table.path if table.is_file else None,
                        line,
                    )

    def _baseline(self) -> str | None:
        table, given = self.last("baseline")
        if given is None:
            return None
        file = os.path.normpath(os.path.join(table.base, given))
        if table.is_file and not any(is_below(file, folder) for folder in (self.base, table.base)):
            self.error(table, "baseline", "`baseline` lies outside the project; name a file in it")
        return file

    def _cache_dir(self) -> str | None:
        table, given = self.last("cache-dir")
        if given is None:
            return None
        folder = os.path.normpath(os.path.join(table.base, given))
        if table.is_file and os.path.commonpath([folder, self.base]) != self.base:
            self.error(table, "cache-dir", "`cache-dir` lies outside the project; name a folder in it")
        return folder

    def _root_values(self) -> tuple[Table, dict[str, Any]]:
        values = {}
        where = self._default
        for key in ("manager", "instance", "forbidden-managers", "src"):
            table, value = self.last(key)
            if value is not None:
                values[key] = value
                where = table
                if key == "src":
                    values["src-base"] = table.base
        return where, values

    def _boundary(self, table: Table, values: dict[str, Any], inherited: Boundary) -> Boundary:
        patterns = as_list(values.get("manager"))
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
            # what names the manager may be shared, and the project that shares it has its own modules
            bases = [values.get("src-base", table.base)] if "src" in values else [self.base, table.base]
            found = (
                folder
                for base in bases
                for one in values.get("src", [".", "src"])
                for folder in matching_folders(base, one, self.filesystem)
            )
            roots = tuple(dict.fromkeys(found))
        else:
            roots = inherited.roots
        return replace(own, forbidden=forbidden, roots=roots)

    def _boundary_entry(self, table: Table, nth: int, entry: dict[str, Any], root: Boundary) -> Boundary:
        named = replace(
            root,
            name=entry["name"],
            paths=self._globs(table, entry.get("paths", ())),
            reason=entry.get("reason"),
            file=table.path if table.is_file else None,
            line=table.line("boundary", nth),
        )
        return self._boundary(table, entry, named)

    def _globs(self, table: Table, patterns: Iterable[str]) -> Globs:
        lines = (line for pattern in patterns for line in ignoring(table.base, pattern, self.filesystem))
        return Globs(table.base, tuple(lines))

    def _allow_entry(self, table: Table, nth: int, entry: dict[str, Any]) -> Allowance:
        expires = entry.get("expires")
        return Allowance(
            self._globs(table, entry["paths"]),
            tuple(entry["rules"]),
            entry["reason"],
            tuple(DottedPattern(s) for s in entry.get("symbols", ())),
            entry.get("owner"),
            expires,
            table.path if table.is_file else None,
            table.line("allow", nth),
        )

    def _check_claims(self, boundaries: list[Boundary]) -> None:
        where = next((t for t in reversed(self.tables) if "boundary" in t.values), None)
        if where is None:
            return
        numbers = {entry["name"]: n for n, entry in enumerate(where.values["boundary"]) if entry}
        for index, one in enumerate(boundaries):
            for other in boundaries[index + 1 :]:
                nth = numbers.get(other.name, 0)
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
