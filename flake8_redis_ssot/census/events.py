"""What a census is told, one event at a time: plain values, which another process can read from a file."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flake8_redis_ssot.census.sites import Origin, Site

Kind = Literal["client", "pool"]


class Built(NamedTuple):
    """A client or a pool was built; `number` is its own within the process, `limit` the most connections."""

    kind: Kind
    number: int
    origin: Origin
    limit: int


class Gone(NamedTuple):
    """Nobody holds it any more."""

    kind: Kind
    number: int


class Opened(NamedTuple):
    """A connection was opened, for what was built at the origin."""

    number: int
    origin: Origin


class Closed(NamedTuple):
    """The connection of this number was closed, or nobody holds it any more."""

    number: int


class Blocked(NamedTuple):
    """A blocking client sent something, while an event loop ran in that thread."""

    origin: Origin


class Crossed(NamedTuple):
    """What was used in one event loop was used, at `used`, in another."""

    origin: Origin
    used: Site


Event = Built | Gone | Opened | Closed | Blocked | Crossed
EVENTS: dict[str, type[Event]] = {
    event.__name__: event for event in (Built, Gone, Opened, Closed, Blocked, Crossed)
}
