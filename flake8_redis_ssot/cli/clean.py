"""`redis-ssot clean`: the caches removed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "clean",
        help="remove the caches",
        description="Remove the cache of the project of the working directory, and all caches below that directory. "
        "The next run takes longer; nothing else changes.",
    )
    add_settings(command)
    command.add_argument("--cache-dir", metavar="DIR", help="remove only this cache, if it is elsewhere")
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
    own = folder_of(options.cache_dir, settings.cache_dir, settings.root)
    below = [] if options.cache_dir else [folder for folder in _caches_below(os.getcwd()) if folder != own]
    if not (below or os.path.lexists(own)):
        advice = "check the name" if options.cache_dir else "if it is elsewhere, name it with `--cache-dir`"
        print(f"There is no cache at {shown(own)}; {advice}.")
    problems = []
    for folder in (own, *below):
        if not os.path.lexists(folder):
            continue
        if os.path.islink(folder) or not is_ours(folder):
            problems.append(f"{folder}: is no cache of redis-ssot; remove it by hand if it can go")
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            problems.append(
                f"{folder}: cannot be removed completely: {error.strerror}; make it and its folders writable, and run again"
            )
        else:
            print(f"Removed the cache {shown(folder)}.")
    return refuse(problems) if problems else 0


def _caches_below(top: str) -> Iterator[str]:
    """The caches in a folder: a nested project has its own, under the name that its settings give it."""
    from flake8_redis_ssot.store import is_ours

    for folder, names, _ in os.walk(top):
        if ".git" in names:
            names.remove(".git")
        names.sort()
        if is_ours(folder):
            names.clear()
            yield folder
