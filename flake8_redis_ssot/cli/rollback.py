"""`redis-ssot rollback`: the files as they were before a run."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings
from flake8_redis_ssot.wording import counted


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "rollback",
        help="undo a run that changed files",
        description="Restore the files as they were before a run of `redis-ssot migrate`, byte for byte. "
        "If one of them has changed since, no file is touched.",
    )
    command.add_argument(
        "name",
        nargs="?",
        metavar="RUN",
        help="the run to undo, as `redis-ssot migrate --list` shows it (default: the newest)",
    )
    add_settings(command)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.loading import settings_of
    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.migrate.journal import JournalError, roll_back
    from flake8_redis_ssot.settings.boundaries import SettingsError

    try:
        done = roll_back(settings_of(options).root, options.name)
    except (SettingsError, JournalError) as error:
        return refuse(error.messages if isinstance(error, SettingsError) else [error.message])
    number, files = done.restored, counted(len(done.paths), "file")
    if number == len(done.paths):
        print(f"Rolled back {done.name}: {files} restored.")
    else:
        rest = "the rest was" if number else "all was"
        print(f"Rolled back {done.name}: {number} of {files} restored; {rest} as before already.")
    return 0
