"""What the replaced methods call: it turns what libraries do into events, and counts them.

Nothing here may wait or fail in the middle of somebody's command. An event is put into a queue, which needs no lock
even where the garbage collector interrupts, and is counted when somebody asks or when many are waiting.
"""

from __future__ import annotations

import gc
import itertools
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from threading import Lock
from types import FrameType
from typing import Any, Concatenate, ParamSpec

from flake8_redis_ssot.census.counts import Counts, Fold, What, added
from flake8_redis_ssot.census.events import Blocked, Built, Closed, Crossed, Event, Gone, Kind, Opened
from flake8_redis_ssot.census.libraries import FAKES, Part
from flake8_redis_ssot.census.pools import PoolState, limit_of, nodes_of, state_of, state_of_node
from flake8_redis_ssot.census.sites import Code, Origin, above, caller, first_argument

_WAITING = 512
"""Events after which whoever adds one counts them."""
Sink = Callable[[Event], None]
P = ParamSpec("P")


def _harmless(
    method: Callable[Concatenate[Recorder, P], bool | None],
) -> Callable[Concatenate[Recorder, P], bool]:
    """A census that fails must not make the code fail that it counts: it says so, and goes on."""

    @wraps(method)
    def harmless(self: Recorder, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            return bool(method(self, *args, **kwargs))
        except Exception:
            from logging import getLogger

            getLogger(__name__).exception("something could not be counted; please report it")
            return False

    return harmless


class _Owner:
    """A client or a pool, as long as it lives."""

    __slots__ = ("is_inner", "kind", "nodes", "number", "origin", "part", "ref")

    def __init__(self, part: Part, number: int, origin: Origin, is_inner: bool) -> None:
        self.part = part
        self.kind: Kind = "pool" if part.role == "pool" else "client"
        self.number = number
        self.origin = origin
        self.is_inner = is_inner
        self.nodes: dict[str, int] = {}
        """The numbers of an asyncio cluster's nodes, which are pools once they open a connection."""
        self.ref: weakref.ref[Any]

    @property
    def serves(self) -> bool:
        """Whether it builds others later on, for its own use: by whose command says nothing."""
        return self.kind == "pool" or self.part.role == "cluster"


class _Connection:
    """A connection, as long as it lives; `loop` is the one it was last seen in, as a weak reference."""

    __slots__ = ("is_open", "loop", "number", "origin", "ref")

    def __init__(self, number: int, origin: Origin) -> None:
        self.number = number
        self.origin = origin
        self.is_open = False
        self.loop: Callable[[], Any] = _no_loop
        self.ref: weakref.ref[Any]


class Recorder:
    """The events of this process; the `sink`, where there is one, is given each of them at once."""

    def __init__(self, process: str) -> None:
        self.is_active = True
        self.sink: Sink | None = None
        self.code = Code()
        self.limits: dict[What, int] = {}
        """How many of each may be there at one time. Before there are more, what is garbage is collected."""
        self.nodes: set[type] = set()
        """The classes of which an asyncio cluster has its nodes."""
        self.whole = Fold(process)
        self._windows: list[Fold] = []
        self._begin()

    def _begin(self) -> None:
        self._owners: dict[int, _Owner] = {}
        self._connections: dict[int, _Connection] = {}
        self._numbers = itertools.count(1)
        self._waiting: deque[Event] = deque()
        self._counting = Lock()

    # what the counts are asked for

    def counts(self, fold: Fold | None = None) -> Counts:
        """A copy of the counts, of this process or of a window, with a reading of the pools."""
        with self._counting:
            self._count()
            counts = added([(fold or self.whole).counts])
        for origin, state in self._pool_states():
            if origin in counts.origins:
                counts.origins[origin].in_use += state.in_use
                counts.origins[origin].waiters += state.waiters
        return counts

    def open_window(self) -> Fold:
        """Counts of its own, of what happens from now on."""
        window = Fold(self.whole.counts.processes[0])
        with self._counting:
            self._count()
            self._windows.append(window)
        return window

    def close_window(self, window: Fold) -> None:
        with self._counting:
            self._count()
            if window in self._windows:  # a forked process has none of its parent's
                self._windows.remove(window)

    def _pool_states(self) -> Iterator[tuple[Origin, PoolState]]:
        """The pools that live, and what each holds just now."""
        for owner in [*self._owners.values()]:
            built = owner.ref()
            if built is None:
                continue
            if owner.kind == "pool":
                state = state_of(built)
                if state is not None:
                    yield owner.origin, state
            elif owner.part.is_async and owner.part.role == "cluster":
                for node in nodes_of(built):
                    yield owner.origin, state_of_node(node)

    def begin_as_child(self, process: str, sink: Sink | None) -> None:
        """In a forked process: what was built is there, what was counted and connected was the parent's."""
        owners = self._owners
        self.sink = sink
        self.whole, self._windows = Fold(process), []
        self._begin()
        for key, owner in owners.items():
            if owner.ref() is not None:
                self._owners[key] = owner
                owner.number = next(self._numbers)
                if not owner.is_inner:
                    self.whole.inherit(owner.kind, owner.number, owner.origin)

    # what the replaced methods call

    @_harmless
    def building(self, built: Any, part: Part) -> bool:
        """An object is about to be built; whether it is new. What it builds in turn is told by it."""
        if id(built) in self._owners or not self.is_active or _is_fake(type(built)):
            return False
        if part.role == "pool":
            self._make_room("pools")
        frame = caller(3)
        outer = self._outer(frame)
        if outer is not None and (outer.serves or _in_constructor(frame, outer)):
            owner = _Owner(part, next(self._numbers), outer.origin, part.role != "pool")
        else:
            owner = _Owner(part, next(self._numbers), self.code.origin(frame, part.library, built), False)
        owner.ref = weakref.ref(built, _when_gone(self, id(built), owner))
        self._owners[id(built)] = owner
        return True

    @_harmless
    def abandoned(self, built: Any) -> None:
        """It was not built: an error was raised."""
        self._owners.pop(id(built), None)

    @_harmless
    def built(self, built: Any) -> None:
        owner = self._owners.get(id(built))
        if owner is None:
            return
        if owner.kind == "pool" and _is_fake(getattr(built, "connection_class", object)):
            self.abandoned(built)
        elif not owner.is_inner:
            self._tell(Built(owner.kind, owner.number, owner.origin, limit_of(built)))

    @_harmless
    def opened(self, connection: Any, part: Part, loop: Any = None) -> None:
        """A connection is open; told again by a class above, it is the same."""
        if not self.is_active:
            return
        known = self._connections.get(id(connection))
        if known is None:
            known = _Connection(next(self._numbers), self._origin_of(caller(3), part))
            known.ref = weakref.ref(connection, _when_lost(self, id(connection), known))
            self._connections[id(connection)] = known
        known.loop = _weak(loop)
        if not known.is_open:
            self._make_room("connections")
            known.is_open = True
            self._tell(Opened(known.number, known.origin))

    @_harmless
    def closed(self, connection: Any) -> None:
        known = self._connections.get(id(connection))
        if known is not None and known.is_open:
            known.is_open = False
            self._tell(Closed(known.number))

    @_harmless
    def blocked(self, connection: Any, part: Part) -> None:
        """A blocking client sends something, and an event loop waits for it."""
        if _is_fake(type(connection)):
            return
        frame = caller(3)
        for one in above(frame):
            if not self.code.is_library(one):
                break
            if one.f_code.co_name in _NO_COMMAND:
                return
        if self.is_active:
            self._tell(Blocked(self.code.origin(frame, part.library)))

    @_harmless
    def used(self, connection: Any, loop: Any) -> None:
        """An asyncio connection is used; in another loop than before, that is told once, if it is open."""
        known = self._connections.get(id(connection))
        if known is not None and known.loop() is not loop:
            known.loop = _weak(loop)
            if known.is_open and self.is_active:
                self._tell(Crossed(known.origin, self.code.site(caller(3))))

    # how

    def _tell(self, event: Event) -> None:
        if self.sink is not None:
            self.sink(event)
        waiting = self._waiting
        waiting.append(event)
        if len(waiting) > _WAITING and self._counting.acquire(blocking=False):
            try:
                self._count()
            finally:
                self._counting.release()

    def _make_room(self, what: What) -> None:
        """Clients are parts of cycles: dropped ones stay until the collector runs, which may be never."""
        if what in self.limits and self.counts().total(what).now >= self.limits[what]:
            gc.collect()

    def _count(self) -> None:
        with suppress(IndexError):
            while True:
                event = self._waiting.popleft()
                self.whole.add(event)
                for window in self._windows:
                    window.add(event)

    def _outer(self, frame: FrameType | None) -> _Owner | None:
        """The object at work: the nearest whose method is running."""
        for one in above(frame):
            first = first_argument(one)
            owner = self._owners.get(id(first)) or self._cluster_of(first)
            if owner is not None or not self.code.is_library(one):
                return owner
        return None

    def _cluster_of(self, node: Any) -> _Owner | None:
        """Whose node it is, if it is one of an asyncio cluster; nodes can have no weak reference."""
        if not isinstance(node, tuple(self.nodes)):
            return None
        for owner in [*self._owners.values()]:
            if any(node is known for known in nodes_of(owner.ref())):
                self._note_node(owner, node)
                return owner
        return None

    def _note_node(self, cluster: _Owner, node: Any) -> None:
        if node.name not in cluster.nodes:
            number = cluster.nodes[node.name] = next(self._numbers)
            self._tell(Built("pool", number, cluster.origin, limit_of(node)))

    def _origin_of(self, frame: FrameType, part: Part) -> Origin:
        """Whose connection it is: the pool's that opens it."""
        outer = self._outer(frame)
        if outer is None:
            return self.code.origin(frame, part.library)
        pool = self._owners.get(id(getattr(outer.ref(), "connection_pool", None)))
        return (pool or outer).origin


_NO_COMMAND = frozenset({"on_connect", "on_connect_check_health", "check_health"})
"""What a connection sends for itself."""


def _is_fake(owner: Any) -> bool:
    bases = getattr(owner, "__mro__", (owner,))
    return any(str(getattr(base, "__module__", "")).partition(".")[0] in FAKES for base in bases)


def _in_constructor(frame: FrameType, outer: _Owner) -> bool:
    """Whether the constructor of the outer object is running."""
    return any(
        one.f_code.co_name == "__init__" and first_argument(one) is outer.ref() for one in above(frame)
    )


def _no_loop() -> None:
    """Of a blocking connection, and where trio runs."""


def _weak(loop: Any) -> Callable[[], Any]:
    """A loop as a weak reference: identifiers of loops that are gone are given to new ones."""
    if loop is None:
        return _no_loop
    try:
        return weakref.ref(loop)
    except TypeError:
        return lambda: loop


# Python that shuts down drops everything, and has no modules left to speak with


def _when_gone(recorder: Recorder, key: int, owner: _Owner) -> Callable[[Any], None]:
    def gone(_: Any, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing() and recorder._owners.get(key) is owner:
            del recorder._owners[key]
            if not owner.is_inner:
                recorder._tell(Gone(owner.kind, owner.number))
            for number in owner.nodes.values():
                recorder._tell(Gone("pool", number))

    return gone


def _when_lost(recorder: Recorder, key: int, connection: _Connection) -> Callable[[Any], None]:
    def lost(_: Any, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing() and recorder._connections.get(key) is connection:
            del recorder._connections[key]
            if connection.is_open:
                recorder._tell(Closed(connection.number))

    return lost
