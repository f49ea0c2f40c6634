"""`redis-ssot rule`: a rule's page."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_parser(commands: Any) -> None:
    command = commands.add_parser("rule", help="explain a rule")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("code", nargs="?", help="the code or the name of a rule, as RED201")
    which.add_argument("--all", action="store_true", help="explain every rule")
    command.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    from flake8_redis_ssot.output.rule_page import page
    from flake8_redis_ssot.rules import all_rules
    from flake8_redis_ssot.settings.nearest import nearest_code

    rules = {rule.code: rule for rule in all_rules()}
    if options.all:
        print("\n".join(page(rule) for rule in rules.values()), end="")
        return 0
    named = {rule.name: code for code, rule in rules.items()}
    code = named.get(options.code.lower(), options.code.upper())
    if code not in rules:
        print(f"error: unknown rule code `{options.code}`{nearest_code(code, rules)}", file=sys.stderr)
        return 2
    print(page(rules[code]), end="")
    return 0
