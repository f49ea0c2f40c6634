"""What a pool holds just now, read from where each library keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PoolState:
    """How many connections are in use, and how many wait for one."""

    in_use: int
    waiters: int


def limit_of(pool: Any) -> int:
    """The most connections of a pool."""
    return int(getattr(pool, "max_connections", 0) or 0)


def state_of(pool: Any) -> PoolState | None:
    """What a pool holds, read without its lock: it may be one off while the pool is busy. None for a pool of no known kind."""
    for read in (_queued, _counted, _of_coredis):
        try:
            return read(pool)
        except (AttributeError, TypeError, RuntimeError):  # another kind; or it changed while being read
            continue
    return None


def _queued(pool: Any) -> PoolState:
    """A blocking pool of threads, of redis-py 4 also of asyncio: a queue of places, taken out while they are in use."""
    queue = pool.pool
    waiters = queue._getters if hasattr(queue, "_getters") else queue.not_empty._waiters
    return PoolState(limit_of(pool) - queue.qsize(), len(waiters))


def _counted(pool: Any) -> PoolState:
    """A pool that raises when it is full; of asyncio also one that waits on a condition."""
    condition = getattr(pool, "_condition", None)
    return PoolState(len(pool._in_use_connections), len(condition._waiters) if condition is not None else 0)


def _of_coredis(pool: Any) -> PoolState:
    """Queues with a place for each connection, made or not; a cluster's pool has one for each node."""
    queues = getattr(pool, "_cluster_available_connections", None)
    queues = [pool._available_connections] if queues is None else [*queues.values()]
    idle = sum(place is not None for queue in queues for place in list(queue._queue))
    # the first who waits holds the lock, for which the others wait
    waiters = sum(len(queue._getters) + queue._lock.statistics().tasks_waiting for queue in queues)
    return PoolState(len(pool._online_connections) - idle, waiters)


def nodes_of(cluster: Any) -> Iterator[Any]:
    """What an asyncio cluster client has for pools; nothing for any other client."""
    manager = getattr(cluster, "nodes_manager", None)
    known = (*getattr(manager, "startup_nodes", {}).values(), *getattr(manager, "nodes_cache", {}).values())
    yield from {id(node): node for node in known if hasattr(node, "_free")}.values()


def state_of_node(node: Any) -> PoolState:
    """A node of an asyncio cluster, which raises when it is full."""
    return PoolState(len(node._connections) - len(node._free), 0)
