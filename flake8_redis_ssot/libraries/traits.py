"""What is special about a library: whether it blocks, its pools, what its calls take, what is out of date.

Builders are named by their targets (`libraries.builders`). Versions are those listed there.
"""

from __future__ import annotations

ASYNC_LIBRARIES = frozenset(["aioredis", "aredis", "arq", "coredis", "yaaredis"])
"""Libraries that have asyncio clients alone."""

ASYNC_PACKAGES = frozenset(["glide", "aredis_om"])
"""Packages (dotted where they are below another one) of libraries of both modes (blocking, asyncio) in which all clients are asyncio ones."""

ASYNC_PART = "asyncio"
"""The part of a dotted name that says so in the other libraries (`redis.asyncio.client.Redis`)."""

FUTURES = frozenset(
    ["aioredis.create_redis", "aioredis.create_redis_pool", "aioredis.create_connection"]
    + ["aioredis.sentinel.create_sentinel"]
)
"""Builders of aioredis 1, whose commands are futures: they run without being awaited."""

NO_COROUTINES: tuple[tuple[str, str, str], ...] = (
    ("redis.asyncio.", "ft", "profile syndump"),
    ("redis.asyncio.", "module pipeline", "discard execute immediate_execute_command reset watch"),
    ("redis.asyncio.cluster.", "pipeline", "reset"),
    ("valkey.asyncio.", "ft", "profile syndump"),
    ("valkey.asyncio.", "module pipeline", "discard execute immediate_execute_command reset watch"),
    ("aioredis.create_", "pool", "get_connection release"),
    ("aioredis.pool.", "pool", "get_connection release"),
    ("aioredis.sentinel.pool.", "pool", "get_connection release"),
    ("aredis.", "pool", "disconnect get_connection release"),
    ("aredis.", "pubsub", "close handle_message reset"),
    ("aredis.client.StrictRedisCluster", "pipeline", "immediate_execute_command reset"),
    ("coredis.", "pool", "disconnect release"),
    ("glide.", "pool", "release"),
    ("yaaredis.", "pool", "disconnect release"),
    ("yaaredis.", "pubsub", "close handle_message reset"),
    ("yaaredis.client.StrictRedisCluster", "pipeline", "immediate_execute_command reset"),
)
"""How the targets of asyncio clients begin, what the object is, and its methods that give no coroutine.

In redis-py and valkey the pipelines of JSON and time series are of the blocking class, and `profile` and `syndump` read
the answer before it is there.
"""

NO_POOL = frozenset(["upstash-redis"])
"""Libraries that speak HTTP and keep no connections."""

LOSING_SUBSCRIPTIONS = frozenset(["redis", "valkey", "aioredis"])
"""Libraries whose asyncio subscriptions keep their connection when they are dropped (redis 5.0.1 to 8.1, valkey 6.2,
aioredis 2); those of aredis and yaaredis give it back, and coredis has to enter them."""

SENTINELS = frozenset(["Sentinel", "create_sentinel"])
"""The last names of builders whose objects look servers up and send no commands."""

UNCLOSABLE = frozenset(["aredis", "yaaredis"])
"""Libraries whose clients have nothing to close them by, as Sentinels (`SENTINEL`) have not in any other."""

SENTINEL = ".Sentinel"
"""How the targets of their classes end."""

CONNECTING = frozenset(
    name
    for cluster in ["redis.cluster.RedisCluster", "valkey.cluster.ValkeyCluster", "rediscluster.client.RedisCluster"]
    for name in (cluster, f"{cluster}.from_url")
)  # fmt: skip
"""Builders that ask the server already when they are called: the blocking clusters look for their nodes."""

CONNECTING_AWAITED = frozenset(
    [f"aioredis.create_{what}" for what in ("redis", "redis_pool", "connection", "pool")]
    + ["arq.connections.create_pool", "glide.GlideClient.create", "glide.GlideClusterClient.create"]
)
"""Builders that connect when what they give is awaited."""

WRAPPING = {"aioredis.client.Redis": "pool_or_conn"}
"""Classes that only wrap a connection of aioredis 1 which is given by position or by this keyword."""

WAITING = {
    "flask_redis.client.FlaskRedis": 0,
    "flask_redis.client.FlaskRedis.from_custom_provider": 1,
}
"""Builders that wait for `init_app` unless they are given an application: at this position, or as `app`."""

INITIALISING = frozenset(["init_app"])
"""Methods that build what an object itself is to hold, and give nobody another one."""

LENDING = ("redis.", "valkey.")
"""How the targets of client classes begin that leave a pool which they were given open (redis-py since 5.0.1)."""

