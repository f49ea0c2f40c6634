"""The builders: which callables of which Redis client library make a client or a pool.

Four tables, each with its columns explained below it: `CLASSES`, `FUNCTIONS`, `BUILDING_METHODS` (of what those make),
and `MODULE_ALIASES`.

Every home and accidental re-export, private modules and shipped tests apart, of these versions
was listed by importing all their modules, and the table is the union:

- redis 3.5.0, 3.5.3, 4.0.2, 4.1.4, 4.2.2, 4.3.6, 4.4.0, 4.4.4, 4.5.0, 4.5.5, 4.6.0, 5.0.0, 5.0.1,
  5.0.8, 5.1.1, 5.2.1, 5.3.1, 6.0.0, 6.3.0, 6.4.0, 7.0.0, 7.0.1, 7.1.1, 7.2.2, 7.3.1, 7.4.1, 8.0.1
  and 8.1.0; its `multidb` needs the extra `circuit-breaker`
- aioredis 1.0.0, 1.3.1, 2.0.0 and 2.0.1
- aredis 1.0.1, 1.1.0 and 1.1.8, yaaredis 2.0.0, 2.0.4 and 3.0.0
- redis-py-cluster 1.3.0, 1.3.4, 1.3.6, 2.0.0 and 2.1.3
- coredis 2.3.2, 3.0.1, 3.0.3, 3.4.7, 3.11.5, 4.0.0, 4.24.0, 5.0.0, 5.7.0, 6.0.0 and 6.9.0; 3.0.0
  does not import
- valkey 6.0.0, 6.0.2, 6.1.1 and 6.2.0; there is no 5
- valkey-glide 1.0.0, 1.3.5, 2.0.0, 2.1.1, 2.2.10, 2.4.2 and 2.6.0, valkey-glide-sync from 2.1.1 on
- redis-om 0.0.11, 0.0.27, 0.1.3, 0.3.5, 1.0.6 and 1.2.0
- flask-redis 0.1.0, 0.3.0 and 0.4.0
- walrus 0.5.4, 0.7.1, 0.8.2, 0.9.0 and 0.9.8; `walrus.tusks.ledisdb` imports with no `ledis` to
  be had, and has no row; its twins for rlite and vedis are embedded databases
- arq 0.28.0, redisvl 0.26.0 (its `connect` makes clients of either mode, and has no row) and
  redis-sentinel-url 1.0.1, whose `connect` gives a Sentinel with a client of it
- rejson 0.5.6 and redisbloom 0.4.1, whose clients derive from that of redis-py
- upstash-redis 0.11.0, 0.12.4, 0.13.3, 0.15.0, 1.0.0 and 1.8.0; stray `play` and `commands-old`
  of 0.11 and 0.12 do not import

No rows by design: django-redis (4.12.1, 5.4.0 and 7.0.0 listed) looks clients up in a registry
of the process, async-rediscache (0.2.0, 1.0.0rc2) has one session for it that connects later, redisearch 2.1.1 and
redistimeseries 1.4.5 are given a client or have one of their own, and fakeredis (1.0.5, 1.10.2 and 2.40.0 listed) is
for tests. A library's re-exports of another library's classes have none either, `redis_om.redis` apart.
"""

from __future__ import annotations

from typing import Literal

from flake8_redis_ssot.lazy_dataclass import dataclass

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


