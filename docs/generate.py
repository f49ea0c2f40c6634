"""Write docs/rules/*.md and the README's table of rules from the rules themselves."""

from __future__ import annotations

import re
from pathlib import Path

from flake8_redis_ssot.output.rule_page import page, table
from flake8_redis_ssot.rules import all_rules

DOCS = Path(__file__).parent


def main() -> None:
    for rule in all_rules():
        (DOCS / "rules" / f"{rule.code}.md").write_text(page(rule))
    readme = DOCS.parent / "README.md"
    text = re.sub(
        r"(<!-- rules -->\n).*?(<!-- /rules -->)",
        lambda match: match[1] + table(all_rules()) + match[2],
        readme.read_text(),
        flags=re.DOTALL,
    )
    readme.write_text(text)


if __name__ == "__main__":
    main()
