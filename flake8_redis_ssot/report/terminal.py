"""A report for a terminal."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.report.model import KINDS, WORDS, Numbers, Report, compared
from flake8_redis_ssot.report.progress import count, phases

_MOST = 12
"""Rows of a table; the page and JSON have them all."""
_BAR = 20
_PIPED = 110
"""Columns where there is no terminal."""


def render(report: Report, look: Look) -> str:
    """The report as text."""
    console = Console(
        file=io.StringIO(), width=look.width or _PIPED, force_terminal=look.color, no_color=not look.color,
        color_system="standard" if look.color else None, markup=False, highlight=False, emoji=False,
        legacy_windows=False,
    )  # fmt: skip
    with console.capture() as captured:
        for title, table in _tables(report):
            console.print(Text(f"\n{title}", style="bold"))
            console.print(table)
    text = captured.get()
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _tables(report: Report) -> Iterable[tuple[str, Table | Text]]:
    yield f"Redis managers of {escaped(report.project)}, {report.created}", _numbers(report)
    yield "The way to one manager", _phases(report)
    managers = report.plan.managers
    yield (
        f"Managers: {len(managers)}",
        _table(
            ["module", "role", "boundary", ">importing", ">tests"],
            [[m.module, m.role, m.boundary or "root", len(m.importers), len(m.tests)] for m in managers],
            most=len(managers),
        ),
    )
    if report.comparison is not None:
        yield from _comparison(report)
    gaps = report.plan.gaps
    if gaps:
        yield (
            f"Methods that callers need and the manager lacks: {len(gaps)}",
            _table(
                ["method", "of", "the manager's", "what", ">places"],
                [[g.member, _short(g.of), _short(g.target), g.what, len(g.sites)] for g in gaps],
            ),
        )
    yield "Connection budget", _budget(report)
    kinds = Counter(kind for test in report.tests for kind in test.kinds)
    if kinds:
        yield (
            f"Tests that touch Redis: {count(len(report.tests), 'file')}, some of several kinds",
            _table(
                ["kind", ">files"], [[words, kinds[kind]] for kind, words in KINDS.items() if kinds[kind]]
            ),
        )
    else:
        yield "Tests that touch Redis", Text("none")
    codes = Counter(finding.code for finding in report.findings if finding.silenced is None)
    names = {finding.code: finding.name for finding in report.findings}
    rows = [[code, names[code], number] for code, number in sorted(codes.items())]
    yield (
        f"Findings: {sum(codes.values())}",
        _table(["rule", "name", ">findings"], rows, most=len(codes)) if rows else Text("none"),
    )
    if report.allowances:
        yield f"Allowances: {len(report.allowances)}", _table(
            ["paths", "rules", "owner", "until", ">silences", "reason"],
            [
                [" ".join(a.paths), " ".join(a.rules), a.owner or "nobody", a.end, a.silences, a.reason]
                for a in report.allowances
            ],
        )  # fmt: skip
    if report.history:
        yield (
            "History",
            _table(
                ["revision", "date", *(f">{name}" for name in WORDS)],
                [[p.name, p.date, *_values(p.numbers)] for p in report.history],
                most=len(report.history),
            ),
        )


def _short(name: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(name.split(".")[-2:])


def _numbers(report: Report) -> Table:
    rows: list[list[object]] = [[m.what, m.before, m.after, m.expected] for m in report.plan.measures]
    rows.append([WORDS["pools"].lower(), report.numbers.pools, "", ""])
    return _table(["", ">now", ">after migrate", ">in the end"], rows)


def _phases(report: Report) -> Table:
    rows = []
    for phase in phases(report):
        filled = phase.percent * _BAR // 100
        rows.append([phase.title, "#" * filled + "." * (_BAR - filled), f"{phase.percent} %", phase.left])
    return _table(["phase", "=", ">", "left"], rows)


def _budget(report: Report) -> Table:
    budget, pools = report.budget, report.pools
    rows: list[list[object]] = []
    for name, processes in budget.processes.items():
        own = [pool for pool in pools if pool.boundary == name and pool.role != "test"]
        now, after = (
            budget.connections(pools, name, roles) for roles in (("manager", "outside"), ("manager",))
        )
        rows.append([name or "root", len(own), processes, f"{now:,}", f"{after:,}"])
    now, after = (budget.total(pools, roles) for roles in (("manager", "outside"), ("manager",)))
    rows.append([f"all, of maxclients {budget.max_clients:,}", "", "", f"{now:,}", f"{after:,}"])
    return _table(["boundary", ">pools", ">processes", ">connections at most", ">by managers alone"], rows)


def _comparison(report: Report) -> Iterable[tuple[str, Table | Text]]:
    made = report.comparison
    assert made is not None
    pairs = compared(made.before, report.numbers)
    yield (
        f"Since {escaped(made.base)} ({made.commit[:12]}): {count(len(made.added), 'finding')} came, {len(made.removed)} went",
        _table(
            ["", ">then", ">now", ">change"],
            [[words, then, now, f"{now - then:+}" if now != then else "="] for words, then, now in pairs],
        ),
    )
    for title, found in (("Came", made.added), ("Went", made.removed)):
        if found:
            yield (
                title,
                _table(["place", "rule", "what"], [[f"{f.path}:{f.line}", f.code, f.message] for f in found]),
            )


def _values(numbers: Numbers) -> list[int]:
    return [getattr(numbers, name) for name in WORDS]


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]], most: int = _MOST) -> Table:
    """A table; a column that begins with `>` has numbers, one with `=` is not broken. Rows past the `most` are only counted."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        title = column.lstrip(">=")
        table.add_column(
            title,
            justify="right" if column[:1] == ">" else "left",
            overflow="fold",
            no_wrap=column[:1] == "=",
            min_width=max(map(len, title.split()), default=0),
        )
    for row in rows[:most]:
        table.add_row(*(Text(escaped(str(cell))) for cell in row))
    if len(rows) > most:
        table.add_row(Text(f"and {len(rows) - most} more; see --output-format html"))
    return table
