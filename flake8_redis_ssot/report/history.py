"""The numbers of earlier revisions, read from git's objects.

What was counted of a commit is kept: a commit never changes. Of the files of a commit that was not yet
counted, those are checked whose content the commit before did not have.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from flake8_redis_ssot.facts.cache import Cache, key_of
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.git_objects import Repository, Revision
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Progress, run_key
from flake8_redis_ssot.report.model import Numbers, Point
from flake8_redis_ssot.report.scan import NUMBERED, Scan, scan
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.model import Settings, is_below
from flake8_redis_ssot.store import load, prepare, store

MOST = 12
"""How many tags stand for a whole history, and how many commits for a range without tags."""


def chosen(repository: Repository, wanted: str) -> list[str]:
    """The revisions that an option means, each by a name, oldest first.

    `A..B` is both with the tags between them, where there are none with commits between; `A,B,C` are
    those; nothing is tags on the way to HEAD, else commits, spread evenly.
    """
    if wanted and ".." not in wanted:
        return _in_order(repository, wanted.replace(",", " ").split())
    first, _, last = wanted.partition("..")
    last = last.removeprefix(".")
    ends = [name for name in (first, last) if name]
    until = repository.commit(last or "HEAD")
    since = repository.commit(first) if first else ""
    tags = repository.lines(
        "for-each-ref", "refs/tags", "--format=%(refname:short)", "--merged", until,
        *(["--no-merged", since] if since else []),
    )  # fmt: skip
    if {repository.commit(tag) for tag in tags} <= {repository.commit(end) for end in ends}:
        span = f"{since}..{until}" if since else until
        commits = repository.lines("rev-list", "--first-parent", "--abbrev-commit", span)
        return _in_order(repository, [*ends, *_spread(commits)])
    names = _in_order(repository, [*ends, *tags])
    return names if wanted else _spread(names[::-1])[::-1]


def _spread(names: list[str]) -> list[str]:
    """The first of the names, and others at equal distances."""
    return names[:: -(-len(names) // MOST) or 1]


def _in_order(repository: Repository, names: Iterable[str]) -> list[str]:
    """The names by the dates of their commits; of several names for a commit the first."""
    commits: dict[str, str] = {}
    for name in names:
        commits.setdefault(repository.commit(name), name)
    return sorted(commits.values(), key=repository.time)


class History:
    """Counts revision after revision by today's settings; what was counted is kept in the cache `folder`."""

    def __init__(
        self, repository: Repository, project: Project, finder: SettingsFinder, *, folder: str, jobs: int
    ) -> None:
        self.repository = repository
        self._project = project
        self._finder = finder
        self._folder = folder if prepare(folder) else ""
        self._jobs = jobs
        settings = project.settings
        self._key = key_of("history", list(sys.version_info[:2]), _lasting(settings))
        # roots elsewhere may hold other files for the same commit
        inside = all(is_below(r, repository.top) for b in settings.boundaries for r in b.roots)
        self._keeps = bool(self._folder) and inside

    def points(self, names: Sequence[str], progress: Progress) -> list[Point]:
        """The numbers of these revisions."""
        name = f"history-{self._key}"
        known = json.loads((load(self._folder, name) if self._keeps else None) or b"{}")
        found = []
        for revision in names:
            commit = self.repository.commit(revision)
            if commit not in known:

                def within(stage: str, part: int, of: int, name: str = revision) -> None:
                    progress(f"revision {name}, {stage}", part, of)

                counted = self.scan(revision, within)
                known[commit] = asdict(counted.numbers(counted.pools()))
                if self._keeps:
                    with suppress(OSError):
                        store(self._folder, name, [json.dumps(known).encode()])
            date = datetime.fromtimestamp(self.repository.time(commit), UTC).date()
            found.append(Point(revision, commit, date.isoformat(), Numbers(**known[commit])))
        return found

    def scan(self, name: str, progress: Progress, codes: frozenset[str] = NUMBERED) -> Scan:
        """What there is in one revision."""
        revision = self.repository.revision(name)
        # what a baseline puts off counts as well
        project = Project(replace(self._project.settings, baseline=None))
        found = Discovery(self._finder, [project], filesystem=revision)
        found.complete(project)
        return scan(
            found.all_files(project), set(project.files), project.settings, codes, revision,
            jobs=self._jobs, progress=progress, cache_of=lambda checker: self._cache(checker, revision),
        )  # fmt: skip

    def _cache(self, checker: FileChecker, revision: Revision) -> Cache | None:
        """What earlier revisions gave, by the contents of their files."""
        if not self._folder:
            return None
        return Cache(self._folder, run_key(checker), 0, revision)


def _lasting(settings: Settings) -> Settings:
    """The settings without what has no bearing on what is counted."""
    return replace(settings, output_format="", cache_dir=None, baseline=None, lines=(), read_from=())
