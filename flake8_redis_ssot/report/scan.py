"""One state of a project, on the disk or in git, and what is counted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Outcome, Progress, run_project
from flake8_redis_ssot.migrate.plan import CONSTRUCTIONS, COUNTED, STRINGS, Manager, importing, managers_of
from flake8_redis_ssot.migrate.silenced import Silenced, unsilenced
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.report.model import Finding, Numbers, Pool
from flake8_redis_ssot.report.pools import pools_of
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.model import Settings

NUMBERED = CONSTRUCTIONS | STRINGS | {"RED401", "RED402"}
"""The rules without which the numbers are not known: the last two for the classes and shims of the files."""


@dataclass
class Scan:
    """What is there, silenced or not, in the project's own files."""

    settings: Settings
    filesystem: FileSystem
    checker: FileChecker
    outcome: Outcome
    index: ProjectIndex
    managers: list[Manager]
    silenced: Silenced
    elsewhere: list[Diagnostic]
    """What is there outside of the files that are reported, such as of the settings."""

    def counted(self, codes: frozenset[str]) -> list[Diagnostic]:
        """The diagnostics of the rules `codes` that count: those that nothing silences, or only a baseline."""
        found = self.outcome.diagnostics
        return [d for d in found if d.code in codes and self.silenced.by(d) in COUNTED]

    def pools(self) -> list[Pool]:
        """The places that make a connection pool."""
        return pools_of(self.outcome.diagnostics, self.index, self.checker, self.settings)

    def numbers(self, pools: list[Pool]) -> Numbers:
        """What is counted."""
        importers = importing(self.index, self.managers, self.settings)
        return Numbers(
            len(self.managers),
            importers.one,
            importers.any,
            len(self.counted(CONSTRUCTIONS)),
            len(self.counted(STRINGS)),
            sum(pool.role != "test" for pool in pools),
        )

    def findings(self, diagnostics: Iterable[Diagnostic]) -> list[Finding]:
        """The diagnostics as the report has them."""
        return [
            Finding(
                d.code,
                d.name,
                self.settings.short(d.path),
                d.range.start.line,
                d.message,
                self.index.place(d.path).boundary.name,
                self.settings.is_test(d.path),
                self.silenced.by(d),
            )
            for d in diagnostics
        ]


def scan(
    files: Sequence[str],
    reported: set[str],
    settings: Settings,
    codes: frozenset[str],
    filesystem: FileSystem,
    *,
    jobs: int,
    progress: Progress,
    cache_of: Callable[[FileChecker], Cache | None],
) -> Scan:
    """Check all `files` of a project by the rules `codes`, as if nothing silenced anything."""
    rules = [rule for rule in all_rules() if rule.code in codes | NUMBERED]
    checker = FileChecker(
        unsilenced(settings), rules, filesystem=filesystem, follows=True, heeds_noqa=False, fingerprints=True
    )
    cache = cache_of(checker)
    outcome = run_project(files, checker, jobs=jobs, cache=cache, progress=progress)
    if cache is not None:
        cache.save(files)
        # where nothing had changed, none were needed; what could not be kept is fresh
        fresh = {fact.path for fact in outcome.facts}
        outcome.facts += cache.facts(path for path in files if path not in fresh)
        outcome.facts.sort(key=lambda fact: fact.path)
    elsewhere = [d for d in outcome.diagnostics if d.path not in reported]
    outcome.diagnostics = [d for d in outcome.diagnostics if d.path in reported]
    index = ProjectIndex(settings, outcome.facts, checker.managers)
    silenced = Silenced(outcome.diagnostics, settings, filesystem)
    return Scan(
        settings, filesystem, checker, outcome, index, list(managers_of(index, settings)), silenced, elsewhere
    )
