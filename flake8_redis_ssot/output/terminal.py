"""Text for a terminal: colours as ruff has them, and words kept whole at the right margin."""

from __future__ import annotations

from typing import Literal

from flake8_redis_ssot.output.report import Look

_CODES = {"bold": "1", "red": "1;31", "blue": "1;34", "cyan": "36", "green": "32", "yellow": "1;33"}
Paint = Literal["bold", "red", "blue", "cyan", "green", "yellow"]


def painted(text: str, paint: Paint, look: Look) -> str:
    """`text` in a colour, where colours are wanted."""
    return f"\x1b[{_CODES[paint]}m{text}\x1b[0m" if look.color and text else text


def wrapped(text: str, look: Look, *, first: int = 0, indent: str = "") -> str:
    """`text` in lines that the terminal need not break: the `first` columns of the first are taken.

    A word that is longer than a line, as a path, stays whole.
    """
    if not look.width or first + len(text) <= look.width:
        return text
    import textwrap

    begins_below = first > len(indent) and first + len(text.partition(" ")[0]) > look.width
    lines = textwrap.wrap(
        text, max(look.width, 20), initial_indent=indent if begins_below else " " * first,
        subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n" + "\n".join(lines) if begins_below else "\n".join(lines)[first:]


def reflowed(page: str, look: Look) -> str:
    """A page of Markdown with its paragraphs and lists as wide as the terminal; code stays as it is."""
    if not look.width:
        return page
    lines: list[str] = []
    is_code = may_go_on = False
    for line in page.split("\n"):
        is_fence = line.startswith("```")
        is_code ^= is_fence
        starts = is_fence or is_code or not line or line.startswith(("- ", "#", "|"))
        if may_go_on and not starts:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
        may_go_on = not (is_fence or is_code) and bool(line) and not line.startswith("#")
    found = []
    for line in lines:
        is_code ^= line.startswith("```")
        found.append(line if is_code else wrapped(line, look, indent="  " * line.startswith("- ")))
    return "\n".join(found)
