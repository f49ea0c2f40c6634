"""Settings as frozen values; `OPTIONS` describes every key once, for loader and docs alike."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.settings.patterns import FilePatterns

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints",
    ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".redis_ssot_cache",
    ".redis_ssot_journal", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pypackages__", "_build",
    "buck-out", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
DEFAULT_TESTS = ("tests/**", "**/test_*.py", "**/conftest.py")


@dataclass(frozen=True, slots=True)
class Option:
    """One key of `[tool.redis-ssot]`: its type as written in TOML, default, meaning, and a value as an example.

    A table that may stand several times has `keys` of its own instead of an example.
    """

    type: str
    default: str
    doc: str
    example: str = ""
    keys: Mapping[str, Option] = field(default_factory=dict)

    @property
    def is_required(self) -> bool:
        return self.default == REQUIRED


REQUIRED = "none: it is required"
BOUNDARY: dict[str, Option] = {
    "name": Option("string", REQUIRED, "Its name in messages. Each boundary needs a different one.", '"auth-service"'),
    "paths": Option("list", REQUIRED, "gitignore patterns of its files. If two boundaries match a file, the pattern with the longer literal prefix wins.", '["auth_service/**"]'),
    "manager": Option("string or list", "none: nothing may be built there", "Its own manager, or managers.", '"auth_service.redis_manager"'),
    "instance": Option("string", "none", "The shared object in its manager, or the call that returns it.", '"auth_redis"'),
    "forbidden-managers": Option("list", "those of the table", "Managers that its files may not import. Replaces the list of the table.", '["auth_service.legacy.**"]'),
    "src": Option("list", "that of the table", "Its import roots.", '["auth_service"]'),
    "reason": Option("string", "none", "Why it has a manager of its own.", '"auth must start without the backend"'),
}  # fmt: skip
ALLOW: dict[str, Option] = {
    "paths": Option("list", REQUIRED, "gitignore patterns of the files it applies to.", '["scripts/loadtest/**"]'),
    "rules": Option("list of codes", REQUIRED, "Codes or prefixes of the allowed rules.", '["RED201"]'),
    "reason": Option("string", REQUIRED, "Why the code may stay.", '"raw sockets on purpose"'),
    "symbols": Option("list", "all", "Dotted names or patterns. Only findings about these are allowed.", '["redis.Redis"]'),
    "owner": Option("string", "none", "Who is responsible for it.", '"@platform"'),
    "expires": Option("date", "none", "The last day. After it, RED901 reports the entry, which still applies.", "2027-03-01"),
}  # fmt: skip
OPTIONS: dict[str, Option] = {
    "manager": Option("string or list", "none", "The module, or modules, that may build clients and pools, such as `app.redis_manager`. `app.redis.**` is a package with everything below it.", '"app.redis_manager"'),
    "instance": Option("string", "none", "The shared object in the manager, or the call that returns it, such as `get_redis()`.", '"redis_manager"'),
    "forbidden-managers": Option("list", "[]", "Dotted names of managers that no file may import. `*` matches one segment, `**` any number.", '["app.db.redis_manager", "app.cache.**"]'),
    "src": Option("list", '[".", "src"]', "Import roots, relative to the settings file. Globs are allowed. Files outside the project are indexed, but never reported. A file below several of them has the names by which the project imports it.", '["services/*", "libs"]'),
    "tests": Option("list", str(list(DEFAULT_TESTS)).replace("'", '"'), "Globs of the test files.", '["tests/**", "**/*_test.py"]'),
    "settings-modules": Option("list", "[]", "Modules that may read `REDIS_*` from the environment.", '["app.config"]'),
    "extend-client-builders": Option("list", "[]", "More callables that build a client.", '["acme_redis.connect"]'),
    "extend-pool-builders": Option("list", "[]", "More callables that build a pool.", '["acme_redis.make_pool"]'),
    "select": Option("list of codes", "the default rules", "Codes or prefixes to enable, instead of the default.", '["RED1", "RED2"]'),
    "ignore": Option("list of codes", "[]", "Codes or prefixes to disable. The longer prefix wins.", '["RED302"]'),
    "extend-select": Option("list of codes", "[]", "Codes or prefixes to enable in addition.", '["RED601", "RED903"]'),
    "fixable": Option("list of codes", "all", "Codes or prefixes that `--fix` may fix.", '["RED101"]'),
    "unfixable": Option("list of codes", "[]", "Codes or prefixes that `--fix` may not fix. The longer prefix wins.", '["RED203"]'),
    "per-file-ignores": Option("table", "{}", "Maps a glob to codes that are ignored in matching files. `!` negates the glob.", '{ "tests/**" = ["RED201"] }'),
    "extend-per-file-ignores": Option("table", "{}", "The same, in addition to `per-file-ignores`.", '{ "scripts/*.py" = ["RED2"] }'),
    "exclude": Option("list", " ".join(DEFAULT_EXCLUDE), "Globs of files and folders that are not checked, in nested projects too.", '["vendor", "generated/**"]'),
    "extend-exclude": Option("list", "[]", "Globs excluded in addition to `exclude`.", '["migrations"]'),
    "force-exclude": Option("boolean", "false", "Apply `exclude` even to files that you name on the command line.", 'true'),
    "respect-gitignore": Option("boolean", "true", "Skip files that `.gitignore` ignores.", 'false'),
    "required-version": Option("string", "none", "The accepted versions of this tool, such as `0.1.0` or `>=0.1,<0.2`.", '">=0.1"'),
    "cache-dir": Option("string", ".redis_ssot_cache", "Folder of the cache, inside the project.", '"build/redis_ssot_cache"'),
    "output-format": Option("string", "full", "The output format of `check`.", '"concise"'),
    "baseline": Option("string", "none", "The file that `redis-ssot baseline` writes. `check` and flake8 do not report the diagnostics recorded in it.", '"redis-ssot-baseline.jsonl"'),
    "extend": Option("string", "none", "Another settings file. Its keys apply unless they are set here.", '"../../pyproject.toml"'),
    "boundary": Option("tables", "[]", "A part of the code base with managers of its own.", keys=BOUNDARY),
    "allow": Option("tables", "[]", "An exception: narrow, with a reason, an owner and an end date.", keys=ALLOW),
    "replacements": Option("table", "{}", "Maps an old object or method to the new one, for fixes. Use `{ to = \"...\", arguments = { old = \"new\" } }` if parameters have other names.", '{ "app.db.redis_manager.get_redis_manager" = "app.redis_manager.redis_manager" }'),
}  # fmt: skip


@dataclass(frozen=True)
class Globs:
    """gitignore patterns, relative to the folder `base` (absolute)."""

    base: str
    patterns: tuple[str, ...]

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self.patterns)

    def match(self, path: str) -> bool:
        """Whether the absolute `path` lies below `base` and a pattern takes it."""
        prefix = self.base.rstrip("/") + "/"
        return bool(self.patterns) and path.startswith(prefix) and self._spec.match_file(path[len(prefix) :])

    def literal_prefix(self, path: str) -> int:
        """Length of the longest literal prefix among the patterns that take `path`."""
        return max(
            (
                len(self.base) + len(re.split(r"[*?\[]", pattern.lstrip("/"), maxsplit=1)[0])
                for pattern in self.patterns
                if Globs(self.base, (pattern,)).match(path)
            ),
            default=-1,
        )


_ANY_NUMBER = re.compile(r"(?<![^.])\*\*(?![^.])")


def _segments(text: str) -> str:
    """A regular expression for segments with their dots, without backtracking over several stars."""
    found = ""
    for segment in filter(None, text.split(".")):
        first, *runs = map(re.escape, segment.split("*"))
        last = f"[^.]*{runs.pop()}" if runs else ""
        found += first + "".join(f"(?>[^.]*?{run})" for run in runs) + last + r"\."
    return found


@dataclass(frozen=True)
class DottedPattern:
    """A dotted name or pattern; it covers what it matches and all below."""

    text: str

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        """What stands behind a `**` is taken where it comes first, and never tried again: a later place gains nothing."""
        first, *runs = _ANY_NUMBER.split(self.text)
        later = (f"(?>(?:[^.]+\\.)*?{_segments(run)})" for run in runs if run.strip("."))
        return re.compile(_segments(first) + "".join(later))

    @cached_property
    def _above(self) -> re.Pattern[str]:
        """What a name matches that is above one which the pattern takes: below the first `**`, all."""
        first, *deep = _ANY_NUMBER.split(self.text)
        nested = r"(?:[^.]+\.)*" if deep else ""
        for segment in reversed(first.strip(".").split(".") if first else []):
            nested = f"(?:{_segments(segment)}{nested})?"
        return re.compile(nested)

    @property
    def is_glob(self) -> bool:
        return "*" in self.text

    @property
    def home(self) -> str:
        """The literal package that the pattern is, or stands for: `a.b` of `a.b.**`; else empty."""
        head = self.text.removesuffix(".**").removesuffix(".*")
        return "" if "*" in head else head

    @property
    def needle(self) -> str:
        """The last literal segment: text without which no other module can name it; empty where there is none."""
        return next((s for s in reversed(self.text.split(".")) if "*" not in s), "")

    @property
    def object_name(self) -> str:
        """The dotted name that the pattern is, where it may be that of an object in a module; else empty."""
        return "" if "*" in self.text or "." not in self.text else self.text

    @property
    def piece(self) -> str:
        """The longest literal text in it; empty where it has none."""
        return max(re.split(r"[.*]+", self.text), key=len)

    def covers(self, name: str) -> bool:
        """Whether the dotted `name` is matched, or lies below something that is."""
        return self._regex.match(name + ".") is not None

    def reaches(self, name: str) -> bool:
        """Whether the pattern covers the dotted `name`, or may cover something below it."""
        return self.covers(name) or self._above.fullmatch(name + ".") is not None


@dataclass(frozen=True)
class Boundary:
    """A named set of paths with managers of its own; the root boundary has the name ``""``.

    `managers` are modules; with those that are `packages` too goes all below them (`a.b.**`).
    """

    name: str
    paths: Globs
    managers: tuple[str, ...] = ()
    packages: frozenset[str] = frozenset()
    instance: str | None = None
    forbidden: tuple[DottedPattern, ...] = ()
    roots: tuple[str, ...] = ()
    reason: str | None = None
    file: str | None = None
    line: int = 1

    @property
    def label(self) -> str:
        """The boundary, as a sentence names it."""
        return f"boundary `{self.name}`" if self.name else "the files outside every boundary"

    def is_manager(self, module: str) -> bool:
        """Whether the dotted `module` is one of the boundary's managers."""
        return module in self.managers or any(module.startswith(f"{p}.") for p in self.packages)


