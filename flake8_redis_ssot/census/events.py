"""What a census is told, one event at a time: plain values, which another process can read from a file."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flake8_redis_ssot.census.sites import Site

Kind = Literal["client", "pool"]


class Built(NamedTuple):
    """A client or a pool was built; `number` is its own within the process, `limit` the most connections."""

    kind: Kind
    number: int
    site: Site
    library: str
    limit: int


class Gone(NamedTuple):
    """Nobody holds it any more."""

    kind: Kind
    number: int


class Opened(NamedTuple):
    """A connection was opened, for what was built at the site."""

    number: int
    site: Site
    library: str


class Closed(NamedTuple):
    number: int


class Blocked(NamedTuple):
    """A blocking client sent something at the site, while an event loop ran in that thread."""

    site: Site
    library: str


class Crossed(NamedTuple):
    """What was built for one event loop was used, at `used`, in another."""

    site: Site
    library: str
    used: Site


Event = Built | Gone | Opened | Closed | Blocked | Crossed
EVENTS: dict[str, type[Event]] = {
    event.__name__: event for event in (Built, Gone, Opened, Closed, Blocked, Crossed)
}
