"""The evaluator over several files: values that cross modules, in the files that something of a client library reaches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator

from flake8_redis_ssot.analysis.blocking import Blocking, BlockingFunctions
from flake8_redis_ssot.analysis.client_calls import Command, commands
from flake8_redis_ssot.analysis.running import Run
from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.facts.modules import exported_names
from flake8_redis_ssot.inference import callers
from flake8_redis_ssot.inference.builder_table import BuilderTable
from flake8_redis_ssot.inference.calls import given_for
from flake8_redis_ssot.inference.classes import may_give, names_given
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.fixtures import plugins_of
from flake8_redis_ssot.inference.methods import METHOD_NAMES, SENDING_NAMES
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import (
    Definition,
    Instance,
    QualifiedName,
    Value,
)
from flake8_redis_ssot.project.conftests import conftests_above
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.scope_builder import build_scopes
from flake8_redis_ssot.syntax.scopes import Scopes

MOST_FILES = 1_000
"""How many files are taken in; further ones are not followed."""

_ROUNDS = 10
"""How often subclasses are computed anew, as that may change which classes derive from which, again and again."""

GETTER = "__getattr__"
"""The function of a module (PEP 562) that Python calls for names which the module does not bind."""


class ProjectInference(Inference):
    """Evaluates over all files that are taken in: a name that is imported from one of them has its values there.

    `load` takes in a file, as a whole; which files are worth it says `following.py`. Answers from before a file was
    taken in may lack something: `load` notes the inputs that it changes, and `refresh` drops what depends on them.
    `blocking` are the functions that send by a blocking client, with what they send.
    """

    budget = 3_000_000

    def __init__(self, names: Names, index: ProjectIndex, scopes_of: Callable[[str], Scopes | None]) -> None:
        reaching = _Names(names.table, names.first_party, names.managers, self._starred)
        super().__init__(reaching, build_scopes(ast.parse(""), "", (), False))
        self.index = index
        self.files: dict[str, Scopes] = {}
        self.blocking = BlockingFunctions(self.names_of)
        self._scopes_of = scopes_of
        self._modules: dict[str, Scope] = {}
        self._stars_missed: set[str] = set()
        self._homes: dict[Scope, Scopes] = {}
        self._paths: dict[Scopes, str] = {}
        self._calls: dict[str, list[ProgramPoint]] = {}
        self._names_asked: dict[tuple[Scope, str], ast.Name] = {}
        self._changed: set[Hashable] = set()
        """The inputs of answers (see `Fixpoint`) that files taken in since the last `refresh` have changed."""
        self._aliases: dict[str, set[str]] = {}
        """For the last name of something, the other names by which files import it: `from m import f as g`."""
        self._called_by: dict[str, dict[Scope, None]] = {}
        """For a name, the functions whose call sites were looked for by it: a new call by that name is news to them."""
        self._method_names: dict[str, frozenset[str]] = {}
        """For each file, the names by which it may call methods that send, its own aliases included."""
        self._limits: set[str] = set()
        self._computed_callees: set[str] = set()
        self._makes_names = False

    @property
    def limits(self) -> list[str]:
        """Which limits were reached, in words, so that some clients may not be found; empty where none was."""
        if self.is_exhausted:
            self._limits.add("values may flow from file to file in more ways than are followed")
        return sorted(self._limits)

    def load(self, path: str) -> Scopes | None:
        """Take in the file at `path` and return its symbol table; None where it cannot be read, or there are too many."""
        if path in self.files:
            return self.files[path]
        if len(self.files) >= MOST_FILES:
            self._limits.add(f"clients are handed on in more than {MOST_FILES} files")
            return None
        scopes = self._scopes_of(path)
        if scopes is None:
            return None
        self.files[path] = scopes
        self._homes[scopes.module] = scopes
        self._paths[scopes] = path
        self.namespaces.update(scopes.namespaces)
        self.definitions.update(scopes.definitions)
        self.names.arms.update(scopes.arms)
        self.stores.add(scopes.stores)
        self._changed.update(self.stores.changed_by(scopes.stores))
        self._computed_callees |= scopes.computed_callees
        for getter in scopes.module.bindings.get(GETTER, ()):
            names = names_given(scopes.namespaces.get(getter.value)) if getter.value else set()
            self._computed_callees |= names or set()
            self._makes_names = self._makes_names or names is None
        for module in scopes.modules:
            if self.names.managers.modules.find(module) not in (None, path):
                continue  # imports of that name find another file
            self._modules[module] = scopes.module
            self._changed.add(("module", module))
        for name, binding in scopes.all_bindings:
            last = (binding.target or name).rpartition(".")[2]
            if last != name and not binding.star and name not in self._aliases.setdefault(last, set()):
                self._aliases[last].add(name)
                self._changed.update(("entering", function) for function in self._called_by.get(last, ()))
        for last, points in scopes.calls_named.items():
            self._calls.setdefault(last, []).extend(points)
            # by name alone: to evaluate the callees now would be wasted, as `refresh` drops those answers
            self._changed.update(("entering", function) for function in self._called_by.get(last, ()))
        self._method_names[path] = SENDING_NAMES.union(_methods_by_name(scopes))
        return scopes

    def refresh(self) -> bool:
        """Drop the answers that lack what files taken in since may add; returns whether there were any."""
        if not self._changed:
            return False  # no file was taken in
        is_stale = any(("module", name) in self._changed for name in self._stars_missed)
        if is_stale:
            self.forget()
        is_stale |= self.answers.forget_found_from([*self._changed, *self.stores.moved()])
        self.answers.steps = 0
        for _ in range(_ROUNDS):
            if not self.answers.forget_found_from(self.classes.widened()):
                break
            is_stale = True
        self._changed.clear()
        if is_stale:
            self.blocking.clear()
        return is_stale

    def path_of(self, point: ProgramPoint) -> str:
        """The path of the file in which `point` is."""
        return self._paths[self._homes[point.scope.enclosing("module")]]

    def renew(self) -> None:
        """Start with the whole budget again, so that what finding the files has used is not missed by the rules."""
        _ = self.limits  # notes whether it had run out
        self.answers.steps = 0

    def _module(self, name: str) -> Scope | None:
        """The scope of a module that is taken in; None for any other, which is noted as an input of the answer."""
        scope = self._modules.get(name)
        if scope is None:
            self.answers.depends_on(("module", name))
        return scope

    def _starred(self, name: str) -> Scope | None:
        """The scope of a module that a star import names.

        What such an import binds is cached by name: if the module is missing now and comes later, all is forgotten.
        """
        scope = self._module(name)
        if scope is None:
            self._stars_missed.add(name)
        return scope

    # -- what differs from one file

    def scopes_of(self, scope: Scope) -> Scopes:
        return self._homes.get(scope.enclosing("module"), self.scopes)

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterable[Value]:
        found: set[Value] = set()
        for value in super().evaluate(node, point):
            if type(value) is QualifiedName:
                found.update(self.resolved(value))
            else:
                found.add(value)
        return found

    def resolved(self, value: QualifiedName) -> Iterator[Value]:
        """What a dotted name is in the file that defines it; the name itself where that file is not taken in."""
        name = value.name
        if "." not in name or self.names.leads_to_builder(name) or self._is_module(name):
            yield value
            return
        parts = name.split(".")
        for n in range(len(parts) - 1, 0, -1):
            module = self._module(".".join(parts[:n]))
            if module is not None:
                break
        else:
            yield value
            return
        name_node = self._names_asked.setdefault((module, parts[n]), ast.Name(parts[n], ast.Load()))
        values: Iterable[Value] = self.run_in_context(None, self.values, name_node, _at_end(module))
        if not values and parts[n] not in module.bindings and GETTER in module.bindings:
            values = self._getattr_values(module, parts[n])
        for attribute in parts[n + 1 :]:
            values = [member for one in values for member in self.attribute(one, attribute)]
        for one in values:
            if isinstance(one, QualifiedName) and one != value:
                yield from self.resolved(one)
            else:
                yield one

    def _is_module(self, name: str) -> bool:
        """Whether a dotted name is that of a module which no other binding of its package hides."""
        if self._module(name) is None:
            return False
        parent, _, last = name.rpartition(".")
        package = self._module(parent)
        bindings = package.bindings.get(last, ()) if package is not None else ()
        return all(binding.for_typing or binding.target == name for binding in bindings)

    def bindings_of(self, node: ast.expr, point: ProgramPoint, seen: set[str] | None = None) -> list[Binding]:
        """The bindings that an expression refers to, followed through imports to where their objects are made."""
        written_name = node.id if isinstance(node, ast.Name) else ""
        todo = [(binding, written_name) for binding in super().bindings_of(node, point)]
        if not any(binding.target for binding, _ in todo):
            return [binding for binding, _ in todo]
        ends: list[Binding] = []
        seen = set() if seen is None else seen
        while todo:
            binding, name = todo.pop()
            dotted = f"{binding.target}.{name}" if binding.star else binding.target or ""
            module, _, name = dotted.rpartition(".")
            origins: list[Binding] = []
            if module and dotted not in seen:
                origins = self._origins(module, name)
            seen.add(dotted)
            todo += [(origin, name) for origin in origins]
            ends += [] if origins else [binding]
        return ends

    def _origins(self, module: str, name: str) -> list[Binding]:
        """The bindings of a module's name; of a module that is not taken in, only what it imports and hands on."""
        scope = self._module(module)
        if scope is not None:
            return self.names.bindings(name, _at_end(scope))
        modules, dotted = self.names.managers.modules, f"{module}.{name}"
        path = modules.find(module)
        edges = self.index.edges(path) if path is not None and path in self.index.facts else ()
        if not any(edge.local_name == name or edge.name == "*" for edge in edges):
            return []  # it defines the name itself, and is not parsed for that
        home = modules.lookup(dotted)
        return [Binding(0, (), home.qualified_name)] if home and home.qualified_name != dotted else []

    def _getattr_values(self, module: Scope, name: str) -> Iterable[Value]:
        """What the `__getattr__` of a module gives for `name`."""
        getter = self._names_asked.setdefault((module, GETTER), ast.Name(GETTER, ast.Load()))
        for function in self.run_in_context(None, self.values, getter, _at_end(module)):
            if isinstance(function, Definition) and may_give(function.scope, name):
                yield from given_for(self, function, name)

    def fixture_scopes(self, function: Scope) -> Iterator[Scope]:
        yield from super().fixture_scopes(function)
        home = self._homes.get(function.enclosing("module"))
        path = self._paths.get(home, "") if home is not None else ""
        near = (self.files.get(one) for one in conftests_above(path))
        others = [one.module for one in near if one is not None and one is not home]
        yield from others
        seen = set(others)
        todo = [*others, *([home.module] if home is not None else [])]
        for scope in todo:
            for plugin in filter(None, map(self._module, plugins_of(scope))):
                if plugin not in seen:
                    yield plugin
                    seen.add(plugin)
                    todo.append(plugin)

    def may_be_computed(self, name: str) -> bool:
        return self._makes_names or name in self._computed_callees

    def passed_arguments(
        self, parameter: ast.arg, point: ProgramPoint, receiver: Instance | None = None
    ) -> Iterable[Value]:
        return callers.passed_arguments(self, parameter, point, receiver)

    def all_scopes(self) -> Iterable[Scopes]:
        return self.files.values()

    def is_used_as_value(self, name: str) -> bool:
        says = self.index.texts.says  # of most files that is enough, and asked sooner
        return any(
            called in scopes.names_used_as_values
            for called in self.names_of(name)
            for path, scopes in self.files.items()
            if says(path, called)
        )

    def calls_named(self, name: str) -> Iterable[ProgramPoint]:
        return [point for called in self.names_of(name) for point in self._calls.get(called, ())]

    def names_of(self, name: str) -> list[str]:
        names = [name]
        for known in names:
            names += sorted(self._aliases.get(known, set()).difference(names))
        return names

    def calls_by(self, names: Iterable[str], function: Scope) -> Iterable[ProgramPoint]:
        all_names = [called for name in names for called in self.names_of(name)]
        for name in all_names:
            self._called_by.setdefault(name, {})[function] = None
        self.answers.depends_on(("entering", function))
        return [point for name in all_names for point in self._calls.get(name, ())]

    # -- what rules ask

    def commands_in(self, path: str) -> list[Command]:
        """The commands (calls of client methods) in a file that is taken in, cached."""
        return self.answers.cached(("commands", path), lambda: self._find_commands(path))

    def _find_commands(self, path: str) -> list[Command]:
        scopes = self.files[path]
        withs = [
            ProgramPoint(statement.node, statement.scope, statement.order, statement.path)
            for statement in scopes.statements
            if isinstance(statement.node, ast.With)
        ]
        points = [*scopes.calls_of(self._method_names[path]), *withs]
        return [*commands(self, scopes, sorted(points, key=lambda point: point.order))]

    def runs(self, path: str) -> Iterator[tuple[Run, Blocking]]:
        """The places in a file that run functions which send by a blocking client, each with what is sent."""
        return self.blocking.runs(self, self.files[path])

    def is_open(self, point: ProgramPoint) -> bool:
        """Whether a call may be one of a builder, though unknown: its callee is computed in a way that is not followed here."""
        call = point.node
        assert isinstance(call, ast.Call)
        root: ast.expr = call.func
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        match call.func:
            case ast.Attribute(attr=last):
                may_be = last in self.names.table.last_names
            case _:
                may_be = isinstance(call.func, ast.Name | ast.Call | ast.Subscript)
        if not may_be or not isinstance(root, ast.Name):
            return False
        is_made = isinstance(call.func, ast.Call | ast.Subscript)
        bindings = self.bindings(root.id, point)
        return any(self._is_computed(b, is_made) for b in bindings) and not self.values(call.func, point)

    def _is_computed(self, binding: Binding, is_made: bool) -> bool:
        """Whether a binding's value is computed by our code, so that it may be anything.

        With `is_made` the callee is the result of a call or subscript of the name (`make()()`): there a function or
        class of ours that the name is bound to computes it as well.
        """
        match binding.value:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return is_made
            case ast.Call(func=callee) if binding.scope is not None:
                point = ProgramPoint(binding.value, binding.scope, binding.order, binding.path)
                callees = self.values(callee, point)
                return not callees or not all(
                    isinstance(v, QualifiedName) and not self.names.is_ours(v.name) for v in callees
                )
            case ast.expr():
                return not isinstance(binding.value, ast.Constant)
        return is_made and binding.target is not None and self.names.is_ours(binding.target)


