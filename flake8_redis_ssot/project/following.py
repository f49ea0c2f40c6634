"""Which files of a project are taken in: those to which something of a client library comes from another one."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Hashable, Iterable, Iterator
from functools import cached_property, partial

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.fixtures import fixture_name
from flake8_redis_ssot.inference.reach import Reach, by_name, is_exposed, stored
from flake8_redis_ssot.inference.values import Definition, Generator, QualifiedName, Value
from flake8_redis_ssot.libraries.standard import LOOP_PACKAGES
from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.conftests import FixtureHomes, conftests_above
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import GETTER, ProjectInference
from flake8_redis_ssot.project.uses import Exposed, Uses
from flake8_redis_ssot.settings.model import Boundary


class Following:
    """Takes files into an inference, from those that expose or hand over something along the imports of it."""

    def __init__(self, inference: ProjectInference, index: ProjectIndex) -> None:
        self._inference = inference
        self._index = index
        self._texts = index.texts
        self._reach = Reach(inference, _is_exposed)
        self._fixtures = FixtureHomes(index)
        clients = Reach(inference, is_exposed)
        self._uses = Uses(index, self._fixtures, inference.answers, clients, self._reach)
        self._blocking: frozenset[object] = frozenset()
        """The functions that were known to block when files were judged last."""
        self._names: dict[str, set[str]] = {}
        """The names that files expose, by all that was known so far."""
        self._changed: set[Hashable] = set()
        """What has changed since files were judged, besides what the inference knows of itself."""
        self._next: set[str] = set()
        """The files that are to be taken in next."""
        self._filled: set[str] = set()
        """The dotted names of modules under which something is stored, by whatever file."""
        self._shared: list[tuple[Boundary, str, Collection[Value]]] = []
        """What files keep by the application of a boundary, under which key, and that was not known before."""

    def follow(self) -> None:
        """Take in every file to which something of a client library comes from another one.

        Starts from the files that expose or hand over such, and goes on along imports of the names that
        expose it, until no new file appears.
        """
        facts = sorted(self._index.facts.items())
        for path, fact in facts:
            for callee in fact.handed:
                home = self._index.modules.lookup(callee) if callee != "." else None
                target = path if home is None else self._index.file_of(home.qualified_name)
                if target is not None:
                    self._inference.load(path)
                    self._inference.load(target)
            for callee in fact.named:
                home = self._index.modules.lookup(callee)
                target = self._index.file_of(home.qualified_name) if home is not None else None
                if target is not None and self._texts.has(target, code_patterns.IMPORTING):
                    self._inference.load(path)
                    self._inference.load(target)
        new = {
            path
            for path, fact in facts
            if fact.exposed
            and (
                self._index.users(path, set(fact.exposed))
                or GETTER in fact.exposed
                or self._fixtures.has(path)
                or any(name.startswith(".") for name in fact.exposed)
            )
        }
        new |= self._inference.files.keys()
        running: set[str] = set()
        while new:
            for path in sorted(new):
                self._inference.load(path)
            taken = sorted(path for path in new if path in self._inference.files)
            self._learn(taken)
            self._forget_changed()
            self._next = set()
            self._shared = []
            self._judge(taken)
            while self._forget_changed():  # one has all names of another one that was judged after it
                self._judge(sorted(self._inference.files))
            self._next.update(self._sharing())
            new = self._next - self._inference.files.keys()
            if not new and self._inference.refresh():
                new = set(self._inference.files)
            if not new:
                new = self._running() - running
                running |= new
        self._inference.renew()

    def _forget_changed(self) -> bool:
        """Forget what was found from what has changed; whether something was."""
        is_stale = self._inference.answers.forget_found_from(self._changed)
        self._changed.clear()
        return is_stale

    def _judge(self, paths: Iterable[str]) -> None:
        """Find the files that come to something by what these expose, as far as that is known by now."""
        for path in paths:
            self._inference.answers.made(("exposed", path), partial(self._judge_file, path))

    def _judge_file(self, path: str) -> None:
        now = self._exposed(path)
        before = self._names.setdefault(path, set())
        fresh = now.keys() - before
        before |= fresh
        files, uses, exposed = self._inference.files, self._uses, Exposed(path, now)
        stored = [name for name in now if name.isidentifier() and not now[name]]
        self._note_filled(f"{module}.{name}" for module in files[path].modules for name in stored)
        if fresh:
            self._changed.add(("exposed", path))
        if now:
            users = {*self._index.users(path, set(now)), *uses.having_by_others(path)} - files.keys()
            self._next.update(user for user in users if uses.comes_to_client(user, exposed))
            # a test has a fixture by its name alone
            tests = (test for test in self._fixtures.tests_of(path) if test not in files)
            self._next.update(test for test in tests if uses.comes_by_fixture(test, exposed))
        boundary = self._index.place(path).boundary
        self._shared += [(boundary, name[1:], now[name]) for name in sorted(fresh) if name.startswith(".")]
        self._next.update(self._storing(fresh), self._preparing(path))

    def _running(self) -> set[str]:
        """The files that may run, in event loops of their own, what uses an asyncio client in a file that is followed."""
        using = self._using_asyncio()
        found: set[str] = set()
        for path, scopes in self._inference.files.items():
            for name, bindings in scopes.module.bindings.items():
                words = {name for binding in bindings if binding.value in using}
                words |= {
                    getattr(method.value, "name", "")
                    for binding in bindings
                    if isinstance(binding.value, ast.ClassDef)
                    for methods in self._inference.namespaces[binding.value].bindings.values()
                    for method in methods
                    if method.value in using
                }
                if words:
                    users = self._looping.intersection(self._index.users(path, {name}))
                    found.update(user for user in users if self._speaks_of(words, user))
        return found - self._inference.files.keys()

    def _using_asyncio(self) -> set[ast.AST]:
        """The functions that use an asyncio client, by themselves or by what they call."""
        inference = self._inference
        sent = (one for path in inference.files for one in inference.sent(path) if one.mode == "async")
        found: set[ast.AST] = set()
        new = {function for one in sent if (function := one.function) is not None}
        while new:
            found |= new
            names = {getattr(function, "name", "") for function in new}
            new = {
                function
                for name in sorted(names)
                for point in inference.calls_named(name)
                if (function := function_of(point)) is not None
                and any(
                    isinstance(callee, Definition) and callee.scope.node in found
                    for callee in inference.values(point.node.func, point)  # type: ignore[attr-defined]
                )
            } - found
        return found

    @cached_property
    def _looping(self) -> frozenset[str]:
        """The files that may make an event loop, tests apart.

        What is between them and a coroutine that uses a client is not taken in: that would be most of a project.
        """
        return frozenset(
            path
            for path in self._index.facts
            if not self._index.settings.is_test(path) and self._may_make_loops(path)
        )

    def _may_make_loops(self, path: str) -> bool:
        return any(
            edge.module.partition(".")[0] in LOOP_PACKAGES for edge in self._index.edges(path)
        ) and self._texts.has(path, code_patterns.LOOP_MAKING)

    def _speaks_of(self, words: set[str], path: str) -> bool:
        """Whether a file has one of the `words`, or is a package, which hands on without a word."""
        return os.path.basename(path).startswith("__init__.") or self._texts.speaks_of(path, words)

    def _preparing(self, path: str) -> Iterator[str]:
        """The `conftest.py` files whose fixtures may patch something for what a test runs in an event loop."""
        texts = self._texts
        if texts.has(path, "async def test") or (texts.has(path, "def test") and self._may_make_loops(path)):
            for one in conftests_above(path):
                is_new = one in self._index.facts and one not in self._inference.files
                if is_new and texts.has(one, code_patterns.TAKING_OVER):
                    yield one

    def _sharing(self) -> Iterator[str]:
        """The files that get at what is shared by the application of their boundary."""
        for other in sorted(self._index.facts) if self._shared else ():
            for boundary, key, values in self._shared:
                if (
                    other not in self._inference.files
                    and self._index.place(other).boundary is boundary
                    and self._uses.comes_by_application(other, key, values)
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
                        first = name[len(module) + 1 :].partition(".")[0]
                        self._note_filled([f"{module}.{first}"])
                        yield from self._index.users(home, {first})

    def _note_filled(self, names: Iterable[str]) -> None:
        fresh = set(names) - self._filled
        self._filled |= fresh
        self._changed.update(("filled", name) for name in fresh)

    def _learn(self, paths: Collection[str]) -> None:
        """Find the blocking functions of the files at `paths`, and of all that call these."""
        blocking = self._inference.blocking
        new = blocking.learn_commands(one for path in paths for one in self._inference.sent(path))
        files = self._inference.files
        points = [point for path in paths for point in files[path].running(blocking.names)]
        while new or points:
            points += [point for name in sorted(new) for point in self._inference.running(name)]
            new = blocking.learn_calls(self._inference, points)
            points = []
        self._changed.update(("blocks", function) for function in blocking.functions - self._blocking)
        self._blocking = blocking.functions

    def _exposed(self, path: str) -> dict[str, list[Value]]:
        """The names by which others get at something of a client library that a file has, or stores elsewhere.

        Each with its values; none where it is had by other ways than those of values.
        """
        reach = self._reach
        asked = self._index.asked_names(path) if not self._fixtures.has(path) else None
        scopes = self._inference.files[path]
        found: dict[str, list[Value]] = {}
        handed_on: list[str] = []
        for name, bindings in scopes.module.bindings.items():
            if asked is None or name in asked:
                for binding in bindings:
                    self._inference.answers.depends_on(("filled", binding.target))
                    if binding.target in self._filled:
                        handed_on.append(name)
                    for one in by_name(self._inference, binding):
                        values = (
                            self._inference.resolved(one) if isinstance(one, QualifiedName) else iter([one])
                        )
                        for value in filter(reach, values):
                            found.setdefault(fixture_name(binding) or name, []).append(value)
        for name in self._not_bound(path):
            values = self._inference.resolved(QualifiedName(f"{scopes.modules[0]}.{name}"))
            for value in filter(reach, values):
                found.setdefault(name, []).append(value)
        for name, kept in stored(self._inference, scopes, reach).items():
            if name.startswith("."):
                found[name] = [*kept]
            elif "." in name or asked is None or name in asked:
                found[name] = []
        return found | {name: [] for name in handed_on}

    def _not_bound(self, path: str) -> list[str]:
        """The names that others may have from a file without a binding: of its `__getattr__`, or of all of a module."""
        module = self._inference.files[path].module
        if not self._inference.files[path].modules:
            return []  # it is below no import root: nobody can import it
        names = self._index.taken_names(path) if GETTER in module.bindings else set()
        # of a fixture that all tests below have by a star: that would be most of a project
        for star in module.stars if not self._fixtures.has(path) else ():
            home = self._index.file_of(star.target or "")
            self._inference.answers.depends_on(("exposed", home))
            names = names.union(self._names.get(home, ()) if home is not None else ())
        return sorted(name for name in names if name and name.isidentifier() and name not in module.bindings)


def _is_exposed(inference: Inference, value: Value) -> bool:
    assert isinstance(inference, ProjectInference)
    if isinstance(value, Definition | Generator):
        if value.scope.node in inference.blocking:
            return True
        inference.answers.depends_on(("blocks", value.scope.node))
    return is_exposed(inference, value)
