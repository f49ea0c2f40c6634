"""The plan of a project, from its files on."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import Project
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import EXPLAINED, FixResult, mend
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import Outcome, Progress, available_processors, run_project, untold
from flake8_redis_ssot.migrate.plan import CONSTRUCTIONS, Plan, plan
from flake8_redis_ssot.migrate.silenced import Silenced, unsilenced
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.model import Settings, chosen_codes

MIGRATED = (
    frozenset(c for c, what in FIX_KINDS.items() if what in ("import", "call", "construction", "string"))
    | EXPLAINED
)
_PLANNED = ("RED1", "RED2")
"""The rules on imports of managers and on what is built beside them."""
ABSENT = "RED403"
"""The rule that says which managers of the settings are not there."""
_CLASSES = frozenset(["RED401", "RED402"])
"""The rules for which the classes and shims of the files are kept."""


def planned(files: Sequence[str], project: Project, whole: Outcome) -> tuple[Plan, Outcome]:
    """The plan of a project of these `files`, with what it is made from; `whole` has all that is there, silenced or not."""
    settings = project.settings
    mended = migrated(files, project, whole, _CLASSES, unsafe=True)
    if any(d.fix is not None and d.fix.applicability == "unsafe" for d in mended.settled):
        # what is safe by itself may stay in a safe run, with what is not
        again = migrated(files, project, whole, _CLASSES, unsafe=False)
        safe = {diagnostic.sort_key: diagnostic for diagnostic in again.settled}
        mended.settled = [safe.get(d.sort_key) or _as_unsafe(d) for d in mended.settled]
    asked = own(whole, project, rules_of(settings))
    return plan(mended, migration_rules(settings), settings, asked, DISK), mended.outcome


def migrated(
    files: Sequence[str],
    project: Project,
    whole: Outcome,
    codes: frozenset[str] = frozenset(),
    *,
    unsafe: bool,
    only: str = "",
) -> FixResult:
    """What a migration makes of the files of a project, which the rules `codes` judge as well; `only` as in `mend`."""
    settings = project.settings
    return mend(
        files,
        replace(settings, baseline=None),
        migration_rules(settings) | codes | {ABSENT},
        set(project.files),
        unsafe=unsafe,
        jobs=available_processors(),
        only=only,
        first=heard(whole, settings),
    )


def own(whole: Outcome, project: Project, codes: frozenset[str]) -> Outcome:
    """What was found by these rules in the files that are the project's own."""
    files = set(project.files)
    return replace(whole, diagnostics=[d for d in whole.diagnostics if d.code in codes and d.path in files])


def _as_unsafe(diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic whose fix a safe run leaves out."""
    assert diagnostic.fix is not None
    return replace(diagnostic, fix=replace(diagnostic.fix, applicability="unsafe"))


def rules_of(settings: Settings) -> frozenset[str]:
    """The rules whose diagnostics a plan asks for, silenced or not: also those that only a person can settle."""
    chosen = chosen_codes(settings.selections, defaults())
    return migration_rules(settings) | CONSTRUCTIONS | {c for c in chosen if c.startswith(_PLANNED)}


def heard(whole: Outcome, settings: Settings) -> Outcome:
    """What a run of the rules of a migration finds where the `whole` is known: the silenced apart."""
    silenced = Silenced(whole.diagnostics, replace(settings, baseline=None), DISK)
    codes = migration_rules(settings) | {ABSENT}
    found = [d for d in whole.diagnostics if d.code in codes and silenced.by(d) is None]
    return replace(whole, diagnostics=found)


def silenced_or_not(
    files: Sequence[str], project: Project, codes: frozenset[str], progress: Progress = untold
) -> Outcome:
    """What is there of these rules, silenced or not, and of the settings, with the facts of all files."""
    settings = project.settings
    rules = [rule for rule in all_rules() if rule.code in codes | _CLASSES | {ABSENT}]
    fingerprints = settings.baseline is not None
    checker = FileChecker(
        unsilenced(settings), rules, heeds_noqa=False, fingerprints=fingerprints, keeps_facts=True
    )
    return run_project(files, checker, jobs=available_processors(), progress=progress)


def migration_rules(settings: Settings) -> frozenset[str]:
    """The rules of a migration; what the settings leave out of those on calls stays out."""
    chosen = chosen_codes(settings.selections, defaults())
    return frozenset(c for c in MIGRATED if FIX_KINDS.get(c) not in ("call", "construction") or c in chosen)
