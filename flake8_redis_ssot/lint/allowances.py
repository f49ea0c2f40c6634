"""The exceptions of a project: whose they are, until when, why, and what they silence today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.lint.noqa import physical_lines
from flake8_redis_ssot.lint.run import Outcome, Progress, checker_for, run_project
from flake8_redis_ssot.lint.suppress import comments, covers
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.model import Allowance, Selection, Settings
from flake8_redis_ssot.source import SourceError

NOTICE = timedelta(days=14)
"""How long before its end an allowance is spoken of."""

State = Literal["lasting", "ending", "expired"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """An `allow` entry of the settings, and how many diagnostics it `silences` today."""

    entry: Allowance
    silences: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A `noqa` comment for rules of ours, its `codes` and reason, and how many diagnostics it `silences` today."""

    path: str
    line: int
    codes: tuple[str, ...]
    reason: str
    silences: int


@dataclass(frozen=True, slots=True)
class Exceptions:
    """All exceptions of a project; `failures` are those of the run that counted."""

    allowed: list[Allowed]
    comments: list[Comment]
    failures: list[str]


def state_of(entry: Allowance, today: date) -> State:
    """Whether an entry has no end in sight, ends within the time of notice, or is over."""
    if entry.expires is None or entry.expires > today + NOTICE:
        return "lasting"
    return "ending" if entry.expires >= today else "expired"


def exceptions(
    files: Sequence[str],
    reported: Sequence[str],
    settings: Settings,
    filesystem: FileSystem,
    jobs: int,
    progress: Progress,
) -> Exceptions:
    """The exceptions of the project that has `files`, those `reported` and others that it indexes."""
    bare = replace(settings, allowances=(), baseline=None)
    checker = checker_for(bare, Selection(), filesystem, heeds_noqa=False)
    outcome = run_project(files, checker, jobs=jobs, progress=progress)
    own = {*reported, settings.path}
    outcome.diagnostics = [d for d in outcome.diagnostics if d.path in own]
    return Exceptions(
        [Allowed(e, sum(covers(e, d) for d in outcome.diagnostics)) for e in settings.allowances],
        [*_comments(reported, outcome, checker.codes, filesystem)],
        outcome.failures,
    )


def _comments(
    files: Sequence[str], outcome: Outcome, enabled: frozenset[str], filesystem: FileSystem
) -> Iterator[Comment]:
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in outcome.diagnostics:
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    for path in files:
        try:
            source = filesystem.source(path)
            if b"noqa" not in source.data.lower() or b"RED" not in source.data.upper():
                continue
            lines = physical_lines(source)
        except SourceError:
            continue
        mine = by_path.get(path, [])
        for noqa in comments(source, mine, enabled, defaults()):
            row = noqa.range.start.line
            there = [d for d in mine if lines.get(d.range.start.line) is lines[row]]
            silenced = sum(noqa.is_bare or d.code.startswith(noqa.codes) for d in there)
            yield Comment(path, row, noqa.codes or ("RED",), noqa.reason, silenced)
