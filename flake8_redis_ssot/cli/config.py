"""`redis-ssot config`: the settings explained."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_redis_ssot.settings.model import Option


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "config",
        help="list the settings, or explain one",
        description="List the keys of [tool.redis-ssot], or explain one of them.",
    )
    command.add_argument("key", nargs="?", help="the key to explain, such as forbidden-managers")
    command.add_argument("--output-format", choices=("text", "json"), default="text", help="output format")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    import sys

    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.cli.replay import look
    from flake8_redis_ssot.output.report import Look
    from flake8_redis_ssot.output.settings_page import example
    from flake8_redis_ssot.output.terminal import wrapped
    from flake8_redis_ssot.settings.model import OPTIONS
    from flake8_redis_ssot.settings.nearest import nearest

    seen = Look(*look(sys.stdout))
    is_json = options.output_format == "json"
    if options.key is None:
        if is_json:
            print(json.dumps({key: _as_object(key, option) for key, option in OPTIONS.items()}, indent=2))
            return 0
        width = max(map(len, OPTIONS)) + 2
        for key, option in OPTIONS.items():
            print(f"{key:{width}}{wrapped(option.doc, seen, first=width, indent=' ' * width)}")
        return 0
    table, _, key = options.key.partition(".")
    if key and table in OPTIONS and key in OPTIONS[table].keys:
        return refuse([f"`{options.key}` is explained by `redis-ssot config {table}`"])
    if options.key not in OPTIONS:
        return refuse([f"unknown setting `{options.key}`{nearest(options.key, OPTIONS)}"])
    option = OPTIONS[options.key]
    if is_json:
        print(json.dumps(_as_object(options.key, option), indent=2))
    else:
        print(wrapped(option.doc, seen), end="\n\n")
        print(f"Default: {wrapped(option.default, seen, first=9)}\nType: {option.type}")
        width = max(map(len, option.keys), default=0) + 2
        for name, one in option.keys.items():
            said = f"{one.doc} Required." if one.is_required else f"{one.doc} Default: {one.default}."
            print(f"  {name:{width}}{wrapped(said, seen, first=width + 2, indent=' ' * (width + 2))}")
        print(f"\nExample:\n\n{example(options.key, option)}")
    return 0


def _as_object(key: str, option: Option) -> dict[str, str]:
    """One setting with ruff's keys."""
    from flake8_redis_ssot.output.settings_page import example

    return {
        "doc": option.doc,
        "default": option.default,
        "value_type": option.type,
        "example": example(key, option),
    }
