"""Questions whose answers depend on each other: the least fixpoint, found on demand."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

_ROUNDS = 200
"""How often a question is asked again since what it depends on has changed."""
_DEPTH = 60
"""Questions that may wait for each other; a deeper one is put off until they have their first answers."""
_NEVER = 1 << 30


class Fixpoint(Generic[_Key, _Value]):
    """Answers questions by sets of values.

    A question that waits for itself is given what is found of it so far. Once all questions of such a cycle (a
    strongly connected component) have been asked, those are asked again that were given less than has been
    found since, until nothing changes; then the answers of the cycle become final together. `steps` is the
    work done, which callers add to, and `budget` the most that is done. An answer that the budget cut short
    stands for the question that was asked from outside, and is found anew for another one.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.steps = 0
        self._known: dict[_Key, frozenset[_Value]] = {}
        self._short: dict[_Key, frozenset[_Value]] = {}
        self._asked: dict[_Key, frozenset[_Value]] = {}
        self._waiting: dict[_Key, int] = {}
        """The questions that are being answered, by their depth."""
        self._cyclic: dict[_Key, tuple[int, Callable[..., frozenset[_Value]], tuple[Any, ...]]] = {}
        """Those asked within a cycle that is not done, by their number, with how they are answered."""
        self._hanging: dict[_Key, int] = {}
        """The same, by the depth of the question that each waits for."""
        self._so_far: dict[_Key, frozenset[_Value]] = {}
        self._readers: dict[_Key, dict[_Key, None]] = {}
        """Who was given what was found so far."""
        self._stale: dict[_Key, None] = {}
        """Those that were given less than is found now."""
        self._present: _Key
        self._lowest = _NEVER
        self._is_cut = False

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out, so that what is unknown may only be unasked."""
        return self.steps > self.budget

    @property
    def is_idle(self) -> bool:
        """Whether no question is being answered, so that each answer is final."""
        return not self._waiting

    def cut(self) -> None:
        """Say that the answer to the present question may lack something."""
        self._is_cut = True

    def so_far(self, key: _Key) -> frozenset[_Value]:
        """What is found of an answer that is not final."""
        return self._so_far.get(key, frozenset())

    def forget(self) -> None:
        """Forget all answers, as when there is more to know."""
        self._known.clear()
        self._asked.clear()

    def answer(self, key: _Key, find: Callable[..., frozenset[_Value]], *given: Any) -> frozenset[_Value]:
        """The answer to `key`, which `find(*given)` gives as far as the answers that it asks for are known."""
        known = self._known.get(key)
        if known is not None:
            return known
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
                return self._asked[key]
            self._short.clear()
        elif key in self._short:
            self._is_cut = True
            return self._short[key]
        self.steps += 1
        if self.is_exhausted:
            self._is_cut = True
            return frozenset()
        if depth > _DEPTH:
            self._hang(key, 0, find, given)
            self._lowest = 0
            self._readers[key] = {self._present: None}
            self._stale[key] = None
            return frozenset()
        start = len(self._cyclic)
        outer = (self._lowest, self._is_cut, self._present if depth else None)
        self._waiting[key] = depth
        self._lowest, self._is_cut, self._present = _NEVER, False, key
        try:
            found = find(*given)
            if self._lowest <= depth:
                self._found(key, found)
                self._hang(key, self._lowest, find, given)
                if self._lowest == depth:
                    self._settle(start, depth)
                    found = self.so_far(key)
            if self._lowest >= depth:
                store = self._short if self._is_cut else self._known
                for member in self._drop(start):
                    store[member] = self._so_far.pop(member, frozenset())
                store[key] = found
                self._lowest = _NEVER
        except BaseException:
            for member in [*self._drop(start), key]:
                self._so_far.pop(member, None)
                self._readers.pop(member, None)
            raise
        finally:
            del self._waiting[key]
            lowest, is_cut, present = outer
            self._lowest, self._is_cut = min(lowest, self._lowest), is_cut or self._is_cut
            if present is not None:
                self._present = present
        if not depth:
            # what is cut short is final only as an answer to this very question
            self._asked[key] = found
        return found

    def _hang(
        self, key: _Key, waits_for: int, find: Callable[..., frozenset[_Value]], given: tuple[Any, ...]
    ) -> None:
        self._cyclic[key] = (len(self._cyclic), find, given)
        self._hanging[key] = waits_for

    def _found(self, key: _Key, found: frozenset[_Value]) -> None:
        if found != self.so_far(key):
            self._stale.update(self._readers.get(key, {}))
            self._so_far[key] = found

    def _settle(self, start: int, depth: int) -> None:
        """Ask the questions of a cycle again until nothing changes, or until it is part of a larger one."""
        rounds: dict[_Key, int] = {}
        todo: list[_Key] | bool = True
        while todo and self._lowest >= depth:
            # those of an outer cycle are asked again with it
            todo = [key for key in self._stale if self._cyclic.get(key, (-1,))[0] >= start]
            for key in todo:
                self._stale.pop(key, None)
                rounds[key] = rounds.get(key, 0) + 1
                self._is_cut = self._is_cut or rounds[key] > _ROUNDS
                if rounds[key] <= _ROUNDS:
                    _, find, given = self._cyclic[key]
                    self._present = key
                    self.steps += 1
                    self._found(key, find(*given))
        if self._lowest < depth:
            for member in list(self._cyclic)[start:]:
                self._hanging[member] = min(self._hanging[member], self._lowest)

    def _drop(self, start: int) -> list[_Key]:
        """The questions of the cycle that began at `start`, which is done with."""
        members = list(self._cyclic)[start:] if len(self._cyclic) > start else []
        for member in members:
            del self._cyclic[member], self._hanging[member]
            self._readers.pop(member, None)
            self._stale.pop(member, None)
        return members
