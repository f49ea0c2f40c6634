"""RED501: a module that talks to Redis while it is imported cannot be imported without Redis."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from redis.exceptions import ConnectionError

from .conftest import Server

BAD = """
import redis

client = redis.Redis.from_url({!r})
client.ping()
"""
GOOD = """
import redis

client = redis.Redis.from_url({!r})


def ready():
    return client.ping()
"""


def test_import_time_command(server: Server, module: Callable[[str, str], ModuleType]) -> None:
    with pytest.raises(ConnectionError):
        module("bad_without", BAD.format(server.nobody))
    good = module("good_without", GOOD.format(server.nobody))
    with pytest.raises(ConnectionError):
        good.ready()

    def opened(name: str, text: str) -> int:
        """Connections that importing it opens."""
        before = server.opened()
        client = module(name, text).client
        count = server.opened() - before
        client.close()
        return count

    assert opened("bad_with", BAD.format(server.url)) == 1
    assert opened("good_with", GOOD.format(server.url)) == 0
