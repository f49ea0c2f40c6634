"""`redis-ssot version`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from flake8_redis_ssot import __version__


def add_parser(commands: Any) -> None:
    command = commands.add_parser("version", help="show the version", description="Show the version.")
    command.add_argument("--output-format", choices=("text", "json"), default="text", help="output format")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    if options.output_format == "json":
        print(json.dumps({"version": __version__}, indent=2))
    else:
        print(f"redis-ssot {__version__}")
    return 0
