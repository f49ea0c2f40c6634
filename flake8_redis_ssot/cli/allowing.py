"""`redis-ssot allowances`: the run itself."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import Any

from flake8_redis_ssot.cli.loading import discovered, finder_of
from flake8_redis_ssot.cli.messages import refuse
from flake8_redis_ssot.cli.progress import Progress
from flake8_redis_ssot.cli.replay import look
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.allowances import Allowed, Comment, exceptions, state_of
from flake8_redis_ssot.lint.run import available_processors
from flake8_redis_ssot.output import allowances_text, json_text, shown
from flake8_redis_ssot.output.report import Look
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.settings.show import shown_globs


def allowances(options: argparse.Namespace, today: date) -> int:
    """List the exceptions of all projects below."""
    allowed: list[dict[str, Any]] = []
    comments: list[dict[str, Any]] = []
    failures: list[str] = []
    try:
        found = discovered(["."], finder_of(options))
        with Progress() as progress:
            for project in found.projects:
                found.complete(project)
                settings = project.settings
                files = found.all_files(project)
                had = exceptions(files, project.files, settings, DISK, available_processors(), progress)
                allowed += (_allowed(one, settings, today) for one in had.allowed)
                comments += map(_comment, had.comments)
                failures += had.failures
    except SettingsError as error:
        return refuse(error.messages)
    allowed.sort(key=lambda one: one["expires"] or "9999")
    whole = {"allowances": allowed, "comments": comments}
    if options.output_format == "json":
        print(json_text(whole))
    else:
        is_markdown = options.output_format == "markdown"
        seen = Look() if is_markdown else Look(*look(sys.stdout))
        sys.stdout.write(allowances_text.render(whole, seen, markdown=is_markdown))
    return refuse(failures) if failures else 0


def _allowed(one: Allowed, settings: Settings, today: date) -> dict[str, Any]:
    entry = one.entry
    return {
        "filename": shown(entry.file or settings.root),
        "line": entry.line,
        "paths": shown_globs(entry.paths, settings.root),
        "rules": list(entry.rules),
        "symbols": [pattern.text for pattern in entry.symbols],
        "reason": entry.reason,
        "owner": entry.owner,
        "expires": str(entry.expires) if entry.expires else None,
        "days_left": (entry.expires - today).days if entry.expires else None,
        "state": state_of(entry, today),
        "silences": one.silences,
    }


def _comment(one: Comment) -> dict[str, Any]:
    return {
        "filename": shown(one.path),
        "line": one.line,
        "codes": list(one.codes),
        "reason": one.reason,
        "silences": one.silences,
    }
