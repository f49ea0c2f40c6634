"""What the rules on construction say of the code that ran: found by both, by one of them alone, or not asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from flake8_redis_ssot.census.counts import Counts
from flake8_redis_ssot.census.sites import Origin
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.files import discover
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.run import run_project
from flake8_redis_ssot.migrate.plan import CONSTRUCTIONS
from flake8_redis_ssot.migrate.silenced import unsilenced
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rules import all_rules, defaults
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder

Standing = Literal["manager", "reported", "missed", "library", "unchecked"]
"""What the rules say of a place that builds something: it may; it may not; nothing, though it was checked.

`library`: an installed package builds it, on behalf of the place; the rules are silent there, as they say.
"""


@dataclass(slots=True)
class Rules:
    """What the rules on construction found below a folder, silenced or not; `failure` says why they could not."""

    found: list[Diagnostic] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    managers: set[str] = field(default_factory=set)
    failure: str = ""

    def standing(self, origin: Origin) -> Standing:
        site = origin.site
        if site.file not in self.checked:
            return "unchecked"
        if self.at(origin):
            return "reported"
        if site.file in self.managers:
            return "manager"
        return "library" if origin.via else "missed"

    def at(self, origin: Origin) -> list[Diagnostic]:
        """What is reported of the statement."""
        return [d for d in self.found if d.path == origin.site.file and _covers(d, origin.site.line)]

    def missed(self, counts: Counts) -> list[Origin]:
        """The places that built something outside of a manager, and that no rule reports."""
        return [origin for origin in _builders(counts) if self.standing(origin) == "missed"]

    def never_ran(self, counts: Counts) -> list[Diagnostic]:
        """What is reported, and built nothing."""
        ran = {(d.path, d.range) for origin in _builders(counts) for d in self.at(origin)}
        return [d for d in self.found if (d.path, d.range) not in ran]


def _builders(counts: Counts) -> list[Origin]:
    built = (origin for origin, here in counts.origins.items() if here.clients.ever or here.pools.ever)
    return sorted(built)


def _covers(diagnostic: Diagnostic, line: int) -> bool:
    return diagnostic.range.start.line <= line <= diagnostic.range.end.line


def rules_below(folder: str) -> Rules:
    """Ask the rules on construction of all projects below a folder."""
    finder = SettingsFinder(folder, codes=[*defaults()], formats=FORMATS)
    found = discover([folder], finder)
    if finder.errors:
        return Rules(failure=finder.errors[0])
    rules = Rules()
    try:
        for project in found.projects:
            checker = FileChecker(
                unsilenced(project.settings),
                [rule for rule in all_rules() if rule.code in CONSTRUCTIONS],
                keeps_facts=True,
                follows=True,
                heeds_noqa=False,
            )
            outcome = run_project(found.all_files(project), checker)
            index = ProjectIndex(project.settings, outcome.facts, checker.managers)
            rules.checked.update(project.files)
            own = {*project.files}
            rules.found += _once(d for d in outcome.diagnostics if d.code in CONSTRUCTIONS and d.path in own)
            rules.managers.update(path for path in index.facts if index.place(path).is_manager)
    except SettingsError as error:
        return Rules(failure=error.messages[0])
    return rules


def _once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """One for each expression, whatever the rules that report it."""
    return [*{(d.path, d.range): d for d in diagnostics}.values()]