CLASSES: tuple[tuple[str, Kind, str, str, str], ...] = (
    ("redis", "client", "redis.client.Redis",
     "redis.Redis redis.StrictRedis redis.client.Redis redis.client.StrictRedis redis.cluster.Redis"
     " redis.sentinel.Redis redis.keyspace_notifications.Redis redis.multidb.config.Redis"
     " redis.multidb.event.Redis redis.multidb.healthcheck.Redis redis.asyncio.multidb.healthcheck.SyncRedis",
     "from_url from_pool"),
    ("redis", "client", "redis.asyncio.client.Redis",
     "redis.asyncio.Redis redis.asyncio.StrictRedis redis.asyncio.client.Redis"
     " redis.asyncio.client.StrictRedis redis.asyncio.sentinel.Redis"
     " redis.asyncio.keyspace_notifications.Redis redis.asyncio.multidb.config.Redis"
     " redis.asyncio.multidb.database.Redis redis.asyncio.multidb.event.Redis"
     " redis.asyncio.multidb.healthcheck.Redis redis.asyncio.multidb.healthcheck.AsyncRedis",
     "from_url from_pool"),
    ("redis", "client", "redis.cluster.RedisCluster",
     "redis.RedisCluster redis.cluster.RedisCluster redis.keyspace_notifications.RedisCluster"
     " redis.multidb.config.RedisCluster redis.multidb.database.RedisCluster"
     " redis.asyncio.multidb.healthcheck.SyncRedisCluster", "from_url"),
    ("redis", "client", "redis.asyncio.cluster.RedisCluster",
     "redis.asyncio.RedisCluster redis.asyncio.cluster.RedisCluster"
     " redis.asyncio.keyspace_notifications.RedisCluster redis.asyncio.multidb.command_executor.RedisCluster"
     " redis.asyncio.multidb.config.RedisCluster redis.asyncio.multidb.database.RedisCluster"
     " redis.asyncio.multidb.healthcheck.AsyncRedisCluster", "from_url"),
    ("redis", "client", "redis.sentinel.Sentinel", "redis.Sentinel redis.sentinel.Sentinel", ""),
    ("redis", "client", "redis.asyncio.sentinel.Sentinel",
     "redis.asyncio.Sentinel redis.asyncio.sentinel.Sentinel", ""),
    ("redis", "client", "redis.multidb.client.MultiDBClient", "redis.multidb.client.MultiDBClient", ""),
    ("redis", "client", "redis.asyncio.multidb.client.MultiDBClient",
     "redis.asyncio.multidb.client.MultiDBClient", ""),
    ("redis", "pool", "redis.connection.ConnectionPool",
     "redis.ConnectionPool redis.connection.ConnectionPool redis.client.ConnectionPool"
     " redis.cluster.ConnectionPool redis.sentinel.ConnectionPool redis.multidb.config.ConnectionPool",
     "from_url"),
    ("redis", "pool", "redis.connection.BlockingConnectionPool",
     "redis.BlockingConnectionPool redis.connection.BlockingConnectionPool", "from_url"),
    ("redis", "pool", "redis.sentinel.SentinelConnectionPool",
     "redis.SentinelConnectionPool redis.sentinel.SentinelConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.connection.ConnectionPool",
     "redis.asyncio.ConnectionPool redis.asyncio.connection.ConnectionPool"
     " redis.asyncio.client.ConnectionPool redis.asyncio.sentinel.ConnectionPool"
     " redis.asyncio.multidb.config.ConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.connection.BlockingConnectionPool",
     "redis.asyncio.BlockingConnectionPool redis.asyncio.connection.BlockingConnectionPool", "from_url"),
    ("redis", "pool", "redis.asyncio.sentinel.SentinelConnectionPool",
     "redis.asyncio.SentinelConnectionPool redis.asyncio.sentinel.SentinelConnectionPool", "from_url"),
    ("aioredis", "client", "aioredis.client.Redis",
     "aioredis.Redis aioredis.StrictRedis aioredis.client.Redis aioredis.client.StrictRedis"
     " aioredis.sentinel.Redis", "from_url"),
    ("aioredis", "client", "aioredis.sentinel.Sentinel", "aioredis.sentinel.Sentinel", ""),
    ("aioredis", "pool", "aioredis.connection.ConnectionPool",
     "aioredis.ConnectionPool aioredis.connection.ConnectionPool aioredis.client.ConnectionPool"
     " aioredis.sentinel.ConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.connection.BlockingConnectionPool",
     "aioredis.BlockingConnectionPool aioredis.connection.BlockingConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.sentinel.SentinelConnectionPool",
     "aioredis.sentinel.SentinelConnectionPool", "from_url"),
    ("aioredis", "pool", "aioredis.pool.ConnectionsPool",
     "aioredis.ConnectionsPool aioredis.pool.ConnectionsPool aioredis.sentinel.pool.ConnectionsPool", ""),
    ("aioredis", "pool", "aioredis.sentinel.pool.ManagedPool", "aioredis.sentinel.pool.ManagedPool", ""),
    ("aioredis", "pool", "aioredis.sentinel.pool.SentinelPool",
     "aioredis.sentinel.SentinelPool aioredis.sentinel.pool.SentinelPool", ""),
    ("aredis", "client", "aredis.client.StrictRedis",
     "aredis.StrictRedis aredis.client.StrictRedis aredis.pipeline.StrictRedis"
     " aredis.sentinel.StrictRedis", "from_url"),
    ("aredis", "client", "aredis.client.StrictRedisCluster",
     "aredis.StrictRedisCluster aredis.client.StrictRedisCluster"
     " aredis.pipeline.StrictRedisCluster", "from_url"),
    ("aredis", "client", "aredis.sentinel.Sentinel",
     "aredis.sentinel.Sentinel", ""),
    ("aredis", "pool", "aredis.pool.ConnectionPool",
     "aredis.ConnectionPool aredis.client.ConnectionPool aredis.pool.ConnectionPool"
     " aredis.sentinel.ConnectionPool", "from_url"),
    ("aredis", "pool", "aredis.pool.ClusterConnectionPool",
     "aredis.ClusterConnectionPool aredis.client.ClusterConnectionPool"
     " aredis.pool.ClusterConnectionPool", "from_url"),
    ("aredis", "pool", "aredis.sentinel.SentinelConnectionPool",
     "aredis.sentinel.SentinelConnectionPool", "from_url"),
    ("yaaredis", "client", "yaaredis.client.StrictRedis",
     "yaaredis.StrictRedis yaaredis.client.StrictRedis yaaredis.pipeline.StrictRedis"
     " yaaredis.sentinel.StrictRedis", "from_url"),
    ("yaaredis", "client", "yaaredis.client.StrictRedisCluster",
     "yaaredis.StrictRedisCluster yaaredis.client.StrictRedisCluster"
     " yaaredis.pipeline.StrictRedisCluster", "from_url"),
    ("yaaredis", "client", "yaaredis.sentinel.Sentinel",
     "yaaredis.sentinel.Sentinel", ""),
    ("yaaredis", "pool", "yaaredis.pool.ConnectionPool",
     "yaaredis.ConnectionPool yaaredis.client.ConnectionPool yaaredis.pool.ConnectionPool"
     " yaaredis.sentinel.ConnectionPool", "from_url"),
    ("yaaredis", "pool", "yaaredis.pool.BlockingConnectionPool",
     "yaaredis.BlockingConnectionPool yaaredis.pool.BlockingConnectionPool", "from_url"),
    ("yaaredis", "pool", "yaaredis.pool.ClusterConnectionPool",
     "yaaredis.ClusterConnectionPool yaaredis.client.ClusterConnectionPool"
     " yaaredis.pool.ClusterConnectionPool", "from_url"),
    ("yaaredis", "pool", "yaaredis.sentinel.SentinelConnectionPool",
     "yaaredis.sentinel.SentinelConnectionPool", "from_url"),
    ("rediscluster", "client", "rediscluster.client.RedisCluster",
     "rediscluster.RedisCluster rediscluster.client.RedisCluster rediscluster.pipeline.RedisCluster",
     "from_url"),
    ("rediscluster", "client", "rediscluster.client.StrictRedisCluster",
     "rediscluster.StrictRedisCluster rediscluster.client.StrictRedisCluster"
     " rediscluster.pipeline.StrictRedisCluster", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterConnectionPool",
     "rediscluster.ClusterConnectionPool rediscluster.client.ClusterConnectionPool"
     " rediscluster.connection.ClusterConnectionPool", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterBlockingConnectionPool",
     "rediscluster.ClusterBlockingConnectionPool"
     " rediscluster.connection.ClusterBlockingConnectionPool", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterReadOnlyConnectionPool",
     "rediscluster.client.ClusterReadOnlyConnectionPool"
     " rediscluster.connection.ClusterReadOnlyConnectionPool", "from_url"),
    ("rediscluster", "pool", "rediscluster.connection.ClusterWithReadReplicasConnectionPool",
     "rediscluster.client.ClusterWithReadReplicasConnectionPool"
     " rediscluster.connection.ClusterWithReadReplicasConnectionPool", "from_url"),
    ("coredis", "client", "coredis.client.Redis",
     "coredis.Redis coredis.StrictRedis coredis.client.Redis coredis.client.StrictRedis"
     " coredis.client.basic.Redis coredis.client.cluster.Redis coredis.client.keydb.Redis"
     " coredis.client.sentinel.Redis coredis.experimental.keydb.Redis coredis.patterns.lock.Redis"
     " coredis.pipeline.Redis coredis.pipeline.StrictRedis coredis.recipes.locks.lua_lock.Redis"
     " coredis.sentinel.Redis coredis.sentinel.StrictRedis", "from_url"),
    ("coredis", "client", "coredis.client.RedisCluster",
     "coredis.RedisCluster coredis.StrictRedisCluster coredis.client.RedisCluster"
     " coredis.client.StrictRedisCluster coredis.client.cluster.RedisCluster"
     " coredis.client.keydb.RedisCluster coredis.experimental.keydb.RedisCluster"
     " coredis.patterns.himport.RedisCluster coredis.patterns.lock.RedisCluster"
     " coredis.patterns.pipeline.RedisCluster coredis.pipeline.RedisCluster"
     " coredis.pipeline.StrictRedisCluster coredis.recipes.locks.lua_lock.RedisCluster", "from_url"),
    ("coredis", "client", "coredis.client.keydb.KeyDB",
     "coredis.KeyDB coredis.client.KeyDB coredis.client.keydb.KeyDB coredis.experimental.KeyDB"
     " coredis.experimental.keydb.KeyDB", "from_url"),
    ("coredis", "client", "coredis.client.keydb.KeyDBCluster",
     "coredis.KeyDBCluster coredis.client.KeyDBCluster coredis.client.keydb.KeyDBCluster"
     " coredis.experimental.KeyDBCluster coredis.experimental.keydb.KeyDBCluster", "from_url"),
    ("coredis", "client", "coredis.sentinel.Sentinel",
     "coredis.Sentinel coredis.client.Sentinel coredis.client.sentinel.Sentinel coredis.sentinel.Sentinel",
     ""),
    ("coredis", "pool", "coredis.pool.ConnectionPool",
     "coredis.ConnectionPool coredis.pool.ConnectionPool coredis.pool.basic.ConnectionPool"
     " coredis.pool.cluster.ConnectionPool coredis.client.ConnectionPool coredis.client.basic.ConnectionPool"
     " coredis.client.cluster.ConnectionPool coredis.pipeline.ConnectionPool coredis.sentinel.ConnectionPool",
     "from_url"),
    ("coredis", "pool", "coredis.pool.BlockingConnectionPool",
     "coredis.BlockingConnectionPool coredis.pool.BlockingConnectionPool"
     " coredis.pool.basic.BlockingConnectionPool", "from_url"),
    ("coredis", "pool", "coredis.pool.ClusterConnectionPool",
     "coredis.ClusterConnectionPool coredis.pool.ClusterConnectionPool"
     " coredis.pool.cluster.ClusterConnectionPool coredis.client.ClusterConnectionPool"
     " coredis.client.cluster.ClusterConnectionPool coredis.commands.pipeline.ClusterConnectionPool"
     " coredis.lock.ClusterConnectionPool coredis.patterns.pipeline.ClusterConnectionPool"
     " coredis.pipeline.ClusterConnectionPool", "from_url"),
    ("coredis", "pool", "coredis.pool.BlockingClusterConnectionPool",
     "coredis.BlockingClusterConnectionPool coredis.pool.BlockingClusterConnectionPool"
     " coredis.pool.cluster.BlockingClusterConnectionPool", "from_url"),
    ("coredis", "pool", "coredis.sentinel.SentinelConnectionPool",
     "coredis.SentinelConnectionPool coredis.sentinel.SentinelConnectionPool"
     " coredis.client.sentinel.SentinelConnectionPool coredis.pool.SentinelConnectionPool", "from_url"),
    ("valkey", "client", "valkey.client.Valkey",
     "valkey.Valkey valkey.StrictValkey valkey.Redis valkey.StrictRedis valkey.client.Valkey"
     " valkey.client.StrictValkey valkey.cluster.Valkey valkey.sentinel.Valkey", "from_url from_pool"),
    ("valkey", "client", "valkey.asyncio.client.Valkey",
     "valkey.asyncio.Valkey valkey.asyncio.StrictValkey valkey.asyncio.Redis valkey.asyncio.StrictRedis"
     " valkey.asyncio.client.Valkey valkey.asyncio.client.StrictValkey valkey.asyncio.sentinel.Valkey",
     "from_url from_pool"),
    ("valkey", "client", "valkey.cluster.ValkeyCluster",
     "valkey.ValkeyCluster valkey.RedisCluster valkey.cluster.ValkeyCluster", "from_url"),
    ("valkey", "client", "valkey.asyncio.cluster.ValkeyCluster",
     "valkey.asyncio.ValkeyCluster valkey.asyncio.RedisCluster valkey.asyncio.cluster.ValkeyCluster",
     "from_url"),
    ("valkey", "client", "valkey.sentinel.Sentinel", "valkey.Sentinel valkey.sentinel.Sentinel", ""),
    ("valkey", "client", "valkey.asyncio.sentinel.Sentinel",
     "valkey.asyncio.Sentinel valkey.asyncio.sentinel.Sentinel", ""),
    ("valkey", "pool", "valkey.connection.ConnectionPool",
     "valkey.ConnectionPool valkey.connection.ConnectionPool valkey.client.ConnectionPool"
     " valkey.cluster.ConnectionPool valkey.sentinel.ConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.connection.BlockingConnectionPool",
     "valkey.BlockingConnectionPool valkey.connection.BlockingConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.sentinel.SentinelConnectionPool",
     "valkey.SentinelConnectionPool valkey.sentinel.SentinelConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.asyncio.connection.ConnectionPool",
     "valkey.asyncio.ConnectionPool valkey.asyncio.connection.ConnectionPool"
     " valkey.asyncio.client.ConnectionPool valkey.asyncio.sentinel.ConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.asyncio.connection.BlockingConnectionPool",
     "valkey.asyncio.BlockingConnectionPool valkey.asyncio.connection.BlockingConnectionPool", "from_url"),
    ("valkey", "pool", "valkey.asyncio.sentinel.SentinelConnectionPool",
     "valkey.asyncio.SentinelConnectionPool valkey.asyncio.sentinel.SentinelConnectionPool", "from_url"),
    ("valkey-glide", "pool", "glide.client_pool.AsyncClientPool",
     "glide.AsyncClientPool glide.client_pool.AsyncClientPool", "create"),
    ("valkey-glide", "pool", "glide_sync.client_pool.ClientPool",
     "glide_sync.ClientPool glide_sync.client_pool.ClientPool", "create"),
    ("flask-redis", "client", "flask_redis.client.FlaskRedis",
     "flask_redis.FlaskRedis flask_redis.Redis flask_redis.client.FlaskRedis", "from_custom_provider"),
    ("walrus", "client", "walrus.database.Database",
     "walrus.Database walrus.Walrus walrus.database.Database walrus.tusks.helpers.Database"
     " walrus.tusks.helpers.Walrus walrus.tusks.rlite.Database walrus.tusks.rlite.Walrus"
     " walrus.tusks.vedisdb.Database walrus.tusks.vedisdb.Walrus", "from_url from_pool"),
    ("arq", "client", "arq.connections.ArqRedis",
     "arq.ArqRedis arq.connections.ArqRedis arq.worker.ArqRedis", "from_url from_pool"),
    ("rejson", "client", "rejson.client.Client", "rejson.Client rejson.client.Client", "from_url"),
    ("redisbloom", "client", "redisbloom.client.Client", "redisbloom.client.Client", "from_url"),
    ("upstash-redis", "client", "upstash_redis.client.Redis",
     "upstash_redis.Redis upstash_redis.client.Redis", "from_env"),
    ("upstash-redis", "client", "upstash_redis.asyncio.client.Redis",
     "upstash_redis.asyncio.Redis upstash_redis.asyncio.client.Redis upstash_redis.AsyncRedis", "from_env"),
)  # fmt: skip
"""Library, kind, class, its homes, and its constructors besides the call."""

