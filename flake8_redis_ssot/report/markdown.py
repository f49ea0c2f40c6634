"""A report as Markdown, for a comment on a pull request."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.report.model import KINDS, WORDS, Finding, Report
from flake8_redis_ssot.report.progress import count, phases

_MOST = 20
"""Rows of a list; a comment has a bounded length."""
_SPECIAL = re.compile(r"[\\`*_\[\]|~]")


def render(report: Report) -> str:
    """The report; where it is compared with a base, that comes first and the rest is folded away."""
    lines = ["<!-- redis-ssot report -->"]
    if report.comparison is None:
        lines += [f"## Redis managers of {_text(report.project)}", "", *_state(report)]
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
    yield f"Compared with `{_code(made.base)}` at {made.commit[:12]}."
    yield ""
    rows = [
        (words, getattr(made.before, name), getattr(report.numbers, name)) for name, words in WORDS.items()
    ]
    changed = [
        (words, f"{then:,}", f"{now:,}", f"{now - then:+,}") for words, then, now in rows if then != now
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
            yield from ("", f"**{title}:** " + ", ".join(f"`{_code(module)}`" for module in modules))
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
    return f"- `{_code(finding.path)}:{finding.line}` **{finding.code}** {_text(finding.message)}"


def _state(report: Report) -> Iterator[str]:
    yield from _table(
        ("", "now", "after `redis-ssot migrate`", "in the end"),
        [(_text(m.what), f"{m.before:,}", f"{m.after:,}", f"{m.expected:,}") for m in report.plan.measures],
    )
    yield ""
    for phase in phases(report):
        yield f"- {_text(phase.title)}: {phase.percent} % ({_text(phase.left)})"
    yield ""
    yield from _table(
        ("manager", "role", "boundary", "importing files"),
        [
            (f"`{_code(m.module)}`", m.role, _text(m.boundary or "root"), str(len(m.importers)))
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
                    f"`{_code(' '.join(a.paths))}`", " ".join(a.rules), _text(a.owner or "nobody"),
                    f"**{a.end}**" if a.state != "lasting" else a.end, str(a.silences), _text(a.reason),
                )
                for a in report.allowances
            ],
        )  # fmt: skip
    if report.history:
        yield ""
        yield from _table(
            ("revision", "date", *WORDS.values()),
            [
                (_text(p.name), p.date, *(f"{getattr(p.numbers, name):,}" for name in WORDS))
                for p in report.history
            ],
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _text(text: str) -> str:
    """`text` as it is, whatever Markdown or HTML would make of it, but for code; a mention notifies nobody."""
    parts = re.split(r"`([^`]+)`", escaped(text))
    parts[::2] = [
        _SPECIAL.sub(r"\\\g<0>", html.escape(p, quote=False)).replace("@", "@<!-- -->") for p in parts[::2]
    ]
    parts[1::2] = [f"`{_code(part)}`" for part in parts[1::2]]
    return "".join(parts)


def _code(text: str) -> str:
    """`text` for between backticks."""
    return escaped(text).replace("`", "'").replace("|", "\\|")
