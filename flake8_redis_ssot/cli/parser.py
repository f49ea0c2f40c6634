"""The parser of the command line: one subcommand a module."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from flake8_redis_ssot import __version__
from flake8_redis_ssot.cli import (
    check,
    clean,
    completion,
    config,
    migrate,
    plan,
    rollback,
    rule,
    version,
)


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names alone, so that a new one breaks no command line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; a mistake ends the process with the usage of the subcommand meant."""
    top = make_parser()
    # as in ruff a reason is joined by `=`, and a word behind it is a path
    given = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in arguments]
    options, unknown = top.parse_known_args(given)
    if not hasattr(options, "handler"):
        top.print_help(sys.stderr)
        sys.exit(2)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    options.arguments = arguments
    return options


def make_parser() -> argparse.ArgumentParser:
    top = _Parser(prog="redis-ssot", description="Keep one Redis manager per service boundary.")
    top.add_argument("--version", action="version", version=f"redis-ssot {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for module in (check, plan, migrate, rollback, rule, config, clean, version, completion):
        module.add_parser(commands)
    for command in commands.choices.values():
        command.set_defaults(parser=command)
    return top
