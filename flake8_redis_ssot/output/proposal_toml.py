"""A proposal as a table of TOML, every choice with its reason as a comment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import tomlkit
from tomlkit.items import AoT, Array, SingleKey, Table

from flake8_redis_ssot.init.proposal import Choice, Exchange, Proposal, Scope
from flake8_redis_ssot.output import escaped

_WIDTH = 100


def render(proposal: Proposal) -> str:
    """The table with all below it, as it may stand at the end of a `pyproject.toml`."""
    table = tomlkit.table()
    for text in (proposal.summary, *proposal.doubts):
        _comment(table, text)
    _managers(table, proposal.scope)
    if not proposal.has_manager and proposal.undecided:
        _head(table, "what builds; set `manager` to the module that may, and let the others use that:")
        _list(table, proposal.undecided)
    if proposal.forbidden:
        _head(table, "what nobody should import any more")
        table.add("forbidden-managers", _explained(proposal.forbidden))
    if proposal.has_manager and proposal.undecided:
        _head(
            table,
            "what does something of a manager's as well: move it there, forbid it, or give it an `allow` with a reason",
        )
        _list(table, proposal.undecided)
    if proposal.src is not None:
        _head(table, "the folders from which imports are looked up")
        table.add("src", _plain(proposal.src))
    if proposal.tests is not None:
        _head(table, "the default, and what else is a test here")
        table.add("tests", _plain(proposal.tests))
    if proposal.boundaries:
        table.add("boundary", _boundaries(proposal.boundaries))
    if proposal.replacements:
        table.add("replacements", _replacements(proposal.replacements))
    document = tomlkit.document()
    tool = tomlkit.table(is_super_table=True)
    tool.add("redis-ssot", table)
    document.add("tool", tool)
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def commented(lines: Iterable[str]) -> str:
    """Lines as comments."""
    return "".join(f"# {escaped(line)}".rstrip() + "\n" for line in lines)


def _head(table: Table, text: str) -> None:
    """A comment with an empty line before it, above what it speaks of."""
    table.add(tomlkit.nl())
    _comment(table, text)


def _comment(table: Table, text: str) -> None:
    for line in textwrap.wrap(escaped(text), _WIDTH, break_long_words=False, break_on_hyphens=False):
        table.add(tomlkit.comment(line))


def _list(table: Table, lines: Iterable[str]) -> None:
    for line in lines:
        table.add(tomlkit.comment(f"  {escaped(line)}"))


def _managers(table: Table, scope: Scope) -> None:
    if len(scope.managers) == 1:
        _head(table, scope.managers[0].why)
        table.add("manager", scope.managers[0].value)
    elif scope.managers:
        table.add(tomlkit.nl())
        table.add("manager", _explained(scope.managers))
    if scope.instance is not None:
        _comment(table, scope.instance.why)
        table.add("instance", scope.instance.value)


def _boundaries(scopes: Iterable[Scope]) -> AoT:
    found = tomlkit.aot()
    for scope in scopes:
        table = tomlkit.table()
        table.add("name", scope.name)
        table.add("paths", _plain(scope.globs))
        _managers(table, scope)
        table.add("reason", scope.reason)
        found.append(table)
    return found


def _replacements(exchanges: Iterable[Exchange]) -> Table:
    """Those that are granted; the others, with what is against them, as comments."""
    table = tomlkit.table()
    for one in exchanges:
        if one.against is None:
            table.add(SingleKey(one.old), one.new)
    for one in exchanges:
        if one.against is not None:
            _comment(table, f"not yet: {one.against}")
            table.add(
                tomlkit.comment(f"{SingleKey(one.old).as_string()} = {tomlkit.item(one.new).as_string()}")
            )
    return table


def _explained(choices: Iterable[Choice]) -> Array:
    """A list with one item a line, each with its reason."""
    found = tomlkit.array()
    for choice in choices:
        found.add_line(choice.value, comment=escaped(choice.why))
    found.add_line(indent="")
    return found


def _plain(values: Iterable[str]) -> Array:
    found = tomlkit.array()
    found.extend(values)
    return found
