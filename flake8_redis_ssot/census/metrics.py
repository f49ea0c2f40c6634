"""The counts as metrics: each with its name, what it means, and a value for every site."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flake8_redis_ssot.census.counts import Counts, OriginCounts
from flake8_redis_ssot.census.sites import Origin, Site

LABELS = ("site", "function", "library", "via")
Values = Iterator[tuple[Mapping[str, str], int]]


@dataclass(frozen=True, slots=True)
class Metric:
    """A counter only grows; any other is a gauge, of what is there now."""

    name: str
    help: str
    is_counter: bool
    read: Callable[[Counts], Iterator[tuple[tuple[Origin, Site | None], int]]]
    labels: tuple[str, ...] = LABELS

    def values(self, counts: Counts, root: str) -> Values:
        """The values by their labels; places that labels cannot tell apart are one."""
        summed: dict[tuple[str, ...], int] = {}
        for (origin, used), value in self.read(counts):
            key: tuple[str, ...] = (
                _place(origin.site, root),
                origin.site.function,
                origin.library,
                origin.via,
            )
            if used is not None:
                key = (*key, _place(used, root))
            summed[key] = summed.get(key, 0) + value
        for key, value in summed.items():
            yield dict(zip(self.labels, key, strict=True)), value


def _place(site: Site, root: str) -> str:
    prefix = root.rstrip(os.sep) + os.sep
    return f"{site.file.removeprefix(prefix).replace(os.sep, '/')}:{site.line}"


def _of_origins(
    read: Callable[[OriginCounts], int],
) -> Callable[[Counts], Iterator[tuple[tuple[Origin, None], int]]]:
    return lambda counts: (((origin, None), read(here)) for origin, here in counts.origins.items())


METRICS = (
    Metric("clients", "Redis clients that are alive", False, _of_origins(lambda here: here.clients.now)),
    Metric(
        "clients_built", "Redis clients that were built", True, _of_origins(lambda here: here.clients.ever)
    ),
    Metric("pools", "connection pools that are alive", False, _of_origins(lambda here: here.pools.now)),
    Metric(
        "pools_built", "connection pools that were built", True, _of_origins(lambda here: here.pools.ever)
    ),
    Metric("connections", "connections that are open", False, _of_origins(lambda here: here.connections.now)),
    Metric(
        "connections_opened",
        "connections that were opened",
        True,
        _of_origins(lambda here: here.connections.ever),
    ),
    Metric(
        "connections_in_use",
        "connections that are taken from their pool",
        False,
        _of_origins(lambda here: here.in_use),
    ),
    Metric(
        "connections_allowed",
        "connections that the pools that are alive may open",
        False,
        _of_origins(lambda here: here.limit * here.pools.now),
    ),
    Metric(
        "pool_waiters",
        "threads and tasks that wait for a connection",
        False,
        _of_origins(lambda here: here.waiters),
    ),
    Metric(
        "blocking_commands",
        "commands of a blocking client, by the place that sends them, while an event loop ran in that thread",
        True,
        lambda counts: (((origin, None), count) for origin, count in counts.blocking.items()),
    ),
    Metric(
        "second_loops",
        "uses of an asyncio connection in another event loop than before",
        True,
        lambda counts: (
            ((crossing.origin, crossing.used), count) for crossing, count in counts.crossings.items()
        ),
        (*LABELS, "used"),
    ),
)


def line(counts: Counts, root: str) -> str:
    """The numbers as one line, with the places that have the most pools."""
    here = counts.origins.values()
    most = sorted(counts.origins.items(), key=lambda item: (-item[1].pools.now, item[0]))[:3]
    places = ", ".join(
        f"{_place(origin.site, root)} ({one.pools.now})" for origin, one in most if one.pools.now
    )
    return (
        f"redis census: clients={sum(one.clients.now for one in here)} pools={sum(one.pools.now for one in here)} "
        f"connections={sum(one.connections.now for one in here)} in_use={sum(one.in_use for one in here)} "
        f"waiters={sum(one.waiters for one in here)} blocking_commands={counts.blocking.total()} "
        f"second_loops={counts.crossings.total()}; most pools: {places or 'none'}"
    )
