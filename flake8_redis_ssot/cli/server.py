"""`redis-ssot server`: the language server, on standard input and output."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from flake8_redis_ssot.cli.check import add_settings


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "server",
        help="run the language server",
        description="Run the language server on standard input and output. It gives an editor diagnostics while you "
        "type, fixes, exceptions, and explanations of rules and managers. Editors start it.",
    )
    add_settings(command)
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.given import given_tables, settings_file
    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.settings.boundaries import SettingsError

    try:
        from flake8_redis_ssot.server.app import Server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("flake8_redis_ssot"):
            raise
        return refuse([f"the server needs {error.name}; install `flake8-redis-ssot[lsp]`"])
    from flake8_redis_ssot.server.session import Options

    try:
        given = Options(settings_file(options), tuple(given_tables(options)), isolated=options.isolated)
    except SettingsError as error:
        return refuse(error.messages)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may come between
    Server(given).start_io(sys.stdin.buffer, answers)
    return 0
