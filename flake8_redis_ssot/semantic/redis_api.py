"""The builders: which callables of which Redis client library make a client or a pool.

For redis-py every home and accidental re-export of 3.5, 4.1, 4.6, 5.0, 5.3, 6.4, 7.1, 8.0
and 8.1 was listed by importing each version, `redis.multidb` apart. The other libraries'
rows name their documented homes and were not compared with installed versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

Kind = Literal["client", "pool"]


@dataclass(frozen=True, slots=True)
class Builder:
    """A callable that makes a client or a pool.

    `target` is the class of what is made and how (`redis.client.Redis.from_url`), the same
    for every name of one callable.
    """

    library: str
    kind: Kind
    target: str

    @property
    def is_class(self) -> bool:
        """Whether it is the class itself, by the convention that those begin with a capital."""
        return self.target.rpartition(".")[2][:1].isupper()


# library -> kind -> (class, its homes, constructors besides the call)
_CLASSES: tuple[tuple[str, Kind, str, str, str], ...] = (
    ("redis", "client", "redis.client.Redis",
     "redis.Redis redis.StrictRedis redis.client.Redis redis.client.StrictRedis redis.cluster.Redis"
     " redis.sentinel.Redis redis.keyspace_notifications.Redis redis.multidb.healthcheck.Redis",
     "from_url from_pool"),
    ("redis", "client", "redis.asyncio.client.Redis",
     "redis.asyncio.Redis redis.asyncio.StrictRedis redis.asyncio.client.Redis"
     " redis.asyncio.client.StrictRedis redis.asyncio.sentinel.Redis"
     " redis.asyncio.keyspace_notifications.Redis redis.asyncio.multidb.healthcheck.Redis",
     "from_url from_pool"),
    ("redis", "client", "redis.cluster.RedisCluster",
     "redis.RedisCluster redis.cluster.RedisCluster redis.keyspace_notifications.RedisCluster", "from_url"),
    ("redis", "client", "redis.asyncio.cluster.RedisCluster",
     "redis.asyncio.RedisCluster redis.asyncio.cluster.RedisCluster"
     " redis.asyncio.keyspace_notifications.RedisCluster", "from_url"),
    ("redis", "client", "redis.sentinel.Sentinel", "redis.Sentinel redis.sentinel.Sentinel", ""),
    ("redis", "client", "redis.asyncio.sentinel.Sentinel",
     "redis.asyncio.Sentinel redis.asyncio.sentinel.Sentinel", ""),
    ("redis", "client", "redis.multidb.client.MultiDBClient", "redis.multidb.client.MultiDBClient", ""),
    ("redis", "client", "redis.asyncio.multidb.client.MultiDBClient",
     "redis.asyncio.multidb.client.MultiDBClient", ""),
    ("redis", "pool", "redis.connection.ConnectionPool",
     "redis.ConnectionPool redis.connection.ConnectionPool redis.client.ConnectionPool"
     " redis.cluster.ConnectionPool redis.sentinel.ConnectionPool", "from_url"),
    ("redis", "pool", "redis.connection.BlockingConnectionPool",
     "redis.BlockingConnectionPool redis.connection.BlockingConnectionPool", "from_url"),
    ("redis", "pool", "redis.sentinel.SentinelConnectionPool",
     "redis.SentinelConnectionPool redis.sentinel.SentinelConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.connection.ConnectionPool",
     "redis.asyncio.ConnectionPool redis.asyncio.connection.ConnectionPool"
     " redis.asyncio.client.ConnectionPool redis.asyncio.sentinel.ConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.connection.BlockingConnectionPool",
     "redis.asyncio.BlockingConnectionPool redis.asyncio.connection.BlockingConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.sentinel.SentinelConnectionPool",
     "redis.asyncio.SentinelConnectionPool redis.asyncio.sentinel.SentinelConnectionPool", "from_url"),
    ("aioredis", "client", "aioredis.client.Redis",
     "aioredis.Redis aioredis.StrictRedis aioredis.client.Redis aioredis.client.StrictRedis"
     " aioredis.sentinel.Redis", "from_url"),
    ("aioredis", "client", "aioredis.sentinel.Sentinel", "aioredis.Sentinel aioredis.sentinel.Sentinel", ""),
    ("aioredis", "pool", "aioredis.connection.ConnectionPool",
     "aioredis.ConnectionPool aioredis.connection.ConnectionPool aioredis.client.ConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.connection.BlockingConnectionPool",
     "aioredis.BlockingConnectionPool aioredis.connection.BlockingConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.sentinel.SentinelConnectionPool",
     "aioredis.SentinelConnectionPool aioredis.sentinel.SentinelConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.pool.ConnectionsPool",
     "aioredis.ConnectionsPool aioredis.pool.ConnectionsPool", ""),
    ("rediscluster", "client", "rediscluster.client.RedisCluster",
     "rediscluster.RedisCluster rediscluster.client.RedisCluster", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterConnectionPool",
     "rediscluster.ClusterConnectionPool rediscluster.connection.ClusterConnectionPool", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterBlockingConnectionPool",
     "rediscluster.ClusterBlockingConnectionPool rediscluster.connection.ClusterBlockingConnectionPool", "from_url"),
    ("coredis", "client", "coredis.client.Redis", "coredis.Redis coredis.client.Redis", "from_url"),
    ("coredis", "client", "coredis.client.RedisCluster",
     "coredis.RedisCluster coredis.client.RedisCluster", "from_url"),
    ("coredis", "client", "coredis.sentinel.Sentinel", "coredis.Sentinel coredis.sentinel.Sentinel", ""),
    ("coredis", "pool", "coredis.pool.ConnectionPool",
     "coredis.ConnectionPool coredis.pool.ConnectionPool", "from_url"),
    ("coredis", "pool", "coredis.pool.BlockingConnectionPool",
     "coredis.BlockingConnectionPool coredis.pool.BlockingConnectionPool", "from_url"),
    ("coredis", "pool", "coredis.pool.ClusterConnectionPool",
     "coredis.ClusterConnectionPool coredis.pool.ClusterConnectionPool", "from_url"),
    ("valkey", "client", "valkey.client.Valkey",
     "valkey.Valkey valkey.StrictValkey valkey.Redis valkey.StrictRedis valkey.client.Valkey"
     " valkey.client.StrictValkey valkey.client.Redis valkey.client.StrictRedis", "from_url from_pool"),
    ("valkey", "client", "valkey.asyncio.client.Valkey",
     "valkey.asyncio.Valkey valkey.asyncio.StrictValkey valkey.asyncio.Redis valkey.asyncio.StrictRedis"
     " valkey.asyncio.client.Valkey valkey.asyncio.client.StrictValkey", "from_url from_pool"),
    ("valkey", "client", "valkey.cluster.ValkeyCluster",
     "valkey.ValkeyCluster valkey.RedisCluster valkey.cluster.ValkeyCluster", "from_url"),
    ("valkey", "client", "valkey.asyncio.cluster.ValkeyCluster",
     "valkey.asyncio.ValkeyCluster valkey.asyncio.RedisCluster valkey.asyncio.cluster.ValkeyCluster", "from_url"),
    ("valkey", "client", "valkey.sentinel.Sentinel", "valkey.Sentinel valkey.sentinel.Sentinel", ""),
    ("valkey", "client", "valkey.asyncio.sentinel.Sentinel",
     "valkey.asyncio.Sentinel valkey.asyncio.sentinel.Sentinel", ""),
    ("valkey", "pool", "valkey.connection.ConnectionPool",
     "valkey.ConnectionPool valkey.connection.ConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.connection.BlockingConnectionPool",
     "valkey.BlockingConnectionPool valkey.connection.BlockingConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.sentinel.SentinelConnectionPool",
     "valkey.SentinelConnectionPool valkey.sentinel.SentinelConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.asyncio.connection.ConnectionPool",
     "valkey.asyncio.ConnectionPool valkey.asyncio.connection.ConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.asyncio.connection.BlockingConnectionPool",
     "valkey.asyncio.BlockingConnectionPool valkey.asyncio.connection.BlockingConnectionPool", "from_url"),
    ("flask-redis", "client", "flask_redis.client.FlaskRedis",
     "flask_redis.FlaskRedis flask_redis.client.FlaskRedis", "from_custom_provider"),
    ("walrus", "client", "walrus.database.Database",
     "walrus.Database walrus.Walrus walrus.database.Database", ""),
    ("upstash-redis", "client", "upstash_redis.client.Redis",
     "upstash_redis.Redis upstash_redis.client.Redis", "from_env"),
    ("upstash-redis", "client", "upstash_redis.asyncio.client.Redis",
     "upstash_redis.asyncio.Redis upstash_redis.asyncio.client.Redis upstash_redis.AsyncRedis", "from_env"),
)  # fmt: skip

# library, kind, callable, its homes
_FUNCTIONS: tuple[tuple[str, Kind, str, str], ...] = (
    ("redis", "client", "redis.client.Redis.from_url", "redis.from_url redis.utils.from_url"),
    ("redis", "client", "redis.asyncio.client.Redis.from_url",
     "redis.asyncio.from_url redis.asyncio.utils.from_url"),
    ("aioredis", "client", "aioredis.client.Redis.from_url", "aioredis.from_url aioredis.utils.from_url"),
    ("aioredis", "client", "aioredis.create_redis", "aioredis.create_redis aioredis.commands.create_redis"),
    ("aioredis", "client", "aioredis.create_redis_pool",
     "aioredis.create_redis_pool aioredis.commands.create_redis_pool"),
    ("aioredis", "client", "aioredis.create_connection",
     "aioredis.create_connection aioredis.connection.create_connection"),
    ("aioredis", "client", "aioredis.sentinel.create_sentinel",
     "aioredis.create_sentinel aioredis.sentinel.create_sentinel"),
    ("aioredis", "pool", "aioredis.create_pool", "aioredis.create_pool aioredis.pool.create_pool"),
    ("valkey", "client", "valkey.client.Valkey.from_url", "valkey.from_url valkey.utils.from_url"),
    ("valkey", "client", "valkey.asyncio.client.Valkey.from_url",
     "valkey.asyncio.from_url valkey.asyncio.utils.from_url"),
    ("valkey-glide", "client", "glide.GlideClient.create",
     "glide.GlideClient.create glide.glide_client.GlideClient.create"),
    ("valkey-glide", "client", "glide.GlideClusterClient.create",
     "glide.GlideClusterClient.create glide.glide_client.GlideClusterClient.create"),
    ("valkey-glide", "client", "glide_sync.GlideClient.create", "glide_sync.GlideClient.create"),
    ("valkey-glide", "client", "glide_sync.GlideClusterClient.create",
     "glide_sync.GlideClusterClient.create"),
    ("valkey-glide", "pool", "glide.AsyncClientPool.create", "glide.AsyncClientPool.create"),
    ("redis-om", "client", "redis_om.connections.get_redis_connection",
     "redis_om.get_redis_connection redis_om.connections.get_redis_connection"),
    ("redis-om", "client", "aredis_om.connections.get_redis_connection",
     "aredis_om.get_redis_connection aredis_om.connections.get_redis_connection"),
)  # fmt: skip


METHODS = frozenset(["master_for", "slave_for", "replica_for", "primary_for", "init_app"])


def _table() -> dict[str, Builder]:
    table = {}
    for library, kind, target, homes, constructors in _CLASSES:
        for home in homes.split():
            table[home] = Builder(library, kind, target)
            for constructor in constructors.split():
                table[f"{home}.{constructor}"] = Builder(library, kind, f"{target}.{constructor}")
    for library, kind, target, homes in _FUNCTIONS:
        for home in homes.split():
            table[home] = Builder(library, kind, target)
    return table


SHARING = frozenset(
    [
        "redis.client.Redis",
        "redis.asyncio.client.Redis",
        "aioredis.client.Redis",
        "valkey.client.Valkey",
        "valkey.asyncio.client.Valkey",
    ]
)
"""Client classes whose `connection_pool` keyword shares a pool and whose `from_url` ignores it."""


class BuilderTable(dict[str, Builder]):
    """Builders by every dotted name that reaches them.

    `extended` are those that the settings add, with what leads to them; they may be the
    project's own.
    """

    extended: frozenset[str] = frozenset()

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level packages of the libraries."""
        return frozenset(name.split(".")[0] for name in self)

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """The builders and all modules and classes on the way to one."""
        found = set()
        for name in self:
            while name:
                found.add(name)
                name = name.rpartition(".")[0]
        return frozenset(found)

    @cached_property
    def with_methods(self) -> frozenset[str]:
        """The builders whose results have methods that build again, as a Sentinel's."""
        return frozenset(name.rpartition(".")[0] for name in self if name.rpartition(".")[2] in METHODS)


BUILDERS = BuilderTable(_table())


@cache
def builders(clients: tuple[str, ...], pools: tuple[str, ...]) -> BuilderTable:
    """The table with a project's own builders, `extend-client-builders` and `extend-pool-builders`."""
    own = {name: Builder(name, "client", name) for name in clients}
    own |= {name: Builder(name, "pool", name) for name in pools}
    table = BuilderTable({**BUILDERS, **own})
    table.extended = BuilderTable(own).prefixes
    return table


def star_names(module: str, names: Iterable[str]) -> Iterator[str]:
    """The builders that `from module import *` binds."""
    prefix = module + "."
    for name in names:
        rest = name.removeprefix(prefix)
        if rest != name and "." not in rest:
            yield rest


def builds(builder: Builder, call: ast.Call) -> bool:
    """Whether a call of `builder` makes something, where one library's name means two things.

    `aioredis.Redis(connection)` of 1.x only wraps, while that of 2.x takes keywords alone;
    `FlaskRedis()` without an application waits for `init_app`.
    """
    if builder.target == "aioredis.client.Redis":
        return not call.args
    if builder.target == "flask_redis.client.FlaskRedis":
        return bool(call.args) or any(keyword.arg in (None, "app") for keyword in call.keywords)
    return True
