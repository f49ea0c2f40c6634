"""A report put together: the plan's numbers, and what stands beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date

from flake8_redis_ssot import __version__
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.lint.allowances import state_of
from flake8_redis_ssot.lint.suppress import covers
from flake8_redis_ssot.migrate.plan import Plan
from flake8_redis_ssot.report.inventory import tests_of
from flake8_redis_ssot.report.model import Allowed, Budget, Numbers, Report
from flake8_redis_ssot.report.scan import Scan
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.settings.show import shown_globs

MAX_CLIENTS = 10_000
"""The `maxclients` of a Redis whose configuration does not set it."""

DEFAULT_LIMIT = 100
"""The `max_connections` of a pool of redis-py 8 that is given none; up to 7.1 there is no limit to speak of."""


def report_of(
    plan: Plan,
    scanned: Scan,
    codes: frozenset[str],
    *,
    today: date,
    max_clients: int,
    default_limit: int,
    processes: Mapping[str, int],
) -> Report:
    """The report of a project: its `plan`, what was `scanned`, and the findings of the rules `codes`."""
    settings, index = scanned.settings, scanned.index
    pools = scanned.pools()
    counted = {measure.name: measure for measure in plan.measures}
    files = counted["importing-files"]
    importers = {path for manager in plan.managers for path in manager.importers}
    found = scanned.outcome.diagnostics
    names = [boundary.name for boundary in settings.boundaries]
    return Report(
        project=os.path.basename(settings.root),
        settings=settings.path and os.path.relpath(settings.path, settings.root),
        version=__version__,
        created=today.isoformat(),
        numbers=Numbers(
            counted["managers"].before,
            files.before,
            files.expected,
            counted["constructions"].before,
            counted["strings"].before,
            sum(pool.role != "test" for pool in pools),
        ),
        plan=plan,
        boundaries=names,
        budget=Budget(max_clients, default_limit, {name: processes.get(name, 1) for name in names}),
        findings=scanned.findings(d for d in found if d.code in codes),
        pools=pools,
        tests=tests_of(found, plan.managers, index, settings, scanned.filesystem),
        allowances=_allowances(found, settings, today),
        importers={
            path: index.place(os.path.join(settings.root, path)).boundary.name for path in sorted(importers)
        },
    )


def _allowances(found: list[Diagnostic], settings: Settings, today: date) -> list[Allowed]:
    """The allowances by the day on which they end, each with the number of diagnostics that it silences."""
    listed = [
        Allowed(
            shown_globs(entry.paths, settings.root),
            list(entry.rules),
            [pattern.text for pattern in entry.symbols],
            entry.reason,
            entry.owner,
            entry.expires.isoformat() if entry.expires else None,
            state_of(entry, today),
            sum(covers(entry, diagnostic) for diagnostic in found),
            f"{os.path.relpath(entry.file, settings.root) if entry.file else 'options'}:{entry.line}",
        )
        for entry in settings.allowances
    ]
    return sorted(listed, key=lambda allowed: (allowed.expires or "9999", allowed.where))
