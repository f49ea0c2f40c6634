"""A report as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.output.markdown_text import code, prose
from flake8_redis_ssot.report.model import KINDS, WORDS, Finding, Report, compared
from flake8_redis_ssot.report.progress import count, phases

_MOST = 20
"""Rows of a list; a comment has a bounded length."""


def render(report: Report) -> str:
    """The report; where it is compared with a base, that comes first and the rest is folded away."""
    lines = ["<!-- redis-ssot report -->"]
    if report.comparison is None:
        lines += [f"## Redis managers of {prose(report.project)}", "", *_state(report)]
    else:
        lines += [*_changes(report), "", "<details><summary>The whole project</summary>", ""]
        lines += [*_state(report), "", "</details>"]
    return "\n".join(lines) + "\n"


def _changes(report: Report) -> Iterator[str]:
    made = report.comparison
    assert made is not None
    came = _things(len(made.added), len(made.managers_added))
    went = _things(len(made.removed), len(made.managers_removed))
    done = [f"adds {came}"] * bool(came) + [f"removes {went}"] * bool(went)
    yield f"## Redis: this branch {', '.join(done) or 'changes nothing'}"
    yield ""
    yield f"Compared with {code(made.base)} at {made.commit[:12]}."
    yield ""
    changed = [
        (words, f"{then:,}", f"{now:,}", f"{now - then:+,}")
        for words, then, now in compared(made.before, report.numbers)
        if then != now
    ]
    if changed:
        yield from _table(("", "before", "now", "change"), changed)
    else:
        yield "No number has changed."
    for title, modules in (
        ("Managers added", made.managers_added),
        ("Managers removed", made.managers_removed),
    ):
        if modules:
            yield from ("", f"**{title}:** " + ", ".join(map(code, modules)))
    for title, found in (("This branch adds", made.added), ("This branch removes", made.removed)):
        if found:
            yield from ("", f"### {title}", "")
            yield from map(_finding, found[:_MOST])
            if len(found) > _MOST:
                yield f"- and {len(found) - _MOST} more"


def _things(findings: int, managers: int) -> str:
    parts = [count(number, what) for number, what in ((findings, "finding"), (managers, "manager")) if number]
    return " and ".join(parts)


def _finding(finding: Finding) -> str:
    return f"- {code(f'{finding.path}:{finding.line}')} **{finding.code}** {prose(finding.message)}"


def _state(report: Report) -> Iterator[str]:
    yield from _table(
        ("", "now", f"after `{report.plan.command}`", "in the end"),
        [(_cell(m.what), f"{m.before:,}", f"{m.after:,}", f"{m.expected:,}") for m in report.plan.measures],
    )
    yield ""
    for phase in phases(report):
        yield f"- {prose(phase.title)}: {phase.percent} % ({prose(phase.left)})"
    yield ""
    yield from _table(
        ("manager", "role", "boundary", "importing files"),
        [
            (code(m.module, in_table=True), m.role, _cell(m.boundary or "root"), str(len(m.importers)))
            for m in report.plan.managers
        ],
    )
    budget = report.budget
    now, after = (budget.total(report.pools, roles) for roles in (("manager", "outside"), ("manager",)))
    yield ""
    yield (
        f"Connections at most: {now:,} of {budget.max_clients:,} (`maxclients`), {after:,} by the managers alone; "
        f"{budget.default_limit:,} for each pool that states no limit."
    )
    kinds = Counter(kind for test in report.tests for kind in test.kinds)
    if kinds:
        yield ""
        yield (
            "Tests that touch Redis: "
            + ", ".join(f"{words} {kinds[kind]}" for kind, words in KINDS.items() if kinds[kind])
            + "."
        )
    if report.allowances:
        yield ""
        yield from _table(
            ("allowed in", "rules", "owner", "until", "silences", "reason"),
            [
                (
                    code(" ".join(a.paths), in_table=True), " ".join(a.rules), _cell(a.owner or "nobody"),
                    f"**{a.end}**" if a.state != "lasting" else a.end, str(a.silences), _cell(a.reason),
                )
                for a in report.allowances
            ],
        )  # fmt: skip
    if report.history:
        yield ""
        yield from _table(
            ("revision", "date", *WORDS.values()),
            [
                (_cell(p.name), p.date, *(f"{getattr(p.numbers, name):,}" for name in WORDS))
                for p in report.history
            ],
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _cell(text: str) -> str:
    return prose(text, in_table=True)
