"""Write the pages that are made of the rules, the settings and the README, and the README's table of rules."""

from __future__ import annotations

import re
from pathlib import Path

from flake8_redis_ssot.output import rule_page, settings_page
from flake8_redis_ssot.rules import all_rules

DOCS = Path(__file__).parent
README_SECTIONS = {"comparison": "Compared with other tools", "limits": "Limits"}
"""Pages of the site that are sections of the README."""


def main() -> None:
    readme = DOCS.parent / "README.md"
    text = with_rules(readme.read_text())
    readme.write_text(text)
    for name, page in pages(text).items():
        (DOCS / name).write_text(page)


def with_rules(readme: str) -> str:
    """The README with its table of rules."""
    return re.sub(
        r"(<!-- rules -->\n).*?(<!-- /rules -->)",
        lambda match: match[1] + rule_page.table(all_rules(), "docs/rules/") + match[2],
        readme,
        flags=re.DOTALL,
    )


def pages(readme: str) -> dict[str, str]:
    """The generated pages by their names."""
    return {
        **{f"rules/{rule.code}.md": with_links(rule_page.page(rule)) for rule in all_rules()},
        "rules/index.md": rule_page.overview(all_rules()),
        "settings.md": settings_page.page(),
        **{f"{name}.md": section(readme, heading) for name, heading in README_SECTIONS.items()},
    }


def with_links(page: str) -> str:
    """A rule's page, its options leading to their explanation."""
    return re.sub(r"^- `([\w-]+)`$", r"- [`\1`](../settings.md#\1)", page, flags=re.MULTILINE)


def section(readme: str, heading: str) -> str:
    """A section of the README as a page of its own."""
    body = readme.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].strip()
    if not body:
        raise SystemExit(f"README.md has no section `{heading}`; name another in README_SECTIONS")
    return f"# {heading}\n\n{body.replace('](docs/', '](')}\n"


if __name__ == "__main__":
    main()
