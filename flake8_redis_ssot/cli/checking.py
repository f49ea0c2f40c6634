"""`redis-ssot check`: the run itself."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flake8_redis_ssot.cli import recording
from flake8_redis_ssot.cli.loading import settings_of
from flake8_redis_ssot.cli.words import text as text_of
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.check import FileChecker
from flake8_redis_ssot.engine.run import (
    Outcome,
    available_processors,
    cache_for,
    checker_for,
    run_project,
    run_source,
)
from flake8_redis_ssot.engine.run import run as run_files
from flake8_redis_ssot.files import Discovery, discover, overwrite
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.output.statistics import STYLES
from flake8_redis_ssot.project.cache import Cache
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import nearest_code
from flake8_redis_ssot.settings.model import Selection, Settings
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.store import folder_of, is_ours, prepare

if TYPE_CHECKING:
    from flake8_redis_ssot.engine.fix import Mended


def run(options: argparse.Namespace) -> int:
    try:
        return _check(options, _settings(options))
    except SettingsError as error:
        for message in error.messages:
            _complain("error", message)
        return 2


def _settings(options: argparse.Namespace) -> Settings:
    settings = settings_of(options)
    unknown = [
        code
        for code in (*(options.select or ()), *options.ignore, *options.extend_select)
        if code != "ALL" and not any(known.startswith(code) for known in defaults())
    ]
    if unknown:
        raise SettingsError([f"unknown rule code `{c}`{nearest_code(c, defaults())}" for c in unknown])
    return settings


def _check(options: argparse.Namespace, settings: Settings) -> int:
    if options.show_settings:
        for key, value in dataclasses.asdict(settings).items():
            print(f"{key} = {json.dumps(value, default=str)}")
        return 0
    start = time.time_ns()
    fixing = options.fix or options.diff
    stdin = options.stdin_filename is not None or "-" in options.paths
    if stdin and options.paths not in ([], ["-"]):
        raise SettingsError(["standard input is checked alone; leave the paths out, or `-`"])
    if fixing and (stdin or options.no_project):
        raise SettingsError(["fixes are checked against the whole project; name files, without --no-project"])
    style = options.output_format or settings.output_format
    if options.statistics and style not in STYLES:
        raise SettingsError([f"--statistics has no form in {style}; choose one of {', '.join(STYLES)}"])
    found = discover([p for p in options.paths if p != "-"] or ([] if stdin else ["."]), settings)
    for message in found.missing:
        _complain("error", message)
    notes = [
        _complain("warning", f"{shown(path)} has a [tool.redis-ssot] table that this run does not read; "
                  f"check that folder by itself with --config {shown(path)}")
        for path in found.nested
    ]  # fmt: skip
    if options.show_files:
        print("".join(f"{shown(path)}\n" for path in found.files), end="")
        if found.notebooks:
            _complain("note", f"notebooks are not checked: {found.notebooks}")
        return 2 if found.missing else 0
    override = Selection(options.select, options.ignore, options.extend_select)
    is_json = (options.output_format or settings.output_format).startswith("json")
    checker = checker_for(
        settings,
        override,
        parse_all=options.parse_all,
        project=not (options.no_project or stdin),
        fixes=is_json,
    )
    if checker.codes == {"RED000"}:
        message = "no rule is enabled but RED000: nothing else is checked; see `select` and `ignore`"
        notes.append(_complain("warning", message))
    fixes = 0
    given: SourceFile | None = None
    cache: Cache | None = None
    below = found
    if stdin:
        if options.add_noqa:
            raise SettingsError(["--add-noqa cannot change standard input; name files"])
        path = os.path.abspath(options.stdin_filename or "stdin.py")
        given = SourceFile(path, sys.stdin.buffer.read())
        outcome = Outcome()
        if not (settings.force_exclude and settings.excludes(path)):
            run_source(given, checker, outcome)
    else:
        mended = _fix(options, settings, override, found) if fixing else None
        if mended is not None and options.diff:
            return _diff(options, mended, found)
        cache = _cache(options, checker, start)
        below, outcome = _run(options, checker, found, cache)
        if mended is not None:
            outcome.failures += mended.outcome.failures
            fixes = len(mended.settled)
        if not found.files and not found.missing:
            notes.append(_complain("warning", "no Python files found below the given paths"))
    everything, fixed_for, reported = outcome.diagnostics, "none", {*found.files, settings.path}
    if is_json and not options.add_noqa:
        from flake8_redis_ssot.cli.fixing import finished

        outcome.diagnostics, fixed_for = finished(outcome, checker, below, found, cache, given)
        everything = outcome.diagnostics if fixed_for != "none" else everything
    if not stdin:
        outcome.diagnostics = [d for d in outcome.diagnostics if d.path in reported]
    for message in outcome.failures:
        _complain("error", message)
    notes += [_complain("warning", message) for message in outcome.limits]
    failed = bool(found.missing or outcome.failures)
    if options.add_noqa:
        return 2 if _add_noqa(outcome.diagnostics) or failed else 0
    if found.notebooks and not found.files:
        notes.append(_complain("note", "notebooks are not checked"))
    text = text_of(
        style,
        outcome.diagnostics,
        counted=options.statistics,
        unsafe=options.unsafe_fixes,
        given=given,
        fixes=fixes,
        failed=failed,
    )
    _write(options, text)
    status = 2 if failed else 1 if outcome.diagnostics and not options.exit_zero else 0
    if cache is not None and not (failed or outcome.limits or options.output_file or fixing):
        with suppress(OSError):
            looked_at = _looked_at(checker, below, cache)
            run = recording.Run(
                settings,
                cache.folder,
                below,
                found,
                looked_at,
                cache.stamps,
                everything,
                fixed_for,
                checker.keeps_facts,
            )
            recording.keep(options.arguments, start, run, (status, "".join(notes), text))
    return status


def _fix(options: argparse.Namespace, settings: Settings, override: Selection, found: Discovery) -> Mended:
    """Apply the fixes to the files found, or with `--diff` only find out what they would change."""
    from flake8_redis_ssot.cli.fixing import fixed

    codes = checker_for(settings, override).codes
    files = sorted({*found.files, *discover([settings.root], settings).files})
    jobs = options.jobs or available_processors()
    return fixed(
        files,
        settings,
        codes,
        set(found.files),
        unsafe=options.unsafe_fixes,
        jobs=jobs,
        write=not options.diff,
    )


def _diff(options: argparse.Namespace, mended: Mended, found: Discovery) -> int:
    from flake8_redis_ssot.cli.fixing import diff

    number = len(mended.settled)
    _write(options, "".join(diff(mended.changes)))
    print(f"Would fix {number} error{'s' * (number != 1)}.", file=sys.stderr)
    for message in mended.outcome.failures:
        _complain("error", message)
    return 2 if found.missing or mended.outcome.failures else 1 if number else 0


def _cache(options: argparse.Namespace, checker: FileChecker, start: int) -> Cache | None:
    """The cache of this run; None where it is not wanted or has no place."""
    if options.no_cache or options.add_noqa:
        return None
    folder = folder_of(options.cache_dir, checker.settings.cache_dir, checker.settings.root)
    if prepare(folder):
        return cache_for(checker, folder, start)
    if os.path.exists(folder) and not is_ours(folder):
        _complain(
            "warning",
            f"{shown(folder)}: is no cache of redis-ssot and is left alone; name another `cache-dir`",
        )
    return None


def _run(
    options: argparse.Namespace, checker: FileChecker, found: Discovery, cache: Cache | None
) -> tuple[Discovery, Outcome]:
    """Check the files found; for the project rules all files below the settings file, which are given back."""
    jobs = options.jobs or available_processors()
    files, settings = found.files, checker.settings
    if checker.keeps_facts:
        is_all = [*map(os.path.abspath, options.paths or ["."])] == [settings.root]
        below = found if is_all else discover([settings.root], settings)
        files = sorted({*files, *below.files})
        outcome = run_project(files, checker, jobs=jobs, cache=cache)
    else:
        below = found
        outcome = run_files(files, checker, jobs=jobs, cache=cache)
    if cache is not None:
        cache.save(files)
    return below, outcome


def _looked_at(checker: FileChecker, below: Discovery, cache: Cache) -> Iterator[str]:
    """All paths, there or not, that decide what is found, besides the files and folders discovered."""
    settings = checker.settings
    yield from settings.read_from
    for root in {root for boundary in settings.boundaries for root in boundary.roots}:
        yield root
        if os.path.isdir(root):  # see `first_party`
            yield from (entry.path for entry in os.scandir(root) if os.path.isdir(entry.path))
    known = {*cache.files, *below.looked_at}
    for module in cache.modules:
        for place in checker.managers.modules.places(module):
            # where the folder is known, its stamp tells of what comes and goes
            if os.path.dirname(place) not in known or os.path.exists(place):
                yield place
    flake8 = find_spec("flake8")
    if flake8 is not None and flake8.origin:
        yield flake8.origin


def _write(options: argparse.Namespace, text: str) -> None:
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
    from flake8_redis_ssot.engine.noqa import add_noqa

    failed, count = False, 0
    for path in sorted({d.path for d in diagnostics}):
        try:
            source = SourceFile.read(path)
        except SourceError:
            source = SourceFile(path, b"")
        added = add_noqa(source, [d for d in diagnostics if d.path == path])
        for row, codes, reason in added.left:
            _complain("warning", f"{shown(path)}:{row}: {codes} is left: {reason}")
        try:
            if added.count:
                overwrite(path, added.data)
            count += added.count
        except OSError as error:
            _complain("error", f"{shown(path)}: cannot be written: {error.strerror}")
            failed = True
    print(f"Added {count} noqa comment{'s' * (count != 1)}.")
    return failed


def _complain(kind: str, message: str) -> str:
    text = f"{kind}: {escaped(message)}\n"
    print(end=text, file=sys.stderr)
    return text
