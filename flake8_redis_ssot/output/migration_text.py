"""What a migration did, as text for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.migrate.migration import Migration
from flake8_redis_ssot.migrate.plan import Step
from flake8_redis_ssot.output import counted, escaped
from flake8_redis_ssot.output.plan_text import said_once
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import wrapped


def render(migration: Migration, look: Look, *, markdown: bool) -> str:
    """The summary with every reference that moved, and every one that was left."""
    lines = [*_lines(migration, "- " if markdown else "  ")]
    if markdown:
        lines = ["# Migration to one Redis manager", "", *lines]
    return "".join(f"{wrapped(escaped(line), look, indent='    ')}\n" for line in lines)


def _lines(migration: Migration, mark: str) -> Iterator[str]:
    if migration.run is not None:
        yield f"Run {migration.run}; `{migration.undo}` undoes it."
    yield f"{_done(migration)}."
    yield from _steps(migration.moved, mark)
    if migration.left:
        yield f"Left {counted(len(migration.left), 'reference')} for a person:"
        yield from _steps(migration.left, mark)
    if migration.silenced:
        yield f"Left {counted(len(migration.silenced), 'reference')} that the project keeps on purpose:"
        yield from _steps(migration.silenced, mark)
    for one in migration.not_shimmed:
        yield f"No shim in place of {one.path}: {one.reason}."
    if migration.verified is not None:
        number = migration.verified
        found = f"the same {counted(number, 'reference')} left" if number else "no reference left"
        yield f"Verified: a fresh scan finds {found}."


def _done(migration: Migration) -> str:
    """What was done, in one sentence."""
    verbs = ("migrate", "remove") if migration.is_dry else ("migrated", "removed")
    parts = [
        f"{verb} {kinds}"
        for verb, kinds in zip(verbs, (migration.moved_kinds, migration.removed_kinds), strict=True)
        if kinds
    ]
    text = " and ".join(parts) or f"{verbs[0]} nothing"
    text = f"would {text}" if migration.is_dry else text
    files = len(migration.files)
    return f"{text[0].upper()}{text[1:]}" + (f" in {counted(files, 'file')}" if files else "")


def _steps(steps: list[Step], mark: str) -> Iterator[str]:
    yield from (f"{mark}{text}" for text in said_once(steps))
