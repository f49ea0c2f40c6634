"""Answers to questions that depend on each other, as `x = f(x)` does: a least fixpoint, computed on demand."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Generic, NamedTuple, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")
_Result = TypeVar("_Result")

_ROUNDS = 200
"""How often one question is asked again within a cycle; past it its answer counts as cut short."""
_DEPTH = 60
"""Depth of questions that wait for each other; a deeper one is empty at first, and asked with its cycle (Python's stack)."""
_LOSSES = 2
"""How often a value may vanish from an answer within a cycle; then it is left out for good."""
_NEVER = sys.maxsize


class Source:
    """What an answer depends on: an input, or all sources that were read for it.

    It becomes stale when one of these does; an answer with a stale source is not used any more.
    """

    __slots__ = ("is_stale", "reads")

    def __init__(self, reads: Iterable[Source] = ()) -> None:
        self.reads = tuple(reads)
        self.is_stale = False


_FIXED = Source()
"""The source of answers that depend on no input: never stale."""


class _Question(NamedTuple):
    """A question of an open cycle: its place in the order of asking, how to ask it again, and what it has read so far."""

    number: int
    find: Callable[..., frozenset[Any]]
    given: tuple[Any, ...]
    reads: set[Source]


class Fixpoint(Generic[_Key, _Value]):
    """Answers each question (a key) with a set of values, and keeps the answer.

    A question that is asked while it is being answered gets its values so far. Such questions form a cycle (a
    strongly connected component, found as Tarjan's algorithm does). When all of a cycle have been asked once, those
    whose inputs have grown since are asked again, until nothing changes; then all its answers become final together.

    `steps` is the work done, which callers add to, and `budget` its limit. An answer that the limit cut short holds
    for the outermost question in which it was asked, and is computed anew in another one.

    An input is something that may change between two outermost questions, such as a module that is not taken in yet.
    An answer declares its inputs by `depends_on`. `forget_found_from` makes all answers stale that depend on
    changed inputs, directly or through other answers.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.steps = 0
        self.known: dict[_Key, tuple[frozenset[_Value], Source]] = {}
        """The final answers, each with its source, which whoever takes one directly from here must add to `reads`."""
        self._sources: list[Source] = []
        """The sources of answers, each after those that it reads: one pass in this order finds all stale ones."""
        self._inputs: dict[Hashable, Source] = {}
        self.reads: set[Source] = set()
        """The sources that the current question has read so far."""
        self._cached: dict[Hashable, tuple[Any, Source]] = {}
        self._passing = Source()
        """The source of what was cut short: it holds until anything is forgotten."""
        self._cut_short: dict[_Key, frozenset[_Value]] = {}
        """Answers that the budget cut short, for the current outermost question alone."""
        self._outermost: dict[_Key, frozenset[_Value]] = {}
        """The same for questions that were outermost themselves."""
        self._started = 0
        """How many questions have been started."""
        self._waiting: dict[_Key, int] = {}
        """The questions on the stack, outermost first, each with its start number, which is used once."""
        self._cyclic: dict[_Key, _Question] = {}
        """The questions of cycles that are still open, in the order of asking."""
        self._by_number: list[_Key] = []
        """The same, found by their number."""
        self._settling: list[list[int]] = []
        """For each cycle being settled, innermost last, a heap of the numbers of questions to ask again."""
        self._waits_for: dict[_Key, int] = {}
        """For questions of open cycles, the start number of the outermost question that they wait for (Tarjan's low link)."""
        self._so_far: dict[_Key, frozenset[_Value]] = {}
        """The answers of open cycles, which are not final."""
        self._readers: dict[_Key, dict[_Key, None]] = {}
        """For a question, those that got its answer before it was final."""
        self._stale: dict[_Key, None] = {}
        """The questions that got an answer which has changed since: to be asked again."""
        self._vanished: dict[_Key, Counter[_Value]] = {}
        """For a question, the values that vanished from its answer when it was asked again, and how often."""
        self._current: _Key
        self._lowest = _NEVER
        """The lowest start number that the current question waits for, directly or not; `_NEVER` outside of cycles."""
        self._is_cut = False
        """Whether the answer to the current question may lack something."""

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out: what is unknown then may only not have been looked at."""
        return self.steps > self.budget

    def cut(self) -> None:
        """Mark the answer to the current question as one that may lack something."""
        self._is_cut = True

    def so_far(self, key: _Key) -> frozenset[_Value]:
        """The answer so far of a question whose cycle is open."""
        return self._so_far.get(key, frozenset())

    def forget(self) -> None:
        """Forget all answers, and make stale whatever others have derived from them."""
        for source in (*self._sources, *self._inputs.values(), self._passing):
            source.is_stale = True
        self._passing = Source()
        self.known.clear()
        self._cached.clear()
        self._sources.clear()
        self._inputs.clear()
        self._outermost.clear()

    def depends_on(self, name: Hashable) -> None:
        """Declare that the answer to the current question depends on the input `name`."""
        source = self._inputs.get(name)
        if source is None:
            source = self._inputs[name] = Source()
        self.reads.add(source)

    def forget_found_from(self, changed: Iterable[Hashable]) -> bool:
        """Make the answers stale that depend on one of the `changed` inputs; returns whether any input was used."""
        self._outermost.clear()
        self.reads.clear()
        self._passing.is_stale, self._passing = True, Source()
        sources = [self._inputs.pop(name) for name in changed if name in self._inputs]
        for source in sources:
            source.is_stale = True
        if sources:
            kept = []
            for source in self._sources:
                for read in source.reads:
                    if read.is_stale:
                        source.is_stale = True
                        break
                else:
                    kept.append(source)
            self._sources = kept
        return bool(sources)

    def cached(self, key: Hashable, make: Callable[[], _Result]) -> _Result:
        """The result of `make()`, cached under `key` until one of the answers that it asked for becomes stale."""
        known = self._cached.get(key)
        if known is not None and not known[1].is_stale:
            self.reads.add(known[1])
            return known[0]  # type: ignore[no-any-return]
        result, source = self.with_source(make)
        if source is not self._passing:
            self._cached[key] = (result, source)
        return result

    def with_source(self, make: Callable[[], _Result]) -> tuple[_Result, Source]:
        """The result of `make()`, and the source of all that it read; if an answer was cut short, one that is stale as soon as anything is forgotten."""
        outer_reads, outer_is_cut, self.reads, self._is_cut = self.reads, self._is_cut, set(), False
        try:
            result = make()
            source = self._passing if self._is_cut else self._source(self.reads)
        finally:
            self.reads, self._is_cut = outer_reads, outer_is_cut or self._is_cut
        self.reads.add(source)
        return result, source

    def _source(self, reads: set[Source]) -> Source:
        """One source for all of `reads`: a new one only where these are several."""
        reads.discard(_FIXED)
        if len(reads) < 2:
            return next(iter(reads), _FIXED)
        source = Source(reads)
        self._sources.append(source)
        return source

    def answer(self, key: _Key, find: Callable[..., frozenset[_Value]], *given: Any) -> frozenset[_Value]:
        """The answer to `key`: the result of `find(*given)`, which may ask further questions.

        Within a cycle `find` is called again, as long as what it asks for grows.
        """
        known = self.known.get(key)
        if known is not None and not known[1].is_stale:
            self.reads.add(known[1])
            return known[0]
        waits_for = self._waiting.get(key)
        if waits_for is None:
            waits_for = self._waits_for.get(key)
        if waits_for is not None:
            self._lowest = min(self._lowest, waits_for)
            self._readers.setdefault(key, {})[self._current] = None
            return self.so_far(key)
        depth = len(self._waiting)
        if not depth:
            if key in self._outermost:
                self._is_cut = True
                return self._outermost[key]
            self._cut_short.clear()
        elif key in self._cut_short:
            self._is_cut = True
            return self._cut_short[key]
        self.steps += 1
        if self.steps > self.budget:
            self._is_cut = True
            return frozenset()
        if depth > _DEPTH:
            self._stale[key] = None
            self._lowest = next(iter(self._waiting.values()))
            self._add_to_cycle(key, self._lowest, find, given, set())
            self._readers[key] = {self._current: None}
            return frozenset()
        start = len(self._cyclic)
        outer = (self._lowest, self._is_cut, self._current if depth else None, self.reads)
        self._started += 1
        started = self._waiting[key] = self._started
        self._lowest, self._is_cut, self._current, self.reads = _NEVER, False, key, set()
        source: Source | None = None
        try:
            found = find(*given)
            if self._lowest <= started:
                self._update(key, found)
                self._add_to_cycle(key, self._lowest, find, given, self.reads)
                if self._lowest == started:
                    self._settle(start, started)
                    found = self.so_far(key)
            if self._lowest >= started:
                members = self._close_cycle(start) if len(self._cyclic) > start else {}
                if self._is_cut:
                    self._cut_short.update(
                        (member, self._so_far.pop(member, frozenset())) for member in members
                    )
                    self._cut_short[key] = found
                else:
                    reads = self.reads
                    if members:
                        reads = reads.union(*(asked.reads for asked in members.values()))
                    source = self._source(reads)
                    for member in members:
                        self.known[member] = (self._so_far.pop(member, frozenset()), source)
                    self.known[key] = (found, source)
                self._lowest = _NEVER
        except BaseException:
            for member in [*self._close_cycle(start), key]:
                self._so_far.pop(member, None)
                self._readers.pop(member, None)
            raise
        finally:
            del self._waiting[key]
            lowest, is_cut, present, self.reads = outer
            self._lowest, self._is_cut = min(lowest, self._lowest), is_cut or self._is_cut
            if present is not None:
                self._current = present
                if key in self._waits_for:
                    self._readers.setdefault(key, {})[present] = None
        if source is not None:
            self.reads.add(source)
        elif not depth:
            # it was cut short: final only as the answer to this very question
            self._outermost[key] = found
        return found

    def _add_to_cycle(
        self,
        key: _Key,
        waits_for: int,
        find: Callable[..., frozenset[_Value]],
        given: tuple[Any, ...],
        reads: set[Source],
    ) -> None:
        """Put a question into the open cycle of the question that was started as `waits_for`."""
        number = len(self._cyclic)
        self._cyclic[key] = _Question(number, find, given, reads)
        self._by_number.append(key)
        self._waits_for[key] = waits_for
        if key in self._stale:
            self._ask_again(number)

    def _ask_again(self, number: int) -> None:
        """Queue a question to be asked again, in the innermost cycle that is being settled."""
        if self._settling:
            heappush(self._settling[-1], number)

    def _update(self, key: _Key, new: frozenset[_Value]) -> None:
        """Set the answer so far of a question, and queue those that got an older one."""
        old = self.so_far(key)
        if not old <= new:
            self._vanished.setdefault(key, Counter()).update(old - new)
        if key in self._vanished:
            # a value that vanishes again and again is there only because it is not: left out, or it would never end
            new = frozenset(value for value in new if self._vanished[key][value] < _LOSSES)
        if new != old:
            self._so_far[key] = new
            for reader in self._readers.get(key, ()):
                if reader not in self._stale:
                    self._stale[reader] = None
                    if reader in self._cyclic:
                        self._ask_again(self._cyclic[reader].number)

    def _settle(self, start: int, started: int) -> None:
        """Ask the questions of a cycle again until nothing changes, or until it turns out to be part of a larger one."""
        rounds: dict[_Key, int] = {}
        # in the order of asking; those before `start` belong to an outer cycle, and are asked again with that
        queue = [
            asked.number
            for key in self._stale
            if (asked := self._cyclic.get(key)) is not None and asked.number >= start
        ]
        heapify(queue)
        self._settling.append(queue)
        try:
            while queue and self._lowest >= started:
                if self.is_exhausted:
                    self._is_cut = True
                    break
                number = heappop(queue)
                if number >= len(self._by_number) or (key := self._by_number[number]) not in self._stale:
                    continue  # its cycle is closed, or it has been asked again meanwhile
                del self._stale[key]
                rounds[key] = rounds.get(key, 0) + 1
                self._is_cut = self._is_cut or rounds[key] > _ROUNDS
                if rounds[key] <= _ROUNDS:
                    _, find, given, self.reads = self._cyclic[key]
                    self._current = key
                    self.steps += 1
                    self._update(key, find(*given))
        finally:
            self._settling.pop()
            for number in queue:
                self._ask_again(number)

    def _close_cycle(self, start: int) -> dict[_Key, _Question]:
        """Take the questions numbered from `start` on out of the open ones, and return them."""
        members = list(self._cyclic)[start:]
        dropped = {member: self._cyclic.pop(member) for member in members}
        del self._by_number[start:]
        for member in members:
            del self._waits_for[member]
            self._readers.pop(member, None)
            self._stale.pop(member, None)
            self._vanished.pop(member, None)
        return dropped
