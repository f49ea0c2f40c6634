"""Classes that do what a Redis manager does: judged by what they hold and what their methods send."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from flake8_redis_ssot.analysis.key_commands import KeyCommands, calls_by_function, senders
from flake8_redis_ssot.analysis.operations import gives_a_client, method_meanings, names_a_key
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.open_names import Built, OpenInference
from flake8_redis_ssot.inference.values import Definition, Instance, Value
from flake8_redis_ssot.libraries.standard import PROPERTIES
from flake8_redis_ssot.source import Position, Range, SourceFile
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import decorators_of, last_name

ENOUGH = 3
"""Operations that make a class a manager."""
_HEAD = re.compile(r"class(?:\s+\w+)?")
"""How a class begins: with its name, unless that stands in the next line."""


@dataclass(frozen=True, slots=True)
class Managing:
    """The `classes` of a file that do what a manager does, and its `clients`.

    Those are the names of the top level that are, or return, a client or a manager. `is_whole` says that no
    budget ran out.
    """

    classes: tuple[ClassFacts, ...] = ()
    clients: tuple[str, ...] = ()
    is_whole: bool = True


def managing(source: SourceFile, inference: Inference, built: Mapping[ast.Call, str]) -> Managing:
    """What in a file does what a manager does; `built` are the calls that build, each with `client` or `pool`."""
    judge = _Judge(source, inference, built)
    found = [facts for made in judge.classes if (facts := judge.facts(made)) is not None]
    clients = tuple(sorted(set(judge.clients())))
    is_whole = not judge.inference.is_exhausted
    judge.inference.release()
    return Managing(tuple(found), clients, is_whole)


def managing_by_others(
    source: SourceFile, inference: Inference, elsewhere: Inference
) -> tuple[ClassFacts, ...]:
    """The classes that do so with clients of other files as well: those that `elsewhere` knows, which knows all."""
    judge = _Judge(source, inference, {}, elsewhere)
    found = tuple(facts for made in judge.classes if (facts := judge.facts(made)) is not None)
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

    def facts(self, made: Scope) -> ClassFacts | None:
        """The facts of a class that does what a manager does, else None."""
        if made not in self._verdicts:
            self._verdicts[made] = None  # while a class is its own base
            self._verdicts[made] = self._facts(made)
        return self._verdicts[made]

    def _facts(self, made: Scope) -> ClassFacts | None:
        node = made.node
        assert isinstance(node, ast.ClassDef)
        if _is_test(node):
            return None
        public: dict[str, Scope] = {}
        for owner in self._judged_with(made):
            for name, method in self.inference.methods(owner).items():
                if not name.startswith("_") and "fixture" not in decorators_of(method.node):
                    public.setdefault(name, method)
        candidates = [
            n for n, m in public.items() if method_meanings(n) and not decorators_of(m.node) & PROPERTIES
        ]
        builds = self._built_in(made)
        if len(candidates) < ENOUGH and not builds:
            return None
        inference = self.inference.seen_from(made)
        commands = KeyCommands(inference, self.calls)
        operations = [(n, through) for n in candidates for through in _operation(commands, n, public[n])]
        handing_out = [
            name
            for name, method in public.items()
            if builds and any(isinstance(v, Built) and v.call in builds for v in inference.results(method))
        ]
        if inference.client(Instance(Definition(made))) is not None:
            handing_out = []  # it gives itself
        if inference is not self.inference:
            self.inference.answers.steps = inference.answers.steps
            inference.release()
        if len({n for n, _ in operations}) < ENOUGH and not handing_out:
            return None
        start = self.source.range_of(node).start
        head = _HEAD.match(self.source.line(start.line), start.column - 1)
        assert head is not None
        known_as = self._known_as(made, node.name)
        where = Range(start, Position(start.line, head.end() + 1))
        return ClassFacts(node.name, where, tuple(operations), tuple(handing_out), known_as)

    def _judged_with(self, made: Scope) -> Iterator[Scope]:
        """A class and the bases whose methods count for it: of a manager's own its facts speak."""
        seen: set[Scope] = set()
        stack = [made]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                yield here
                bases = reversed(self.inference.bases(here))
                stack += [base for base in bases if self.facts(base) is None]

    def _built_in(self, made: Scope) -> set[ast.Call]:
        """The calls in a class and its bases that build a client."""
        if not self.building:
            return set()
        nodes = [one.node for one in self.inference.lineage(made) if isinstance(one.node, ast.ClassDef)]
        return {
            call
            for call in self.building
            if any(node.lineno <= call.lineno <= (node.end_lineno or node.lineno) for node in nodes)
        }

    # -- the names of the module

    def clients(self) -> Iterator[str]:
        """The top-level names that are, or return, a client or a manager."""
        for name, binding in self._defined():
            function = self._function(binding)
            if function is None:
                values: list[Value] = list(self.inference.values_of(binding))
            elif gives_a_client(name):
                values = list(self.inference.results(function))
            else:
                continue
            if any(not sender.through for value in values for sender in senders(self.inference, value)):
                yield name

    def _known_as(self, made: Scope, own: str) -> tuple[str, ...]:
        """The class, and the top-level names of the module that are, or return, an instance of it."""
        if made.parent is not self.scopes.module:
            return ()
        others = (name for name, found in self._instances if made in found)
        return tuple(dict.fromkeys([own, *others]))

    @cached_property
    def _instances(self) -> list[tuple[str, set[Scope]]]:
        """The top-level names with the classes of the file of which they are, or return, an instance."""
        found = []
        for name, binding in self._defined():
            function = self._function(binding)
            values = (
                self.inference.values_of(binding) if function is None else self.inference.results(function)
            )
            made = [v.of for v in values if isinstance(v, Instance)]
            found.append((name, {of.scope for of in made if isinstance(of, Definition)}))
        return found

    def _defined(self) -> Iterator[tuple[str, Binding]]:
        """The bindings of the module that are no imports."""
        for name, bindings in self.scopes.module.bindings.items():
            for binding in bindings:
                if binding.value is not None and not isinstance(binding.value, ast.Constant | ast.ClassDef):
                    yield name, binding

    def _function(self, binding: Binding) -> Scope | None:
        is_function = isinstance(binding.value, ast.FunctionDef | ast.AsyncFunctionDef)
        return self.scopes.namespaces[binding.value] if is_function and binding.value else None


def _operation(commands: KeyCommands, name: str, method: Scope) -> list[str]:
    """What a method sends its command through, if it is an operation: nothing but a client or manager, or what else."""
    meanings = method_meanings(name)
    return sorted(
        {
            sent.through
            for sent in commands.of(method)
            if not meanings.isdisjoint(sent.meanings) and (sent.whole or names_a_key(sent.parameter))
        }
    )


def _is_test(node: ast.ClassDef) -> bool:
    """Whether a test runner runs the class, so that nobody else uses it."""
    names = [node.name, *(last_name(base) for base in node.bases)]
    is_named = node.name.startswith("Test") or any(name.endswith("TestCase") for name in names)
    return is_named and any(getattr(part, "name", "").startswith("test") for part in node.body)