_REDISVL = [
    "redis.connection",
    "cli.index",
    "cli.migrate",
    "extensions.cache.base",
    "extensions.router.semantic",
    "index.index",
    "migration.batch_executor",
    "migration.batch_planner",
    "migration.utils",
    "query.sql",
]
"""The modules of redisvl in which its factory of redis-py's clients is to be had."""

FUNCTIONS: tuple[tuple[str, Kind, str, str], ...] = (
    ("redis", "client", "redis.client.Redis.from_url", "redis.from_url redis.utils.from_url"),
    ("redis", "client", "redis.asyncio.client.Redis.from_url",
     "redis.asyncio.from_url redis.asyncio.utils.from_url"),
    ("aioredis", "client", "aioredis.client.Redis.from_url", "aioredis.from_url aioredis.utils.from_url"),
    ("aioredis", "client", "aioredis.create_redis", "aioredis.create_redis aioredis.commands.create_redis"),
    ("aioredis", "client", "aioredis.create_redis_pool",
     "aioredis.create_redis_pool aioredis.commands.create_redis_pool"),
    ("aioredis", "client", "aioredis.create_connection",
     "aioredis.create_connection aioredis.commands.create_connection aioredis.connection.create_connection"
     " aioredis.pool.create_connection"),
    ("aioredis", "client", "aioredis.sentinel.create_sentinel",
     "aioredis.create_sentinel aioredis.sentinel.create_sentinel aioredis.sentinel.commands.create_sentinel"),
    ("aioredis", "pool", "aioredis.create_pool",
     "aioredis.create_pool aioredis.commands.create_pool aioredis.pool.create_pool"
     " aioredis.sentinel.pool.create_pool"),
    ("aioredis", "pool", "aioredis.sentinel.create_sentinel_pool",
     "aioredis.sentinel.create_sentinel_pool aioredis.sentinel.commands.create_sentinel_pool"
     " aioredis.sentinel.pool.create_sentinel_pool"),
    ("valkey", "client", "valkey.client.Valkey.from_url", "valkey.from_url valkey.utils.from_url"),
    ("valkey", "client", "valkey.asyncio.client.Valkey.from_url",
     "valkey.asyncio.from_url valkey.asyncio.utils.from_url"),
    ("valkey-glide", "client", "glide.GlideClient.create",
     "glide.GlideClient.create glide.glide_client.GlideClient.create glide.client_pool.GlideClient.create"),
    ("valkey-glide", "client", "glide.GlideClusterClient.create",
     "glide.GlideClusterClient.create glide.glide_client.GlideClusterClient.create"
     " glide.client_pool.GlideClusterClient.create"),
    ("valkey-glide", "client", "glide.MonitorClient.create",
     "glide.MonitorClient.create glide.monitor_client.MonitorClient.create"),
    ("valkey-glide", "client", "glide_sync.GlideClient.create",
     "glide_sync.GlideClient.create glide_sync.glide_client.GlideClient.create"
     " glide_sync.client_pool.GlideClient.create"),
    ("valkey-glide", "client", "glide_sync.GlideClusterClient.create",
     "glide_sync.GlideClusterClient.create glide_sync.glide_client.GlideClusterClient.create"),
    ("valkey-glide", "client", "glide_sync.MonitorClient.create",
     "glide_sync.MonitorClient.create glide_sync.monitor_client.MonitorClient.create"),
    ("arq", "client", "arq.connections.create_pool",
     "arq.create_pool arq.connections.create_pool arq.worker.create_pool"),
    ("redis-sentinel-url", "client", "redis_sentinel_url.connect", "redis_sentinel_url.connect"),
    *(
        ("redis", "client", target, " ".join(f"redisvl.{home}.RedisConnectionFactory.{name}" for home in _REDISVL))
        for name, target in (
            ("get_redis_connection", "redis.client.Redis.from_url"),
            ("get_redis_cluster_connection", "redis.cluster.RedisCluster.from_url"),
            ("get_async_redis_connection", "redis.asyncio.client.Redis.from_url"),
            ("get_async_redis_cluster_connection", "redis.asyncio.cluster.RedisCluster.from_url"),
        )
    ),
    ("redis-om", "client", "redis_om.connections.get_redis_connection",
     "redis_om.get_redis_connection redis_om.connections.get_redis_connection"
     " redis_om.checks.get_redis_connection redis_om.model.model.get_redis_connection"
     " redis_om.model.migrations.data.base.get_redis_connection"
     " redis_om.model.migrations.data.migrator.get_redis_connection"
     " redis_om.model.migrations.schema.base.get_redis_connection"
     " redis_om.model.migrations.schema.migrator.get_redis_connection"),
    ("redis-om", "client", "aredis_om.connections.get_redis_connection",
     "aredis_om.get_redis_connection aredis_om.connections.get_redis_connection"
     " aredis_om.checks.get_redis_connection aredis_om.model.model.get_redis_connection"
     " aredis_om.model.migrations.data.base.get_redis_connection"
     " aredis_om.model.migrations.data.migrator.get_redis_connection"
     " aredis_om.model.migrations.schema.base.get_redis_connection"
     " aredis_om.model.migrations.schema.migrator.get_redis_connection"),
)  # fmt: skip
"""Library, kind, function, and its homes."""

