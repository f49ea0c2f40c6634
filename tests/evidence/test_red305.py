"""RED305: a pool handed over in the wrong way is not used; two of the three fail on connecting."""

from __future__ import annotations

from contextlib import closing

import pytest
import redis

from .conftest import Server, pools


def test_ignored_connection_pool(server: Server) -> None:
    with closing(redis.ConnectionPool.from_url(server.url)) as pool:
        for client in (redis.Redis.from_url(server.url, connection_pool=pool), redis.Redis(pool)):
            assert client.connection_pool is not pool
            with pytest.raises(TypeError):
                client.get("key")
            client.close()
        assert server.connections() == 0

        client = redis.Redis(connection_pool=pool)
        assert client.connection_pool is pool
        assert client.get("key") is None
        assert server.connections() == 1


def test_none_is_no_pool(server: Server) -> None:
    def measured(pool: redis.ConnectionPool | None) -> tuple[int, int]:
        path = server.url.removeprefix("unix://").partition("?")[0]
        clients = [
            redis.Redis(unix_socket_path=path, client_name=server.name, connection_pool=pool)
            for _ in range(2)
        ]
        for client in clients:
            client.get("key")
        found = pools(clients), server.connections()
        for client in clients:
            client.close()
        return found

    with closing(redis.ConnectionPool.from_url(server.url)) as pool:
        assert measured(pool) == (1, 1)
    assert measured(None) == (2, 2)
