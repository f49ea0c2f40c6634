"""The census of a run as text for people, and as JSON for programs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from flake8_redis_ssot.census.counts import TALLIES, Counts, Peak, What
from flake8_redis_ssot.census.sites import Origin, Site
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.pytest_census.static import Rules

_ROWS = 15
"""Rows of a table that are shown; --verbose shows all."""
_STANDINGS = {
    "manager": "manager",
    "missed": "no rule reports it",
    "library": "",
    "unchecked": "not checked",
}


@dataclass(slots=True)
class Run:
    """All that is known of a run; `limits` are what its settings allow, and `lost` processes of which nothing is."""

    root: str
    counts: Counts
    rules: Rules
    limits: dict[What, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def site(self, site: Site) -> str:
        return f"{self.path(site.file)}:{site.line} in {site.function}"

    def path(self, path: str) -> str:
        is_below = path.startswith(self.root.rstrip(os.sep) + os.sep)
        return os.path.relpath(path, self.root).replace(os.sep, "/") if is_below else path

    def exceeded(self) -> Iterator[str]:
        """What is beyond a limit, each with the places."""
        for what, limit in self.limits.items():
            peak: Peak = getattr(self.counts, what)
            if peak.count > limit:
                state = "alive" if what == "pools" else "open"
                places = sorted(peak.origins.items(), key=lambda item: (-item[1], item[0]))
                shown = ", ".join(f"{self.site(origin.site)} ({count})" for origin, count in places[:5])
                more = f", and {len(places) - 5} more places" if len(places) > 5 else ""
                yield (
                    f"redis_census_max_{what} = {limit}, but {peak.count} {what} were {state} at one time in "
                    f"{peak.process}: {shown}{more}; build fewer, or raise the limit"
                )


def properties(run: Run) -> Iterator[tuple[str, int]]:
    """The numbers of a run by name, as JUnit has them."""
    for what in TALLIES:
        total = run.counts.total(what)
        yield f"redis_census_{what}", total.ever
        yield f"redis_census_{what}_peak", total.peak
    yield "redis_census_blocking_commands", run.counts.blocking.total()
    yield "redis_census_second_loops", run.counts.crossings.total()
    yield "redis_census_missed_by_rules", len(run.rules.missed(run.counts))
    yield "redis_census_never_ran", len(run.rules.never_ran(run.counts))


def as_json(run: Run) -> dict[str, Any]:
    """The counts, with paths relative to the root, and what the rules say of each site."""
    data = run.counts.as_json()
    for origin, site in zip(sorted(run.counts.origins), data["sites"], strict=True):
        site["standing"] = run.rules.standing(origin)
        site["rules"] = sorted({d.code for d in run.rules.at(origin)})
    _shorten(data, run)
    return {
        "version": 1,
        **data,
        "never_ran": [
            {"file": run.path(d.path), "line": d.range.start.line, "code": d.code, "message": d.message}
            for d in run.rules.never_ran(run.counts)
        ],
        "exceeded": [*run.exceeded()],
        "lost": run.lost,
    }


def _shorten(data: Any, run: Run) -> None:
    """Make the paths in it relative."""
    if isinstance(data, dict):
        if "file" in data:
            data["file"] = run.path(data["file"])
        data = [*data.values()]
    if isinstance(data, list):
        for value in data:
            _shorten(value, run)


def text(run: Run, *, verbose: bool) -> Iterator[str]:
    """The lines of the summary."""
    rows = None if verbose else _ROWS
    pools, connections = run.counts.total("pools"), run.counts.total("connections")
    yield (
        f"{_number(pools.ever, 'pool')} built and {_number(connections.ever, 'connection')} opened in "
        f"{_number(len(run.counts.processes), 'process')}; at one time, in one process, at most "
        f"{_number(pools.peak, 'pool')} and {_number(connections.peak, 'connection')}"
    )
    yield from _sites(run, rows)
    yield from _section(
        "blocking commands while an event loop ran in their thread: each stalls it",
        [
            f"{count:>6}  {run.site(origin.site)} ({origin.library})"
            for origin, count in run.counts.blocking.most_common()
        ],
        rows,
    )
    yield from _section(
        "asyncio connections used in a second event loop",
        [
            f"{count:>6}  {run.site(crossing.origin.site)}, used at {run.site(crossing.used)}"
            for crossing, count in run.counts.crossings.most_common()
        ],
        rows,
    )
    yield from _section(
        "connections that were never given back",
        [
            f"{here.in_use:>6}  {run.site(origin.site)}"
            for origin, here in sorted(run.counts.origins.items())
            if here.in_use
        ],
        rows,
    )
    yield from _section(
        "built outside of a manager, and no rule reports it; please report it as an issue",
        [f"        {run.site(origin.site)} ({origin.library})" for origin in run.rules.missed(run.counts)],
        rows,
    )
    yield from _section(
        "reported by a rule, but never run",
        [
            f"        {run.path(d.path)}:{d.range.start.line} {d.code}"
            for d in run.rules.never_ran(run.counts)
        ],
        rows,
    )
    if run.rules.failure:
        yield f"the rules could not be asked: {run.rules.failure}"
    for process in run.lost:
        yield f"{process} sent no counts: it ended before it was done"
    yield from run.exceeded()


def _sites(run: Run, rows: int | None) -> Iterator[str]:
    if run.counts.origins:
        yield f"{'clients':>8} {'pools':>6} {'peak':>5} {'connections':>11} {'peak':>5}  built at"
    places = sorted(run.counts.origins.items(), key=lambda item: (-item[1].pools.ever, item[0]))
    yield from _cut(
        [
            f"{here.clients.ever:>8} {here.pools.ever:>6} {here.pools.peak:>5} {here.connections.ever:>11} "
            f"{here.connections.peak:>5}  {run.site(origin.site)} ({_said(run, origin)})"
            for origin, here in places
        ],
        rows,
    )


def _said(run: Run, origin: Origin) -> str:
    library = f"{origin.library} through {origin.via}" if origin.via else origin.library
    codes = ", ".join(sorted({d.code for d in run.rules.at(origin)}))
    said = codes or _STANDINGS[run.rules.standing(origin)] if not run.rules.failure else ""
    return f"{library}; {said}" if said else library


def _section(title: str, lines: Sequence[str], rows: int | None) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from _cut(lines, rows)


def _cut(lines: Sequence[str], rows: int | None) -> Iterator[str]:
    yield from lines[:rows]
    if rows is not None and len(lines) > rows:
        yield f"        and {len(lines) - rows} more; -v shows all"


def _number(count: int, word: str) -> str:
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"
