"""The counts: what the events of one process, and of several, come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from flake8_redis_ssot.census.events import Blocked, Built, Closed, Crossed, Event, Gone, Kind, Opened
from flake8_redis_ssot.census.sites import Origin, Site

What = Literal["clients", "pools", "connections"]


class Crossing(NamedTuple):
    """An object of `origin` was used at `used`, in a second event loop."""

    origin: Origin
    used: Site


@dataclass(slots=True)
class Tally:
    """How many there were ever, are now, and were at most at one time."""

    ever: int = 0
    now: int = 0
    peak: int = 0

    def add(self) -> None:
        self.ever += 1
        self.now += 1
        self.peak = max(self.peak, self.now)

    def remove(self) -> None:
        self.now -= 1

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.ever + other.ever, self.now + other.now, max(self.peak, other.peak))


@dataclass(slots=True)
class OriginCounts:
    """What was built at one origin; peaks are of one process. `limit` is the most connections of one pool.

    `in_use` and `waiters` are a reading of the pools that live: connections that are taken, and who waits for one.
    """

    clients: Tally = field(default_factory=Tally)
    pools: Tally = field(default_factory=Tally)
    connections: Tally = field(default_factory=Tally)
    limit: int = 0
    in_use: int = 0
    waiters: int = 0

    def __add__(self, other: OriginCounts) -> OriginCounts:
        return OriginCounts(
            self.clients + other.clients,
            self.pools + other.pools,
            self.connections + other.connections,
            max(self.limit, other.limit),
            self.in_use + other.in_use,
            self.waiters + other.waiters,
        )


@dataclass(slots=True)
class Peak:
    """The most that there were at one time in one process, and of which origins."""

    count: int = 0
    process: str = ""
    origins: dict[Origin, int] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """What happened in a process, or in several that are added up."""

    origins: dict[Origin, OriginCounts] = field(default_factory=dict)
    blocking: Counter[Origin] = field(default_factory=Counter)
    """Sends of blocking clients under a running event loop; a pipeline is one."""
    crossings: Counter[Crossing] = field(default_factory=Counter)
    clients: Peak = field(default_factory=Peak)
    pools: Peak = field(default_factory=Peak)
    connections: Peak = field(default_factory=Peak)
    processes: list[str] = field(default_factory=list)

    def total(self, what: What) -> Tally:
        """All origins together; the peak is that of a process."""
        tallies: list[Tally] = [getattr(counts, what) for counts in self.origins.values()]
        peak: Peak = getattr(self, what)
        return Tally(sum(t.ever for t in tallies), sum(t.now for t in tallies), peak.count)

    def as_json(self) -> dict[str, Any]:
        """Plain values, in a fixed order."""
        return {
            "processes": self.processes,
            **{what: _peak_as_json(getattr(self, what)) for what in TALLIES},
            "sites": [
                {
                    **_origin_as_json(origin),
                    **{what: _tally_as_json(getattr(counts, what)) for what in TALLIES},
                    "max_connections": counts.limit,
                    "in_use": counts.in_use,
                    "waiters": counts.waiters,
                }
                for origin, counts in sorted(self.origins.items())
            ],
            "blocking_commands": [
                {**_origin_as_json(origin), "count": count} for origin, count in sorted(self.blocking.items())
            ],
            "second_loops": [
                {**_origin_as_json(crossing.origin), "used": crossing.used._asdict(), "count": count}
                for crossing, count in sorted(self.crossings.items())
            ],
        }


TALLIES: tuple[What, ...] = ("clients", "pools", "connections")


def _origin_as_json(origin: Origin) -> dict[str, Any]:
    return {**origin.site._asdict(), "library": origin.library, "via": origin.via}


def _tally_as_json(tally: Tally) -> dict[str, int]:
    return {"built": tally.ever, "now": tally.now, "peak": tally.peak}


def _peak_as_json(peak: Peak) -> dict[str, Any]:
    return {
        "peak": peak.count,
        "process": peak.process,
        "sites": [{**_origin_as_json(origin), "count": n} for origin, n in sorted(peak.origins.items())],
    }


def _origin(data: Mapping[str, Any]) -> Origin:
    return Origin(Site(data["file"], data["line"], data["function"]), data["library"], data["via"])


def _tally(data: Mapping[str, int]) -> Tally:
    return Tally(data["built"], data["now"], data["peak"])


def _peak(data: Mapping[str, Any]) -> Peak:
    return Peak(data["peak"], data["process"], {_origin(site): site["count"] for site in data["sites"]})


def from_json(data: Mapping[str, Any]) -> Counts:
    """What `as_json` gave, as another process sends it."""
    counts = Counts(
        {
            _origin(site): OriginCounts(
                **{what: _tally(site[what]) for what in TALLIES},
                limit=site["max_connections"],
                in_use=site["in_use"],
                waiters=site["waiters"],
            )
            for site in data["sites"]
        },
        Counter({_origin(site): site["count"] for site in data["blocking_commands"]}),
        Counter(
            {Crossing(_origin(site), Site(**site["used"])): site["count"] for site in data["second_loops"]}
        ),
        processes=list(data["processes"]),
    )
    for what in TALLIES:
        setattr(counts, what, _peak(data[what]))
    return counts


def added(several: Iterable[Counts]) -> Counts:
    """Several processes as one: what is there adds up, a peak is the highest of one process."""
    total = Counts()
    for counts in several:
        for origin, more in counts.origins.items():
            total.origins[origin] = total.origins.get(origin, OriginCounts()) + more
        total.blocking += counts.blocking
        total.crossings += counts.crossings
        for what in TALLIES:
            higher = max(getattr(total, what), getattr(counts, what), key=lambda peak: peak.count)
            setattr(total, what, higher)
        total.processes += counts.processes
    return total


class Fold:
    """Counts the events of one process."""

    def __init__(self, process: str) -> None:
        self.counts = Counts(processes=[process])
        self._live: dict[tuple[str, int], Origin] = {}

    def rename(self, process: str) -> None:
        for peak in (self.counts.clients, self.counts.pools, self.counts.connections):
            peak.process = process
        self.counts.processes = [process]

    def add(self, event: Event) -> None:
        match event:
            case Built(kind, number, origin, limit):
                if kind == "pool":
                    counts = self._of(origin)
                    counts.limit = max(counts.limit, limit)
                self._begin(f"{kind}s", number, origin)
            case Gone(kind, number):
                self._end(f"{kind}s", number)
            case Opened(number, origin):
                self._begin("connections", number, origin)
            case Closed(number):
                self._end("connections", number)
            case Blocked(origin):
                self.counts.blocking[origin] += 1
            case Crossed(origin, used):
                self.counts.crossings[Crossing(origin, used)] += 1

    def add_all(self, events: Iterable[Event]) -> Counts:
        for event in events:
            self.add(event)
        return self.counts

    def inherit(self, kind: Kind, number: int, origin: Origin) -> None:
        """Something is there that another process built, before it was forked."""
        self._live[f"{kind}s", number] = origin
        tally: Tally = getattr(self._of(origin), f"{kind}s")
        tally.now += 1
        tally.peak = max(tally.peak, tally.now)
        self._note_peak(f"{kind}s")

    def _of(self, origin: Origin) -> OriginCounts:
        return self.counts.origins.setdefault(origin, OriginCounts())

    def _begin(self, what: str, number: int, origin: Origin) -> None:
        self._live[what, number] = origin
        tally: Tally = getattr(self._of(origin), what)
        tally.add()
        self._note_peak(what)

    def _end(self, what: str, number: int) -> None:
        origin = self._live.pop((what, number), None)
        if origin is not None:
            tally: Tally = getattr(self._of(origin), what)
            tally.remove()

    def _note_peak(self, what: str) -> None:
        here = {
            origin: tally.now
            for origin, counts in self.counts.origins.items()
            if (tally := getattr(counts, what)).now
        }
        if sum(here.values()) > getattr(self.counts, what).count:
            setattr(self.counts, what, Peak(sum(here.values()), self.counts.processes[0], here))
