"""Exceptions that end soon, as `check` says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flake8_redis_ssot.files import Project
from flake8_redis_ssot.lint.allowances import state_of
from flake8_redis_ssot.output import shown
from flake8_redis_ssot.wording import counted


def ending(project: Project, today: date) -> Iterator[str]:
    """A message for each allowance of the settings that ends within the time of notice."""
    for entry in project.settings.allowances:
        if entry.expires is not None and state_of(entry, today) == "ending":
            days = (entry.expires - today).days
            when = f"in {counted(days, 'day')}" if days else "today"
            whose = f" of {entry.owner}" if entry.owner else ""
            yield (
                f"{shown(entry.file or project.name)}:{entry.line}: this exception{whose} ends {when}, on "
                f"{entry.expires} (its reason: {entry.reason}); end what it allows, or give it a new date"
            )
