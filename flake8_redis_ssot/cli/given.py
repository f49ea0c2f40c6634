"""What the command line says of settings, as tables that count more than those of files."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Sequence
from typing import Any

from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import OPTIONS
from flake8_redis_ssot.settings.tables import Table, as_list, broken_toml, parsed

_KEYS = (
    "select", "ignore", "extend-select", "fixable", "unfixable", "exclude", "extend-exclude",
    "respect-gitignore", "force-exclude",
)  # fmt: skip
"""The options of `check` that are keys of the table."""
_IGNORES = ("per-file-ignores", "extend-per-file-ignores")


def settings_file(options: argparse.Namespace) -> str | None:
    """The settings file that `--config` names; SettingsError for several, or with `--isolated`."""
    files = [text for text in as_list(options.config) if not _is_inline(text)]
    if len(files) > 1:
        raise SettingsError([f"--config names {len(files)} settings files ({', '.join(files)}); name one"])
    if files and getattr(options, "isolated", False):
        raise SettingsError(
            [f"--isolated uses no settings file, but --config names {files[0]}; leave one out"]
        )
    if files and not os.path.exists(files[0]):
        raise SettingsError(
            [f"{files[0]}: cannot be read: No such file or directory; name a settings file, "
             'or write one setting as "key = value"']
        )  # fmt: skip
    return files[0] if files else None


def given_tables(options: argparse.Namespace) -> list[Table]:
    """What `--config "key = value"` and the options say, those that count most last."""
    here = os.getcwd()
    inline = [_inline(text, here) for text in as_list(options.config) if _is_inline(text)]
    given: dict[str, Any] = {
        key: value for key in _KEYS if (value := getattr(options, key.replace("-", "_"), None)) is not None
    }
    if getattr(options, "baseline", None):
        given["baseline"] = options.baseline
    for key in _IGNORES:
        pairs: Sequence[tuple[str, str]] | None = getattr(options, key.replace("-", "_"), None)
        for glob, code in pairs or ():
            given.setdefault(key, {}).setdefault(glob, []).append(code)
    return [*inline, Table("command line", here, given)] if given else inline


def _is_inline(text: str) -> bool:
    return "=" in text and not os.path.exists(text)


def _inline(text: str, here: str) -> Table:
    place = f"--config '{text}'"
    try:
        values = parsed(text)
    except tomllib.TOMLDecodeError as error:
        why = broken_toml(text.encode(), error)[1].removesuffix("; correct it")
        key = text.partition("=")[0].strip()
        known = OPTIONS[key].example if key in OPTIONS else ""
        example = f"{key} = {known}" if known else 'key = ["value"]'
        written = example.replace('"', "'") if "'" not in example else example
        raise SettingsError([f'{place}: {why}; write it as "{written}"']) from error
    if "extend" in values:
        raise SettingsError([f"{place}: `extend` names a file; give it to --config itself"])
    return Table(place, here, values)
