"""Whether a file does more with what it imports than name it: in a way that may come to a client."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from flake8_redis_ssot.facts.texts import LETTER, Texts
from flake8_redis_ssot.inference.reach import Reach
from flake8_redis_ssot.inference.values import Value
from flake8_redis_ssot.project.index import ProjectIndex

Exposed = Mapping[str, Collection[Value]]
"""Names of a file by which others get at something of a client library, with their values; none where any use does."""

_COROUTINE = r"\basync\s+def\b"

_MAKING = (
    r"^class\s[^:]*",
    # a line that begins further right goes on with the one before
    r"^[A-Za-z_][^\n=(]*=[^\n]*(?:\n[ \t)\]}][^\n]*)*?",
    r"^\s+(?:self|cls)\.[^\n=(]*=[^\n]*",
    r"\b(?:return|yield)\b[^\n]*",
    r"->[^\n:]*",
)
"""What stands before a name of which others may have what is made of it: a class, an assignment, a result."""


@dataclass(frozen=True, slots=True)
class _Had:
    """What a file has of another one: a `name` of that one as `bound` in its own text, so often said by its imports."""

    name: str
    bound: str
    imports: int
    of_module: bool = False
    """Whether it has the module, and the name by that."""


class Uses:
    """Judges the texts of files that are not parsed, by what is known of those that are."""

    def __init__(self, index: ProjectIndex) -> None:
        self._index = index
        self._texts: Texts = index.texts
        self._clients: Reach
        self._blocking: Reach
        self._in_coroutines: dict[str, bool] = {}
        self._after: dict[str, list[str]] = {}
        self._first: dict[tuple[Reach, str, str], frozenset[str]] = {}

    def learn(self, clients: Reach, blocking: Reach) -> None:
        """Take what is known by now: which values lead to something of a client library.

        Those of `blocking` do, or send by a blocking client: that is asked of what may run in a coroutine.
        """
        self._clients = clients
        self._blocking = blocking
        self._first.clear()

    def comes_to_client(self, user: str, path: str, exposed: Exposed) -> bool:
        """Whether the file `user` may come to a client, or to what sends by one, by what the file at `path` exposes."""
        return any(
            self._is_used(user, path, had, exposed[had.name]) for had in self._had(user, path, exposed)
        )

    def comes_by_fixture(self, test: str, path: str, exposed: Exposed) -> bool:
        """The same of a test that has the fixtures of the file at `path` by their names alone."""
        return any(self._is_used(test, path, _Had(name, name, 0), values) for name, values in exposed.items())

    def comes_by_itself(self, user: str, values: Collection[Value]) -> bool:
        """The same of a file that has these `values`, and gives them to nobody."""
        return self._is_come_to(self._asked_of(user, is_last=False), values, [user])

    def _is_used(self, user: str, path: str, had: _Had, values: Collection[Value]) -> bool:
        is_last = self._index.settings.is_test(user) and not self._index.all_users(user)
        reach = self._asked_of(user, is_last=is_last)
        key = (reach, path, had.name)
        first = self._first.get(key)
        if first is None:
            first = self._first[key] = reach.first(values) if values else frozenset([""])
        if not first:
            return False
        hands_on = self._hands_on(user, had)
        if not hands_on and not self._is_said(user, had, first):
            return False
        if "" in first:
            return True
        if hands_on:
            return self._is_come_to(reach, values, self._beyond(user))
        return self._is_come_to(reach, values, [user]) or any(
            self._is_come_to(reach, values, [user, other]) for other in self._given(user, had)
        )

    def _asked_of(self, user: str, *, is_last: bool) -> Reach:
        """What is asked of a file: where it may run in a coroutine what blocks as well."""
        known = self._in_coroutines.get(user)
        if known is None:
            known = self._in_coroutines[user] = self._texts.has(user, _COROUTINE) or (
                not is_last and any(self._texts.has(one, _COROUTINE) for one in self._beyond(user))
            )
        return self._blocking if known else self._clients

    def _is_come_to(self, reach: Reach, values: Collection[Value], saying: Collection[str]) -> bool:
        """Whether some of these files say all names of members by which a client is come to."""
        says = self._texts.says
        return reach.is_reached(values, lambda word: any(says(one, word) for one in saying))

    def _is_said(self, user: str, had: _Had, members: Collection[str]) -> bool:
        """Whether a file does anything with a name but ask it for other members than these."""
        if "" in members:
            return self._has(user, had, f"(?!{LETTER})", had.imports)
        words = "|".join(map(re.escape, sorted(members)))
        return self._has(user, had, rf"(?!{LETTER})\s*\.\s*(?:{words})(?!{LETTER})", 0) or self._has(
            user, had, rf"(?!{LETTER})(?!\s*\.\s*[A-Za-z_])", had.imports
        )

    def _beyond(self, path: str) -> list[str]:
        """A file and those that may have something from it, the nearest first."""
        found = self._after.get(path)
        if found is None:
            found = self._after[path] = [path]
            seen = {path}
            for here in found:
                fresh = sorted(self._index.all_users(here) - seen)
                seen.update(fresh)
                found += fresh
        return found

    def _has(self, user: str, had: _Had, end: str, times: int) -> bool:
        """Whether a file says a name more than so many times before what `end` matches."""
        before = LETTER if had.of_module else rf"(?:{LETTER}|\.)"
        # what must stand there comes first: that is found fast
        one = rf"{had.bound}(?<!{before}{had.bound}){end}"
        return self._texts.has(user, rf"(?s){one}" + rf".*?{one}" * times)

    def _had(self, user: str, path: str, exposed: Exposed) -> Iterator[_Had]:
        modules = set(self._index.place(path).modules)
        edges = self._index.edges(user)
        has_module = has_all = False
        for edge in edges:
            if edge.module in modules and edge.name is not None and edge.name in exposed:
                said = sum((one.name == edge.bound) + (one.bound == edge.bound != one.name) for one in edges)
                yield _Had(edge.name, edge.bound, said)
            has_all |= edge.module in modules and edge.name == "*"
            has_module |= edge.full_name in modules and edge.name != "*"
        for name in sorted(exposed):
            if name.isidentifier():
                if has_all:
                    yield _Had(name, name, 0)
                if has_module:
                    yield _Had(name, name, 0, of_module=True)

    def _given(self, user: str, had: _Had) -> list[str]:
        """The files that may have what a file makes of a name, where it may make something of it for others."""
        name = rf"(?<!{LETTER}){had.bound}(?!{LETTER})"
        makes = self._texts.has(user, f"(?m)(?:{'|'.join(_MAKING)}){name}")
        return sorted(self._index.all_users(user)) if makes else []

    def _hands_on(self, user: str, had: _Had) -> bool:
        """Whether others may have a name of a file from that file."""
        if had.of_module:
            return False
        if had.bound in self._index.taken_names(user):
            return True
        return any(self._texts.says(one, had.bound) for one in self._index.users(user, set()))
