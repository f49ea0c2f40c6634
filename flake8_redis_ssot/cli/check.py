"""`redis-ssot check`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections import Counter
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.check import FileChecker
from flake8_redis_ssot.engine.run import (
    Outcome,
    available_processors,
    checker_for,
    run_project,
    run_source,
)
from flake8_redis_ssot.engine.run import run as run_files
from flake8_redis_ssot.files import discover
from flake8_redis_ssot.output import FORMATS, escaped, render, shown
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import find_settings_file, load_settings, nearest
from flake8_redis_ssot.settings.model import Selection, Settings
from flake8_redis_ssot.source import SourceFile


def add_parser(commands: Any) -> None:
    command = commands.add_parser("check", help="check files and folders")
    add = command.add_argument
    add("paths", nargs="*", metavar="PATH", help="files or folders, or - for standard input (default: .)")
    add("--config", metavar="FILE", help="the settings file")
    add("--select", metavar="CODES", type=_codes, help="codes or prefixes to enable")
    add("--ignore", metavar="CODES", type=_codes, default=(), help="codes or prefixes to disable")
    add("--extend-select", metavar="CODES", type=_codes, default=(), help="codes to enable in addition")
    add("--output-format", choices=FORMATS, help="how diagnostics are shown")
    add("--output-file", metavar="FILE", help="write the diagnostics to FILE")
    add("--statistics", action="store_true", help="count diagnostics by rule")
    add("--add-noqa", action="store_true", help="silence every diagnostic by a comment")
    add("--stdin-filename", metavar="NAME", help="the name of standard input")
    add("--exit-zero", action="store_true", help="exit 0 even with diagnostics")
    add("--show-files", action="store_true", help="list the files that would be checked")
    add("--show-settings", action="store_true", help="show the settings of the run")
    add("--parse-all", action="store_true", help="parse even files that mention no Redis")
    add("--jobs", metavar="N", type=_jobs, help="processes to use (default: one a processor)")
    add("--no-project", action="store_true", help="file rules only")
    command.set_defaults(handler=run)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of processes; name 1 or more")
    return int(text)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def run(options: argparse.Namespace) -> int:
    try:
        return _check(options, _settings(options))
    except SettingsError as error:
        for message in error.messages:
            _complain("error", message)
        return 2


def _settings(options: argparse.Namespace) -> Settings:
    path = options.config or find_settings_file(os.getcwd())
    settings = load_settings(path, root=os.getcwd(), codes=list(defaults()), formats=FORMATS)
    unknown = [
        code
        for code in (*(options.select or ()), *options.ignore, *options.extend_select)
        if code != "ALL" and not any(known.startswith(code) for known in defaults())
    ]
    if unknown:
        raise SettingsError([f"unknown rule code `{c}`{nearest(c, defaults())}" for c in unknown])
    return settings


def _check(options: argparse.Namespace, settings: Settings) -> int:
    if options.show_settings:
        for key, value in dataclasses.asdict(settings).items():
            print(f"{key} = {json.dumps(value, default=str)}")
        return 0
    stdin = options.stdin_filename is not None or "-" in options.paths
    if stdin and options.paths not in ([], ["-"]):
        raise SettingsError(["standard input is checked alone; leave the paths out, or `-`"])
    found = discover([p for p in options.paths if p != "-"] or ([] if stdin else ["."]), settings)
    for message in found.missing:
        _complain("error", message)
    for path in found.nested:
        _complain("warning", f"{shown(path)} has a [tool.redis-ssot] table that this run does not read; "
                  f"check that folder by itself with --config {shown(path)}")  # fmt: skip
    if options.show_files:
        print("".join(f"{shown(path)}\n" for path in found.files), end="")
        if found.notebooks:
            _complain("note", f"notebooks are not checked: {found.notebooks}")
        return 2 if found.missing else 0
    override = Selection(options.select, options.ignore, options.extend_select)
    checker = checker_for(
        settings, override, parse_all=options.parse_all, project=not (options.no_project or stdin)
    )
    given: SourceFile | None = None
    if stdin:
        if options.add_noqa:
            raise SettingsError(["--add-noqa cannot change standard input; name files"])
        path = os.path.abspath(options.stdin_filename or "stdin.py")
        given = SourceFile(path, sys.stdin.buffer.read())
        outcome = Outcome()
        if not (settings.force_exclude and settings.excludes(path)):
            run_source(given, checker, outcome)
    else:
        outcome = _run(options, settings, checker, found.files)
        if not found.files and not found.missing:
            _complain("warning", "no Python files found below the given paths")
    for message in outcome.failures:
        _complain("error", message)
    failed = bool(found.missing or outcome.failures)
    if options.add_noqa:
        return 2 if _add_noqa(outcome.diagnostics) or failed else 0
    if found.notebooks and not found.files:
        _complain("note", "notebooks are not checked")
    if outcome.diagnostics or not failed:
        _write(options, settings, outcome.diagnostics, given)
    return 2 if failed else 1 if outcome.diagnostics and not options.exit_zero else 0


def _run(options: argparse.Namespace, settings: Settings, checker: FileChecker, files: list[str]) -> Outcome:
    """Check `files`; the project rules see all files below the settings file, whatever is reported."""
    jobs = options.jobs or available_processors()
    if not checker.project_rules:
        return run_files(files, checker, jobs=jobs)
    everything = sorted({*files, *discover([settings.root], settings).files})
    outcome = run_project(everything, checker, jobs=jobs)
    reported = {*files, settings.path}
    outcome.diagnostics = [d for d in outcome.diagnostics if d.path in reported]
    return outcome


def _write(
    options: argparse.Namespace,
    settings: Settings,
    diagnostics: list[Diagnostic],
    given: SourceFile | None,
) -> None:
    style = options.output_format or settings.output_format
    if options.statistics:
        counts = Counter((d.code, d.name) for d in diagnostics)
        text = "".join(
            f"{n}\t{code}\t{name}\n"
            for (code, name), n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
        )
    else:
        text = render(style, diagnostics, given)
    if style in ("concise", "full"):
        number = len(diagnostics)
        text += f"Found {number} error{'s' * (number != 1)}.\n" if number else "All checks passed!\n"
    if options.output_file:
        try:
            with open(options.output_file, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except OSError as error:
            raise SettingsError(
                [f"{options.output_file}: {error.strerror}; name a file that can be written"]
            ) from error
    else:
        sys.stdout.write(text)


def _add_noqa(diagnostics: list[Diagnostic]) -> bool:
    """Write the comments; whether a file could not be written."""
    from flake8_redis_ssot.engine.suppress import add_noqa

    failed, added = False, 0
    for path in sorted({d.path for d in diagnostics if d.code != "RED000"}):
        mine = [d for d in diagnostics if d.path == path]
        try:
            source = SourceFile.read(path)
            changed = add_noqa(source, mine)
            if source.data.startswith(b"\xef\xbb\xbf") and not changed.startswith(b"\xef\xbb\xbf"):
                changed = b"\xef\xbb\xbf" + changed
            temporary = f"{path}.redis-ssot"
            with open(temporary, "wb") as stream:
                stream.write(changed)
            os.chmod(temporary, os.stat(path).st_mode)
            os.replace(temporary, path)
            added += len(mine)
        except OSError as error:
            _complain("error", f"{shown(path)}: cannot be written: {error.strerror}")
            failed = True
    print(f"Added {added} noqa comment{'s' * (added != 1)}.")
    return failed


def _complain(kind: str, message: str) -> None:
    print(f"{kind}: {escaped(message)}", file=sys.stderr)
