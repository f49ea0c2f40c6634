"""The settings of a command, as its options name them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from flake8_redis_ssot.cli.given import given_tables, settings_file
from flake8_redis_ssot.files import Discovery, discover
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Settings


def finder_of(options: argparse.Namespace) -> SettingsFinder:
    """What finds the settings of files: `--config`, else the nearest table above each, and what options add."""
    return SettingsFinder(
        os.getcwd(),
        codes=list(defaults()),
        formats=FORMATS,
        config=settings_file(options),
        isolated=getattr(options, "isolated", False),
        overrides=given_tables(options),
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the project in which the command was started; SettingsError if they are wrong."""
    return finder_of(options).must_find(os.getcwd())


def discovered(paths: Sequence[str], finder: SettingsFinder) -> Discovery:
    """The projects of `paths`; SettingsError says all that is wrong with their tables."""
    found = discover(paths, finder)
    if finder.errors:
        raise SettingsError(finder.errors)
    return found
