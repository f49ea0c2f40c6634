"""`redis-ssot baseline`: the run itself."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from flake8_redis_ssot.cli.loading import discovered, finder_of, misplaced
from flake8_redis_ssot.cli.mended import mended
from flake8_redis_ssot.cli.messages import Kind, Messages, refuse
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import Discovery, Project, overwrite
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.baseline import (
    NEVER_RECORDED,
    Baseline,
    Entry,
    file_of,
    read_baseline,
)
from flake8_redis_ssot.lint.fingerprint import similarity
from flake8_redis_ssot.lint.matching import Matching
from flake8_redis_ssot.lint.run import Outcome, available_processors, checker_for, run_project
from flake8_redis_ssot.lint.suppress import recorded
from flake8_redis_ssot.locking import locked
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Selection
from flake8_redis_ssot.source import PYTHON
from flake8_redis_ssot.wording import counted

_MOST = 10
"""New diagnostics that are listed; `check` lists them all."""
_HARDLY_CHANGED = 0.75
"""How much of a definition must be as it was recorded, so that its line is left alone."""


def baseline(options: argparse.Namespace) -> int:
    """Write the baseline of each project; 1 where something new was not accepted."""
    try:
        _validate(options)
        finder = finder_of(options)
        found = discovered(["."], finder)
        groups: dict[str, list[Project]] = {}
        for project in found.projects:
            found.complete(project)
            if finder.config is not None and (message := misplaced(project)):
                Messages()("warning", message)
            given = options.file or project.settings.baseline
            file = file_of(project.settings.root, given and os.path.abspath(given))
            groups.setdefault(file, []).append(project)
        return max([_write(file, projects, found, options) for file, projects in groups.items()], default=0)
    except SettingsError as error:
        return refuse(error.messages)


def _validate(options: argparse.Namespace) -> None:
    if options.accept is not None and (not options.accept.strip() or len(options.accept.splitlines()) > 1):
        raise SettingsError(["--accept wants the reason why what is new may stay, in one line"])
    if options.file and (os.path.isdir(options.file) or options.file.endswith(PYTHON)):
        raise SettingsError(
            [
                f"{options.file}: is no baseline; the whole project is recorded, and FILE names where: leave it out"
            ]
        )


def _write(file: str, projects: Sequence[Project], found: Discovery, options: argparse.Namespace) -> int:
    """Bring one file up to date for the projects that share it."""
    if options.prune and not os.path.exists(file):
        read_baseline(file, DISK)  # which says that there is none
    with _held(file):
        is_there = os.path.exists(file)
        before = Baseline(file)
        if is_there or options.prune:
            before = read_baseline(file, DISK, merging=True)
        whole = Outcome(unmatched=[*before.entries])
        is_mended: set[Entry] = set()
        with Progress() as progress:
            for project in projects:
                checker = checker_for(
                    replace(project.settings, baseline=None), Selection(), DISK, fingerprints=True
                )
                files = found.all_files(project)
                outcome = run_project(files, checker, jobs=available_processors(), progress=progress)
                whole.failures += outcome.failures
                whole.limits += outcome.limits
                reported = project.reported
                whole.diagnostics += (d for d in outcome.diagnostics if d.path in reported)
                is_mended |= {
                    *mended(before.entries, project, checker, files, outcome.diagnostics, whole=True)
                }
        if whole.failures:
            return refuse(whole.failures)
        if whole.limits:  # what was not looked at is not mended
            is_mended.clear()
        status = _bring_up_to_date(before, whole, is_mended, is_there, options)
        if not is_there and not all(project.settings.baseline for project in projects):
            name = projects[0].settings.short(file)
            print(
                f"`check --baseline{'' if options.file is None else f'={escaped(shown(file))}'}` reports only "
                f'what is new; with `baseline = "{escaped(name)}"` in [tool.redis-ssot] `check` and flake8 always do.'
            )
        return status


def _bring_up_to_date(
    before: Baseline, whole: Outcome, is_mended: set[Entry], is_there: bool, options: argparse.Namespace
) -> int:
    say = Messages()
    for limit in dict.fromkeys(whole.limits):
        say("warning", limit)
    whole.diagnostics.sort(key=lambda d: d.sort_key)
    found = recorded(before, whole.diagnostics, DISK)
    new = [d for d in found.new if d.code not in NEVER_RECORDED]
    others = [d for d in found.new if d.code in NEVER_RECORDED]
    if new and is_there and not options.prune and options.accept is None:
        return _refuse_growth(new, before.file)
    gone = [entry for entry in found.left if entry in is_mended]
    entries = [*_followed(found), *(entry for entry in found.left if entry not in is_mended)]
    if not options.prune:
        entries += (Entry.of(d, options.accept) for d in new)
    after = before.with_entries(entries)
    data = after.to_bytes()
    is_changed = not is_there or data != DISK.source(before.file).data
    if is_changed:
        try:
            overwrite(before.file, data)
        except OSError as error:
            raise _unwritable(before.file, error) from error
    news = [
        f"{number} {what}"
        for number, what in (
            (len(new) * (not options.prune) * is_there, "accepted"),
            (len(gone), "fixed and dropped"),
            (len(found.moved), "moved and followed"),
        )
        if number
    ]
    count = counted(len(after.entries), "diagnostic")
    file = escaped(shown(before.file))
    if is_changed:
        print(f"Recorded {count} in {file}{': ' if news else ''}{', '.join(news)}.")
    else:
        print(f"Nothing to change: {file} has {count}.")
    if others:
        _list("warning", others, before.file, say)
        counts = Counter(d.code for d in others)
        codes = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
        say("warning", f"{codes}: not recorded, and still reported: no baseline may hide these; fix them")
    return 0


def _followed(found: Matching) -> Iterator[Entry]:
    """The entries of what is still there, at the places where it is now.

    A line changes only where it must: branches merge the more easily.
    """
    for entry, diagnostic in sorted(found.known, key=lambda pair: pair[0].nth):
        now = Entry.of(diagnostic, entry.reason)
        alike = similarity(entry.fingerprint.sketch, now.fingerprint.sketch)
        yield entry if entry.key == now.key and alike >= _HARDLY_CHANGED else now


def _list(kind: Kind, diagnostics: Sequence[Diagnostic], file: str, say: Messages) -> None:
    for diagnostic in diagnostics[:_MOST]:
        where = f"{shown(diagnostic.path)}:{diagnostic.range.start.line}"
        say(kind, f"{where}: {diagnostic.code} {diagnostic.message}")
    if len(diagnostics) > _MOST:
        rest = len(diagnostics) - _MOST
        say(kind, f"and {rest} more, which `redis-ssot check --baseline={shown(file)}` lists")


def _refuse_growth(new: Sequence[Diagnostic], file: str) -> int:
    say = Messages()
    _list("error", new, file, say)
    number, them = ("1 diagnostic is", "it") if len(new) == 1 else (f"{len(new)} diagnostics are", "them")
    say(
        "error",
        f"{number} not in {shown(file)}, which was left as it is: fix {them}, or record {them} by "
        f'--accept "the reason"; --prune only drops what is fixed',
    )
    return 1


@contextmanager
def _held(file: str) -> Iterator[None]:
    """Nobody else writes the file meanwhile."""
    path = f"{file}.lock"
    folder = os.path.dirname(file)
    if not os.path.isdir(folder):
        raise SettingsError([f"{file}: there is no folder {folder}; make it, or name a file in another"])
    try:
        lock = locked(path)
    except BlockingIOError:
        raise SettingsError(
            [f"{file}: another redis-ssot is writing this baseline; run again when it is done"]
        ) from None
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(path)
        os.close(lock)


def _unwritable(file: str, error: OSError) -> SettingsError:
    return SettingsError(
        [f"{file}: cannot be written: {error.strerror}; name one in a folder that you may write to"]
    )
