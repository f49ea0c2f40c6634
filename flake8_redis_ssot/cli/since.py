"""`redis-ssot check --since`: what was found already at a revision."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache, digest
from flake8_redis_ssot.facts.codec import plain, reader
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.git_objects import GitError, Repository
from flake8_redis_ssot.lint.baseline import Baseline, Entry
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.matching import matching
from flake8_redis_ssot.lint.run import Elsewhere, Outcome, Progress, cache_for, run, run_key, run_project
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.store import load, store


class Since:
    """The files of a project at the revision `name`; SettingsError where git has none of that name."""

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        try:
            self._repository = Repository(project.settings.root)
            self._revision = self._repository.revision(name)
        except GitError as error:
            raise SettingsError([f"--since: {error.message}"]) from error

    def only_new(
        self,
        outcome: Outcome,
        finder: SettingsFinder,
        checker_on: Callable[[FileSystem], FileChecker],
        cache: Cache | None,
        jobs: int,
        progress: Progress,
        elsewhere: Elsewhere | None,
    ) -> list[Diagnostic]:
        """What an outcome reports and the same rules did not find at the revision, by the settings of today.

        What a baseline silences today was there as well.
        """
        then = self._then(finder, checker_on(self._revision), cache, jobs, progress, elsewhere)
        outcome.failures += then.failures
        before = Baseline(self._project.name).with_entries(map(Entry.of, then.diagnostics))
        now = sorted([*outcome.diagnostics, *outcome.known], key=lambda d: d.sort_key)
        found = matching(before, now, DISK, lambda: self._repository.renamed(self._revision.commit))
        new = set(map(id, found.new))
        return [diagnostic for diagnostic in outcome.diagnostics if id(diagnostic) in new]

    def _then(
        self,
        finder: SettingsFinder,
        checker: FileChecker,
        cache: Cache | None,
        jobs: int,
        progress: Progress,
        elsewhere: Elsewhere | None,
    ) -> Outcome:
        """What the rules find at the revision, from the cache where they were asked that before."""
        project = Project(self._project.settings)
        found = Discovery(finder, [project], filesystem=self._revision)
        named = filter(self._revision.is_file, self._project.files)
        files = sorted({*found.all_files(project), *named})
        key = json.dumps([self._revision.commit, run_key(checker), str(checker.today), files])
        name = f"since-{digest(key.encode())}"
        earlier = load(cache.folder, name) if cache is not None else None
        if earlier is not None:
            return Outcome([*map(reader(Diagnostic), json.loads(earlier))])
        run_on = run_project if checker.keeps_facts else run
        # what today's run found in files that are the same holds for them; this is never saved
        today = cache_for(checker, cache.folder, time.time_ns()) if cache is not None else None
        outcome = run_on(files, checker, jobs=jobs, cache=today, progress=progress, elsewhere=elsewhere)
        outcome.diagnostics = [d for d in outcome.diagnostics if d.fingerprint is not None]
        if cache is not None and not outcome.failures:
            with suppress(OSError):
                store(cache.folder, name, [json.dumps(plain(outcome.diagnostics)).encode()])
        return outcome
