"""Judges by its text alone whether a file uses what it imports in a way that may lead to a client."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import partial

from flake8_redis_ssot.facts.texts import LETTER, Search, Texts
from flake8_redis_ssot.inference.fixpoint import Fixpoint
from flake8_redis_ssot.inference.reach import Reach
from flake8_redis_ssot.inference.values import Filled, Generator, Items, Pairs, Value
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.conftests import FixtureHomes
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import GETTER
from flake8_redis_ssot.syntax.memo import memoized

_Group = tuple[str, ...] | str
"""Some files, or one file with all that may get something from it."""

_EVERY = frozenset([""])
"""Stands for the member names that lead to a client where any use does."""


@dataclass(slots=True)
class Exposed:
    """The names by which others get something of a client library from the file at `path`.

    With their values, as far as they are known; a name with none leads to a client by any use.
    """

    path: str
    values: Mapping[str, Collection[Value]]
    _first: dict[tuple[Reach, str], frozenset[str]] = field(default_factory=dict)

    @property
    def fixtures(self) -> list[str]:
        """The names that may be pytest fixtures, which tests use without importing them."""
        return [name for name, values in self.values.items() if not values or any(map(_is_fixture, values))]

    def first(self, reach: Reach, name: str) -> frozenset[str]:
        """The member names that a use of `name` must begin with to lead to what `reach` looks for (see `Reach.first`)."""
        known = self._first.get((reach, name))
        if known is None:
            values = self.values[name]
            known = self._first[reach, name] = reach.first(values) if values else _EVERY
        return known


def _is_fixture(value: Value) -> bool:
    return isinstance(value, Generator) and value.how == "fixture"


@dataclass(frozen=True, slots=True)
class _Import:
    """A `name` of another file as a file has it: as `local_name` in its text, where its imports mention that `imports` times.

    `local_name` is a regular expression: a name, or a dotted one.
    """

    name: str
    local_name: str
    imports: int
    of_module: bool = False
    """Whether the file imports the module, and has the name as its attribute."""


class Uses:
    """Judges files that are not parsed by their texts, and by what is known of the parsed files that they import from."""

    def __init__(
        self,
        index: ProjectIndex,
        fixtures: FixtureHomes,
        answers: Fixpoint[object, object],
        clients: Reach,
        blocking: Reach,
    ) -> None:
        """`clients` finds the values that lead to something of a client library; `blocking` functions that block, too.

        The latter matter only for files whose code may run in a coroutine. Both find them by `answers`.
        """
        self._answers = answers
        self._index = index
        self._fixtures = fixtures
        self._texts: Texts = index.texts
        self._clients = clients
        self._blocking = blocking

    def comes_to_client(self, user: str, exposed: Exposed) -> bool:
        """Whether the file `user` may get to a client, or to a function that sends, by what another file exposes."""
        imports = self._imports_of(user, exposed.path, tuple(exposed.values))
        return any(self._is_used(user, imported, exposed) for imported in imports)

    def passes_on(self, user: str, path: str, names: tuple[str, ...]) -> bool:
        """Whether a file passes one of the `names` of the file at `path` to a call, as far as its text tells."""
        return any(
            self._texts.has(user, code_patterns.passing(imported.local_name))
            for imported in self._imports_of(user, path, names)
        )

    @memoized
    def having_by_others(self, path: str) -> list[str]:
        """The files that have the module at `path` through another module, and mention one of its names there."""
        others, says = self._index.indirect_users(path), self._texts.says
        return [user for user, names in others.items() if any(says(user, name) for name in names)]

    def comes_by_fixture(self, test: str, exposed: Exposed) -> bool:
        """Whether a test may get to a client by a fixture that another file exposes, which it has by name alone."""
        return any(self._is_used(test, _Import(name, name, 0), exposed) for name in exposed.fixtures)

    def comes_by_application(self, user: str, key: str, values: Collection[Value]) -> bool:
        """Whether a file may get to a client by what its web application keeps under `key`, with these `values`.

        A file that sets the key counts too, unless it is a test.
        """
        has = self._texts.has
        if not self._texts.says(user, key) or not has(user, code_patterns.kept_under(key)):
            return False
        is_test = self._index.settings.is_test(user)  # what one sets is for itself
        if not is_test and has(user, code_patterns.setting(key)):
            return True
        reach = self._reach_for(user)
        return any(
            reach.is_reached(values, partial(self._is_mentioned_by, (user, other)))
            for other in sorted({user} | self._users(user))
        )

    def _is_used(self, user: str, imported: _Import, exposed: Exposed) -> bool:
        """Whether a file, or one that gets something from it, uses an imported name in a way that leads to a client."""
        # files are judged anew as more becomes known, and for most of their names that changes nothing
        key = ("used", user, imported, frozenset(exposed.values[imported.name]))
        return self._answers.cached(key, partial(self._find_used, user, imported, exposed))

    def _find_used(self, user: str, imported: _Import, exposed: Exposed) -> bool:
        """The same, found by the texts of `user` and of the files that get something from it."""
        reach, values = self._reach_for(user), exposed.values[imported.name]
        first = exposed.first(reach, imported.name)
        if not first:
            return False
        # of a container all members lead on
        has_items = any(isinstance(value, Items | Filled | Pairs) for value in values)
        members = _EVERY if has_items else first
        if "" in first:
            return self._is_mentioned(user, imported, members) or bool(self._reimporters(user, imported))
        groups = self._groups(user, imported, members)
        # most are refused by the first: not even all groups together mention enough
        return reach.is_reached(
            values, lambda word: any(self._is_mentioned_by(group, word) for group in groups)
        ) and any(reach.is_reached(values, partial(self._is_mentioned_by, group)) for group in groups)

    @memoized
    def _groups(self, user: str, imported: _Import, members: frozenset[str]) -> list[_Group]:
        """The groups of files that may get to a client together, by a name that `user` imports and its `members`."""
        groups: list[_Group] = []
        for other, is_further in self._reimporters(user, imported):
            groups += [other] if is_further else []
            groups.append((user, other))
            groups += [(user, other, receiver) for receiver in self._receivers(other, imported)]
        if self._is_mentioned(user, imported, members):
            groups.insert(0, (user,))
            groups += [(user, receiver) for receiver in self._receivers(user, imported)]
        return groups

    def _receivers(self, user: str, imported: _Import) -> list[str]:
        """The files that may get what `user` makes of an imported name; none where its text makes nothing of it for others."""
        users = sorted(self._users(user))
        return users if users and self._texts.has(user, code_patterns.making_of(imported.local_name)) else []

    @memoized
    def _is_mentioned_beyond(self, user: str, word: str) -> bool:
        """Whether a file mentions `word`, or one does that may get something from it."""
        return any(self._texts.says(other, word) for other in self._beyond(user))

    def _users(self, path: str) -> frozenset[str]:
        """The files that may get something from the file at `path`, by importing it or as a fixture."""
        return self._index.all_users(path).union(self._fixtures.tests_of(path))

    @memoized
    def _reach_for(self, user: str) -> Reach:
        """What to look for in a file: blocking functions as well where its code may run in a coroutine.

        That is one of its own, of a file that may get something from it, or one that an application runs.
        """
        has, is_test = self._texts.has, self._index.settings.is_test(user)
        if any(has(path, code_patterns.COROUTINE) for path in self._near(user, is_test=is_test)) or (
            not is_test and has(user, code_patterns.SETTING_ANY)
        ):
            return self._blocking
        return self._clients

    def _near(self, path: str, *, is_test: bool) -> Iterator[str]:
        """A file, those that may get something from it, and those that may read what it puts into other modules."""
        yield path
        yield from self._beyond(path)[1:]
        homes = {self._index.file_of(edge.full_name) for edge in self._index.edges(path)}
        puts = not is_test and self._texts.has(path, code_patterns.STORING)
        for home in sorted(home for home in homes if home is not None):
            yield home
            if puts:
                yield from sorted(self._index.all_users(home))

    def _is_mentioned_by(self, group: _Group, word: str) -> bool:
        """Whether one file of a group mentions `word`."""
        if isinstance(group, str):
            return self._is_mentioned_beyond(group, word)
        return any(self._texts.says(path, word) for path in group)

    @memoized
    def _is_mentioned(self, user: str, imported: _Import, members: frozenset[str]) -> bool:
        """Whether a file uses a name by one of its `members`, or in a way that reads no member of it at all."""
        if imported.name == GETTER:
            return True
        if "" in members:
            return self._has(user, imported, f"(?!{LETTER})", imported.imports)
        words = "|".join(map(re.escape, sorted(members)))
        return self._has(user, imported, rf"(?!{LETTER})\s*\.\s*(?:{words})(?!{LETTER})", 0) or self._has(
            user, imported, rf"(?!{LETTER})(?!\s*\.\s*[A-Za-z_])", imported.imports
        )

    @memoized
    def _beyond(self, path: str) -> list[str]:
        """A file and those that may get something from it, directly or not, nearest first."""
        files = [path]
        seen = {path}
        for current in files:
            fresh = sorted(self._users(current) - seen)
            seen.update(fresh)
            files += fresh
        return files

    def _has(self, user: str, imported: _Import, end: str, times: int) -> bool:
        """Whether a file mentions an imported name, followed by what `end` matches, more than `times` times."""
        before = LETTER if imported.of_module else rf"(?:{LETTER}|\.)"
        # the name first and what stands before it as a lookbehind: `re` searches fast for a literal start
        mention = rf"{imported.local_name}(?<!{before}{imported.local_name}){end}"
        return self._texts.has(user, Search(mention, times + 1))

    @memoized
    def _imports_of(self, user: str, path: str, names: tuple[str, ...]) -> list[_Import]:
        """Those of the `names` of the file at `path` that `user` has, by whatever kind of import."""
        imports: list[_Import] = []
        modules = set(self._index.place(path).modules)
        has_module = has_all = False
        others = self._index.indirect_users(path).get(user, ())
        handles = [handle for handle in sorted(others) if self._texts.says(user, handle)]
        for edge in self._index.edges(user):
            if edge.module in modules and edge.name in names:
                times = self._index.number_in_imports(user, edge.local_name)
                imports.append(_Import(edge.name, edge.local_name, times))
            if edge.module in modules and edge.name == "*":
                has_all = True
            elif edge.full_name in modules:
                has_module = True
        for name in sorted(filter(str.isidentifier, names)):
            if has_all:
                imports.append(_Import(name, name, 0))
            if has_module:
                imports.append(_Import(name, name, 0, of_module=True))
            imports += [
                _Import(name, rf"{handle}\.{name}", 0, of_module=True)
                for handle in handles
                if self._texts.says(user, f"{handle}.{name}")
            ]
        return imports

    @memoized
    def _reimporters(self, user: str, imported: _Import) -> list[tuple[str, bool]]:
        """The files that may get an imported name on from `user`, each with whether others may get it from them in turn."""
        if imported.of_module:
            return []
        index, name = self._index, imported.local_name
        files = set(index.users(user, {name})) if name in index.taken_names(user) else set()
        whole = {*index.users(user, set()), *self._fixtures.tests_of(user)}
        if os.path.basename(user) == "__init__.py":  # who imports a submodule has the package as well
            whole.update(other for module in index.place(user).modules for other in index.having(module))
        if index.is_taken_whole(user):
            whole.update(self._beyond(user))
        files.update(other for other in whole - {user} if self._texts.says(other, name))
        return [
            (other, name in index.taken_names(other) or index.is_taken_whole(other))
            for other in sorted(files)
        ]
