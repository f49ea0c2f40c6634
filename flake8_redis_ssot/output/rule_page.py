"""A rule's docstring as a page, for `redis-ssot rule` and docs/rules."""

from __future__ import annotations

from flake8_redis_ssot import __version__
from flake8_redis_ssot.rule import Rule


def page(rule: type[Rule]) -> str:
    """The page of one rule in Markdown."""
    summary, _, rest = rule.documentation().partition("\n")
    scope = "The command alone reports it." if rule.project else "flake8 and the command report it."
    default = "On by default." if rule.default else "Off unless selected."
    fix = {None: "", "comment": " A fix is sometimes available: `--fix`."}.get(
        rule.fix_kind, " A fix is sometimes available: `--fix`, or `redis-ssot migrate`."
    )
    return (
        f"# {rule.name} ({rule.code})\n\n{summary}\n\n"
        f"Added in {rule.since}{_is_next(rule.since)}. {default} {scope}{fix}\n{rest.rstrip()}\n"
    )


def _is_next(since: str) -> str:
    """What is said of a version that is still to be released."""
    numbers, now = ([int(part) for part in version.split(".")] for version in (since, __version__))
    return " (the next version)" if numbers > now else ""


def section(rule: type[Rule], heading: str) -> str:
    """What stands under a heading of a rule's documentation."""
    return rule.documentation().partition(f"## {heading}\n")[2].partition("\n## ")[0].strip()


def table(rules: tuple[type[Rule], ...], folder: str = "") -> str:
    """The rules as a Markdown table, with links to their pages in `folder`."""
    rows = []
    for r in rules:
        where = "command" if r.project else "both"
        summary = r.documentation().splitlines()[0]
        where += ("" if r.default else ", off") + (", fix" if r.fix_kind else "")
        rows.append(f"| [{r.code}]({folder}{r.code}.md) | {r.name} | {where} | {summary} |")
    return "\n".join(["| Code | Name | Where | Reports |", "| --- | --- | --- | --- |", *rows]) + "\n"


def overview(rules: tuple[type[Rule], ...]) -> str:
    """The page that lists all rules."""
    return (
        "# Rules\n\n"
        '- "Both": flake8 and the command report the rule. "Command": the rule needs all files, so only the command '
        'reports it.\n- "Off": the rule runs only if [`select` or `extend-select`](../settings.md#select) names it.\n'
        '- "Fix": `check --fix` can fix some of the findings.\n\n'
        "`redis-ssot rule RED201` prints the page of a rule.\n\n" + table(rules)
    )
