"""Classes that do what a Redis manager does: judged by what they hold and what their methods send."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from flake8_redis_ssot.analysis.key_commands import KeyCommands, calls_by_function, senders
from flake8_redis_ssot.analysis.operations import gives_a_client, method_meanings, names_a_key
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.open_names import Built, OpenInference
from flake8_redis_ssot.inference.values import Definition, Instance, Value
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import PROPERTIES
from flake8_redis_ssot.source import Position, Range, SourceFile
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, last_name

ENOUGH = 3
"""So many operations make a class one that does what a manager does."""
_HEAD = re.compile(r"class(?:\s+\w+)?")
"""The first line of a class statement, up to the name if it stands there."""


@dataclass(frozen=True, slots=True)
class ManagerClasses:
    """The `classes` of a file that do what a manager does, and its `clients`.

    The `clients` are the top-level names that are, or return, a client or a manager. `is_complete` is set if no budget
    ran out.
    """

    classes: tuple[ClassFacts, ...] = ()
    clients: tuple[str, ...] = ()
    is_complete: bool = True


def manager_classes(
    source: SourceFile, inference: Inference, built: Mapping[ast.Call, str]
) -> ManagerClasses:
    """Finds the classes of a file that do what a manager does; `built` maps the calls that build to `client` or `pool`."""
    judge = _Judge(source, inference, built)
    found = [facts for cls in judge.classes if (facts := judge.facts(cls)) is not None]
    clients = tuple(sorted(set(judge.clients())))
    is_complete = not judge.inference.is_exhausted
    judge.inference.release()
    return ManagerClasses(tuple(found), clients, is_complete)


def manager_classes_by_others(
    source: SourceFile, inference: Inference, elsewhere: Inference
) -> tuple[ClassFacts, ...]:
    """The same, where the clients may come from other files: `elsewhere` evaluates the whole project."""
    judge = _Judge(source, inference, {}, elsewhere)
    found = tuple(facts for cls in judge.classes if (facts := judge.facts(cls)) is not None)
    judge.inference.release()
    return found


class _Judge:
    """Judges the classes of one file."""

    def __init__(
        self,
        source: SourceFile,
        inference: Inference,
        built: Mapping[ast.Call, str],
        elsewhere: Inference | None = None,
    ) -> None:
        self.source = source
        self.scopes = inference.scopes
        self.inference = OpenInference(inference.names, inference.scopes, elsewhere=elsewhere)
        self.building = [call for call, kind in built.items() if kind == "client"]
        self.classes = [scope for scope in self.scopes.namespaces.values() if scope.kind == "class"]
        self._verdicts: dict[Scope, ClassFacts | None] = {}

    @cached_property
    def calls(self) -> dict[Scope, list[ProgramPoint]]:
        """The calls in each function."""
        return calls_by_function(self.scopes)

    def facts(self, cls: Scope) -> ClassFacts | None:
        """The facts of a class that does what a manager does, else None."""
        if cls not in self._verdicts:
            self._verdicts[cls] = None  # for a class that is its own base
            self._verdicts[cls] = self._facts(cls)
        return self._verdicts[cls]

    def _facts(self, cls: Scope) -> ClassFacts | None:
        node = cls.node
        assert isinstance(node, ast.ClassDef)
        if _is_test_case(node):
            return None
        public: dict[str, Scope] = {}
        for owner in self._class_and_bases(cls):
            for name, method in self.inference.methods(owner).items():
                if not name.startswith("_") and "fixture" not in decorators_of(method.node):
                    public.setdefault(name, method)
        candidates = [
            n for n, m in public.items() if method_meanings(n) and not decorators_of(m.node) & PROPERTIES
        ]
        builds = self._built_in(cls)
        if len(candidates) < ENOUGH and not builds:
            return None
        inference = self.inference.seen_from(cls)
        commands = KeyCommands(inference, self.calls)
        operations = [
            (n, through) for n in candidates for through in _operation_senders(commands, n, public[n])
        ]
        handing_out = [
            name
            for name, method in public.items()
            if builds and any(isinstance(v, Built) and v.call in builds for v in inference.results(method))
        ]
        if inference.client(Instance(Definition(cls))) is not None:
            handing_out = []  # it gives itself
        if inference is not self.inference:
            self.inference.answers.steps = inference.answers.steps
            inference.release()
        if len({n for n, _ in operations}) < ENOUGH and not handing_out:
            return None
        start = self.source.range_of(node).start
        head = _HEAD.match(self.source.line(start.line), start.column - 1)
        assert head is not None
        known_as = self._known_as(cls, node.name)
        where = Range(start, Position(start.line, head.end() + 1))
        return ClassFacts(node.name, where, tuple(operations), tuple(handing_out), known_as)

    def _class_and_bases(self, cls: Scope) -> Iterator[Scope]:
        """A class, and the bases whose methods count as its own: not those that are reported themselves."""
        seen: set[Scope] = set()
        stack = [cls]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                yield here
                bases = reversed(self.inference.bases(here))
                stack += [base for base in bases if self.facts(base) is None]

    def _built_in(self, cls: Scope) -> set[ast.Call]:
        """The calls in a class and its bases that build a client."""
        if not self.building:
            return set()
        nodes = [one.node for one in self.inference.lineage(cls) if isinstance(one.node, ast.ClassDef)]
        return {
            call
            for call in self.building
            if any(node.lineno <= call.lineno <= (node.end_lineno or node.lineno) for node in nodes)
        }

    # -- the names of the module

    def clients(self) -> Iterator[str]:
        """The top-level names that are, or return, a client or a manager."""
        for name, binding in self._defined_bindings():
            function = self._function_of(binding)
            if function is None:
                values: list[Value] = list(self.inference.values_of(binding))
            elif gives_a_client(name):
                values = list(self.inference.results(function))
            else:
                continue
            if any(not sender.through for value in values for sender in senders(self.inference, value)):
                yield name

    def _known_as(self, cls: Scope, own: str) -> tuple[str, ...]:
        """The class, and the top-level names of the module that are, or return, an instance of it."""
        if cls.parent is not self.scopes.module:
            return ()
        others = (name for name, found in self._instances if cls in found)
        return tuple(dict.fromkeys([own, *others]))

    @cached_property
    def _instances(self) -> list[tuple[str, set[Scope]]]:
        """The top-level names with the classes of the file of which they are, or return, an instance."""
        found = []
        for name, binding in self._defined_bindings():
            function = self._function_of(binding)
            values = (
                self.inference.values_of(binding) if function is None else self.inference.results(function)
            )
            made = [v.of for v in values if isinstance(v, Instance)]
            found.append((name, {of.scope for of in made if isinstance(of, Definition)}))
        return found

    def _defined_bindings(self) -> Iterator[tuple[str, Binding]]:
        """The top-level names and bindings that are no imports, constants or classes."""
        for name, bindings in self.scopes.module.bindings.items():
            for binding in bindings:
                if binding.value is not None and not isinstance(binding.value, ast.Constant | ast.ClassDef):
                    yield name, binding

    def _function_of(self, binding: Binding) -> Scope | None:
        """The function that a `def` binds a name to."""
        is_function = isinstance(binding.value, Function)
        return self.scopes.namespaces[binding.value] if is_function and binding.value else None


def _operation_senders(commands: KeyCommands, name: str, method: Scope) -> list[str]:
    """The senders of a method's command, if it is an operation: `""` for a client or manager, else as `KeyCommand.through`."""
    meanings = method_meanings(name)
    return sorted(
        {
            sent.through
            for sent in commands.of(method)
            if not meanings.isdisjoint(sent.meanings) and (sent.whole or names_a_key(sent.parameter))
        }
    )


def _is_test_case(node: ast.ClassDef) -> bool:
    """Whether a test runner runs the methods of the class."""
    names = [node.name, *(last_name(base) for base in node.bases)]
    is_named = node.name.startswith("Test") or any(name.endswith("TestCase") for name in names)
    return is_named and any(getattr(part, "name", "").startswith("test") for part in node.body)
