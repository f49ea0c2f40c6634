"""`redis-ssot rule`: a rule's page."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_redis_ssot.rule import Rule


def add_parser(commands: Any) -> None:
    command = commands.add_parser(
        "rule",
        help="explain a rule",
        description="Explain a rule: what it reports, why that is bad, and what to write instead.",
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("code", nargs="?", help="the code or name of a rule, such as RED201")
    which.add_argument("--all", action="store_true", help="explain every rule")
    command.add_argument("--output-format", choices=("text", "json"), default="text", help="output format")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    import sys

    from flake8_redis_ssot.cli.messages import refuse
    from flake8_redis_ssot.cli.replay import look
    from flake8_redis_ssot.output.report import Look
    from flake8_redis_ssot.output.rule_page import page
    from flake8_redis_ssot.output.terminal import reflowed
    from flake8_redis_ssot.rules import all_rules
    from flake8_redis_ssot.settings.nearest import nearest, nearest_code

    if not options.all and options.code is None:
        options.parser.error("name a rule, as RED201, or --all")
    seen = Look(*look(sys.stdout))
    rules = {rule.code: rule for rule in all_rules()}
    is_json = options.output_format == "json"
    if options.all:
        if is_json:
            print(json.dumps([_as_object(rule) for rule in rules.values()], indent=2))
        else:
            print("\n".join(reflowed(page(rule), seen) for rule in rules.values()), end="")
        return 0
    named = {rule.name: code for code, rule in rules.items()}
    code = named.get(options.code.lower(), options.code.upper())
    if code not in rules:
        is_name = "-" in options.code
        hint = (
            nearest(options.code.lower(), named, "redis-ssot rule --all")
            if is_name
            else nearest_code(code, rules)
        )
        return refuse([f"unknown rule {'name' if is_name else 'code'} `{options.code}`{hint}"])
    print(
        json.dumps(_as_object(rules[code]), indent=2)
        if is_json
        else reflowed(page(rules[code]), seen).rstrip("\n")
    )
    return 0


def _as_object(rule: type[Rule]) -> dict[str, Any]:
    """One rule in ruff's shape."""
    summary, _, explanation = rule.documentation().partition("\n\n")
    availability = "Sometimes" if rule.fix_kind else "None"
    return {
        "name": rule.name,
        "code": rule.code,
        "linter": "redis-ssot",
        "summary": summary,
        "fix": "Fix is sometimes available." if rule.fix_kind else "Fix is not available.",
        "fix_availability": availability,
        "explanation": explanation,
        "default": rule.default,
        "project": rule.project,
        "since": rule.since,
    }
