"""Which files of a project are taken in: those to which something of a client library comes from another one."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator

from flake8_redis_ssot.analysis.lines import DYNAMIC
from flake8_redis_ssot.inference.calls import fixture_name
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.reach import Reach, by_name, is_exposed, stored
from flake8_redis_ssot.inference.values import Definition, Generator, QualifiedName, Value
from flake8_redis_ssot.libraries.frameworks import APPLICATION_NAMES, PATCHING, STATES
from flake8_redis_ssot.project.conftests import CONFTEST, conftests_above
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import GETTER, ProjectInference
from flake8_redis_ssot.source import SourceError

_FOR_RUNNERS = ("__", "setUp", "setup_", "tearDown", "teardown_", "test_")
"""How the methods begin that Python or a test runner calls, and nobody by name."""

_IMPORTING = re.compile("|".join(map(re.escape, sorted(DYNAMIC))).encode())
"""What imports a module by its name."""


class Following:
    """Takes files into an inference, from those that expose or hand over something along the imports of it."""

    def __init__(self, inference: ProjectInference, index: ProjectIndex) -> None:
        self._inference = inference
        self._index = index

    def follow(self) -> None:
        """Take in every file to which something of a client library comes from another one.

        Starts from the files that expose or hand over such, and goes on along imports of the names that
        expose it, until no new file appears.
        """
        facts = sorted(self._index.facts.items())
        for path, fact in facts:
            for callee in fact.handed:
                home = self._index.modules.lookup(callee) if callee != "." else None
                target = path if home is None else self._index.file_of(home.home)
                if target is not None:
                    self._inference.load(path)
                    self._inference.load(target)
            for callee in fact.named:
                home = self._index.modules.lookup(callee)
                target = self._index.file_of(home.home) if home is not None else None
                if target is not None and _IMPORTING.search(self._data_of(target)):
                    self._inference.load(path)
                    self._inference.load(target)
        exposed: dict[str, set[str]] = {}
        words: dict[str, set[str]] = {}
        new = {
            path
            for path, fact in facts
            if fact.exposed
            and (
                self._index.users(path, self._with_made_on_demand(path, set(fact.exposed)))
                or self._tests_of(path)
                or any(name.startswith(".") for name in fact.exposed)
            )
        }
        new |= self._inference.files.keys()
        while new:
            for path in sorted(new):
                self._inference.load(path)
            taken = sorted(path for path in new if path in self._inference.files)
            self._learn(taken)
            new = set()
            reach = Reach(self._inference, _is_exposed)
            for path in taken:
                fresh = self._exposed(path, reach) - exposed.setdefault(path, set())
                exposed[path] |= fresh
                users = self._index.users(path, fresh) if fresh else []
                known = words.setdefault(path, set())
                known.update(self._members(path) if users else ())
                taking = [user for user in users if self._speaks_of(known, user)]
                # a test has a fixture by its name alone
                tests = (
                    [test for test in self._tests_of(path) if self._speaks_of(fresh, test)] if fresh else []
                )
                for user in (*taking, *tests, *self._sharing(path, fresh), *self._storing(fresh)):
                    words.setdefault(user, set()).update(known)
                    new.add(user)
                new.update(self._preparing(path))
            if not new and self._inference.refresh():
                new = set(self._inference.files)
        self._inference.renew()

    def _speaks_of(self, words: set[str], path: str) -> bool:
        """Whether a file has one of the `words`, or is a package, which hands on without a word."""
        if os.path.basename(path).startswith("__init__."):
            return True
        data = self._data_of(path)
        there = [word for word in map(str.encode, sorted(words)) if word in data]
        return bool(there) and re.search(rb"\b(?:%b)\b" % b"|".join(map(re.escape, there)), data) is not None

    def _data_of(self, path: str) -> bytes:
        try:
            return self._index.modules.filesystem.source(path).data
        except SourceError:
            return b""

    def _tests_of(self, path: str) -> list[str]:
        """The files that have the fixtures of a `conftest.py`."""
        if os.path.basename(path) != CONFTEST:
            return []
        folder = os.path.join(os.path.dirname(path), "")
        return [other for other in sorted(self._index.facts) if other.startswith(folder) and other != path]

    def _preparing(self, path: str) -> Iterator[str]:
        """The `conftest.py` files whose fixtures may patch something for the coroutines of a test."""
        if b"async def test" in self._data_of(path):
            for one in conftests_above(path):
                if one in self._index.facts and one not in self._inference.files:
                    data = self._data_of(one)
                    if any(word in data for word in PATCHING):
                        yield one

    def _sharing(self, path: str, names: Collection[str]) -> Iterator[str]:
        """The files that get at one of `names`, `.key` each, by the application of their boundary."""
        keys = "|".join(re.escape(name[1:]) for name in sorted(names) if name.startswith("."))
        if keys:
            holders = "|".join(sorted(STATES | APPLICATION_NAMES | {"g"}))
            pattern = re.compile(rf"""\b(?:{holders})(?:\.|\[["'])(?:{keys})\b""".encode())
            boundary = self._index.place(path).boundary
            for other in sorted(self._index.facts):
                if (
                    other != path
                    and self._index.place(other).boundary is boundary
                    and pattern.search(self._data_of(other))
                ):
                    yield other

    def _storing(self, names: Iterable[str]) -> Iterator[str]:
        """The files of dotted names under which another one stores something, and those that use them."""
        for name in sorted(name for name in names if "." in name[1:]):
            home = self._index.file_of(name)
            if home is not None:
                yield home
                for module in self._index.place(home).modules:
                    if name.startswith(f"{module}."):
                        yield from self._index.users(home, {name[len(module) + 1 :].partition(".")[0]})

    def _learn(self, paths: Collection[str]) -> None:
        """Find the blocking functions of the files at `paths`, and of all that call these."""
        new = self._inference.blocking.learn_commands(
            one for path in paths for one in self._inference.sent(path)
        )
        points = [point for path in paths for point in self._inference.files[path].calls]
        while new or points:
            points += [point for name in sorted(new) for point in self._inference.calls_named(name)]
            new = self._inference.blocking.learn_calls(self._inference, points)
            points = []

    def _exposed(self, path: str, reach: Reach) -> set[str]:
        """The names by which others get at something of a client library that a file has, or stores elsewhere."""
        asked = self._index.asked_names(path) if os.path.basename(path) != CONFTEST else None
        shared = {
            name
            for name in stored(self._inference, self._inference.files[path], reach)
            if "." in name or asked is None or name in asked
        }
        own = {
            fixture_name(binding) or name
            for name, bindings in self._inference.files[path].module.bindings.items()
            if asked is None or name in asked or name == GETTER
            for binding in bindings
            if any(
                reach(value)
                for one in by_name(self._inference, binding)
                for value in (self._inference.resolved(one) if isinstance(one, QualifiedName) else (one,))
            )
        }
        return shared | self._with_made_on_demand(path, own)

    def _with_made_on_demand(self, path: str, names: set[str]) -> set[str]:
        """The `names` of a file that others may ask for; all that they do where its `__getattr__` is one of them."""
        return names | {n for n in self._index.taken_names(path) if n} if GETTER in names else names

    def _members(self, path: str) -> Iterator[str]:
        """The names of a file by which others use something of a client library, or a function that sends by it."""
        scopes = self._inference.files[path]
        if GETTER in scopes.module.bindings:
            yield from (name for name in self._index.taken_names(path) if name)
        for scope in (scopes.module, *scopes.namespaces.values()):
            if scope.kind != "function":
                for name, bindings in (*scope.bindings.items(), *scope.attributes.items()):
                    if not name.startswith(_FOR_RUNNERS) and any(
                        self._is_used(value)
                        for binding in bindings
                        for value in by_name(self._inference, binding)
                    ):
                        yield name

    def _is_used(self, value: Value) -> bool:
        if isinstance(value, Definition | Generator) and value.scope.kind == "function":
            given = self._inference.given_by(value.scope)
            return value.scope.node in self._inference.blocking or any(
                is_exposed(self._inference, one) for one in given
            )
        return is_exposed(self._inference, value)


def _is_exposed(inference: Inference, value: Value) -> bool:
    assert isinstance(inference, ProjectInference)
    is_blocking = isinstance(value, Definition) and value.scope.node in inference.blocking
    return is_blocking or is_exposed(inference, value)
