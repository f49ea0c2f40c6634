"""Decides which files the project's evaluator takes in: those that get something of a client library from another file."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, partial

from flake8_redis_ssot.analysis.client_calls import function_of, top_level_name
from flake8_redis_ssot.inference.decorators import of_other_files
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.fixtures import fixture_name
from flake8_redis_ssot.inference.reach import Reach, by_name, is_exposed, stored
from flake8_redis_ssot.inference.values import Definition, Generator, QualifiedName, Value
from flake8_redis_ssot.libraries.frameworks import CALLED, CALLING
from flake8_redis_ssot.libraries.standard import LOOP_PACKAGES
from flake8_redis_ssot.project import code_patterns
from flake8_redis_ssot.project.conftests import FixtureHomes, conftests_above
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.inference import GETTER, ProjectInference
from flake8_redis_ssot.project.uses import Exposed, Uses
from flake8_redis_ssot.settings.model import Boundary
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import root_of


class Following:
    """Takes files into an inference, along the imports of names that lead to a client library.

    A file *exposes* a name if others can get a client, a pool, or a function that sends by that name. Files that
    import such a name, and do something with it by their text (`uses.py`), are taken in; these may expose more.
    """

    def __init__(self, inference: ProjectInference, index: ProjectIndex) -> None:
        self._inference = inference
        self._index = index
        self._texts = index.texts
        self._reach = Reach(inference, _is_exposed)
        self._fixtures = FixtureHomes(index)
        clients = Reach(inference, is_exposed)
        self._clients = clients
        self._uses = Uses(index, self._fixtures, inference.answers, clients, self._reach)
        self._blocking: frozenset[object] = frozenset()
        """The blocking functions known when files were last judged."""
        self._names: dict[str, set[str]] = {}
        """For each file the names that it exposes, as far as known."""
        self._changed: set[Hashable] = set()
        """The inputs that have changed since files were judged, besides those that `ProjectInference.load` notes."""
        self._next: set[str] = set()
        """The files that are to be taken in next."""
        self._stored_into: set[str] = set()
        """The dotted names of objects of modules (`app.clients`) into which some file stores something."""
        self._handlers: set[str] = set()
        """The files with handlers that may build a client each time, and those of their base classes."""
        self._application_values: list[tuple[Boundary, str, Collection[Value]]] = []
        """What is newly known to be kept at a web application (`app.state.redis`): the boundary, the key and the values."""

    def follow(self) -> None:
        """Take in every file that gets something of a client library from another file.

        Starts from the files whose facts say that they expose something or pass it to a callable of another file, and
        goes on along imports of the exposed names until no new file appears.
        """
        facts = sorted(self._index.facts.items())
        for path, fact in facts:
            for callee in fact.callees_given_clients:
                home = self._index.modules.lookup(callee) if callee != "." else None
                target = path if home is None else self._index.file_of(home.qualified_name)
                if target is not None:
                    self._inference.load(path)
                    self._inference.load(target)
            for callee in fact.callees_given_library_names:
                home = self._index.modules.lookup(callee)
                target = self._index.file_of(home.qualified_name) if home is not None else None
                if target is not None and self._texts.has(target, code_patterns.IMPORTING):
                    self._inference.load(path)
                    self._inference.load(target)
        new = {
            path
            for path, fact in facts
            if fact.exposed_names
            and (
                self._index.users(path, set(fact.exposed_names))
                or GETTER in fact.exposed_names
                or self._fixtures.has(path)
                or any(name.startswith(".") for name in fact.exposed_names)
                # what uses an asyncio client is imported from there, and the client is not
                or not self._loop_makers.isdisjoint(self._index.all_users(path))
            )
        }
        new |= self._inference.files.keys()
        repeating: set[str] = set()
        while new:
            for path in sorted(new):
                self._inference.load(path)
            paths = sorted(path for path in new if path in self._inference.files)
            self._learn(paths)
            self._forget_changed()
            self._next = set()
            self._judge(paths)
            while self._forget_changed():  # a star import may have come before its module was judged
                self._judge(sorted(self._inference.files))
            new = self._next - self._inference.files.keys()
            if not new:  # only now, as this looks into all files
                new = set(self._users_of_application_values())
                self._application_values = []
            if not new and self._inference.refresh():
                new = set(self._inference.files)
            if not new:
                new = (self._loop_runners() | self._handlers_that_build()) - repeating
                repeating |= new
        self._inference.renew()

    def _forget_changed(self) -> bool:
        """Make the answers stale that depend on changed inputs; returns whether there were any."""
        is_stale = self._inference.answers.forget_found_from(self._changed)
        self._changed.clear()
        return is_stale

    def _judge(self, paths: Iterable[str]) -> None:
        """Find the files to take in because of what the files at `paths` expose, as far as that is known by now."""
        for path in paths:
            self._inference.answers.cached(("exposed", path), partial(self._judge_file, path))

    def _judge_file(self, path: str) -> None:
        """Note in `_next` the files that use what the file at `path` exposes."""
        names = self._exposed(path)
        known_names = self._names.setdefault(path, set())
        fresh = names.keys() - known_names
        known_names |= fresh
        files, uses, exposed = self._inference.files, self._uses, Exposed(path, names)
        stored = [name for name in names if name.isidentifier() and not names[name]]
        self._note_stored_into(f"{module}.{name}" for module in files[path].modules for name in stored)
        if fresh:
            self._changed.add(("exposed", path))
        if names:
            users = {*self._index.users(path, set(names)), *uses.having_by_others(path)} - files.keys()
            self._next.update(user for user in users if uses.comes_to_client(user, exposed))
            # a test has a fixture by its name alone
            tests = (test for test in self._fixtures.tests_of(path) if test not in files)
            self._next.update(test for test in tests if uses.comes_by_fixture(test, exposed))
        boundary = self._index.place(path).boundary
        self._application_values += [
            (boundary, name[1:], names[name]) for name in sorted(fresh) if name.startswith(".")
        ]
        self._next.update(
            self._files_stored_into(fresh), self._patching_conftests(path), self._decorating(path)
        )
        self._next.update(self._given_clients(path) - files.keys())

    def _given_clients(self, path: str) -> set[str]:
        """The files of what the file at `path` calls with a client, that it may have from another one itself."""
        found: set[str] = set()
        inference = self._inference
        names = self._names_of_other_files(path)
        for point in inference.files[path].calls if names else ():
            call = point.node
            assert isinstance(call, ast.Call)
            if not (call.args or call.keywords) or point.for_typing:
                continue
            called = [*self._called_elsewhere(call, point, names)]
            if called and any(
                self._clients(value)
                for part in arguments_of(call)
                if not isinstance(part, ast.Constant | ast.JoinedStr)
                for value in inference.values(part, point)
            ):
                found.update(home for home in map(self._home_of, called) if home is not None)
        return found

    def _names_of_other_files(self, path: str) -> set[str]:
        """The names by which a file may have what takes a client, of a file of the project that is not taken in."""
        find = self._index.modules.find
        names = set()
        for edge in self._index.edges(path):
            home = find(edge.full_name) or find(edge.module)
            # a package may hand on what another file defines
            is_other = home is not None and (home not in self._inference.files or _is_package(home))
            if is_other and home is not None and self._may_take_clients(home):
                names.add(edge.local_name.partition(".")[0])
        return names

    def _may_take_clients(self, path: str) -> bool:
        """Whether what a file defines may be given a client, by its text; a package may hand on what does."""
        return _is_package(path) or self._texts.has(path, code_patterns.TAKING_CLIENTS)

    @memoized
    def _home_of(self, name: str) -> str | None:
        """The file that defines what has the dotted `name`."""
        home = self._index.modules.lookup(name)
        return self._index.file_of(home.qualified_name if home is not None else name)

    def _called_elsewhere(self, call: ast.Call, point: ProgramPoint, names: set[str]) -> Iterator[str]:
        """The dotted names of what a call may run in other files, which has one of the `names` here.

        That is its callee, or the bases of the class that it makes an object of.
        """
        inference = self._inference
        classes: list[Scope] = []
        match call.func:
            case ast.Name(id=name) if name not in names:
                nodes = [b.value for b in inference.bindings(name, point)]
                classes = [inference.namespaces[n] for n in nodes if isinstance(n, ast.ClassDef)]
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                classes = [point.scope.enclosing("class")]
            case _ if getattr(root_of(call.func), "id", "") in names:
                yield from inference.names.dotted(call.func, point)
        for one in classes:
            for base in inference.classes.bases(one):
                if isinstance(base, QualifiedName):
                    yield base.name

    def _decorating(self, path: str) -> Iterator[str]:
        """The files of the decorators that hide what functions of the file give or send."""
        for node, scope in self._inference.files[path].namespaces.items():
            point = self._inference.definition_point(scope) if getattr(node, "decorator_list", ()) else None
            names = [*of_other_files(self._inference, node, point)] if point is not None else []
            if names and self._reach(Definition(scope)):
                homes = (self._index.file_of(name) for name in names)
                yield from (home for home in homes if home is not None)

    def _loop_runners(self) -> set[str]:
        """The files that may run, in event loops of their own, functions of a followed file that use an asyncio client."""
        using = self._using_asyncio()
        runners: set[str] = set()
        for path, scopes in self._inference.files.items():
            for name, bindings in scopes.module.bindings.items():
                spoken_names = {name for binding in bindings if binding.value in using}
                spoken_names |= {
                    getattr(method.value, "name", "")
                    for binding in bindings
                    if isinstance(binding.value, ast.ClassDef)
                    for methods in self._inference.namespaces[binding.value].bindings.values()
                    for method in methods
                    if method.value in using
                }
                if spoken_names:
                    users = self._loop_makers.intersection(self._index.users(path, {name}))
                    runners.update(user for user in users if self._mentions(spoken_names, user))
        return runners - self._inference.files.keys()

    def _handlers_that_build(self) -> set[str]:
        """The files that a framework calls into, and that may make objects of a class which builds a client for each."""
        inference = self._inference
        points = {
            path: [p for p in scopes.calls_of(self._builder_names) if inference.builders(p)]
            for path, scopes in inference.files.items()
        }
        building = {point.scope.enclosing("class") for made in points.values() for point in made}
        builds = Reach(inference, lambda _, value: _scope_of(value) in building, members=False)
        found = self._registrars(points)
        for path, scopes in inference.files.items():
            for name, bindings in scopes.module.bindings.items():
                classes = (b.value for b in bindings if isinstance(b.value, ast.ClassDef))
                if any(builds(Definition(inference.namespaces[one])) for one in classes):
                    users = self._called_by_frameworks.intersection(self._index.users(path, {name}))
                    found.update(user for user in users if self._calls(user, name))
        self._handlers |= found
        # their base classes say what a framework calls
        for path in sorted(self._handlers & inference.files.keys()):
            classes_here = (s for s in inference.files[path].namespaces.values() if s.kind == "class")
            bases = (base for one in classes_here for base in inference.classes.bases(one))
            homes = {self._index.file_of(base.name) for base in bases if isinstance(base, QualifiedName)}
            found.update(home for home in homes if home is not None)
        self._handlers |= found
        return found - inference.files.keys()

    def _registrars(self, building: Mapping[str, Collection[ProgramPoint]]) -> set[str]:
        """The files that may hand a framework what it calls often, and what builds a client at the points `building` of a file."""
        found: set[str] = set()
        for path, points in building.items():
            names = tuple(sorted({top_level_name(point.scope) for point in points} - {""}))
            users = self._called_by_frameworks.intersection(self._index.all_users(path)) if names else ()
            found.update(user for user in users if self._uses.passes_on(user, path, names))
        return found

    def _calls(self, user: str, name: str) -> bool:
        """Whether a file calls what it imports as `name`, or has of a module by it, or may depend on it by an annotation."""
        names = {name, *(edge.local_name for edge in self._index.edges(user) if edge.name == name)}
        return self._texts.has(user, code_patterns.DEPENDING) or any(
            self._texts.has(user, code_patterns.call_of(one)) for one in names
        )

    @cached_property
    def _builder_names(self) -> frozenset[str]:
        """The last names of all builders."""
        return frozenset(name.rpartition(".")[2] for name in self._inference.names.table)

    @cached_property
    def _called_by_frameworks(self) -> frozenset[str]:
        """The files that import a framework which calls functions for requests or jobs, except tests."""
        packages = CALLING.keys() | CALLED.keys()
        return frozenset(
            path
            for path in self._index.facts
            if any(edge.module.partition(".")[0] in packages for edge in self._index.edges(path))
            and not self._index.settings.is_test(path)
        )

    def _using_asyncio(self) -> set[ast.AST]:
        """The functions that use an asyncio client themselves, or call one that does."""
        inference = self._inference
        commands = (
            command
            for path in inference.files
            for command in inference.commands_in(path)
            if command.mode == "async"
        )
        functions: set[ast.AST] = set()
        new = {function for command in commands if (function := command.function) is not None}
        while new:
            functions |= new
            names = {getattr(function, "name", "") for function in new}
            new = {
                function
                for name in sorted(names)
                for point in inference.calls_named(name)
                if (function := function_of(point)) is not None
                and any(
                    isinstance(callee, Definition) and callee.scope.node in functions
                    for callee in inference.values(point.node.func, point)  # type: ignore[attr-defined]
                )
            } - functions
        return functions

    @cached_property
    def _loop_makers(self) -> frozenset[str]:
        """The files that may make an event loop, except tests.

        Only such a file itself is taken in, not those between it and the coroutine: that would be most of a project.
        """
        return frozenset(
            path
            for path in self._index.facts
            if self._may_make_loops(path) and not self._index.settings.is_test(path)
        )

    def _may_make_loops(self, path: str) -> bool:
        return any(
            edge.module.partition(".")[0] in LOOP_PACKAGES for edge in self._index.edges(path)
        ) and self._texts.has(path, code_patterns.LOOP_MAKING)

    def _mentions(self, words: set[str], path: str) -> bool:
        """Whether a file mentions one of the `words`, or is a package, which may hand names on by a star."""
        return _is_package(path) or self._texts.speaks_of(path, words)

    def _patching_conftests(self, path: str) -> Iterator[str]:
        """The `conftest.py` files whose fixtures may patch something that the test at `path` runs in an event loop."""
        texts = self._texts
        if texts.has(path, "async def test") or (texts.has(path, "def test") and self._may_make_loops(path)):
            for conftest in conftests_above(path):
                is_new = conftest in self._index.facts and conftest not in self._inference.files
                if is_new and texts.has(conftest, code_patterns.TAKING_OVER):
                    yield conftest

    def _users_of_application_values(self) -> Iterator[str]:
        """The files that use what the web application of their boundary keeps."""
        for other in sorted(self._index.facts) if self._application_values else ():
            for boundary, key, values in self._application_values:
                if (
                    other not in self._inference.files
                    and self._index.place(other).boundary is boundary
                    and self._uses.comes_by_application(other, key, values)
                ):
                    yield other

    def _files_stored_into(self, names: Iterable[str]) -> Iterator[str]:
        """For dotted `names` of objects that another file stores into: the files that define them, and their users."""
        for name in sorted(name for name in names if "." in name[1:]):
            home = self._index.file_of(name)
            if home is not None:
                yield home
                for module in self._index.place(home).modules:
                    if name.startswith(f"{module}."):
                        first = name[len(module) + 1 :].partition(".")[0]
                        self._note_stored_into([f"{module}.{first}"])
                        yield from self._index.users(home, {first})

    def _note_stored_into(self, names: Iterable[str]) -> None:
        """Note dotted names of objects that some file stores into."""
        fresh = set(names) - self._stored_into
        self._stored_into |= fresh
        self._changed.update(("filled", name) for name in fresh)

    def _learn(self, paths: Collection[str]) -> None:
        """Find the blocking functions of the files at `paths`, and the functions of all files that call them."""
        blocking = self._inference.blocking
        new = blocking.learn_commands(one for path in paths for one in self._inference.commands_in(path))
        files = self._inference.files
        points = [point for path in paths for point in files[path].running(blocking.names)]
        while new or points:
            points += [point for name in sorted(new) for point in self._inference.running(name)]
            new = blocking.learn_calls(self._inference, points)
            points = []
        self._changed.update(("blocks", function) for function in blocking.functions - self._blocking)
        self._blocking = blocking.functions

    def _exposed(self, path: str) -> dict[str, list[Value]]:
        """The names by which others get something of a client library from a file, or from where it stores that.

        Each with its values; with none where the way to it is no value, so that any use counts (see `Exposed`).
        """
        reach = self._reach
        imported = self._index.asked_names(path) if not self._fixtures.has(path) else None
        scopes = self._inference.files[path]
        exposed: dict[str, list[Value]] = {}
        handed_on: list[str] = []
        for name, bindings in scopes.module.bindings.items():
            if imported is None or name in imported:
                for binding in bindings:
                    self._inference.answers.depends_on(("filled", binding.target))
                    if binding.target in self._stored_into:
                        handed_on.append(name)
                    for bound in by_name(self._inference, binding):
                        values = (
                            self._inference.resolved(bound)
                            if isinstance(bound, QualifiedName)
                            else iter([bound])
                        )
                        for value in filter(reach, values):
                            exposed.setdefault(fixture_name(binding) or name, []).append(value)
        for name in self._unbound_names(path):
            values = self._inference.resolved(QualifiedName(f"{scopes.modules[0]}.{name}"))
            for value in filter(reach, values):
                exposed.setdefault(name, []).append(value)
        for name, stored_values in stored(self._inference, scopes, reach).items():
            if name.startswith("."):
                exposed[name] = [*stored_values]
            elif "." in name or imported is None or name in imported:
                exposed[name] = []
        return exposed | {name: [] for name in handed_on}

    def _unbound_names(self, path: str) -> list[str]:
        """The names that others may import from a file though it does not bind them: by its `__getattr__` or a star import."""
        module = self._inference.files[path].module
        if not self._inference.files[path].modules:
            return []  # it is below no import root: nobody can import it
        names = self._index.taken_names(path) if GETTER in module.bindings else set()
        # not where tests get fixtures by name alone: their star imports would bring in most of a project
        for star in module.stars if not self._fixtures.has(path) else ():
            home = self._index.file_of(star.target or "")
            self._inference.answers.depends_on(("exposed", home))
            names = names.union(self._names.get(home, ()) if home is not None else ())
        return sorted(name for name in names if name and name.isidentifier() and name not in module.bindings)


def _scope_of(value: Value) -> Scope | None:
    return value.scope if isinstance(value, Definition) else None


def _is_exposed(inference: Inference, value: Value) -> bool:
    """Whether `value` is something of a client library, or a function that is known to block."""
    assert isinstance(inference, ProjectInference)
    if isinstance(value, Definition | Generator):
        if value.scope.node in inference.blocking:
            return True
        inference.answers.depends_on(("blocks", value.scope.node))
    return is_exposed(inference, value)


def _is_package(path: str) -> bool:
    """Whether a file is that of a package, which may hand on what its modules define."""
    return os.path.basename(path).startswith("__init__.")
