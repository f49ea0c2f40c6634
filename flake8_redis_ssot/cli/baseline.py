"""`redis-ssot baseline`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "baseline",
        help="record what is found today, so that only what is new is reported",
        description="Record what the rules find in the whole project today, by content: `check --baseline`, and "
        "flake8 where the settings name the file, then report only what is new. Run again, it drops what is "
        "mended, follows what has moved, resolves a merge's conflicts in the file, and refuses what is new.",
    )
    command.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="where (default: the `baseline` of the settings, else redis-ssot-baseline.jsonl beside them)",
    )
    add_settings(command)
    group = command.add_mutually_exclusive_group()
    group.add_argument(
        "--prune",
        action="store_true",
        help="drop what is mended and follow what has moved, whatever is new; the file can only shrink",
    )
    group.add_argument(
        "--accept",
        metavar="REASON",
        help="record what is new as well, with the reason kept at each of its lines",
    )
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.baselining import baseline

    return baseline(options)
