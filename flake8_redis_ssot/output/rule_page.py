"""A rule's docstring as a page, for `redis-ssot rule` and docs/rules."""

from __future__ import annotations

from flake8_redis_ssot.rule import Rule


def page(rule: type[Rule]) -> str:
    """The page of one rule in Markdown."""
    summary, _, rest = rule.documentation().partition("\n")
    scope = "The command alone reports it." if rule.project else "flake8 and the command report it."
    default = "On by default." if rule.default else "Off unless selected."
    return (
        f"# {rule.name} ({rule.code})\n\n{summary}\n\n"
        f"Added in {rule.since}. {default} {scope}\n{rest.rstrip()}\n"
    )


def table(rules: tuple[type[Rule], ...]) -> str:
    """The rules as a Markdown table."""
    rows = []
    for r in rules:
        where = "command" if r.project else "both"
        summary = r.documentation().splitlines()[0]
        off = "" if r.default else ", off"
        rows.append(f"| [{r.code}](docs/rules/{r.code}.md) | {r.name} | {where}{off} | {summary} |")
    return "\n".join(["| Code | Name | Where | Reports |", "| --- | --- | --- | --- |", *rows]) + "\n"
