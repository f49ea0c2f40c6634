"""What methods that stand for Redis commands are called, and which argument is the key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# words of one meaning, the commands that have it; a command's own name is a word for it as well
_MEANINGS: tuple[tuple[str, str], ...] = (
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

# words of a method's name that say nothing of the domain
_PLAIN = """
a all an and aio as async atomic atomically batch bool bulk by bytes cache cached channel client counter db
default dict entry ex exact expired expiring field fields float for from full hash hashes hex if in int into is
item items iter json key keys kv left list lists many map mapping match matching ms multi multiple nx px namespace
namespaced new not num object obj of on only or pair pairs parsed pattern pickle pickled pipeline prefix
prefixed raw redis right safe safely seconds set sets single sorted str string strings sync text the to
transaction ttl value values valkey with zset
"""
_KEYS = "channel channels k key keys ks name names ns pattern patterns"
_CLIENTS = "client conn connection db instance manager pipe pipeline pubsub redis valkey"
_NEUTRAL, _KEY_WORDS, _ACCESSORS = (frozenset(text.split()) for text in (_PLAIN, _KEYS, _CLIENTS))
SHARED = frozenset(["client", "pipeline", "pubsub", "monitor", "multi", "json", "initialize", "__aenter__"])
"""Methods of a client that give an object which sends commands over the same client."""


def words(name: str) -> list[str]:
    """The lower-case words of a name, split at underscores and capitals; `aget` is `get`."""
    found = []
    for word in _WORD.findall(name):
        word = word.lower()
        is_known = word in _by_word() or word in _NEUTRAL
        found.append(word[1:] if not is_known and word[0] == "a" and word[1:] in _by_word() else word)
    return found


@cache
def _by_word() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for names, commands in _MEANINGS:
        for word in names.split():
            found.setdefault(word, set()).add(names)
        for command in commands.split():
            for word in command.split("_")[:1]:
                found.setdefault(word, set()).add(command)
    return {word: frozenset(meanings) for word, meanings in found.items()}


@cache
def command_meanings(command: str) -> frozenset[str]:
    """What a command of Redis, or a client's method for it, means; nothing if it is none with a key."""
    if not any(command in commands.split() for _, commands in _MEANINGS):
        return frozenset()
    own = {command.split("_")[0]}
    return frozenset({names for names, commands in _MEANINGS if command in commands.split()} | own)


@cache
def method_meanings(name: str) -> frozenset[str]:
    """What a method means by its name; nothing where a word of it is of the domain."""
    parts = words(name)
    if not all(word in _by_word() or word in _NEUTRAL for word in parts):
        return frozenset()
    return frozenset(meaning for word in parts for meaning in _by_word().get(word, ()))


@cache
def names_a_key(parameter: str) -> bool:
    """Whether a parameter is called a key, as `key`, `pattern` or `cache_key`, not `session_key`."""
    parts = words(parameter)
    return (
        bool(parts)
        and parts[-1] in _KEY_WORDS
        and all(p in _by_word() or p in _NEUTRAL | _KEY_WORDS for p in parts)
    )


@cache
def gives_a_client(member: str) -> bool:
    """Whether a manager's method or attribute is, by its name, one that gives a client."""
    parts = [word for word in words(member) if word not in ("async", "sync")]
    return bool(parts) and parts[-1] in _ACCESSORS


def key_arguments(call: ast.Call, command: str) -> Iterator[ast.expr]:
    """The expressions that a command's call gives as its key or keys."""
    yield from call.args[:1]
    if command in ("delete", "unlink", "exists", "mget", "touch", "scan"):
        yield from call.args[1:]
    for keyword in call.keywords:
        if keyword.arg in ("key", "keys", "name", "names", "match", "pattern", "channel"):
            yield keyword.value
