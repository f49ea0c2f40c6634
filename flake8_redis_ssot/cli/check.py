"""`redis-ssot check`: its options."""

from __future__ import annotations

import argparse
from typing import Any

from flake8_redis_ssot.output import FORMATS


def add_parser(commands: Any) -> None:
    command = commands.add_parser("check", help="check files and folders")
    add = command.add_argument
    add("paths", nargs="*", metavar="PATH", help="files or folders, or - for standard input (default: .)")
    add("--config", metavar="FILE", help="the settings file, for all files (default: the nearest above each)")
    add("--select", metavar="CODES", type=_codes, help="codes or prefixes to enable")
    add("--ignore", metavar="CODES", type=_codes, default=(), help="codes or prefixes to disable")
    add("--extend-select", metavar="CODES", type=_codes, default=(), help="codes to enable in addition")
    add("--output-format", choices=FORMATS, help="how diagnostics are shown")
    add("--output-file", metavar="FILE", help="write the diagnostics to FILE")
    add("--statistics", action="store_true", help="count diagnostics by rule")
    add("--fix", action="store_true", help="apply the safe fixes")
    add(
        "--unsafe-fixes",
        action="store_true",
        help="with --fix or --diff: those too that may change what code does",
    )
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add("--add-noqa", action="store_true", help="silence every diagnostic by a comment")
    add("--stdin-filename", metavar="NAME", help="the name of standard input")
    add("--exit-zero", action="store_true", help="exit 0 even with diagnostics")
    add("--show-files", action="store_true", help="list the files that would be checked")
    add("--show-settings", action="store_true", help="show the settings of the run")
    add("--parse-all", action="store_true", help="parse even files that mention no Redis")
    add("--jobs", metavar="N", type=_jobs, help="processes to use (default: one a processor)")
    add("--no-project", action="store_true", help="file rules only")
    add("--no-cache", action="store_true", help="neither read nor write the cache")
    add("--cache-dir", metavar="DIR", help="the folder of the cache")
    command.set_defaults(handler=run)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of processes; name 1 or more")
    return int(text)


def _codes(text: str) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for code in text.split(","))
    if "" in codes:
        raise argparse.ArgumentTypeError("a code is empty; name codes or prefixes, as RED101,RED2")
    return codes


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.cli.checking import run as check

    return check(options)