CLOSING_POOL = "close_connection_pool"
"""The argument by which closing such a client closes the pool as well."""

OWNING = ".from_pool"
"""How the target of a constructor ends whose client closes the pool that it is given (redis-py since 5.0.1)."""

SHARING = frozenset(
    ["redis.client.Redis", "redis.asyncio.client.Redis", "aioredis.client.Redis", "coredis.client.Redis"]
    + ["valkey.client.Valkey", "valkey.asyncio.client.Valkey", "walrus.database.Database"]
    + ["aredis.client.StrictRedis", "yaaredis.client.StrictRedis"]
)
"""Client classes whose `connection_pool` keyword shares a pool and whose `from_url` ignores it."""

POSITIONLESS = frozenset(
    ["redis.asyncio.client.Redis", "valkey.asyncio.client.Valkey", "aioredis.client.Redis"]
)
"""Those that take nothing by position."""

POOL_KEYWORDS = frozenset(["connection_pool", "pool"])
"""The keywords by which clients take a pool that is there."""

FIRST_POOLS = {"aredis.client.StrictRedis": 6, "yaaredis.client.StrictRedis": 7}
FIRST_POOL = 8
"""The first position that is the pool's in some version of a library, by target, and in those that are not named."""

ARGUMENTS = {
    "redis.client.Redis": ("host", "port", "db", "password", "socket_timeout"),
    "valkey.client.Valkey": ("host", "port", "db", "password", "socket_timeout"),
    "redis.cluster.RedisCluster": ("host", "port"),
    "redis.asyncio.cluster.RedisCluster": ("host", "port"),
    "redis.sentinel.Sentinel": ("sentinels",),
    "redis.asyncio.sentinel.Sentinel": ("sentinels",),
}
"""The first positional arguments of a client class, the same in all versions."""


def positional_names(target: str) -> tuple[str, ...]:
    """What the first positional arguments of a builder are called, as far as that is known; by its target."""
    return ("url",) if target.endswith("from_url") else ARGUMENTS.get(target, ())


SERVER_ARGUMENTS = frozenset(["host", "sentinels", "startup_nodes"])
"""Arguments that name servers: by a host, or by several with their ports."""

NODES = frozenset(["ClusterNode"])
"""Classes that stand for a server, with its host as their first argument."""

BEFORE_POOLS = 5
"""Positional arguments of a client of which none is a pool in any library."""

TUNING = frozenset(
    ["max_connections", "timeout", "socket_timeout", "socket_connect_timeout", "socket_read_size"]
    + ["health_check_interval", "minsize", "maxsize", "stream_timeout", "connect_timeout", "max_idle_time"]
    + ["idle_check_interval"]
)
"""Arguments of pools and clients that do not say what they connect to."""

DEFAULTS = {"host": "'localhost'", "port": "6379", "db": "0"}
"""What redis-py and valkey connect to where nothing is said."""

SAID_ANYHOW = {
    "username": "None", "password": "None", "unix_socket_path": "None", "decode_responses": "False",
    "encoding": "'utf-8'", "encoding_errors": "'strict'", "ssl": "False", "single_connection_client": "False",
}  # fmt: skip
"""Arguments of their clients and pools, each with the value that it has where nothing is said."""

SIZES = frozenset(["max_connections", "minsize", "maxsize"])
"""Arguments that bound a pool."""

WITH_DEFAULTS = frozenset(["redis", "valkey"])
"""The libraries that do."""

URL_SCHEMES = ("redis", "rediss", "valkey", "valkeys")
"""How the URL of a server begins."""

SUCCESSORS = {"aioredis": "redis.asyncio"}
"""Packages that are no longer developed, and what they became."""

OLD_PREFIX = "Strict"
"""How the old names of client classes begin, which are the same classes (redis-py since 3.0)."""

DEPRECATED_ARGUMENTS = {
    "auto_close_connection_pool": "give a pool of its own by `from_pool`",
}
"""Arguments that redis-py deprecates, since 5.0.1, each with what to do instead."""

DEPRECATED_ASYNC_METHODS = {"redis": {"close": "aclose"}}
"""Methods of a library's asyncio clients that it deprecates (redis-py since 5.0.1), with their successors."""

SAYING_WHERE = frozenset(
    ["host", "port", "db", "url", "path", "unix_socket_path", "username", "password", "credential_provider"]
    + ["startup_nodes", "sentinels", "service_name", "address", "addresses", "connection_pool"]
)
"""Arguments that say which server, database and user a client has, not how it speaks."""

SECRETS = frozenset(["username", "password"])
"""Arguments whose values no message shows."""
