"""Whether a file does more with what it imports than name it: in a way that may come to a client."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from flake8_redis_ssot.facts.texts import LETTER, Texts
from flake8_redis_ssot.inference.fixpoint import Fixpoint
from flake8_redis_ssot.inference.reach import Reach
from flake8_redis_ssot.inference.values import Filled, Generator, Items, Pairs, Value
from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.conftests import FixtureHomes
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import GETTER

_Group = tuple[str, ...] | str
"""Some files, or one with all that may have something from it."""

_EVERY = frozenset([""])
"""The members that lead on, where any use does."""


@dataclass(slots=True)
class Exposed:
    """The names of the file at `path` by which others get at something of a client library.

    With their values, as they are known by now; none where any use leads to a client.
    """

    path: str
    values: Mapping[str, Collection[Value]]
    _first: dict[tuple[Reach, str], frozenset[str]] = field(default_factory=dict)

    @property
    def fixtures(self) -> list[str]:
        """Those that others have without importing them."""
        return [name for name, values in self.values.items() if not values or any(map(_is_fixture, values))]

    def first(self, reach: Reach, name: str) -> frozenset[str]:
        """The members by which the values of a name lead to what is wanted."""
        known = self._first.get((reach, name))
        if known is None:
            values = self.values[name]
            known = self._first[reach, name] = reach.first(values) if values else _EVERY
        return known


def _is_fixture(value: Value) -> bool:
    return isinstance(value, Generator) and value.how == "fixture"


@dataclass(frozen=True, slots=True)
class _Had:
    """What a file has of another one: a `name` of that one by its `local_name` in its own text, so often said by its imports."""

    name: str
    local_name: str
    imports: int
    of_module: bool = False
    """Whether it has the module, and the name by that."""


class Uses:
    """Judges the texts of files that are not parsed, by what is known of those that are."""

    def __init__(
        self,
        index: ProjectIndex,
        fixtures: FixtureHomes,
        answers: Fixpoint[object, object],
        clients: Reach,
        blocking: Reach,
    ) -> None:
        """Which values lead to something of a client library say `clients`; `blocking` also which send by a blocking one.

        That is asked of what may run in a coroutine. Both ask of `answers`.
        """
        self._answers = answers
        self._index = index
        self._fixtures = fixtures
        self._texts: Texts = index.texts
        self._clients = clients
        self._blocking = blocking
        self._in_coroutines: dict[str, bool] = {}
        self._after: dict[str, list[str]] = {}
        self._by_others: dict[str, list[str]] = {}
        self._beyond_says: dict[tuple[str, str], bool] = {}
        self._having: dict[tuple[str, str, tuple[str, ...]], list[_Had]] = {}
        self._said: dict[tuple[str, _Had, frozenset[str]], tuple[list[tuple[str, bool]], bool]] = {}
        self._saying: dict[tuple[str, _Had, frozenset[str]], list[_Group]] = {}

    def comes_to_client(self, user: str, exposed: Exposed) -> bool:
        """Whether the file `user` may come to a client, or to what sends by one, by what another file exposes."""
        key = (user, exposed.path, tuple(exposed.values))
        found = self._having.get(key)
        if found is None:
            found = self._having[key] = [*self._had(user, exposed)]
        return any(self._is_used(user, had, exposed) for had in found)

    def having_by_others(self, path: str) -> list[str]:
        """The files that have the module at `path` from another one, and say one of their names for it."""
        found = self._by_others.get(path)
        if found is None:
            others, says = self._index.handed_on(path), self._texts.says
            found = [user for user, names in others.items() if any(says(user, name) for name in names)]
            self._by_others[path] = found
        return found

    def comes_by_fixture(self, test: str, exposed: Exposed) -> bool:
        """The same of a test that has fixtures by their names alone."""
        return any(self._is_used(test, _Had(name, name, 0), exposed) for name in exposed.fixtures)

    def comes_by_application(self, user: str, key: str, values: Collection[Value]) -> bool:
        """The same of a file of an application that keeps these `values` under a key; one that sets it counts too."""
        has = self._texts.has
        if not self._texts.says(user, key) or not has(user, code_patterns.kept_under(key)):
            return False
        is_test = self._index.settings.is_test(user)  # what one sets is for itself
        if not is_test and has(user, code_patterns.setting(key)):
            return True
        reach = self._asked_of(user)
        near = sorted({user} | self._users(user))
        return any(reach.is_reached(values, partial(self._is_said_by, (user, one))) for one in near)

    def _is_used(self, user: str, had: _Had, exposed: Exposed) -> bool:
        # files are judged anew as more is known, and of most of their names nothing else is known by that
        key = ("used", user, had, frozenset(exposed.values[had.name]))
        return self._answers.made(key, partial(self._find_used, user, had, exposed))

    def _find_used(self, user: str, had: _Had, exposed: Exposed) -> bool:
        reach, values = self._asked_of(user), exposed.values[had.name]
        first = exposed.first(reach, had.name)
        if not first:
            return False
        # of a container all members lead on
        has_items = any(isinstance(value, Items | Filled | Pairs) for value in values)
        members = _EVERY if has_items else first
        asked = (user, had, members)
        found = self._said.get(asked)
        if found is None:
            found = self._said[asked] = (self._takers(user, had), self._is_said(user, had, members))
        takers, is_said = found
        if "" in first or not (takers or is_said):
            return bool(takers) or is_said
        groups = self._saying.get(asked)
        if groups is None:
            groups = self._saying[asked] = [*self._groups(user, had, takers, is_said=is_said)]
        if not reach.is_reached(values, lambda word: any(self._is_said_by(group, word) for group in groups)):
            return False  # most: not even all of them together say enough
        return any(reach.is_reached(values, partial(self._is_said_by, group)) for group in groups)

    def _groups(
        self, user: str, had: _Had, takers: Iterable[tuple[str, bool]], *, is_said: bool
    ) -> Iterator[_Group]:
        """The files that may come to a client together, by a name that `user` has."""
        if is_said:
            yield (user,)
        for one, is_further in takers:
            if is_further:
                yield one
            yield (user, one)
            yield from ((user, one, given) for given in self._given(one, had))
        if is_said:
            yield from ((user, given) for given in self._given(user, had))

    def _given(self, user: str, had: _Had) -> list[str]:
        """The files that may have what a file makes of a name, where it may make something of it for others."""
        users = sorted(self._users(user))
        return users if users and self._texts.has(user, code_patterns.making_of(had.local_name)) else []

    def _is_said_beyond(self, user: str, word: str) -> bool:
        """Whether a file says a name, or one does that may have something from it."""
        known = self._beyond_says.get((user, word))
        if known is None:
            found = any(self._texts.says(one, word) for one in self._beyond(user))
            known = self._beyond_says[user, word] = found
        return known

    def _users(self, path: str) -> set[str]:
        """The files that may have something of another one, by importing it or as a fixture."""
        return self._index.all_users(path).union(self._fixtures.tests_of(path))

    def _asked_of(self, user: str) -> Reach:
        """What is asked of a file: what blocks as well where it may run in a coroutine.

        One of its own, or one of a file that may have something from it, also by what it imports or an application.
        """
        known = self._in_coroutines.get(user)
        if known is None:
            has, is_test = self._texts.has, self._index.settings.is_test(user)
            known = self._in_coroutines[user] = any(
                has(one, code_patterns.COROUTINE) for one in self._near(user, is_test=is_test)
            ) or (not is_test and has(user, code_patterns.SETTING_ANY))
        return self._blocking if known else self._clients

    def _near(self, path: str, *, is_test: bool) -> Iterator[str]:
        """A file, those that may have something from it, and where it puts something others that may get at that."""
        yield path
        yield from self._beyond(path)[1:]
        homes = {self._index.file_of(edge.full_name) for edge in self._index.edges(path)}
        puts = not is_test and self._texts.has(path, code_patterns.STORING)
        for home in sorted(home for home in homes if home is not None):
            yield home
            if puts:
                yield from sorted(self._index.all_users(home))

    def _is_said_by(self, group: _Group, word: str) -> bool:
        """Whether one of these files says a name."""
        if isinstance(group, str):
            return self._is_said_beyond(group, word)
        return any(self._texts.says(one, word) for one in group)

    def _is_said(self, user: str, had: _Had, members: Collection[str]) -> bool:
        """Whether a file does anything with a name but ask it for other members than these."""
        if had.name == GETTER:
            return True
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
                fresh = sorted(self._users(here) - seen)
                seen.update(fresh)
                found += fresh
        return found

    def _has(self, user: str, had: _Had, end: str, times: int) -> bool:
        """Whether a file says a name more than so many times before what `end` matches."""
        before = LETTER if had.of_module else rf"(?:{LETTER}|\.)"
        # what must stand there comes first: that is found fast
        one = rf"{had.local_name}(?<!{before}{had.local_name}){end}"
        return self._texts.has(user, rf"(?s){one}" + rf".*?{one}" * times)

    def _had(self, user: str, exposed: Exposed) -> Iterator[_Had]:
        modules = set(self._index.place(exposed.path).modules)
        has_module = has_all = False
        others = self._index.handed_on(exposed.path).get(user, ())
        handles = [handle for handle in sorted(others) if self._texts.says(user, handle)]
        for edge in self._index.edges(user):
            if edge.module in modules and edge.name is not None and edge.name in exposed.values:
                yield _Had(edge.name, edge.local_name, self._index.number_in_imports(user, edge.local_name))
            if edge.module in modules and edge.name == "*":
                has_all = True
            elif edge.full_name in modules:
                has_module = True
        for name in sorted(exposed.values):
            if name.isidentifier():
                if has_all:
                    yield _Had(name, name, 0)
                if has_module:
                    yield _Had(name, name, 0, of_module=True)
                for handle in (h for h in handles if self._texts.says(user, f"{h}.{name}")):
                    yield _Had(name, rf"{handle}\.{name}", 0, of_module=True)

    def _takers(self, user: str, had: _Had) -> list[tuple[str, bool]]:
        """The files that may have a name from a file; whether others may have it from them."""
        if had.of_module:
            return []
        index, name = self._index, had.local_name
        found = set(index.users(user, {name})) if name in index.taken_names(user) else set()
        whole = {*index.users(user, set()), *self._fixtures.tests_of(user)}
        if os.path.basename(user) == "__init__.py":  # who imports a submodule has the package as well
            whole.update(one for module in index.place(user).modules for one in index.having(module))
        if index.is_taken_whole(user):
            whole.update(self._beyond(user))
        found.update(one for one in whole - {user} if self._texts.says(one, name))
        return [(one, name in index.taken_names(one) or index.is_taken_whole(one)) for one in sorted(found)]
