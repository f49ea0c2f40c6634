"""The exceptions of projects, as text for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import Paint, painted, wrapped
from flake8_redis_ssot.wording import counted

_PAINTS: dict[str, Paint] = {"ending": "yellow", "expired": "red"}


def render(found: Mapping[str, Any], look: Look, *, markdown: bool) -> str:
    """The allowances and the comments; `found` is what the JSON has."""
    if markdown:
        return _markdown(found)
    allowances, comments = found["allowances"], found["comments"]
    lines = [counted(len(allowances), "allowance") if allowances else "Allowances: none"]
    lines += (f"  {_marked(one, look)}" for one in allowances)
    lines += ["", counted(len(comments), "noqa comment") if comments else "noqa comments: none"]
    lines += (f"  {escaped(_comment(one))}" for one in comments)
    return "".join(f"{wrapped(line, look, indent='    ')}\n" for line in lines)


def _marked(one: Mapping[str, Any], look: Look) -> str:
    end = _end(one)
    if one["state"] in _PAINTS:
        end = painted(end, _PAINTS[one["state"]], look)
    only = f", only {', '.join(one['symbols'])}" if one["symbols"] else ""
    what = f"{_place(one)}: {', '.join(one['rules'])} in {', '.join(one['paths'])}{only}"
    whose = f"{one['owner']}, " if one["owner"] else "no owner, "
    return f"{escaped(what)}: {_silences(one)}; {escaped(whose)}{end}; {escaped(one['reason'])}"


def _comment(one: Mapping[str, Any]) -> str:
    return f"{_place(one)}: {', '.join(one['codes'])}: {_silences(one)}; {one['reason'] or 'no reason given'}"


def _place(one: Mapping[str, Any]) -> str:
    return f"{one['filename']}:{one['line']}"


def _silences(one: Mapping[str, Any]) -> str:
    return f"silences {one['silences'] or 'nothing'}"


def _end(one: Mapping[str, Any]) -> str:
    if one["expires"] is None:
        return "no end"
    days = one["days_left"]
    if days < 0:
        return f"EXPIRED on {one['expires']}, {counted(-days, 'day')} ago"
    if one["state"] == "ending":
        when = f"in {counted(days, 'day')}" if days else "today"
        return f"ENDS on {one['expires']}, {when}"
    return f"until {one['expires']}"


def _markdown(found: Mapping[str, Any]) -> str:
    allowances = [
        (
            _place(one), ", ".join(one["rules"]), ", ".join([*one["paths"], *one["symbols"]]), one["owner"] or "",
            _end(one), str(one["silences"]), one["reason"],
        )
        for one in found["allowances"]
    ]  # fmt: skip
    comments = [
        (_place(one), ", ".join(one["codes"]), str(one["silences"]), one["reason"])
        for one in found["comments"]
    ]
    head = ("Entry", "Rules", "Paths and symbols", "Owner", "End", "Silences", "Reason")
    return (
        f"# {counted(len(allowances), 'allowance')}\n\n{_table(head, allowances)}\n"
        f"# {counted(len(comments), 'noqa comment')}\n\n"
        f"{_table(('Place', 'Rules', 'Silences', 'Reason'), comments)}"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "none\n"
    lines = [head, ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    marks = "\\`*_[]<>|"
    return "".join(f"\\{letter}" if letter in marks else letter for letter in escaped(text))
