"""What a test is given to ask how many clients, pools and connections it made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flake8_redis_ssot.census.census import Census, start, stop
from flake8_redis_ssot.census.counts import Counts, Fold, What


class TestCensus:
    """The counts since the test asked for them."""

    __test__ = False  # pytest: no class of tests

    def __init__(self, census: Census, window: Fold, root: str) -> None:
        self._census = census
        self._window = window
        self._root = root

    @property
    def counts(self) -> Counts:
        """All that is known."""
        return self._census.counts(self._window)

    @property
    def clients(self) -> int:
        """How many were built."""
        return self.counts.total("clients").ever

    @property
    def pools(self) -> int:
        """How many were built."""
        return self.counts.total("pools").ever

    @property
    def connections(self) -> int:
        """How many were opened."""
        return self.counts.total("connections").ever

    @property
    def open_connections(self) -> int:
        """How many of those are open now."""
        return self.counts.total("connections").now

    @property
    def blocking_commands(self) -> int:
        """How often a blocking client sent something while an event loop ran in its thread."""
        return self.counts.blocking.total()

    @property
    def second_loops(self) -> int:
        """How often an asyncio connection was used in another event loop than before."""
        return self.counts.crossings.total()

    def sites(self, what: What = "pools") -> dict[str, int]:
        """How many were built or opened, by `path:line in function`, relative to pytest's root folder."""
        found: dict[str, int] = {}
        for origin, counts in self.counts.origins.items():
            if ever := getattr(counts, what).ever:
                site = origin.site._replace(file=os.path.relpath(origin.site.file, self._root))
                found[str(site)] = found.get(str(site), 0) + ever
        return found

    def __repr__(self) -> str:
        """What a failed assertion shows."""
        return (
            f"<redis_census: {self.clients} clients and {self.pools} pools built, "
            f"{self.connections} connections opened; pools: {self.sites()}>"
        )


@contextmanager
def counted(config: pytest.Config) -> Iterator[TestCensus]:
    census = start(packages=config.getini("redis_census_packages"))
    try:
        with census.window() as window:
            yield TestCensus(census, window, str(config.rootpath))
    finally:
        stop(census)
