"""What a pool holds just now, read from where each library keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PoolState:
    """Connections in use and idle, the most that there may be, and who waits for one; None where nobody can."""

    in_use: int
    idle: int
    limit: int
    waiters: int | None


def limit_of(pool: Any) -> int:
    """The most connections of a pool."""
    return int(getattr(pool, "max_connections", 0) or 0)


def state_of(pool: Any) -> PoolState | None:
    """Read without its lock: a reading, which may be one off while the pool is busy. None if it is unlike any known."""
    for read in (_queued, _counted, _of_coredis):
        try:
            return read(pool)
        except (AttributeError, TypeError, RuntimeError):  # another kind; or it changed while being read
            continue
    return None


def _queued(pool: Any) -> PoolState:
    """A blocking pool of threads: a queue with a place for each connection, made or not."""
    places = list(pool.pool.queue)
    idle = sum(place is not None for place in places)
    return PoolState(limit_of(pool) - len(places), idle, limit_of(pool), len(pool.pool.not_empty._waiters))


def _counted(pool: Any) -> PoolState:
    """A pool that raises when it is full; of asyncio also one that waits on a condition."""
    condition = getattr(pool, "_condition", None)
    return PoolState(
        len(pool._in_use_connections),
        len(pool._available_connections),
        limit_of(pool),
        len(condition._waiters) if condition is not None else None,
    )


def _of_coredis(pool: Any) -> PoolState:
    """Queues with a place for each connection; a cluster's pool has one for each node."""
    queues = getattr(pool, "_cluster_available_connections", None)
    queues = [pool._available_connections] if queues is None else [*queues.values()]
    idle = sum(place is not None for queue in queues for place in list(queue._queue))
    in_use = len(pool._online_connections) - idle
    return PoolState(in_use, idle, limit_of(pool), sum(len(queue._getters) for queue in queues))


def nodes_of(cluster: Any) -> Iterator[Any]:
    """What an asyncio cluster client has for pools; nothing for any other client."""
    manager = getattr(cluster, "nodes_manager", None)
    known = (*getattr(manager, "startup_nodes", {}).values(), *getattr(manager, "nodes_cache", {}).values())
    yield from {id(node): node for node in known if hasattr(node, "_free")}.values()


def state_of_node(node: Any) -> PoolState:
    """A node of an asyncio cluster, which raises when it is full."""
    idle = len(node._free)
    return PoolState(len(node._connections) - idle, idle, limit_of(node), None)
