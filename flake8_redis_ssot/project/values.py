"""Values that cross modules: classes and modules of a client library, followed from file to file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.inference.calls import argument_of
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import Definition, QualifiedName, Value
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.scopes import Binding, ProgramPoint, Scope, Scopes

MOST_FILES = 400
"""Files held at once; past it nothing more is followed."""


class ProjectFlow(Inference):
    """The values of several files together: a name imported from one of ours is what it is there.

    Only files that carry something of a client library are taken in, each as a whole.
    """

    budget = 1_000_000

    def __init__(self, names: Names, index: ProjectIndex, scopes_of: Callable[[str], Scopes | None]) -> None:
        self._modules: dict[str, Scope] = {}
        reaching = _Names(names.table, names.first_party, names.managers, self._modules)
        super().__init__(reaching, Scopes(ast.parse(""), "", (), False))
        self.index = index
        self.files: dict[str, Scopes] = {}
        self._scopes_of = scopes_of
        self._homes: dict[Scope, Scopes] = {}
        self._calls: dict[str, list[ProgramPoint]] = {}
        self._asked: dict[tuple[Scope, str], ast.Name] = {}
        self._reached_limits: set[str] = set()

    def add(self, path: str) -> bool:
        """Take in the file at `path`; whether it is new."""
        if path in self.files:
            return False
        if len(self.files) >= MOST_FILES:
            self._reached_limits.add(f"clients are handed on in more than {MOST_FILES} files")
            return False
        scopes = self._scopes_of(path)
        if scopes is None:
            return False
        calls = scopes.calls
        self.files[path] = scopes
        self._homes[scopes.module] = scopes
        self.namespaces.update(scopes.namespaces)
        self.definitions.update(scopes.definitions)
        self.names.arms.update(scopes.arms)
        self.stores.extend(scopes.stores)
        for module in scopes.modules:
            self._modules[module] = scopes.module
        for point in calls:
            if isinstance(point.node, ast.Call):
                func = point.node.func
                last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                self._calls.setdefault(last, []).append(point)
        # what was found with fewer files may be less than there is
        self.forget()
        return True

    @property
    def limits(self) -> list[str]:
        """Why more may be to find than is; empty where all was followed."""
        if self.is_exhausted:
            self._reached_limits.add("values may flow from file to file in more ways than are followed")
        return sorted(self._reached_limits)

    def is_open(self, point: ProgramPoint) -> bool:
        """Whether a call may still be a builder's: nothing is known of its callee, and its form allows it."""
        call = point.node
        assert isinstance(call, ast.Call)
        match call.func:
            case ast.Attribute(attr=last):
                may_be = last in self.names.table.last_names
            case ast.Name(id=name):
                bindings = self.names.bindings(name, point)
                may_be = bool(bindings) and not all(self._is_foreign(b) for b in bindings)
            case _:
                may_be = isinstance(call.func, ast.Call | ast.Subscript)
        return may_be and not self.values(call.func, point)

    def _is_foreign(self, binding: Binding) -> bool:
        """Whether a name holds what a call of somebody else's function gave: no source says what that is."""
        if not isinstance(binding.value, ast.Call) or binding.scope is None:
            return False
        point = ProgramPoint(binding.value, binding.scope, binding.order, binding.path)
        called = self.values(binding.value.func, point)
        return bool(called) and all(
            isinstance(v, QualifiedName) and not self.names.is_ours(v.name) for v in called
        )

    def carried_by(self, path: str) -> set[str]:
        """The names of a file taken in, of those that others import, from which a builder can be reached."""
        asked = self.index.asked_names(path)
        return {
            name
            for name, bindings in self.files[path].module.bindings.items()
            if asked is None or name in asked
            for binding in bindings
            if any(self.leads_to_builder(v) for one in self.bound(binding) for v in self._whole(one))
        }

    def _whole(self, value: Value) -> Iterable[Value]:
        return self._resolved(value) if isinstance(value, QualifiedName) else [value]

    def home(self, point: ProgramPoint) -> tuple[tuple[str, ...], bool]:
        scopes = self._homes.get(point.scope.enclosing("module"), self.scopes)
        return tuple(scopes.modules), scopes.is_package

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterator[Value]:
        for value in super().evaluate(node, point):
            if isinstance(value, QualifiedName):
                yield from self._resolved(value)
            else:
                yield value

    def _resolved(self, value: QualifiedName) -> Iterator[Value]:
        """What a dotted name is in the file that defines it; itself where that is none of these."""
        parts = value.name.split(".")
        if self.names.leads_to_builder(value.name):
            yield value
            return
        depth = next((n for n in range(len(parts) - 1, 0, -1) if ".".join(parts[:n]) in self._modules), None)
        if depth is None or value.name in self._modules:
            yield value
            return
        module = self._modules[".".join(parts[:depth])]
        at_end = ProgramPoint(module.node or ast.Pass(), module, 1 << 60, ())
        name = ast.Name(parts[depth], ast.Load())
        found: Iterable[Value] = self._named_in(name, at_end)
        for attribute in parts[depth + 1 :]:
            found = [member for one in found for member in self.attribute(one, attribute)]
        for one in found:
            if isinstance(one, QualifiedName) and one != value:
                yield from self._resolved(one)
            else:
                yield one

    def _named_in(self, name: ast.Name, point: ProgramPoint) -> frozenset[Value]:
        """The value of a module's name after all of it has run, remembered by module and name."""
        return self.values(self._asked.setdefault((point.scope, name.id), name), point)

    def given(self, parameter: ast.arg, point: ProgramPoint) -> Iterator[Value]:
        """What the callers in these files hand to a parameter."""
        function = point.scope.node
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        owner = point.scope.parent if point.scope.parent and point.scope.parent.kind == "class" else None
        names = [function.name]
        if function.name == "__init__" and owner is not None and isinstance(owner.node, ast.ClassDef):
            below = [
                other.node.name for other in self.classes.below(owner) if isinstance(other.node, ast.ClassDef)
            ]
            names += [owner.node.name, "cls", *below]
        for name in names:
            for call in self._calls.get(name, ()):
                yield from self._handed(call, parameter, point, function)

    def _entered(self, called: Scope) -> Scope | None:
        """The function whose parameters a call gives."""
        return self.classes.initialiser(called) if called.kind == "class" else called

    def _handed(
        self,
        call: ProgramPoint,
        parameter: ast.arg,
        point: ProgramPoint,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
    ) -> Iterator[Value]:
        node = call.node
        assert isinstance(node, ast.Call)
        callees = self.within(None, lambda: self.values(node.func, call))
        if any(isinstance(v, Definition) and self._entered(v.scope) is point.scope for v in callees):
            shifted = Scopes.class_of(point.scope) is not None
            given = argument_of(node, function.args, parameter, shifted=shifted)
            if given is not None:
                yield from self.within(None, lambda: self.values(given, call))


