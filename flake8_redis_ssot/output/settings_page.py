"""The settings as a page, for docs/settings.md, and their examples, for `redis-ssot config` too."""

from __future__ import annotations

from flake8_redis_ssot.settings.model import OPTIONS, Option

_TABLE = "tool.redis-ssot"


def example(key: str, option: Option) -> str:
    """A table that sets one key."""
    if option.keys:
        rows = (f"{name} = {one.example}" for name, one in option.keys.items())
        return "\n".join((f"[[{_TABLE}.{key}]]", *rows))
    return f"[{_TABLE}]\n{key} = {option.example}"


def page() -> str:
    """Every key in Markdown."""
    return "\n".join(
        (
            "# Settings",
            "",
            f"This page lists every key of `[{_TABLE}]` in `pyproject.toml`. `redis-ssot config KEY` prints the same.",
            "[Settings and projects](projects.md) explains which settings a file has, and what patterns are relative to.",
            *(line for key, option in OPTIONS.items() for line in _section(key, option)),
            "",
        )
    )


def _section(key: str, option: Option) -> list[str]:
    lines = ["", f"## {key}", "", option.doc, "", f"- Type: {option.type}", f"- Default: `{option.default}`"]
    if option.keys:
        lines += ["", "| Key | Type | Default | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{name}` | {one.type} | {one.default} | {one.doc} |" for name, one in option.keys.items()
        ]
    return [*lines, "", "```toml", *example(key, option).splitlines(), "```"]
