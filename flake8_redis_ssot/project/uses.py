"""Whether a file does more with what it imports than name it: in a way that may come to a client."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from flake8_redis_ssot.facts.texts import LETTER, Texts
from flake8_redis_ssot.inference.reach import Reach
from flake8_redis_ssot.inference.values import Value
from flake8_redis_ssot.project.index import ProjectIndex

Exposed = Mapping[str, Collection[Value]]
"""Names of a file by which others get at something of a client library, with their values; none where any use does."""

_COROUTINE = r"\basync\s+def\b"


@dataclass(frozen=True, slots=True)
class _Had:
    """What a file has of another one: a `name` of that one as `bound` in its own text, so often said by its imports."""

    name: str
    bound: str
    imports: int
    of_module: bool = False
    """Whether it has the module, and the name by that."""


class Uses:
    """Judges the texts of files that are not parsed, by what is known of those that are.

    `clients` says which values lead to something of a client library, `blocking` which do, or send by a blocking
    client: that is asked of what may run in a coroutine.
    """

    def __init__(self, index: ProjectIndex, clients: Reach, blocking: Reach) -> None:
        self._index = index
        self._texts: Texts = index.texts
        self._clients = clients
        self._blocking = blocking
        self._in_coroutines: dict[str, bool] = {}

    def comes_to_client(self, user: str, path: str, exposed: Exposed) -> bool:
        """Whether the file `user` may come to a client, or to what sends by one, by what the file at `path` exposes."""
        return any(self._is_used(user, had, exposed[had.name]) for had in self._had(user, path, exposed))

    def comes_by_fixture(self, test: str, exposed: Exposed) -> bool:
        """The same of a test that has fixtures by their names alone."""
        return any(self._is_used(test, _Had(name, name, 0), values) for name, values in exposed.items())

    def _is_used(self, user: str, had: _Had, values: Collection[Value]) -> bool:
        is_last = self._index.settings.is_test(user) and not self._index.users_of(user)
        reach = self._blocking if self._may_run_in_coroutine(user, is_last) else self._clients
        first = reach.first(values) if values else frozenset([""])
        if not first:
            return False
        if self._hands_on(user, had.bound):
            return True
        if "" in first:
            return self._has(user, had, f"(?!{LETTER})", had.imports)
        words = "|".join(sorted(first))
        leads = rf"(?!{LETTER})\s*\.\s*(?:{words})(?!{LETTER})"
        goes_elsewhere = rf"(?!{LETTER})(?!\s*\.\s*[A-Za-z_])"
        if is_last:
            is_used = self._has(user, had, leads, 0) or self._has(user, had, goes_elsewhere, had.imports)
            return is_used and reach.is_reached(values, lambda word: self._texts.speaks_of(user, [word]))
        return self._has(user, had, leads, 0) or self._has(user, had, goes_elsewhere, had.imports)

    def _has(self, user: str, had: _Had, end: str, times: int) -> bool:
        """Whether a file says a name more than so many times before what `end` matches."""
        before = LETTER if had.of_module else rf"(?:{LETTER}|\.)"
        # what must stand there comes first: that is found fast
        one = rf"{had.bound}(?<!{before}{had.bound}){end}"
        return self._texts.has(user, rf"(?s){one}" + rf".*?{one}" * times)

    def _had(self, user: str, path: str, exposed: Exposed) -> Iterator[_Had]:
        modules = set(self._index.place(path).modules)
        edges = self._index.edges(user)
        is_whole = False
        for edge in edges:
            if edge.module in modules and edge.name is not None and edge.name in exposed:
                said = sum((one.name == edge.bound) + (one.bound == edge.bound != one.name) for one in edges)
                yield _Had(edge.name, edge.bound, said)
            is_whole |= edge.full_name in modules
        if is_whole:
            yield from (_Had(name, name, 0, of_module=True) for name in sorted(exposed) if name.isidentifier())

    def _hands_on(self, user: str, name: str) -> bool:
        """Whether others may have a name of a file from that file."""
        if name in self._index.taken_names(user):
            return True
        return any(self._texts.speaks_of(one, [name]) for one in self._index.users(user, set()))

    def _may_run_in_coroutine(self, path: str, is_last: bool) -> bool:
        """Whether a file has a coroutine, or one that imports it has, directly or not."""
        known = self._in_coroutines
        todo, seen = [path], {path}
        while todo:
            here = todo.pop()
            if known.get(here) or (here not in known and self._texts.has(here, _COROUTINE)):
                known[path] = True
                return True
            fresh = self._index.users_of(here) - seen if not is_last and here not in known else set()
            seen |= fresh
            todo += fresh
        known.update(dict.fromkeys(seen, False))
        return False