@dataclass(frozen=True)
class Allowance:
    """An exception: where, for which rules and symbols, why, whose, until when; `line` of the settings `file`."""

    paths: Globs
    rules: tuple[str, ...]
    reason: str
    symbols: tuple[DottedPattern, ...] = ()
    owner: str | None = None
    expires: date | None = None
    file: str | None = None
    line: int = 1


@dataclass(frozen=True)
class Selection:
    """One source of choice of rules; `select` None keeps what an earlier source chose."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PerFileIgnore:
    """Codes that are ignored where `patterns` match, or if `negated` where they do not.

    It stands at the `line` of the settings `file`, if in one.
    """

    patterns: FilePatterns
    negated: bool
    codes: tuple[str, ...]
    file: str | None = None
    line: int = 1

    def match(self, path: str) -> bool:
        return self.patterns.match(path) != self.negated


@dataclass(frozen=True)
class Settings:
    """All settings of one project. `root` is its folder, `path` the settings file.

    `lines` says in which file and line a key of the top-level table stands, and each of its `replacements.`.
    """

    root: str
    path: str | None = None
    boundaries: tuple[Boundary, ...] = ()
    tests: tuple[Globs, ...] = ()
    settings_modules: tuple[str, ...] = ()
    client_builders: tuple[str, ...] = ()
    pool_builders: tuple[str, ...] = ()
    selections: tuple[Selection, ...] = ()
    fixable: tuple[str, ...] | None = None
    unfixable: tuple[str, ...] = ()
    per_file_ignores: tuple[PerFileIgnore, ...] = ()
    exclude: tuple[FilePatterns, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    cache_dir: str | None = None
    output_format: str = "full"
    baseline: str | None = None
    allowances: tuple[Allowance, ...] = ()
    replacements: tuple[tuple[str, str], ...] = field(default=())
    renamed_arguments: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    lines: tuple[tuple[str, str, int], ...] = ()
    read_from: tuple[str, ...] = ()

    def line_of(self, key: str) -> tuple[str, int]:
        """The settings file and line that set `key`; the file's first line where none does."""
        found = next(((path, line) for name, path, line in self.lines if name == key), None)
        return found or (self.path or self.root, 1)

    def replacement_of(self, old: str) -> str | None:
        """What `replacements` name for the dotted `old`, or for a module or class around it."""
        known, head, tail = dict(self.replacements), old, ""
        while head:
            if head in known:
                return known[head] + tail
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return None

    def may_fix(self, code: str) -> bool:
        """Whether `fixable` and `unfixable` leave a rule to `--fix`."""
        return bool(chosen_codes((Selection(self.fixable or ("ALL",), self.unfixable),), {code: True}))

    def short(self, path: str) -> str:
        """A path as the project names it: from its folder, with `/` between the parts."""
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def is_test(self, path: str) -> bool:
        """Whether `tests` counts the absolute `path` among the tests."""
        return any(globs.match(path) for globs in self.tests)

    def excludes(self, path: str) -> bool:
        """Whether `exclude` or `extend-exclude` takes the absolute `path`, or a folder of the project around it."""
        while not any(patterns.match(path) for patterns in self.exclude):
            path = os.path.dirname(path)
            if path == self.root or not is_below(path, self.root):
                return False
        return True


def is_below(path: str, folder: str) -> bool:
    """Whether the absolute `path` is `folder` or lies in it."""
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def chosen_codes(selections: tuple[Selection, ...], codes: dict[str, bool]) -> frozenset[str]:
    """The enabled codes of `codes` (code -> on by default), as ruff resolves select and ignore.

    Within one source the longer prefix wins, `ignore` over `select` of the same length; a
    source with `select` starts anew.
    """
    enabled = {code for code, default in codes.items() if default}
    for selection in selections:
        if selection.select is not None:
            enabled.clear()
        wanted = [(p, True) for p in (*(selection.select or ()), *selection.extend_select)]
        for prefix, on in sorted(
            [*wanted, *((p, False) for p in selection.ignore)],
            key=lambda item: (0 if item[0] == "ALL" else len(item[0]), not item[1]),
        ):
            matched = {c for c in codes if prefix == "ALL" or c.startswith(prefix)}
            enabled = enabled | matched if on else enabled - matched
    return frozenset(enabled)
