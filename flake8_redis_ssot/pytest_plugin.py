"""pytest's entry: what it offers, and nothing of what that needs, until a run or a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flake8_redis_ssot.census.counts import What
    from flake8_redis_ssot.pytest_census.fixture import TestCensus

LIMITS: dict[str, What] = {
    "redis_census_max_pools": "pools",
    "redis_census_max_connections": "connections",
}
"""The settings that limit how many there may be at one time in one process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("redis-census").addoption(
        "--redis-census",
        nargs="?",
        const="",
        default=None,
        metavar="PATH.json",
        help="count the Redis clients, pools and connections of the run by the line that builds them; "
        "=PATH.json also writes a file",
    )
    for name, what in LIMITS.items():
        parser.addini(
            name, f"with --redis-census: the most {what} at one time in one process; more fail the run"
        )
    parser.addini(
        "redis_census_packages",
        "with --redis-census: installed packages that are this project's own",
        type="args",
        default=[],
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin before the first conftest is imported: it may build clients."""
    if early_config.known_args_namespace.redis_census is not None:
        from flake8_redis_ssot.pytest_census.plugin import CensusPlugin

        early_config.pluginmanager.register(CensusPlugin(early_config, LIMITS), "redis_census_run")


@pytest.fixture
def redis_census(request: pytest.FixtureRequest) -> Iterator[TestCensus]:
    """The Redis clients, pools and connections of this test, from here on; with or without --redis-census."""
    from flake8_redis_ssot.pytest_census.fixture import counted

    with counted(request.config) as census:
        yield census
