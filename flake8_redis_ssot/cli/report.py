"""`redis-ssot report`: how far a project is on its way to one manager."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings

FORMATS = ("terminal", "json", "markdown", "html")


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "report",
        help="show how far a project is on its way to one manager",
        description="Show the managers, who imports them, what is built beside them, and how far the way to one is "
        "gone; with --history since when. Nothing is changed.",
    )
    command.add_argument(
        "--output-format", choices=FORMATS, default="terminal", help="how it is shown (default: terminal)"
    )
    command.add_argument(
        "--output-file", "-o", metavar="FILE", help="where it goes, instead of standard output"
    )
    command.add_argument(
        "--base",
        metavar="REV",
        help="compare with the commit at which this branch left REV: what came and what went",
    )
    command.add_argument(
        "--history",
        metavar="REVS",
        nargs="?",
        const="",
        help="count earlier revisions too: A..B for the tags between, or A,B,C (default: tags up to now)",
    )
    budget = command.add_argument_group("connection budget")
    budget.add_argument(
        "--processes",
        metavar="[BOUNDARY=]N",
        action="append",
        default=[],
        help="how many processes run, of all boundaries or of one; several times (default: 1)",
    )
    budget.add_argument(
        "--max-clients",
        metavar="N",
        type=_positive,
        help="the server's `maxclients` (default: 10000, as Redis has it)",
    )
    budget.add_argument(
        "--default-max-connections",
        metavar="N",
        type=_positive,
        help="the limit of a pool that states none (default: 100, as redis-py 8 has it)",
    )
    command.add_argument(
        "--no-cache", action="store_true", help="count every revision anew, and keep nothing"
    )
    command.add_argument("--cache-dir", metavar="FOLDER", help="where what was counted is kept")
    add_settings(command)
    command.set_defaults(handler=run)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.reporting import report

    return report(options)
