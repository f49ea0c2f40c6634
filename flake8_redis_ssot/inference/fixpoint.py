"""Questions whose answers depend on each other: the least fixpoint, found on demand."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Generic, NamedTuple, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")
_Made = TypeVar("_Made")

_ROUNDS = 200
"""How often a question is asked again since what it depends on has changed."""
_DEPTH = 60
"""Questions that may wait for each other; a deeper one is put off until they have their first answers."""
_LOSSES = 2
"""How often a value may be taken back within a cycle."""
_NEVER = sys.maxsize


class Source:
    """What an answer was found from: an input, or the sources of what it read; stale once one of them has changed."""

    __slots__ = ("is_stale", "reads")

    def __init__(self, reads: Iterable[Source] = ()) -> None:
        self.reads = tuple(reads)
        self.is_stale = False


_FIXED = Source()
"""That of what depends on no input."""


class _Asked(NamedTuple):
    """How a question of a cycle is answered, which one it is of all, and what it has read so far."""

    number: int
    find: Callable[..., frozenset[Any]]
    given: tuple[Any, ...]
    reads: set[Source]


class Fixpoint(Generic[_Key, _Value]):
    """Answers questions by sets of values.

    A question that waits for itself is given what is found of it so far. Once all questions of such a cycle (a
    strongly connected component) have been asked, those are asked again that were given less than has been
    found since, until nothing changes; then the answers of the cycle become final together. `steps` is the
    work done, which callers add to, and `budget` the most that is done. An answer that the budget cut short
    stands for the question that was asked from outside, and is found anew for another one.

    What may change between two questions from outside is an input, which an answer says that it `depends_on`;
    once some have changed, `forget_found_from` forgets what was found from them, directly or not.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.steps = 0
        self.known: dict[_Key, tuple[frozenset[_Value], Source]] = {}
        """The final answers, each with what it was found from: who takes one from here has read that."""
        self._sources: list[Source] = []
        """Those of the answers, each after all that it reads."""
        self._inputs: dict[Hashable, Source] = {}
        self.reads: set[Source] = set()
        """What the present question has read so far."""
        self._made: dict[Hashable, tuple[Any, Source]] = {}
        self._passing = Source()
        """That of what holds until something is forgotten."""
        self._short: dict[_Key, frozenset[_Value]] = {}
        self._asked: dict[_Key, frozenset[_Value]] = {}
        self._begun = 0
        """How many questions have been begun."""
        self._waiting: dict[_Key, int] = {}
        """The questions that are being answered, and as which one each was begun: that never comes again."""
        self._cyclic: dict[_Key, _Asked] = {}
        """Those asked within a cycle that is not done, in turn."""
        self._turns: list[_Key] = []
        """The same, by their number."""
        self._settling: list[list[int]] = []
        """Of each cycle that is being settled, the numbers of those to be asked again."""
        self._hanging: dict[_Key, int] = {}
        """The same, and as which one the question was begun that each waits for, now or once."""
        self._so_far: dict[_Key, frozenset[_Value]] = {}
        self._readers: dict[_Key, dict[_Key, None]] = {}
        """Who was given what was found so far."""
        self._stale: dict[_Key, None] = {}
        """Those that were given less than is found now."""
        self._lost: dict[_Key, Counter[_Value]] = {}
        """What was found once and then not, and how often."""
        self._present: _Key
        self._lowest = _NEVER
        self._is_cut = False

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out, so that what is unknown may only be unasked."""
        return self.steps > self.budget

    def cut(self) -> None:
        """Say that the answer to the present question may lack something."""
        self._is_cut = True

    def so_far(self, key: _Key) -> frozenset[_Value]:
        """What is found of an answer that is not final."""
        return self._so_far.get(key, frozenset())

    def forget(self) -> None:
        """Forget all answers, as when there is more to know; what others made of them is stale too."""
        for source in (*self._sources, *self._inputs.values(), self._passing):
            source.is_stale = True
        self._passing = Source()
        self.known.clear()
        self._made.clear()
        self._sources.clear()
        self._inputs.clear()
        self._asked.clear()

    def depends_on(self, name: Hashable) -> None:
        """Say that the answer to the present question depends on an input."""
        source = self._inputs.get(name)
        if source is None:
            source = self._inputs[name] = Source()
        self.reads.add(source)

    def forget_found_from(self, changed: Iterable[Hashable]) -> bool:
        """Forget the answers that depend on one of the `changed` inputs; whether there are any."""
        self._asked.clear()
        self.reads.clear()
        self._passing.is_stale, self._passing = True, Source()
        there = [self._inputs.pop(name) for name in changed if name in self._inputs]
        for source in there:
            source.is_stale = True
        if there:
            kept = []
            for source in self._sources:
                for read in source.reads:
                    if read.is_stale:
                        source.is_stale = True
                        break
                else:
                    kept.append(source)
            self._sources = kept
        return bool(there)

    def made(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` makes of answers to questions from outside, made anew once one of those was forgotten."""
        known = self._made.get(key)
        if known is not None and not known[1].is_stale:
            self.reads.add(known[1])
            return known[0]  # type: ignore[no-any-return]
        found, source = self.traced(make)
        if source is not self._passing:
            self._made[key] = (found, source)
        return found

    def traced(self, make: Callable[[], _Made]) -> tuple[_Made, Source]:
        """What `make` makes of answers, and what that comes from; until something is forgotten where one was cut short."""
        reads, is_cut, self.reads, self._is_cut = self.reads, self._is_cut, set(), False
        try:
            found = make()
            source = self._passing if self._is_cut else self._source(self.reads)
        finally:
            self.reads, self._is_cut = reads, is_cut or self._is_cut
        self.reads.add(source)
        return found, source

    def _source(self, reads: set[Source]) -> Source:
        reads.discard(_FIXED)
        if len(reads) < 2:
            return next(iter(reads), _FIXED)
        source = Source(reads)
        self._sources.append(source)
        return source

    def answer(self, key: _Key, find: Callable[..., frozenset[_Value]], *given: Any) -> frozenset[_Value]:
        """The answer to `key`, which `find(*given)` gives as far as the answers that it asks for are known."""
        known = self.known.get(key)
        if known is not None and not known[1].is_stale:
            self.reads.add(known[1])
            return known[0]
        waits_for = self._waiting.get(key)
        if waits_for is None:
            waits_for = self._hanging.get(key)
        if waits_for is not None:
            self._lowest = min(self._lowest, waits_for)
            self._readers.setdefault(key, {})[self._present] = None
            return self.so_far(key)
        depth = len(self._waiting)
        if not depth:
            if key in self._asked:
                self._is_cut = True
                return self._asked[key]
            self._short.clear()
        elif key in self._short:
            self._is_cut = True
            return self._short[key]
        self.steps += 1
        if self.steps > self.budget:
            self._is_cut = True
            return frozenset()
        if depth > _DEPTH:
            self._stale[key] = None
            self._lowest = next(iter(self._waiting.values()))
            self._hang(key, self._lowest, find, given, set())
            self._readers[key] = {self._present: None}
            return frozenset()
        start = len(self._cyclic)
        outer = (self._lowest, self._is_cut, self._present if depth else None, self.reads)
        self._begun += 1
        begun = self._waiting[key] = self._begun
        self._lowest, self._is_cut, self._present, self.reads = _NEVER, False, key, set()
        source: Source | None = None
        try:
            found = find(*given)
            if self._lowest <= begun:
                self._found(key, found)
                self._hang(key, self._lowest, find, given, self.reads)
                if self._lowest == begun:
                    self._settle(start, begun)
                    found = self.so_far(key)
            if self._lowest >= begun:
                members = self._drop(start) if len(self._cyclic) > start else {}
                if self._is_cut:
                    self._short.update((member, self._so_far.pop(member, frozenset())) for member in members)
                    self._short[key] = found
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
            for member in [*self._drop(start), key]:
                self._so_far.pop(member, None)
                self._readers.pop(member, None)
            raise
        finally:
            del self._waiting[key]
            lowest, is_cut, present, self.reads = outer
            self._lowest, self._is_cut = min(lowest, self._lowest), is_cut or self._is_cut
            if present is not None:
                self._present = present
                if key in self._hanging:
                    self._readers.setdefault(key, {})[present] = None
        if source is not None:
            self.reads.add(source)
        elif not depth:
            # what is cut short is final only as an answer to this very question
            self._asked[key] = found
        return found

    def _hang(
        self,
        key: _Key,
        waits_for: int,
        find: Callable[..., frozenset[_Value]],
        given: tuple[Any, ...],
        reads: set[Source],
    ) -> None:
        number = len(self._cyclic)
        self._cyclic[key] = _Asked(number, find, given, reads)
        self._turns.append(key)
        self._hanging[key] = waits_for
        if key in self._stale:
            self._take_up(number)

    def _take_up(self, number: int) -> None:
        """Put a question where it is asked again: in the innermost of the cycles that are being settled."""
        if self._settling:
            heappush(self._settling[-1], number)

    def _found(self, key: _Key, found: frozenset[_Value]) -> None:
        before = self.so_far(key)
        if not before <= found:
            self._lost.setdefault(key, Counter()).update(before - found)
        if key in self._lost:
            # it is there because it is not: in doubt it is left out
            found = frozenset(value for value in found if self._lost[key][value] < _LOSSES)
        if found != before:
            self._so_far[key] = found
            for reader in self._readers.get(key, ()):
                if reader not in self._stale:
                    self._stale[reader] = None
                    if reader in self._cyclic:
                        self._take_up(self._cyclic[reader].number)

    def _settle(self, start: int, begun: int) -> None:
        """Ask the questions of a cycle again until nothing changes, or until it is part of a larger one."""
        rounds: dict[_Key, int] = {}
        # first what others read; those of an outer cycle are asked again with it
        turns = [
            asked.number
            for key in self._stale
            if (asked := self._cyclic.get(key)) is not None and asked.number >= start
        ]
        heapify(turns)
        self._settling.append(turns)
        try:
            while turns and self._lowest >= begun:
                if self.is_exhausted:
                    self._is_cut = True
                    break
                number = heappop(turns)
                if number >= len(self._turns) or (key := self._turns[number]) not in self._stale:
                    continue  # of a cycle that is done with, or asked again already
                del self._stale[key]
                rounds[key] = rounds.get(key, 0) + 1
                self._is_cut = self._is_cut or rounds[key] > _ROUNDS
                if rounds[key] <= _ROUNDS:
                    _, find, given, self.reads = self._cyclic[key]
                    self._present = key
                    self.steps += 1
                    self._found(key, find(*given))
        finally:
            self._settling.pop()
            for number in turns:
                self._take_up(number)

    def _drop(self, start: int) -> dict[_Key, _Asked]:
        """The questions of the cycle that began at `start`, which is done with."""
        members = list(self._cyclic)[start:]
        dropped = {member: self._cyclic.pop(member) for member in members}
        del self._turns[start:]
        for member in members:
            del self._hanging[member]
            self._readers.pop(member, None)
            self._stale.pop(member, None)
            self._lost.pop(member, None)
        return dropped
