"""`redis-ssot check`: its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flake8_redis_ssot.cli.replay import COLORS, EXECUTORS
from flake8_redis_ssot.output import FORMATS

if TYPE_CHECKING:
    from datetime import date

Output = tuple[str | None, str | None]
"""A format, or that of the settings, and the file it goes to, or standard output."""


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "check",
        help="check files and folders",
        description="Report what the rules find. With --fix, apply the safe fixes. "
        "Exit code: 0 if nothing is found, 1 if something is, 2 if something could not be done.",
        usage="redis-ssot check [OPTIONS] [PATH ...]",
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
        help="a settings file to use instead of the nearest pyproject.toml above each file, or one setting "
        "that overrides every file; may be given several times",
    )
    group.add_argument("--isolated", action="store_true", help="use no settings file")


def add_today(command: Any) -> None:
    command.add_argument(
        "--today",
        metavar="DATE",
        type=_date,
        help="judge end dates of exceptions as of this day, such as 2027-03-01 (default: today)",
    )


def _add_fixing(group: Any) -> None:
    _switch(group, "--fix", "apply the fixes that do not change what the code does")
    _switch(group, "--fix-only", "apply the fixes, and do not report what is left; implies --fix")
    _switch(group, "--unsafe-fixes", "also count and apply fixes that may change what the code does")
    group.add_argument(
        "--diff",
        action="store_true",
        help="show what --fix would change, without changing files; implies --fix-only",
    )
    _switch(group, "--show-fixes", "list what was fixed")
    group.add_argument(
        "--exit-non-zero-on-fix", action="store_true", help="exit with 1 if anything was fixed"
    )
    group.add_argument(
        "--add-noqa",
        metavar="REASON",
        nargs="?",
        help="add a noqa comment for every diagnostic, with =REASON after the codes; with --fix, for those left",
    )


def _add_rules(group: Any) -> None:
    for name, text in (
        ("select", "the rules to run, as codes or prefixes, or ALL"),
        ("ignore", "rules not to run"),
        ("extend-select", "more rules to run, in addition to those selected"),
        ("fixable", "rules whose fixes may be applied (default: all)"),
        ("unfixable", "rules whose fixes may not be applied"),
    ):
        group.add_argument(f"--{name}", metavar="CODES", type=_codes, action="extend", help=text)
    for name, text in (
        (
            "per-file-ignores",
            "rules to ignore in some files, such as tests/**:RED201; replaces the setting",
        ),
        ("extend-per-file-ignores", "the same, in addition to the setting"),
    ):
        group.add_argument(f"--{name}", metavar="GLOB:CODE,...", type=_ignores, action="extend", help=text)


def add_files(group: Any) -> None:
    for name, text in (
        ("exclude", "files and folders to skip; replaces the setting"),
        ("extend-exclude", "more files and folders to skip"),
    ):
        group.add_argument(f"--{name}", metavar="GLOBS", type=_globs, action="extend", help=text)
    _switch(group, "--respect-gitignore", "skip files that .gitignore ignores", default=None)
    _switch(group, "--force-exclude", "apply exclude even to files that you name", default=None)


def _add_output(group: Any) -> None:
    group.add_argument(
        "--output-format",
        choices=FORMATS,
        action=_AddOutput,
        dest="outputs",
        help="output format; may be given several times, each with its own --output-file",
    )
    group.add_argument(
        "-o",
        "--output-file",
        metavar="FILE",
        action=_AddOutput,
        dest="outputs",
        help="write to this file instead of standard output",
    )
    group.add_argument(
        "--statistics", action="store_true", help="show the number of diagnostics of each rule"
    )
    group.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    group.add_argument("--show-settings", action="store_true", help="show the settings of the run, as TOML")
    levels = group.add_mutually_exclusive_group()
    levels.add_argument(
        "-v", "--verbose", action="store_true", help="also print which settings and cache are used"
    )
    levels.add_argument("-q", "--quiet", action="store_true", help="print only diagnostics and errors")
    levels.add_argument(
        "-s", "--silent", action="store_true", help="print only errors; the exit code tells the rest"
    )
    group.add_argument("--color", choices=COLORS, default="auto", help="when to use colours")


def _add_running(group: Any) -> None:
    group.add_argument("-w", "--watch", action="store_true", help="check again whenever a file changes")
    group.add_argument("--ignore-noqa", action="store_true", help="ignore all noqa comments")
    group.add_argument(
        "--since",
        metavar="REV",
        help="report only diagnostics that are not found at this commit, branch or tag of git",
    )
    baselines = group.add_mutually_exclusive_group()
    baselines.add_argument(
        "--baseline",
        metavar="FILE",
        nargs="?",
        const="",
        help="report only diagnostics that this file does not record (default: `baseline` of the settings, else "
        "redis-ssot-baseline.jsonl beside them)",
    )
    baselines.add_argument(
        "--no-baseline", action="store_true", help="also report what the baseline of the settings records"
    )
    group.add_argument(
        "--stdin-filename",
        metavar="NAME",
        help="the path of the text on standard input; it decides the settings",
    )
    group.add_argument(
        "-e", "--exit-zero", action="store_true", help="exit with 0 even if there are diagnostics"
    )
    group.add_argument(
        "--parse-all", action="store_true", help="parse every file, and report those that cannot be parsed"
    )
    group.add_argument(
        "--jobs", metavar="N", type=_jobs, help="number of processes (default: one per processor)"
    )
    group.add_argument(
        "--executor", choices=EXECUTORS, help="check files on the workers of a cluster, named by --scheduler"
    )
    group.add_argument(
        "--scheduler", metavar="ADDRESS", help="the scheduler of the cluster, such as tcp://HOST:8786"
    )
    group.add_argument("--no-project", action="store_true", help="check each file by itself, as flake8 does")
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
    from datetime import date  # seldom needed

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