def _methods_by_name(scopes: Scopes) -> Iterator[str]:
    """The names to which a file binds methods that may send: `read = client.get`."""
    for scope in (scopes.module, *scopes.namespaces.values()):
        for name, bindings in scope.bindings.items():
            for value in (b.value for b in bindings):
                match value:
                    case ast.Attribute(attr=method):
                        pass
                    case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=method), *_]):
                        pass
                    case _:
                        continue
                if method in METHOD_NAMES:
                    yield name


def _at_end(module: Scope) -> ProgramPoint:
    """A place after all statements of a module, where its names have their last bindings."""
    return ProgramPoint(module.node or ast.Pass(), module, 1 << 60, ())


class _Names(Names):
    """Resolves names in several files: `from m import *` binds what the file `m` has."""

    def __init__(
        self,
        table: BuilderTable,
        first_party: frozenset[str],
        managers: ManagerFacts,
        module: Callable[[str], Scope | None],
    ) -> None:
        super().__init__(table, first_party, managers)
        self._module = module

    def star_binds(self, star: Binding, name: str) -> bool:
        return super().star_binds(star, name) or self._binds(star.target or "", name, frozenset())

    def _binds(self, module: str, name: str, seen: frozenset[str]) -> bool:
        """Whether `from module import *` binds `name`."""
        scope = self._module(module)
        if scope is None:  # not taken in, but perhaps one of ours
            home = self.managers.modules.lookup(f"{module}.{name}") if self.is_ours(module) else None
            return home is not None and home.kind != "unknown" and not name.startswith("_")
        exported = self._exported(scope)
        if name not in exported if exported is not None else name.startswith("_"):
            return False
        return name in scope.bindings or any(
            star.target not in seen and self._binds(star.target or "", name, seen | {module})
            for star in scope.stars
        )

    def _exported(self, scope: Scope) -> frozenset[str] | None:
        """The names in `__all__` of a module; None where it has none, or computes it."""
        lists = [binding.value for binding in scope.bindings.get("__all__", ())]
        is_literal = bool(lists) and all(
            isinstance(value, ast.List | ast.Tuple) and all(isinstance(e, ast.Constant) for e in value.elts)
            for value in lists
        )
        return exported_names(scope.node) if is_literal and isinstance(scope.node, ast.Module) else None
