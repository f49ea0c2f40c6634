"""The flake8 plugin: flake8's tree and options in, its tuples out."""

from __future__ import annotations

import argparse
import ast
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from flake8.exceptions import ExecutionError
from flake8.options.config import load_config
from flake8.options.manager import OptionManager

from flake8_redis_ssot import __version__
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.suppress import recorded, without_noqa
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Settings, chosen_codes
from flake8_redis_ssot.source import SourceFile


class Plugin:
    """flake8 makes one a file, with the tree it has parsed."""

    name = "flake8-redis-ssot"
    version = __version__
    finder: ClassVar[SettingsFinder]
    named: ClassVar[tuple[str, ...]]
    """The codes and prefixes that flake8's own options name, and which enable rules beside the table's choice."""
    checkers: ClassVar[dict[str, FileChecker]]
    disables_noqa: ClassVar[bool]

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        self.tree = tree
        self.filename = filename
        self.lines = lines

    @staticmethod
    def add_options(parser: OptionManager) -> None:
        for name, text in (
            (
                "config",
                "settings file for all files (default: for each file, the nearest pyproject.toml above it with the table)",
            ),
            ("manager", "modules that may build Redis clients, comma-separated"),
            ("forbidden-managers", "dotted names or patterns, comma-separated"),
            ("src", "import roots, comma-separated"),
            ("boundaries", "one per line, such as `auth: auth/** -> auth.redis_manager`"),
        ):
            parser.add_option(
                f"--redis-ssot-{name}",
                default=None,
                parse_from_config=True,
                normalize_paths=name == "config",
                comma_separated_list=name not in ("config", "boundaries"),
                help=text,
            )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        _, folder = load_config(options.config, options.append_config, isolated=options.isolated)
        given = _given(options)
        cls.finder = SettingsFinder(
            folder, codes=list(defaults()), config=options.redis_ssot_config, options=given
        )
        chosen = (*(options.select or ()), *(options.extend_select or ()))
        cls.named = tuple(code for code in chosen if len(code) > len("RED"))
        cls.checkers = {}
        cls.disables_noqa = options.disable_noqa
        try:
            if given or options.redis_ssot_config:
                _must_find(cls.finder, cls.finder.top)
        except TypeError as error:  # flake8 would call us again without a word
            raise _refusal([f"a defect of ours: {error}; please report it"]) from error

    @classmethod
    def checker_of(cls, path: str) -> FileChecker:
        """What checks the file at an absolute path: one for each project."""
        settings = _must_find(cls.finder, os.path.dirname(path))
        if settings.root not in cls.checkers:
            enabled = chosen_codes(settings.selections, defaults())
            cls.checkers[settings.root] = FileChecker(
                settings,
                [
                    rule
                    for rule in all_rules()
                    if not rule.project and (rule.code in enabled or rule.code.startswith(cls.named))
                ],
            )
            _ = cls.checkers[settings.root].baseline  # whether it can be read does not depend on the file
        return cls.checkers[settings.root]

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        path = os.path.abspath(self.filename)
        try:
            checker = self.checker_of(path)
            if checker.settings.excludes(path):
                return
            source = SourceFile.of_text(path, "".join(self.lines), self.tree)
            checked = checker.check(source)
        except ExecutionError:
            raise
        except SettingsError as error:
            raise _refusal(error.messages) from error
        except Exception as error:
            raise _refusal(
                [
                    f"{self.filename}: not checked by flake8-redis-ssot {__version__}: "
                    f"{type(error).__name__}: {error}; this is a defect of the plugin, please report it"
                ]
            ) from error
        for limit in checked.limits:
            logging.getLogger(__name__).warning("%s: %s; what was found is reported", self.filename, limit)
        for diagnostic in self._new(checked.diagnostics, checker, source):
            start = diagnostic.range.start
            yield start.line, start.column - 1, f"{diagnostic.code} {diagnostic.message}", type(self)

    @classmethod
    def _new(
        cls, diagnostics: list[Diagnostic], checker: FileChecker, source: SourceFile
    ) -> list[Diagnostic]:
        """Those that the baseline does not have, which knows nothing of what a comment silences."""
        if checker.baseline is None or not diagnostics:
            return diagnostics
        open_ = diagnostics if cls.disables_noqa else without_noqa(diagnostics, source)
        new = recorded(checker.baseline, open_, checker.filesystem).new
        return [d for d in diagnostics if d not in open_ or d in new]


def _must_find(finder: SettingsFinder, folder: str) -> Settings:
    """The settings of a folder; where a table is wrong, an error that flake8 shows and stops at."""
    try:
        return finder.must_find(folder)
    except SettingsError as error:
        raise _refusal(error.messages) from error


def _refusal(messages: Iterable[str]) -> ExecutionError:
    """The error that flake8 shows as it is, and stops at; names in it may hold anything."""
    from flake8_redis_ssot.output import escaped  # not while all is well

    return ExecutionError("\n".join(f"redis-ssot: {escaped(message)}" for message in messages))


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, by the keys of the table."""
    given: dict[str, Any] = {
        key: getattr(options, "redis_ssot_" + key.replace("-", "_"))
        for key in ("manager", "forbidden-managers", "src")
    }
    boundaries = []
    for line in filter(str.strip, (options.redis_ssot_boundaries or "").splitlines()):
        name, colon, rest = line.partition(":")
        paths, arrow, managers = rest.partition("->")
        if not colon or not arrow:
            raise _refusal([f"--redis-ssot-boundaries has `{line.strip()}`; write `name: globs -> managers`"])
        boundaries.append({"name": name.strip(), "paths": _split(paths), "manager": _split(managers)})
    given["boundary"] = boundaries
    return {key: value for key, value in given.items() if value}


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