BUILDING_METHODS: tuple[tuple[str, Kind, str, str], ...] = (
    ("redis", "client", "redis.sentinel.Sentinel", "master_for slave_for replica_for"),
    ("redis", "client", "redis.asyncio.sentinel.Sentinel", "master_for slave_for replica_for"),
    ("redis", "client", "redis.multidb.client.MultiDBClient", "add_database"),
    ("redis", "client", "redis.asyncio.multidb.client.MultiDBClient", "add_database"),
    ("aioredis", "client", "aioredis.sentinel.Sentinel", "master_for slave_for"),
    ("aioredis", "client", "aioredis.sentinel.create_sentinel", "master_for slave_for"),
    ("aioredis", "pool", "aioredis.sentinel.create_sentinel_pool", "master_for slave_for"),
    ("aioredis", "pool", "aioredis.sentinel.pool.SentinelPool", "master_for slave_for"),
    ("aredis", "client", "aredis.sentinel.Sentinel", "master_for slave_for"),
    ("yaaredis", "client", "yaaredis.sentinel.Sentinel", "master_for slave_for"),
    ("coredis", "client", "coredis.sentinel.Sentinel", "primary_for replica_for master_for slave_for"),
    ("valkey", "client", "valkey.sentinel.Sentinel", "master_for slave_for"),
    ("valkey", "client", "valkey.asyncio.sentinel.Sentinel", "master_for slave_for"),
    ("flask-redis", "client", "flask_redis.client.FlaskRedis", "init_app"),
    ("flask-redis", "client", "flask_redis.client.FlaskRedis.from_custom_provider", "init_app"),
)  # fmt: skip
"""Library, kind, target of a class, constructor or function above, and methods of what it makes that
make a client with a pool of its own, or a pool.
"""

MODULE_ALIASES: tuple[tuple[str, str], ...] = (
    ("redis_om.redis", "redis"),
    ("aredis_om.redis", "redis.asyncio"),
)
"""A library's own name for a module of another, and that module."""
