"""Reads the command line and hands over to a subcommand."""

from __future__ import annotations

import io
import os
import sys

from flake8_redis_ssot.cli.replay import repeat


def _run(arguments: list[str]) -> int:
    import argparse

    from flake8_redis_ssot import __version__
    from flake8_redis_ssot.cli import check, clean, config, rollback, rule

    top = argparse.ArgumentParser(
        prog="redis-ssot", description="Keep one Redis manager per service boundary."
    )
    top.add_argument("--version", action="version", version=f"redis-ssot {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for module in (check, rule, config, rollback, clean):
        module.add_parser(commands)
    options = top.parse_args(arguments)
    if not hasattr(options, "handler"):
        top.print_help(sys.stderr)
        return 2
    options.arguments = arguments
    return int(options.handler(options))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 clean, 1 diagnostics, 2 could not do what was asked."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    try:
        status = repeat(given)
        if status is None:
            status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status