class _Names(Names):
    """Names of several files: a star import of one of them binds what that one has."""

    def __init__(
        self,
        table: BuilderTable,
        first_party: frozenset[str],
        managers: ManagerFacts,
        modules: dict[str, Scope],
    ) -> None:
        super().__init__(table, first_party, managers)
        self._modules = modules

    def star_binds(self, star: Binding, name: str) -> bool:
        if super().star_binds(star, name):
            return True
        scope = self._modules.get(star.target or "")
        return scope is not None and (
            name in scope.bindings or any(s is not star and self.star_binds(s, name) for s in scope.stars)
        )


def follow_project(
    names: Names, index: ProjectIndex, scopes_of: Callable[[str], Scopes | None]
) -> ProjectFlow:
    """Take in every file to which something of a client library comes from another one.

    Starts from the files that carry or hand over such, and goes on along imports of the names
    that carry it, until no new file appears.
    """
    inference = ProjectFlow(names, index, scopes_of)
    new = {path: set(fact.carried) for path, fact in sorted(index.facts.items()) if fact.carried}
    for path, fact in sorted(index.facts.items()):
        for callee in fact.handed:
            home = index.modules.lookup(callee) if callee != "." else None
            target = path if home is None else index.file_of(home.home)
            if target is not None:
                inference.add(path)
                inference.add(target)
    carried: dict[str, set[str]] = {}
    while new:
        # all that one round leads to is taken in before any of it is asked, since more files may mean other answers
        asked: set[str] = set()
        for path, names_of_file in sorted(new.items()):
            carrying = names_of_file - carried.setdefault(path, set())
            carried[path] |= carrying
            for user in index.users(path, carrying) if carrying else ():
                inference.add(path)
                inference.add(user)
                asked.add(user)
        given = {user: inference.carried_by(user) for user in sorted(asked) if user in inference.files}
        new = {user: found for user, found in given.items() if found - carried.get(user, set())}
    return inference
