"""`redis-ssot migrate`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "migrate",
        help="move imports, uses and patches to the one manager",
        description="Move imports, uses and patches of other managers to the one that the settings name. If a change "
        "is not shown to be right, the code stays, with the reason. `redis-ssot rollback` undoes a run. "
        "Exit code: 0 if nothing is left, 1 if something is left for a person, 2 if something could not be done.",
    )
    add = command.add_argument
    add("paths", nargs="*", metavar="PATH", help="files or folders to change (default: the whole project)")
    add_settings(command)
    add("--dry-run", action="store_true", help="show what would change, without changing files")
    add("--diff", action="store_true", help="show what would change as a patch, without changing files")
    add("--include-unsafe", action="store_true", help="also make changes that may change what the code does")
    add(
        "--only",
        metavar="OBJECT",
        default="",
        help="move only references to this object or module, given by its dotted name",
    )
    add(
        "--shim",
        action="store_true",
        help="replace each unused module by one that forwards its names with a deprecation warning",
    )
    add(
        "--output-format",
        choices=("terminal", "json", "markdown"),
        default="terminal",
        help="output format",
    )
    add("--list", action="store_true", help="list the runs that `redis-ssot rollback RUN` can undo")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.migrating import migrate

    return migrate(options)
