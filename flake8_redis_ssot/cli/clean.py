"""`redis-ssot clean`: the cache removed."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "clean",
        help="remove the cache",
        description="Remove the cache of the project around the working directory. The next run only takes longer.",
    )
    add_settings(command)
    command.add_argument("--cache-dir", metavar="DIR", help="the cache to remove, if it lies elsewhere")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    import shutil

    from flake8_redis_ssot.cli.loading import settings_of
    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.output import shown
    from flake8_redis_ssot.settings.boundaries import SettingsError
    from flake8_redis_ssot.store import folder_of, is_ours

    try:
        settings = settings_of(options)
    except SettingsError as error:
        return refuse(error.messages)
    folder = folder_of(options.cache_dir, settings.cache_dir, settings.root)
    if not os.path.lexists(folder):
        print(f"There is no cache at {shown(folder)}.")
        return 0
    if os.path.islink(folder) or not is_ours(folder):
        return refuse([f"{folder}: is no cache of redis-ssot; remove it by hand if it can go"])
    try:
        shutil.rmtree(folder)
    except OSError as error:
        where = shown(error.filename or folder)
        return refuse(
            [f"{where}: cannot be removed: {error.strerror}; the cache is not removed whole, run again"]
        )
    print(f"Removed the cache {shown(folder)}.")
    return 0
