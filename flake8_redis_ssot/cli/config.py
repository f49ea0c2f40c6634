"""`redis-ssot config`: the settings explained."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_parser(commands: Any) -> None:
    command = commands.add_parser("config", help="list the settings, or explain one")
    command.add_argument("key", nargs="?", help="a key of [tool.redis-ssot]")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.settings.model import OPTIONS
    from flake8_redis_ssot.settings.nearest import nearest

    if options.key is None:
        width = max(map(len, OPTIONS))
        print("\n".join(f"{key:{width}}  {option.doc}" for key, option in OPTIONS.items()))
        return 0
    option = OPTIONS.get(options.key)
    if option is None:
        print(f"error: unknown setting `{options.key}`{nearest(options.key, OPTIONS)}", file=sys.stderr)
        return 2
    print(f"{option.doc}\n\nDefault: {option.default}\nType: {option.type}")
    return 0
