"""Text for Markdown that says what it says elsewhere, whatever names and paths have in them."""

from __future__ import annotations

import html
import re

from flake8_redis_ssot.output import escaped

_SPECIAL = re.compile(r"[\\`*_\[\]|~]")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def prose(text: str, *, in_table: bool = False) -> str:
    """`text` as it is, whatever Markdown or HTML would make of it, but for code; a mention notifies nobody."""
    text = escaped(text)
    found, end = [], 0
    for part in _CODE.finditer(text):
        inner = part[2].removeprefix(" ").removesuffix(" ") if "`" in part[2] else part[2]
        found += [_plain(text[end : part.start()]), code(inner, in_table=in_table)]
        end = part.end()
    return "".join([*found, _plain(text[end:])])


def code(text: str, *, in_table: bool = False) -> str:
    """`text` as code; in a table `|` would end the cell in code as well."""
    text = escaped(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " * bool(longest)
    text = text.replace("|", "\\|") if in_table else text
    return f"{fence}{space}{text}{space}{fence}"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", html.escape(text, quote=False)).replace("@", "@<!-- -->")
