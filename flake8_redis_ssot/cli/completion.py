"""`redis-ssot generate-shell-completion`: what a shell needs to complete command lines."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "generate-shell-completion",
        help="print a shell completion script (needs flake8-redis-ssot[completion])",
        description="Print a shell completion script for redis-ssot. Save it where your shell looks for completions. "
        "Needs flake8-redis-ssot[completion].",
    )
    command.add_argument("shell", choices=("bash", "zsh", "fish", "powershell"), help="the shell")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.cli.parser import make_parser

    try:
        import shtab
    except ImportError:
        return refuse(["completions need shtab; install flake8-redis-ssot[completion]"])
    print(shtab.complete(make_parser(), options.shell))
    return 0
