"""What a report has: plain values, as JSON has them. Paths are relative to the project's folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.lint.allowances import State
from flake8_redis_ssot.migrate.plan import Plan

KINDS = {
    "fakes": "unit, with fakes",
    "server": "real server",
    "race": "race",
    "websocket": "WebSocket",
    "other": "no sign of any",
}
"""The kinds of tests that touch Redis, as people read them; a file may be of several."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted of one state of the project.

    `one` of `any` files that import a manager import the one of their boundary alone; `pools` are
    those that code outside of the tests makes.
    """

    managers: int
    one: int
    any: int
    constructions: int
    strings: int
    pools: int


WORDS = {
    "managers": "Managers",
    "one": "Files on the one import",
    "any": "Files that import any manager",
    "constructions": "Clients and pools built outside of a manager",
    "strings": "Strings that name a forbidden manager",
    "pools": "Connection pools outside of tests",
}
"""Each number, as people read it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic; `silenced` by what, where it is."""

    code: str
    name: str
    path: str
    line: int
    message: str
    boundary: str
    is_test: bool
    silenced: str | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A place that makes a connection pool, by itself or in a client.

    `role` is `manager`, `outside` or `test`; `limit` its `max_connections`, None where the code does
    not say a number, and then `given` is what it says, if anything. `is_anew` says that each call makes another one.
    """

    path: str
    line: int
    boundary: str
    role: str
    what: str
    limit: int | None
    given: str = ""
    is_anew: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What connections are held against: `max_clients` of the server, `default_limit` of a pool that states none.

    `processes` has how many run of each boundary.
    """

    max_clients: int
    default_limit: int
    processes: dict[str, int]

    def connections(self, pools: list[Pool], boundary: str, roles: tuple[str, ...]) -> int:
        """The most connections that the pools of a boundary open, in all its processes."""
        each = sum(
            self.default_limit if pool.limit is None else pool.limit
            for pool in pools
            if pool.boundary == boundary and pool.role in roles
        )
        return each * self.processes[boundary]

    def total(self, pools: list[Pool], roles: tuple[str, ...]) -> int:
        """The same for all boundaries."""
        return sum(self.connections(pools, boundary, roles) for boundary in self.processes)


@dataclass(frozen=True, slots=True)
class TestFile:
    """A test file that touches Redis: of which kinds, and what in it says so."""

    __test__ = False

    path: str
    boundary: str
    kinds: list[str]
    signs: list[str]


@dataclass(frozen=True, slots=True)
class Allowed:
    """An allowance, what it silences today, and where it is written."""

    paths: list[str]
    rules: list[str]
    symbols: list[str]
    reason: str
    owner: str | None
    expires: str | None
    state: State
    silences: int
    where: str

    @property
    def end(self) -> str:
        """When it ends, in words."""
        past = {"lasting": "", "ending": ", soon", "expired": ", past"}[self.state]
        return f"{self.expires}{past}" if self.expires else "no end"


@dataclass(frozen=True, slots=True)
class Point:
    """The numbers of one revision; of what is in the working tree, `commit` is empty."""

    name: str
    commit: str
    date: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came and went since the commit at which a branch left its base."""

    base: str
    commit: str
    before: Numbers
    managers_added: list[str]
    managers_removed: list[str]
    added: list[Finding]
    removed: list[Finding]


def compared(before: Numbers, after: Numbers) -> list[tuple[str, int, int]]:
    """What is counted, as people read it, with the number of then and of now."""
    return [(words, getattr(before, name), getattr(after, name)) for name, words in WORDS.items()]


@dataclass(slots=True)
class Report:
    """All that a report shows."""

    project: str
    settings: str | None
    version: str
    created: str
    numbers: Numbers
    plan: Plan
    boundaries: list[str]
    budget: Budget
    findings: list[Finding] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    tests: list[TestFile] = field(default_factory=list)
    allowances: list[Allowed] = field(default_factory=list)
    importers: dict[str, str] = field(default_factory=dict)
    """The files that import a manager, each with its boundary."""
    history: list[Point] = field(default_factory=list)
    comparison: Comparison | None = None

    def as_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)
