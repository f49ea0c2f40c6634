"""The settings of a command, as its options name them."""

from __future__ import annotations

import argparse
import os

from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import find_settings_file, load_settings
from flake8_redis_ssot.settings.model import Settings


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of `--config`, else of the nearest file with the table; SettingsError if they are wrong."""
    path = options.config or find_settings_file(os.getcwd())
    return load_settings(path, root=os.getcwd(), codes=list(defaults()), formats=FORMATS)
