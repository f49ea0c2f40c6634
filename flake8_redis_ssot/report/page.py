"""A report as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.report import charts
from flake8_redis_ssot.report.graph import graph_of
from flake8_redis_ssot.report.model import KINDS, WORDS, Finding, Report, compared
from flake8_redis_ssot.report.progress import count, phases


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; where it `folds`, `more` is hidden below its text; a `number` is sorted as one."""

    text: str
    number: float | None = None
    more: list[str] = field(default_factory=list)
    folds: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of the page; where it `filters`, its rows can be searched."""

    key: str
    title: str
    about: str
    columns: list[str]
    rows: list[list[Cell]]
    none: str
    filters: bool = True


def render(report: Report) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader("flake8_redis_ssot.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html").render(
        report=report,
        phases=list(phases(report)),
        charts=list(charts.charts(report)),
        chart=charts,
        words=WORDS,
        data={
            "graph": asdict(graph_of(report)),
            "pools": [asdict(pool) for pool in report.pools if pool.role != "test"],
        },
        compared=_compared(report),
        sheets=[_managers(report), _gaps(report), _tests(report), _allowances(report), _findings(report)],
        history=_history(report),
        pools=_in_tests(report),
    )


_code = partial(Cell, code=True)


def _number(value: int) -> Cell:
    return Cell(f"{value:,}", value)


def _list(words: str, found: Sequence[str]) -> Cell:
    """How many there are, with all of them folded away."""
    return Cell(count(len(found), words), len(found), list(found), folds=True)


def _managers(report: Report) -> Sheet:
    return Sheet(
        "managers", "Managers",
        "What the settings name as manager or forbid, and the classes that compete. Named says what still speaks "
        "of a module after redis-ssot migrate.",
        ["Module", "Role", "Boundary", "Importing files", "Tests", "Named"],
        [
            [
                _code(m.module), Cell(m.role), Cell(m.boundary or "root"), _list("file", m.importers),
                _list("test", m.tests), _list("place", [f"{one.site} {one.how}" for one in m.named]),
            ]
            for m in report.plan.managers
        ],
        "No manager was found.",
    )  # fmt: skip


def _gaps(report: Report) -> Sheet:
    return Sheet(
        "gaps", "API gap",
        "Methods that callers of the other managers need, and that the manager lacks or has in another way.",
        ["Method", "Of", "The manager's class", "What", "Places"],
        [
            [
                _code(gap.member), _code(gap.of), _code(gap.target), Cell(gap.what),
                _list("place", [str(site) for site in gap.sites]),
            ]
            for gap in report.plan.gaps
        ],
        "Nothing is missing: what callers use of the others, the manager has.",
    )  # fmt: skip


def _tests(report: Report) -> Sheet:
    return Sheet(
        "tests", "Tests that touch Redis",
        "A file may be of several kinds; what in it says so stands beside.",
        ["File", "Boundary", "Kinds", "Signs"],
        [
            [
                _code(test.path), Cell(test.boundary or "root"),
                Cell(", ".join(KINDS[kind] for kind in test.kinds)), Cell("; ".join(test.signs)),
            ]
            for test in report.tests
        ],
        "No test touches Redis.",
    )  # fmt: skip


def _allowances(report: Report) -> Sheet:
    return Sheet(
        "allowances", "Allowances",
        "The exceptions in the settings; one past its date still silences what it names.",
        ["Paths", "Rules", "Symbols", "Owner", "Until", "Silences", "Reason", "Where"],
        [
            [
                _code(" ".join(a.paths)), Cell(" ".join(a.rules)), _code(" ".join(a.symbols)), Cell(a.owner or "nobody"),
                Cell(a.end), _number(a.silences),
                Cell(a.reason), _code(a.where),
            ]
            for a in report.allowances
        ],
        "There are no allowances.",
    )  # fmt: skip


def _findings(report: Report) -> Sheet:
    return _listed(
        "findings",
        "Findings",
        "What redis-ssot check reports, and what something silences today.",
        report.findings,
    )


def _listed(key: str, title: str, about: str, findings: Sequence[Finding]) -> Sheet:
    return Sheet(
        key, title, about,
        ["Place", "Rule", "Name", "Boundary", "Message", "Silenced by"],
        [
            [
                _code(f"{f.path}:{f.line}"), Cell(f.code), Cell(f.name), Cell(f.boundary or "root"), Cell(f.message),
                Cell(f.silenced or ""),
            ]
            for f in findings
        ],
        "Nothing was found.",
    )  # fmt: skip


def _compared(report: Report) -> list[Sheet]:
    made = report.comparison
    if made is None:
        return []
    modules = [(module, "added") for module in made.managers_added]
    modules += [(module, "removed") for module in made.managers_removed]
    return [
        Sheet(
            "changes", "Numbers", f"Against {made.base}, at {made.commit[:12]}.", ["What", "Then", "Now", "Change"],
            [
                [Cell(words), _number(then), _number(now), Cell(f"{now - then:+,}" if now != then else "=", now - then)]
                for words, then, now in compared(made.before, report.numbers)
            ],
            "", filters=False,
        ),
        Sheet(
            "modules", "Managers that came or went", "", ["Module", "What"],
            [[_code(module), Cell(what)] for module, what in modules], "None came or went.",
        ),
        _listed("added", "Findings that came", "", made.added),
        _listed("removed", "Findings that went", "", made.removed),
    ]  # fmt: skip


def _history(report: Report) -> Sheet:
    return Sheet(
        "revisions", "The numbers of each revision", "", ["Revision", "Date", *WORDS.values()],
        [
            [Cell(p.name), Cell(p.date), *(_number(getattr(p.numbers, name)) for name in WORDS)]
            for p in report.history
        ],
        "", filters=False,
    )  # fmt: skip


def _in_tests(report: Report) -> int:
    return sum(pool.role == "test" for pool in report.pools)
