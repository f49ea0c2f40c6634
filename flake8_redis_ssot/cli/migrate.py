"""`redis-ssot migrate`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser("migrate", help="move imports, uses and patches to the one manager")
    add = command.add_argument
    add("paths", nargs="*", metavar="PATH", help="files or folders to change (default: the whole project)")
    add_settings(command)
    add("--dry-run", action="store_true", help="say what would be done, and change nothing")
    add("--include-unsafe", action="store_true", help="also what may change what the code does")
    add(
        "--only", metavar="OBJECT", default="", help="move one object: its dotted name, or that of its module"
    )
    add(
        "--shim",
        action="store_true",
        help="leave a module that warns in place of each one that is not needed any more",
    )
    add(
        "--output-format",
        choices=("terminal", "json", "markdown"),
        default="terminal",
        help="how it is shown",
    )
    add("--list", action="store_true", help="list the runs that were journaled")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.migrating import migrate

    return migrate(options)
