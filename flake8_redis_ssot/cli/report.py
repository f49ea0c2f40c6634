"""`redis-ssot report`: how far a project is on its way to one manager."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings

FORMATS = ("terminal", "json", "markdown", "html")


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "report",
        help="show a project's progress towards one manager",
        description="Show the managers, who imports them, what is built outside them, and the progress towards one "
        "manager; with --history, over time. Changes nothing in the project.",
    )
    command.add_argument(
        "--output-format", choices=FORMATS, default="terminal", help="output format (default: terminal)"
    )
    command.add_argument(
        "--output-file", "-o", metavar="FILE", help="write to this file instead of standard output"
    )
    command.add_argument(
        "--base",
        metavar="REV",
        help="show what was added and removed since this branch left REV",
    )
    command.add_argument(
        "--history",
        metavar="REVS",
        nargs="?",
        const="",
        help="also count earlier revisions: A..B for the tags between, or A,B,C (default: tags up to now)",
    )
    budget = command.add_argument_group("connection budget")
    budget.add_argument(
        "--processes",
        metavar="[BOUNDARY=]N",
        action="append",
        default=[],
        help="number of running processes, of all boundaries or of one; may be given several times (default: 1)",
    )
    budget.add_argument(
        "--max-clients",
        metavar="N",
        type=_positive,
        help="the server's `maxclients` (default: 10000, the default of Redis)",
    )
    budget.add_argument(
        "--default-max-connections",
        metavar="N",
        type=_positive,
        help="the limit of a pool that sets none (default: 100, the default of redis-py 8)",
    )
    command.add_argument(
        "--no-cache",
        action="store_true",
        help="count every revision again, without reading or writing the cache",
    )
    command.add_argument("--cache-dir", metavar="FOLDER", help="the folder of the cache")
    add_settings(command)
    command.set_defaults(handler=run)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.reporting import report

    return report(options)
