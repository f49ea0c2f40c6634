"""Options of `redis-ssot check` that exclude each other."""

from __future__ import annotations

import argparse
import os

from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.source import PYTHON


def check_options(options: argparse.Namespace, *, is_stdin: bool, is_fixing: bool) -> None:
    """SettingsError where options say what cannot be, whatever the settings."""
    if is_stdin and options.paths not in ([], ["-"]):
        raise SettingsError(["standard input is checked alone; leave the paths out, or `-`"])
    if options.scheduler is not None and options.executor is None:
        raise SettingsError(["--scheduler names the scheduler of a cluster; add --executor dask"])
    if options.executor is not None and options.scheduler is None:
        raise SettingsError(
            [f"--executor {options.executor} needs a cluster; add --scheduler ADDRESS, as tcp://HOST:8786"]
        )
    if options.executor is not None and is_stdin:
        raise SettingsError(["standard input is one file, which is checked here; leave --executor out"])
    if is_fixing and is_stdin:
        raise SettingsError(["fixes change files, and standard input is none; name the file"])
    if is_fixing and options.no_project:
        raise SettingsError(["fixes are checked against the whole project; leave --no-project out"])
    if is_fixing and options.ignore_noqa:
        raise SettingsError(["fixes leave alone what a comment silences; leave --ignore-noqa out"])
    if options.diff and options.show_fixes:
        raise SettingsError(["--diff shows what would be fixed already; leave --show-fixes out"])
    if options.exit_zero and options.exit_non_zero_on_fix:
        raise SettingsError(["--exit-zero and --exit-non-zero-on-fix exclude each other; leave one out"])
    if options.since is not None and is_fixing:
        raise SettingsError(
            ["--since limits what is reported, not what is fixed; leave it out, and name the files to fix"]
        )
    if options.since is not None and is_stdin:
        raise SettingsError(
            ["--since compares files with a commit, and standard input is in none; leave it out"]
        )
    if options.baseline and (os.path.isdir(options.baseline) or options.baseline.endswith(PYTHON)):
        raise SettingsError(
            [f"--baseline {options.baseline}: is what would be checked, not a baseline; name paths before "
             "--baseline, or write --baseline=FILE"]
        )  # fmt: skip
    if options.add_noqa is not None and (options.diff or options.fix_only):
        name = "--diff" if options.diff else "--fix-only"
        raise SettingsError(
            [f"--add-noqa silences what is left, and {name} leaves that alone; leave one out"]
        )
    if is_stdin and options.add_noqa is not None:
        raise SettingsError(["--add-noqa cannot change standard input; name files"])
    if options.add_noqa and len(options.add_noqa.splitlines()) > 1:
        raise SettingsError(["the reason of --add-noqa has several lines; write one"])
