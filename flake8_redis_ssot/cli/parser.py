"""The parser of the command line: one subcommand a module."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterable
from functools import partial
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


_PROJECT_WIDE = {
    "plan": ", or name the path to `redis-ssot migrate --dry-run`",
    "report": "",
    "clean": "",
    "allowances": "",
}
"""Subcommands that are for a whole project, with what else may be meant by a path."""

_NEEDED = {
    "REV": "a commit, branch or tag, as main",
    "REASON": "the reason",
    "FILE": "a file",
    "DIR": "a folder",
    "FOLDER": "a folder",
    "NAME": "a path",
    "N": "a number",
    "DATE": "a day, as 2027-03-01",
    "CODES": "codes or prefixes, as RED101,RED2",
    "GLOBS": "files or folders, as vendor,build/**",
}
"""What the value of an option is, by how its help calls it."""


_CALLED_SO = {
    "audit": "report",
    "dry-run": "migrate --dry-run",
    "explain": "rule CODE",
    "fix": "check --fix",
    "help": "--help",
    "lint": "check",
    "lsp": "server",
    "rules": "rule --all",
    "run": "check",
    "scan": "check",
    "settings": "config",
    "undo": "rollback",
}
"""What other tools call a subcommand, with what it is here: by its letters such a word is near to another one."""


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names alone, so that a new one breaks no command line."""

    def __init__(self, **options: Any) -> None:
        # to check an option, argparse makes a formatter, which asks how wide the terminal is: only help need know
        checking = partial(argparse.HelpFormatter, width=80)
        super().__init__(allow_abbrev=False, formatter_class=checking, **options)

    def format_help(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def format_usage(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_usage()

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, but for the nearest of many choices in place of all of them."""
        if action.choices is not None and value not in action.choices:
            from flake8_redis_ssot.settings.nearest import nearest

            meant = _meant(str(value)) if action.metavar == "COMMAND" else None
            known = nearest(str(value), map(str, action.choices), f"{self.prog} --help")
            if meant is not None:
                known = f"; did you mean `{meant}`?"
            raise argparse.ArgumentError(action, f"invalid choice: {str(value)!r}{known}")

    def _match_argument(self, action: argparse.Action, arg_strings_pattern: str) -> int:
        """As argparse, but for what an option wants in place of how many arguments."""
        try:
            return super()._match_argument(action, arg_strings_pattern)
        except argparse.ArgumentError:
            if not action.option_strings:
                raise
            what = _NEEDED.get(str(action.metavar), f"a value: {action.metavar or action.dest}")
            if action.choices is not None:
                what = f"one of {', '.join(map(str, action.choices))}"
            raise argparse.ArgumentError(None, f"{action.option_strings[-1]} needs {what}") from None

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        sys.exit(_refuse(message))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; a mistake ends the process with the usage of the subcommand meant."""
    # the others need not be loaded for one
    top = make_parser(arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS)
    # as in ruff a reason is joined by `=`, and a word behind it is a path
    given = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in arguments]
    options, unknown = top.parse_known_args(given)
    command = getattr(options, "parser", top)
    if unknown:
        command.error(_unknown(command, unknown))
    if command is top:
        top.print_help(sys.stderr)
        sys.exit(_refuse("name a command"))
    options.arguments = arguments
    return options


def _meant(word: str) -> str | None:
    """What a first word stands for that is no subcommand, whatever its letters are near to; None if that is unknown."""
    if word.upper().startswith("RED") and word[3:].isdecimal():
        return f"rule {word.upper()}"
    return _CALLED_SO.get(word.lower()) or (f"check {word}" if os.path.exists(word) else None)


def _unknown(command: argparse.ArgumentParser, unknown: list[str]) -> str:
    """What is said of arguments that a command does not take."""
    from flake8_redis_ssot.settings.nearest import nearest

    options = [argument.partition("=")[0] for argument in unknown if argument[:1] == "-"]
    if options:
        known = (name for action in command._actions for name in action.option_strings)
        return f"unknown option {options[0]}{nearest(options[0], known, f'{command.prog} --help')}"
    name = command.prog.rpartition(" ")[2]
    if name in _PROJECT_WIDE:
        return (
            f"{name} takes no path: it is for the project of the working directory; run it there"
            f"{_PROJECT_WIDE[name]}"
        )
    return f"unexpected argument `{unknown[0]}`; leave it out"


def _refuse(message: str) -> int:
    from flake8_redis_ssot.cli.messages import refuse

    return refuse([message])


def make_parser(names: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the subcommands `names`."""
    top = _Parser(prog="redis-ssot", description="Keep one Redis manager per service boundary.")
    top.add_argument("--version", action="version", version=f"redis-ssot {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", prog=top.prog)
    for name in names:
        importlib.import_module(f"{__package__}.{COMMANDS[name]}").add_parser(commands)
    for command in commands.choices.values():
        command.set_defaults(parser=command)
    return top
