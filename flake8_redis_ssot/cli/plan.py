"""`redis-ssot plan`: what it takes to come to one manager."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "plan",
        help="show what it takes to come to one manager",
        description="Show, in four phases, what it takes to come from several Redis managers to the one that the "
        "settings name. Nothing is changed.",
    )
    add_settings(command)
    command.add_argument(
        "--output-format",
        choices=("terminal", "json", "markdown"),
        default="terminal",
        help="how it is shown",
    )
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.migrating import plan

    return plan(options)
