"""The parser of the command line: one subcommand a module."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from flake8_redis_ssot import __version__

COMMANDS = {
    "check": "check",
    "init": "init",
    "baseline": "baseline",
    "allowances": "allowances",
    "plan": "plan",
    "migrate": "migrate",
    "rollback": "rollback",
    "report": "report",
    "server": "server",
    "rule": "rule",
    "config": "config",
    "clean": "clean",
    "version": "version",
    "generate-shell-completion": "completion",
}
"""Each subcommand with its module."""


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names alone, so that a new one breaks no command line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, but for the nearest of many choices in place of all of them."""
        if action.choices is not None and value not in action.choices:
            from flake8_redis_ssot.settings.nearest import nearest

            known = nearest(str(value), map(str, action.choices), f"{self.prog} --help")
            raise argparse.ArgumentError(action, f"invalid choice: {str(value)!r}{known}")

    def error(self, message: str) -> NoReturn:
        from flake8_redis_ssot.cli.messages import refuse

        self.print_usage(sys.stderr)
        sys.exit(refuse([message]))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; a mistake ends the process with the usage of the subcommand meant."""
    # the others need not be loaded for one
    top = make_parser(arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS)
    # as in ruff a reason is joined by `=`, and a word behind it is a path
    given = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in arguments]
    options, unknown = top.parse_known_args(given)
    if not hasattr(options, "handler"):
        top.print_help(sys.stderr)
        sys.exit(2)
    if unknown:
        from flake8_redis_ssot.settings.nearest import nearest

        known = (name for action in options.parser._actions for name in action.option_strings)
        hint = nearest(unknown[0].partition("=")[0], known, f"{options.parser.prog} --help")
        options.parser.error(
            f"unrecognized arguments: {' '.join(unknown)}{hint if unknown[0][:1] == '-' else ''}"
        )
    options.arguments = arguments
    return options


def make_parser(names: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the subcommands `names`."""
    top = _Parser(prog="redis-ssot", description="Keep one Redis manager per service boundary.")
    top.add_argument("--version", action="version", version=f"redis-ssot {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for name in names:
        importlib.import_module(f"{__package__}.{COMMANDS[name]}").add_parser(commands)
    for command in commands.choices.values():
        command.set_defaults(parser=command)
    return top
