"""What a migration did, as text for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.migrate.migration import Migration
from flake8_redis_ssot.migrate.plan import Step
from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.markdown_text import code, prose
from flake8_redis_ssot.output.plan_text import said_once
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.output.terminal import wrapped
from flake8_redis_ssot.wording import counted


def render(migration: Migration, look: Look, *, markdown: bool) -> str:
    """The summary with every reference that moved, and every one that was left."""
    lines = ["# Migration to one Redis manager", ""] if markdown else []
    for sentence, steps in _parts(migration):
        items = said_once(steps, code if markdown else str)
        if markdown:
            lines += [prose(sentence), "", *(f"- {prose(item)}" for item in items)]
            lines += [""] * bool(steps)
        else:
            lines += [escaped(sentence), *(f"  {escaped(item)}" for item in items)]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{wrapped(line, look, indent='    ')}\n" for line in lines)


def summary(migration: Migration) -> str:
    """What moves, and how much is left, in one line."""
    left = len(migration.left)
    rest = f"; left {counted(left, 'reference')} for a person, which --dry-run lists with the reasons"
    return f"{_done(migration)}{rest if left else ''}."


def _parts(migration: Migration) -> Iterator[tuple[str, list[Step]]]:
    """The sentences, and what each is about."""
    if migration.run is not None:
        yield f"Run {migration.run}; `{migration.undo}` undoes it.", []
    yield f"{_done(migration)}.", migration.moved
    if migration.left:
        yield f"Left {counted(len(migration.left), 'reference')} for a person:", migration.left
    if migration.silenced:
        number = counted(len(migration.silenced), "reference")
        yield f"Left {number} that the project keeps on purpose:", migration.silenced
    for one in migration.not_shimmed:
        yield f"No shim in place of {one.path}: {one.reason}.", []
    if migration.verified is not None:
        number = counted(migration.verified, "reference")
        found = f"the same {number} left" if migration.verified else "no reference left"
        yield f"Verified: a fresh scan finds {found}.", []


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
