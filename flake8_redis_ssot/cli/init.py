"""`redis-ssot init`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_files


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "init",
        help="propose the settings of a project",
        description="Find the Redis managers of a project, and propose settings with the reason for each choice. "
        "Writes nothing without --write.",
        usage="redis-ssot init [OPTIONS] [PATH ...]",
    )
    command.add_argument("paths", nargs="*", metavar="PATH", help="files or folders to look at (default: .)")
    command.add_argument(
        "--write",
        action="store_true",
        help="write the table into pyproject.toml, which must not have one yet",
    )
    command.add_argument(
        "--flake8", action="store_true", help="print options for flake8's own settings file instead"
    )
    add_files(command.add_argument_group("file selection"))
    command.set_defaults(handler=run, config=None)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.proposing import propose

    return propose(options)
