"""The client libraries that a census knows: which of their classes build, connect and send."""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal["client", "cluster", "sentinel", "pool", "node", "connection"]
"""A *cluster* builds clients and pools for its own use, a *node* is what an asyncio cluster has for a pool."""


class Part(NamedTuple):
    """The classes of one role in one module; of connections the module's base class, with all below it."""

    module: str
    role: Role
    name: str
    library: str
    is_async: bool


def _like_redis(library: str, client: str) -> list[Part]:
    """redis-py and its forks."""
    parts = []
    for package, is_async in ((library, False), (f"{library}.asyncio", True)):
        parts += [
            Part(f"{package}.client", "client", client, package, is_async),
            Part(f"{package}.cluster", "cluster", f"{client}Cluster", package, is_async),
            Part(f"{package}.sentinel", "sentinel", "Sentinel", package, is_async),
            Part(f"{package}.connection", "pool", "ConnectionPool", package, is_async),
            Part(f"{package}.connection", "connection", "Connection", package, is_async),
        ]
    return [*parts, Part(f"{library}.asyncio.cluster", "node", "ClusterNode", f"{library}.asyncio", True)]


PARTS: tuple[Part, ...] = (
    *_like_redis("redis", "Redis"),
    *_like_redis("valkey", "Valkey"),
    Part("coredis.client", "client", "Redis", "coredis", True),
    Part("coredis.client", "cluster", "RedisCluster", "coredis", True),
    Part("coredis.client", "sentinel", "Sentinel", "coredis", True),
    Part("coredis.pool", "pool", "ConnectionPool", "coredis", True),
    Part("coredis.pool", "pool", "ClusterConnectionPool", "coredis", True),
    Part("coredis.connection", "connection", "BaseConnection", "coredis", True),
)
FAKES = ("fakeredis",)
"""Packages whose clients, derived from a library's own, connect to nothing."""
