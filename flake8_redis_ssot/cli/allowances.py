"""`redis-ssot allowances`: who owns which exception, and until when."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from flake8_redis_ssot.cli.check import add_settings, add_today


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "allowances",
        help="list the exceptions, with owner, end date, reason, and what they silence",
        description="List the `allow` entries of the settings, sorted by end date, and the noqa comments for rules of "
        "redis-ssot. Each shows how many diagnostics it silences today.",
    )
    command.add_argument(
        "--output-format", choices=("text", "json", "markdown"), default="text", help="output format"
    )
    add_today(command)
    add_settings(command)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.allowing import allowances

    return allowances(options, options.today or date.today())
