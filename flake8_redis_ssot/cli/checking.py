"""`redis-ssot check`: the run itself."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flake8_redis_ssot.cli import recording
from flake8_redis_ssot.cli.loading import discovered, finder_of
from flake8_redis_ssot.cli.words import text as text_of
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.files import Discovery, Project, overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import (
    Outcome,
    available_processors,
    cache_for,
    checker_for,
    run_project,
    run_source,
)
from flake8_redis_ssot.lint.run import run as run_files
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.output.statistics import STYLES
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import chain_of
from flake8_redis_ssot.settings.model import Selection, is_below
from flake8_redis_ssot.settings.nearest import nearest_code
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.store import folder_of, is_ours, prepare

if TYPE_CHECKING:
    from flake8_redis_ssot.fix.apply import FixResult


@dataclasses.dataclass(slots=True)
class _Checked:
    """One project of a run."""

    project: Project
    checker: FileChecker
    cache: Cache | None = None
    files: list[str] = dataclasses.field(default_factory=list)
    """All that were checked, whatever is reported."""
    found: list[Diagnostic] = dataclasses.field(default_factory=list)
    """What was found in all of them."""
    fixed_for: str = "none"
    """For whom the fixes in it hold; see `cli.fixing.finished`."""


def run(options: argparse.Namespace) -> int:
    try:
        return _check(options)
    except SettingsError as error:
        for message in error.messages:
            _complain("error", message)
        return 2


def _check(options: argparse.Namespace) -> int:
    start = time.time_ns()
    stdin = options.stdin_filename is not None or "-" in options.paths
    fixing = options.fix or options.diff
    _validate(options, stdin)
    finder = finder_of(options)
    path = os.path.abspath(options.stdin_filename or "stdin.py")
    folder = os.path.dirname(path) if stdin else os.getcwd()
    if stdin:
        finder.name([folder])
        found = Discovery(finder, [Project(finder.must_find(folder))])
    else:
        found = discovered(options.paths or ["."], finder)
    style = options.output_format or finder.must_find(folder).output_format
    if options.statistics and style not in STYLES:
        raise SettingsError([f"--statistics has no form in {style}; choose one of {', '.join(STYLES)}"])
    for message in found.missing:
        _complain("error", message)
    if options.show_settings:
        _show_settings(found.projects)
        return 2 if found.missing else 0
    if options.show_files:
        print("".join(f"{shown(path)}\n" for path in found.files), end="")
        if found.notebooks:
            _complain("note", f"notebooks are not checked: {found.notebooks}")
        return 2 if found.missing else 0
    override = Selection(options.select, options.ignore, options.extend_select)
    is_json = style.startswith("json")
    runs = [
        _Checked(
            project,
            checker_for(
                project.settings,
                override,
                parse_all=options.parse_all,
                project=not (options.no_project or stdin),
                fixes=is_json,
            ),
        )
        for project in found.projects
    ]
    notes = []
    for one in runs:
        if one.checker.codes == {"RED000"}:
            where = f"{shown(one.project.name)}: " if len(runs) > 1 else ""
            message = (
                f"{where}no rule is enabled but RED000: nothing else is checked; see `select` and `ignore`"
            )
            notes.append(_complain("warning", message))
    fixes = 0
    given: SourceFile | None = None
    outcome = Outcome()
    if stdin:
        given = SourceFile(path, sys.stdin.buffer.read())
        checker = runs[0].checker
        if not (checker.settings.force_exclude and checker.settings.excludes(path)):
            run_source(given, checker, outcome)
    else:
        mended = [_fix(options, one.project, override, found) for one in runs] if fixing else []
        if options.diff:
            return _diff(options, mended, found)
        for one in runs:
            one.cache = _cache(options, one.checker, start)
            part = _run(options, one, found)
            _narrow(one, part, finishes=is_json and not options.add_noqa)
            _join(outcome, part)
        for what in mended:
            outcome.failures += what.outcome.failures
            fixes += len(what.settled)
        if not found.files and not found.missing:
            notes.append(_complain("warning", "no Python files found below the given paths"))
    if is_json and given is not None:
        from flake8_redis_ssot.lint.noqa import with_rows

        outcome.diagnostics = [*with_rows(outcome.diagnostics, DISK, given)]
    # what several projects index may fail in each
    for message in dict.fromkeys(outcome.failures):
        _complain("error", message)
    notes += [_complain("warning", message) for message in dict.fromkeys(outcome.limits)]
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
    # a run over several projects is not answered by an earlier one
    if len(runs) == 1 and not (stdin or failed or outcome.limits or options.output_file or fixing):
        with suppress(OSError):
            _record(options, runs[0], found, start, (status, "".join(notes), text))
    return status


def _validate(options: argparse.Namespace, stdin: bool) -> None:
    """SettingsError where options say what cannot be, whatever the settings."""
    unknown = [
        code
        for code in (*(options.select or ()), *options.ignore, *options.extend_select)
        if code != "ALL" and not any(known.startswith(code) for known in defaults())
    ]
    if unknown:
        raise SettingsError([f"unknown rule code `{c}`{nearest_code(c, defaults())}" for c in unknown])
    if stdin and options.paths not in ([], ["-"]):
        raise SettingsError(["standard input is checked alone; leave the paths out, or `-`"])
    if (options.fix or options.diff) and (stdin or options.no_project):
        raise SettingsError(["fixes are checked against the whole project; name files, without --no-project"])
    if stdin and options.add_noqa:
        raise SettingsError(["--add-noqa cannot change standard input; name files"])


def _show_settings(projects: Sequence[Project]) -> None:
    for project in projects:
        if len(projects) > 1:
            print(f"# {shown(project.name)}")
        for key, value in dataclasses.asdict(project.settings).items():
            print(f"{key} = {json.dumps(value, default=str)}")


def _fix(options: argparse.Namespace, project: Project, override: Selection, found: Discovery) -> FixResult:
    """Apply the fixes to the files of a project, or with `--diff` only find out what they would change."""
    from flake8_redis_ssot.cli.fixing import fixed

    return fixed(
        found.all_files(project),
        project.settings,
        checker_for(project.settings, override).codes,
        set(project.files),
        unsafe=options.unsafe_fixes,
        jobs=options.jobs or available_processors(),
        write=not options.diff,
    )


def _diff(options: argparse.Namespace, mended: Sequence[FixResult], found: Discovery) -> int:
    from flake8_redis_ssot.cli.fixing import diff

    number = sum(len(what.settled) for what in mended)
    failures = [message for what in mended for message in what.outcome.failures]
    _write(options, "".join(diff({path: data for what in mended for path, data in what.changes.items()})))
    print(f"Would fix {number} error{'s' * (number != 1)}.", file=sys.stderr)
    for message in dict.fromkeys(failures):
        _complain("error", message)
    return 2 if found.missing or failures else 1 if number else 0


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


def _run(options: argparse.Namespace, one: _Checked, found: Discovery) -> Outcome:
    """Check the files of a project; its project rules see all of it, whatever is reported."""
    jobs = options.jobs or available_processors()
    project, checker, cache = one.project, one.checker, one.cache
    one.files = found.all_files(project) if checker.keeps_facts else project.files
    if checker.keeps_facts:
        outcome = run_project(one.files, checker, jobs=jobs, cache=cache)
        # what excepts nothing here may do so in a project that shares these settings
        path = project.settings.path
        if path is not None and any(path in chain_of(table) for table in project.nested):
            outcome.diagnostics = [d for d in outcome.diagnostics if d.code != "RED902"]
    else:
        outcome = run_files(one.files, checker, jobs=jobs, cache=cache)
    if cache is not None:
        cache.save(one.files)
    return outcome


def _narrow(one: _Checked, outcome: Outcome, *, finishes: bool) -> None:
    """Leave of an outcome what was asked for, with fixes and the rows of comments where a format shows them."""
    files = one.project.files
    one.found = outcome.diagnostics
    if finishes:
        from flake8_redis_ssot.cli.fixing import finished

        outcome.diagnostics, one.fixed_for = finished(outcome, one.checker, one.files, files, one.cache, None)
        if one.fixed_for != "none":
            one.found = outcome.diagnostics
    reported = {*files, one.project.settings.path}
    outcome.diagnostics = [d for d in outcome.diagnostics if d.path in reported]


def _join(whole: Outcome, part: Outcome) -> None:
    """Add what was found in one project."""
    whole.diagnostics = sorted([*whole.diagnostics, *part.diagnostics], key=lambda d: d.sort_key)
    whole.failures += part.failures
    whole.limits += part.limits


def _record(
    options: argparse.Namespace, one: _Checked, found: Discovery, start: int, words: tuple[int, str, str]
) -> None:
    """Keep what this run found in the cache of its project, where the next one looks for it."""
    if one.cache is None:
        return
    settings = one.project.settings
    looked_at = {*found.looked_at, *found.finder.looked_at}
    looked_at.update(_looked_at(one, one.cache, looked_at))
    is_plain = not one.project.nested and all(is_below(path, settings.root) for path in one.files)
    run = recording.Run(
        settings, one.cache.folder, one.files, one.project.files, looked_at, one.cache.stamps, one.found,
        one.fixed_for, one.checker.keeps_facts, is_plain,
    )  # fmt: skip
    recording.keep(options.arguments, start, run, words)


def _looked_at(one: _Checked, cache: Cache, found: Collection[str]) -> Iterator[str]:
    """All paths, there or not, that decide what is found, besides the files checked and those `found`."""
    settings = one.project.settings
    yield from settings.read_from
    for table in one.project.nested:
        yield from chain_of(table)
    for root in {root for boundary in settings.boundaries for root in boundary.roots}:
        yield root
        if os.path.isdir(root):  # see `FileChecker.first_party`
            yield from (entry.path for entry in os.scandir(root) if os.path.isdir(entry.path))
    known = {*cache.files, *found}
    for module in cache.modules:
        for place in one.checker.managers.modules.places(module):
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
    from flake8_redis_ssot.lint.noqa import add_noqa

    failed, count = False, 0
    for path in sorted({d.path for d in diagnostics}):
        try:
            source = DISK.source(path)
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
