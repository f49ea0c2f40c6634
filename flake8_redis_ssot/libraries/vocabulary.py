"""Words by which people call what stands for Redis: operations, keys, accessors, closing, managers.

They come from no library: they are what managers, wrappers and caches of open-source projects say.
"""

from __future__ import annotations

MEANINGS: tuple[tuple[str, str], ...] = (
    ("get fetch read load retrieve lookup",
     "get getex getdel mget hget hgetall hmget hvals lindex lrange smembers zrange zscore getrange"),
    ("set put store save write update cache",
     "set setex psetex setnx getset mset msetnx hset hmset hsetnx setrange lset"),
    ("delete del remove rem evict invalidate drop clear purge discard",
     "delete unlink getdel hdel lrem srem zrem xdel"),
    ("exists exist has contains", "exists hexists sismember"),
    ("expire expires expiry expiration ttl timeout touch persist",
     "expire pexpire expireat pexpireat persist touch ttl pttl getex"),
    ("incr increment inc increase", "incr incrby incrbyfloat hincrby hincrbyfloat zincrby"),
    ("decr decrement dec decrease", "decr decrby"),
    ("keys scan find search", "keys scan scan_iter hkeys hscan hscan_iter sscan_iter zscan_iter"),
    ("push append prepend enqueue", "lpush rpush lpushx rpushx append"),
    ("pop dequeue", "lpop rpop blpop brpop spop zpopmin zpopmax getdel"),
    ("range trim", "lrange zrange zrevrange zrangebyscore zrevrangebyscore ltrim xrange getrange"),
    ("length len count size", "llen hlen scard zcard zcount strlen xlen"),
    ("member members ismember", "smembers sismember sadd srem"),
    ("add", "sadd zadd xadd pfadd incrby setnx"),
    ("score rank", "zscore zrank zrevrank"),
    ("publish", "publish spublish"),
    ("subscribe", "subscribe psubscribe ssubscribe"),
    ("unsubscribe", "unsubscribe punsubscribe sunsubscribe"),
    ("rename", "rename renamenx"),
    ("lock", "lock"),
    ("type", "type"),
)  # fmt: skip
"""Words of one meaning, and the commands that have it; a command's own name is a word for it as well."""

_NEUTRAL = """
a all an and aio as async atomic atomically batch bool bulk by bytes cache cached channel client counter
db default dict entry ex exact expired expiring field fields float for from full hash hashes hex if in int
into is item items iter json key keys kv left list lists many map mapping match matching ms multi multiple
nx px namespace namespaced new not num object obj of on only or pair pairs parsed pattern pickle pickled
pipeline prefix prefixed raw redis right safe safely seconds set sets single sorted str string strings
sync text the to transaction ttl value values valkey with zset
"""
NEUTRAL = frozenset(_NEUTRAL.split())
"""Words of a method's name that say nothing of the domain."""

KEYS = frozenset(
    ["channel", "channels", "k", "key", "keys", "ks", "name", "names", "ns", "pattern", "patterns"]
)
"""Last words of a parameter that is a key."""

KEY_KEYWORDS = frozenset(["key", "keys", "name", "names", "match", "pattern", "channel"])
"""Keywords by which a command takes its key."""

MANY_KEYS = frozenset(["delete", "unlink", "exists", "mget", "touch", "scan"])
"""Commands that take any number of keys."""

_CLIENTS = """
client conn connection db instance manager pipe pipeline pubsub redis valkey
"""
CLIENTS = frozenset(_CLIENTS.split())
"""Last words of a member that gives a client."""

CLIENT_WORDS = frozenset(["redis", "valkey", "client", "pool"])
"""Words of a parameter that is a client or pool, in a class of a Redis manager."""

MAKING = frozenset(["new", "create", "make", "build", "open", "connect", "init", "setup", "start", "fresh"])
"""Words of a function that makes what it gives, at every call."""

WAITING = frozenset(["wait", "until"])
"""Words of a function that is called once, before others need what it gives."""

GETTING = MAKING | frozenset(["acquire", "fetch", "get", "obtain"])
"""Words of a function that gives one, made anew or not."""

CLOSING = frozenset(["close", "aclose", "disconnect", "shutdown", "wait_closed"])
"""Methods that close a client or pool, whatever the library."""

ENDING = CLOSING | {"stop", "cleanup", "terminate"}
"""Those of anything that is shared."""

FLUSHING = frozenset(["flushdb", "flushall", "flush_db", "flush_all"])
"""Methods that empty a database."""

CONNECTION_ERRORS = frozenset(
    ["BaseException", "ConnectionError", "Exception", "OSError", "RedisError", "TimeoutError", "ValkeyError"]
)
"""The last names of the exceptions that say that a server fails."""

VARIABLE_PREFIX = "REDIS_"
"""How the environment variables begin that say where Redis is."""

MANAGER_WORDS = (
    "manager|client|cache|service|pool|conn|provider|factory|adapter|wrapper|store|backend|handler"
)
GETTING_WORDS = "get|create|make|init|initialize|connect|open|close|shutdown"
OTHER_WORDS = "config|mock|fake|test|error|_pb2"
"""Words that make, with `redis`, the name of a manager or of its accessor, and those that rule it out."""

SERVER_WORDS = frozenset(["redis", "valkey"])
"""The names of the servers."""

SUBJECTS = SERVER_WORDS | frozenset(["cache", "caching", "kv", "keyvalue"])
"""Words of which one is in the name of a module or class that is about Redis as such."""

PLAIN_WORDS = SUBJECTS | frozenset(
    ["aio", "app", "async", "asyncio", "backend", "base", "client", "clients", "conn", "connection", "connections",
     "connector", "core", "database", "databases", "db", "dbs", "default", "dependencies", "dependency", "deps",
     "distributed", "factory", "handler", "handlers", "helper", "helpers", "init", "instance", "instances",
     "interface", "key", "lib", "manager", "managers", "pool", "pools", "provider", "server", "service",
     "services", "shared", "singleton", "storage", "store", "sync", "tool", "tools", "util", "utils", "value",
     "wrapper"]
)  # fmt: skip
"""Words that say nothing of a domain beside one of them."""

ADDRESS_WORDS = frozenset(
    ["addr", "address", "dsn", "endpoint", "host", "hostname", "port", "server", "socket", "uri", "url"]
)
"""Last words of a setting that says where a server is."""

DATABASE_WORDS = frozenset(["database", "db"])
"""Those of one that says which of its databases is meant."""

PAST_WORDS = frozenset(["legacy", "old", "deprecated", "obsolete"])
"""Words by which a module says of itself that it is to go."""

PURPOSES = frozenset(
    ["arq", "broker", "cache", "celery", "event", "events", "job", "jobs", "limit", "limiter", "limits", "lock",
     "locks", "pubsub", "queue", "queues", "rate", "ratelimit", "rq", "session", "sessions", "stream", "streams",
     "task", "tasks", "taskiq", "throttle", "worker"]
)  # fmt: skip
"""Words by which people tell one server or database of Redis from another."""

INTERFACE_WORDS = (
    *("adapter", "backend", "broker", "cache", "driver", "handler", "interface", "layer", "limiter", "lock"),
    *("memory", "persistence", "provider", "queue", "repository", "saver", "session", "storage", "store"),
    "transport",
)
"""Words in the names of base classes whose users call the methods of the classes that derive from them."""
