"""`redis-ssot baseline`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "baseline",
        help="record today's diagnostics, so that only new ones are reported",
        description="Record by content what the rules find in the whole project today. `check --baseline`, and "
        "flake8 if the settings name the file, then report only what is new. A second run drops fixed entries, "
        "follows moved ones, resolves merge conflicts in the file, and refuses new diagnostics.",
    )
    command.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the file (default: `baseline` of the settings, else redis-ssot-baseline.jsonl beside them)",
    )
    add_settings(command)
    group = command.add_mutually_exclusive_group()
    group.add_argument(
        "--prune",
        action="store_true",
        help="drop fixed entries and follow moved ones, even if there are new diagnostics; the file only shrinks",
    )
    group.add_argument(
        "--accept",
        metavar="REASON",
        help="also record new diagnostics, each with this reason",
    )
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.baselining import baseline

    return baseline(options)
