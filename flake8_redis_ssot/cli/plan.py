"""`redis-ssot plan`: what it takes to come to one manager."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "plan",
        help="list the work that is needed to reach one manager",
        description="List, in four phases, the work that takes the project from several Redis managers to the one that "
        "the settings name. Changes nothing.",
    )
    add_settings(command)
    command.add_argument(
        "--output-format",
        choices=("terminal", "json", "markdown"),
        default="terminal",
        help="output format",
    )
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.migrating import plan

    return plan(options)
