"""`redis-ssot check`: its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from typing import Any

from flake8_redis_ssot.cli.replay import COLORS
from flake8_redis_ssot.output import FORMATS

Output = tuple[str | None, str | None]
"""A format, or that of the settings, and the file it goes to, or standard output."""


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "check", help="check files and folders", usage="redis-ssot check [OPTIONS] [PATH ...]"
    )
    command.add_argument(
        "paths", nargs="*", metavar="PATH", help="files or folders, or - for standard input (default: .)"
    )
    _add_fixing(command.add_argument_group("fixes"))
    _add_rules(command.add_argument_group("rule selection"))
    add_files(command.add_argument_group("file selection"))
    _add_output(command.add_argument_group("output"))
    running = command.add_argument_group("the run")
    _add_running(running)
    add_today(running)
    add_settings(command)
    command.set_defaults(handler=run, outputs=[])


def add_settings(command: Any) -> None:
    """The options that say which settings hold."""
    group = command.add_argument_group("settings")
    group.add_argument(
        "--config",
        metavar='FILE|"KEY = VALUE"',
        action="append",
        help="the settings file, for all files (default: the nearest above each), or one setting "
        "that counts more than any file's; several times",
    )
    group.add_argument("--isolated", action="store_true", help="use no settings file")


def add_today(command: Any) -> None:
    command.add_argument(
        "--today",
        metavar="DATE",
        type=_date,
        help="the day by which exceptions are judged, as 2027-03-01 (default: today)",
    )


def _add_fixing(group: Any) -> None:
    _switch(group, "--fix", "apply the safe fixes")
    _switch(group, "--fix-only", "apply the fixes, and report nothing that is left; implies --fix")
    _switch(group, "--unsafe-fixes", "count and apply those fixes too that may change what code does")
    group.add_argument(
        "--diff",
        action="store_true",
        help="show what --fix would change, and change nothing; implies --fix-only",
    )
    _switch(group, "--show-fixes", "list what was fixed")
    group.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit 1 if anything was fixed")
    group.add_argument(
        "--add-noqa",
        metavar="REASON",
        nargs="?",
        help="silence every diagnostic by a comment, with =REASON behind the codes",
    )


def _add_rules(group: Any) -> None:
    for name, text in (
        ("select", "codes or prefixes to enable, or ALL"),
        ("ignore", "codes or prefixes to disable"),
        ("extend-select", "codes to enable in addition"),
        ("fixable", "codes that --fix may settle"),
        ("unfixable", "codes that --fix may not settle"),
    ):
        group.add_argument(f"--{name}", metavar="CODES", type=_codes, action="extend", help=text)
    for name, text in (
        (
            "per-file-ignores",
            "codes to ignore in files, as tests/**:RED201, instead of those of the settings",
        ),
        ("extend-per-file-ignores", "the same in addition"),
    ):
        group.add_argument(f"--{name}", metavar="GLOB:CODE,...", type=_ignores, action="extend", help=text)


def add_files(group: Any) -> None:
    for name, text in (
        ("exclude", "globs to leave out, instead of those of the settings"),
        ("extend-exclude", "globs to leave out in addition"),
    ):
        group.add_argument(f"--{name}", metavar="GLOBS", type=_globs, action="extend", help=text)
    _switch(group, "--respect-gitignore", "leave out what .gitignore leaves out", default=None)
    _switch(group, "--force-exclude", "leave out even files that are named", default=None)


def _add_output(group: Any) -> None:
    group.add_argument(
        "--output-format",
        choices=FORMATS,
        action=_AddOutput,
        dest="outputs",
        help="how diagnostics are shown; with --output-file several times, for several outputs",
    )
    group.add_argument(
        "-o",
        "--output-file",
        metavar="FILE",
        action=_AddOutput,
        dest="outputs",
        help="where they are written",
    )
    group.add_argument("--statistics", action="store_true", help="count diagnostics by rule")
    group.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    group.add_argument("--show-settings", action="store_true", help="show the settings of the run, as TOML")
    levels = group.add_mutually_exclusive_group()
    levels.add_argument("-v", "--verbose", action="store_true", help="say what is done")
    levels.add_argument("-q", "--quiet", action="store_true", help="diagnostics alone, and errors")
    levels.add_argument("-s", "--silent", action="store_true", help="nothing but the exit code, and errors")
    group.add_argument("--color", choices=COLORS, default="auto", help="when to use colours")


def _add_running(group: Any) -> None:
    group.add_argument("-w", "--watch", action="store_true", help="check again whenever a file changes")
    group.add_argument("--ignore-noqa", action="store_true", help="ignore all noqa comments")
    group.add_argument(
        "--since",
        metavar="REV",
        help="report only what the same rules do not find at this commit, branch or tag of git",
    )
    baselines = group.add_mutually_exclusive_group()
    baselines.add_argument(
        "--baseline",
        metavar="FILE",
        nargs="?",
        const="",
        help="report only what this file does not record (default: the `baseline` of the settings, else "
        "redis-ssot-baseline.jsonl beside them)",
    )
    baselines.add_argument(
        "--no-baseline", action="store_true", help="report what the baseline of the settings records too"
    )
    group.add_argument("--stdin-filename", metavar="NAME", help="the name of standard input")
    group.add_argument("-e", "--exit-zero", action="store_true", help="exit 0 even with diagnostics")
    group.add_argument("--parse-all", action="store_true", help="parse even files that mention no Redis")
    group.add_argument("--jobs", metavar="N", type=_jobs, help="processes to use (default: one a processor)")
    group.add_argument("--no-project", action="store_true", help="file rules only")
    group.add_argument("-n", "--no-cache", action="store_true", help="neither read nor write the cache")
    group.add_argument("--cache-dir", metavar="DIR", help="the folder of the cache")


def _switch(group: Any, name: str, text: str, default: bool | None = False) -> None:
    action = group.add_argument(name, action=argparse.BooleanOptionalAction, default=default)
    action.help = text  # without the default, which older Pythons would add


class _AddOutput(argparse.Action):
    """Makes pairs of a format and a file, in either order: what is there already begins a new one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        options: argparse.Namespace,
        value: Any,
        name: str | None = None,
    ) -> None:
        pairs: list[Output] = options.outputs or [(None, None)]
        at = 0 if name == "--output-format" else 1
        *done, last = pairs
        if last[at] is not None:
            done, last = pairs, (None, None)
        options.outputs = [*done, (value, last[1]) if at == 0 else (last[0], value)]


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of processes; name 1 or more")
    return int(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is no date; write it as 2027-03-01") from None


def _codes(text: str) -> Sequence[str]:
    codes = tuple(code.strip().upper() for code in text.split(","))
    if "" in codes:
        raise argparse.ArgumentTypeError("a code is empty; name codes or prefixes, as RED101,RED2")
    return codes


def _globs(text: str) -> Sequence[str]:
    globs = tuple(glob.strip() for glob in text.split(","))
    if "" in globs:
        raise argparse.ArgumentTypeError("a glob is empty; name files or folders, as vendor,build/**")
    return globs


def _ignores(text: str) -> Sequence[tuple[str, str]]:
    pairs = [part.rpartition(":") for part in text.split(",")]
    if not all(glob.strip() and code.strip() for glob, _, code in pairs):
        raise argparse.ArgumentTypeError(f"`{text}` is no list of glob:code; write it as tests/**:RED201")
    return [(glob.strip(), code.strip().upper()) for glob, _, code in pairs]


def run(options: argparse.Namespace) -> int:
    if options.watch:
        from flake8_redis_ssot.cli.watching import watch

        return watch(options)
    from flake8_redis_ssot.cli.checking import run as check

    return check(options)
