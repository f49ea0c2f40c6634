"""What values an expression can have: the one evaluator, over the bindings of a file or of several."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from flake8_redis_ssot.inference import (
    annotation,
    branches,
    callers,
    calls,
    classes,
    containers,
    reach,
    stores,
    strings,
)
from flake8_redis_ssot.inference.builder_table import builds
from flake8_redis_ssot.inference.fixpoint import Fixpoint
from flake8_redis_ssot.inference.methods import effect_of, role_of
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.values import (
    MANY_TEXTS,
    NOTHING,
    CallContext,
    Coroutine,
    Definition,
    Element,
    Instance,
    Items,
    Produced,
    Promised,
    QualifiedName,
    SuperProxy,
    Text,
    Value,
    Values,
    has_grown,
)
from flake8_redis_ssot.inference.widening import widened
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.commands import Effect
from flake8_redis_ssot.syntax.bindings import Binding, Branch, ProgramPoint, Scope, Store
from flake8_redis_ssot.syntax.nodes import is_generator
from flake8_redis_ssot.syntax.patterns import Narrowed
from flake8_redis_ssot.syntax.scopes import Scopes

BUDGET = 300_000
"""Steps of evaluation in one file (expressions, bindings and values looked at); past it what is not known yet stays unknown."""

_MOST_VALUES = 500
"""Values of one expression; one that may be more is unknown."""

_Answer = TypeVar("_Answer")


class Inference:
    """Follows values through bindings: every binding that may hold counts, and what is unknown is left out."""

    budget = BUDGET

    def __init__(self, names: Names, scopes: Scopes) -> None:
        self.names = names
        self.names.arms.update(scopes.arms)
        self.scopes = scopes
        self.namespaces = scopes.namespaces
        self.definitions = scopes.definitions
        self.context: CallContext | None = None
        self.contexts = calls.Contexts()
        self.classes = classes.Classes(self)
        self.stores = stores.Stores(self)
        self.stores.add(scopes.stores)
        self.answers: Fixpoint[object, Any] = Fixpoint(self.budget)
        # asked of a file by itself alone, to which nothing is added: what these two found stays true
        self.leads_to_builder = reach.Reach(self, reach.is_library)
        self._is_asked_for = reach.Reach(self, reach.is_asked_for, members=False)
        self._bindings: dict[tuple[str, Scope, float, tuple[Branch, ...]], list[Binding]] = {}
        self.shared: dict[Store, set[str]] = {}
        """By which names others get at what is stored, as far as bindings tell."""
        self.stand_ins: dict[object, Any] = {}
        """What stands for something that is not written so: keywords as keys, a class that a call makes."""
        self._generators: dict[Scope, bool] = {}
        self._promises: dict[ast.expr, Promised] = {}

    def release(self) -> None:
        """Undo the circles with its parts, so that all goes without the garbage collector."""
        self.__dict__.clear()

    def forget(self) -> None:
        """Forget what was found, as when there is more to know."""
        self.answers.forget()
        self._bindings.clear()
        self.shared.clear()

    def values(self, node: ast.AST | None, point: ProgramPoint) -> Values:
        """What the expression `node`, evaluated at `point`, can be."""
        if node is None:
            return NOTHING
        if type(node) is ast.Constant:  # is what it is, and many are asked for
            return frozenset([Text(node.value, node)]) if isinstance(node.value, str) else NOTHING
        key = (node, self.context)
        answers = self.answers
        known = answers.known.get(key)  # most are: a call less
        if known is not None and not known[1].is_stale:
            answers.reads.add(known[1])
            return known[0]
        return answers.answer(key, self._bounded, key, point)

    def _bounded(self, key: tuple[ast.AST, CallContext | None], point: ProgramPoint) -> Values:
        """The values of an expression, kept from growing without end.

        A dotted name may grow once around a cycle (`self.node = self.node.next`), not for ever.
        """
        answers = self.answers
        before = answers.so_far(key)
        present, self.context = self.context, key[1]
        try:
            found = set(self.evaluate(key[0], point))
        finally:
            self.context = present
        if not found:
            return NOTHING
        if before:
            found -= {value for value in found - before if has_grown(value, before)}
        answers.steps += len(found)
        if answers.is_exhausted:
            answers.cut()
            return NOTHING
        found = widened(found, self.names)
        return frozenset(found) if len(found) <= _MOST_VALUES else NOTHING

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out, so that what is unknown may only be unasked."""
        return self.answers.is_exhausted

    def within(self, context: CallContext | None, ask: Callable[..., _Answer], *given: object) -> _Answer:
        """What `ask(*given)` gives when the parameters are those of `context`."""
        before, self.context = self.context, context
        try:
            return ask(*given)
        finally:
            self.context = before

    def bindings(self, name: str, point: ProgramPoint) -> list[Binding]:
        """What `name` may be bound to at `point`, looked up once."""
        key = (name, point.scope, point.order, point.path)
        found = self._bindings.get(key)
        if found is None:
            found = self._bindings[key] = self.names.bindings(name, point)
        self.answers.steps += len(found)
        return found

    def written(self, node: ast.expr, point: ProgramPoint, seen: set[str] | None = None) -> list[Binding]:
        """The bindings that a name, or an attribute of a module, stands for; others' keep their dotted name."""
        match node:
            case ast.Name(id=name):
                return self.bindings(name, point)
            case ast.Attribute(value=owner, attr=name):
                held = (v.name for v in self.values(owner, point) if isinstance(v, QualifiedName))
                return [Binding(0, (), f"{module}.{name}") for module in sorted(held)]
        return []

    def values_of(self, binding: Binding) -> Values:
        """What a binding can hold."""
        if binding.target is not None:
            return frozenset([QualifiedName(binding.target)])
        if binding.value is None or binding.scope is None:
            return NOTHING
        # just before it is bound: in a loop the name may have this very value from the round before
        order = binding.turn if binding.turn is not None else binding.order - 1
        point = ProgramPoint(binding.value, binding.scope, order, binding.path)
        return self.within(self.context_in(binding.scope), self._taken, binding, point)

    def context_in(self, scope: Scope) -> CallContext | None:
        """The present call of a function that `scope` is in: outside of functions one answer serves all calls."""
        if self.context is None:
            return None
        function: Scope | None = scope
        while function is not None:
            context: CallContext | None = self.context
            while context is not None:
                if context.scope is function:
                    return context
                context = context.outer
            function = function.parent
        return None

    def _taken(self, binding: Binding, point: ProgramPoint) -> Values:
        found = self.values(binding.value, point)
        for step in binding.projection:
            found = frozenset(containers.projected(self, found, step))
        return found

    def texts(self, node: ast.AST | None, point: ProgramPoint) -> Iterator[Text]:
        """The strings that an expression can be, names followed, as far as they are told apart."""
        return (value for value in self.values(node, point) if isinstance(value, Text))

    def all_texts(self, node: ast.AST | None, point: ProgramPoint) -> set[str]:
        """The strings that an expression can be; empty where there may be others."""
        texts = {text.value for text in self.texts(node, point)}
        return texts if MANY_TEXTS not in self.values(node, point) else set()

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterable[Value]:
        """The values of an expression, definition, parameter or annotated assignment, perhaps several times."""
        match node:
            case ast.Name():
                return self._named(node, point)
            case ast.Attribute():
                return self._had(node, point)
            case ast.Call():
                return calls.called(self, node, point)
            case ast.arg():
                return calls.parameter(self, node, point)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return calls.defined(self, node, point)
            case ast.Subscript():
                return containers.subscript(self, node, point)
            case ast.Tuple() | ast.List() | ast.Set():
                return (Items(tuple(node.elts), point, None, self.context),)
            case ast.Dict():
                return (containers.merged(node.keys, node.values, point, self),)
            case ast.Await():
                return self.awaited(self.values(node.value, point))
            case ast.YieldFrom():
                return containers.projected(self, self.values(node.value, point), "item")
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return (containers.comprehended(self, node, node.elt, point),)
            case ast.DictComp():
                return (containers.comprehended(self, node, node.value, point, keys=(None,)),)
            case Promised(annotation=stated):
                return annotation.promised(self, stated, point)
            case Produced(factory=factory):
                return calls.produced(self, factory, point)
            case ast.IfExp():
                return (
                    value
                    for arm in branches.arms_of(self, node, point)
                    for value in self.values(arm.node, arm)
                )
            case ast.BoolOp():
                operands = node.values if isinstance(node.op, ast.Or) else node.values[-1:]
                return (value for operand in operands for value in self.values(operand, point))
            case ast.NamedExpr():
                return self.values(node.value, point)
            case ast.AnnAssign():
                return annotation.stated(self, node, point)
            case ast.JoinedStr():
                return strings.joined(self, node, node.values, point)
            case ast.BinOp(op=ast.Mod()):
                return strings.percent(self, node, point)
            case ast.BinOp(op=ast.BitOr() | ast.Mult()):
                return containers.union(self, node, point)
            case ast.BinOp(op=ast.Add()):
                return (
                    *strings.joined(self, node, [node.left, node.right], point),
                    *containers.union(self, node, point),
                )
            case ast.Lambda():
                scope = self.namespaces.get(node) or self.scopes.scope_of(node, point)
                return (Definition(scope, context=self.context),)
            case Element(of=whole):
                return containers.projected(self, self.values(whole, point), "item")
            case Narrowed(subject=subject, cls=cls):
                return annotation.narrowed(self, subject, cls, point)
        return ()

    def _named(self, node: ast.Name, point: ProgramPoint) -> set[Value]:
        bindings = self.bindings(node.id, point)
        if self.answers.is_exhausted:  # there may be thousands of them, each of a question that gives nothing
            self.answers.cut()
            return set()
        found: set[Value] = set()
        for binding in bindings:
            if binding.star and binding.target is not None:
                found.add(QualifiedName(f"{binding.target}.{node.id}"))
            else:
                found |= self.values_of(binding)
        found.update(self.stores.filled(node, point))
        return found

    def _had(self, node: ast.Attribute, point: ProgramPoint) -> set[Value]:
        stored = self.stores.attribute(node, point)
        found = set(stored)
        for value in self.values(node.value, point):
            if not stored or not isinstance(value, QualifiedName):
                found.update(self.attribute(value, node.attr))
        found.update(self.stores.filled(node, point))
        return found

    def awaited(self, values: Iterable[Value]) -> Iterator[Value]:
        """What is had of `values` by `await`."""
        for value in values:
            if isinstance(value, Coroutine):
                yield from self.within(value.context, calls.returned, self, value.scope)
            else:
                yield value

    def known_or_promised(
        self, values: Values, stated: ast.expr | None, point: ProgramPoint | None
    ) -> Iterable[Value]:
        """Values, or what an annotation promises where nothing is known of them."""
        if stated is None or point is None or any(map(self.is_known, values)):
            return values
        return list(annotation.promised(self, stated, point)) or values

    def is_known(self, value: Value) -> bool:
        """Whether a value tells more than the name of somebody else's object."""
        if not isinstance(value, QualifiedName):
            return True
        last = value.name.rpartition(".")[2]
        is_class = last[:1].isupper() and not last.isupper()
        return (
            is_class
            or self.names.leads_to_builder(value.name)
            or self.names.managers.kind(value.name) is not None
        )

    def attribute(self, value: Value, name: str) -> Iterable[Value]:
        """What the attribute `name` of a value can be."""
        match value:
            case QualifiedName(name=owner) | Instance(of=QualifiedName(name=owner)):
                return (QualifiedName(f"{owner}.{name}"),)
            case Instance():
                return self.classes.of_instance(value, name)
            case Definition(scope=scope) if scope.kind == "class":
                return self.classes.members(scope, name, below=value.below)
            case SuperProxy(scope=scope):
                return self.classes.inherited(scope, name)
            case Items(has_attributes=True):
                return containers.under(self, value, name)
        return ()

    def given(
        self, parameter: ast.arg, point: ProgramPoint, receiver: Instance | None = None
    ) -> Iterable[Value]:
        """What the callers in this file hand to a parameter, of objects; what builds is asked of all files together."""
        return (v for v in callers.given(self, parameter, point, receiver) if isinstance(v, Instance))

    def calls_by(self, names: Iterable[str], function: Scope) -> Iterable[ProgramPoint]:
        """The calls by one of the `names` of a function."""
        return [point for name in names for point in self.scopes.calls_named.get(name, ())]

    def keeps(self, name: str) -> bool:
        """Whether what is made of a dotted name goes by that name, though nothing is known of it; here nothing does."""
        return False

    def promise(self, annotation: ast.expr, *, is_many: bool) -> Promised:
        """The expression of that type, one object for each annotation."""
        found = self._promises.get(annotation)
        if found is None:
            found = self._promises[annotation] = Promised(annotation, is_many)
        return found

    def element(self, whole: ast.expr) -> Element:
        """Any element of an expression, one object for each."""
        found: Element = self.stand_ins.setdefault(("element", whole), Element(whole))
        return found

    def given_by(self, function: Scope) -> list[Value]:
        """What a function returns or yields."""
        return list(calls.given_by(self, function))

    def is_generator(self, function: Scope) -> bool:
        """Whether a function has a `yield` of its own."""
        if function not in self._generators:
            self._generators[function] = is_generator(function.node)
        return self._generators[function]

    def outside(self, scope: Scope) -> ProgramPoint | None:
        """Where a function's defaults, annotations and decorators are evaluated."""
        node, parent = scope.node, scope.parent
        if parent is None or node is None:
            return None
        if isinstance(node, ast.Lambda):
            return ProgramPoint(node, parent, scope.returns[0].order, scope.returns[0].path)
        binding = self.definitions.get(node)
        return None if binding is None else ProgramPoint(node, parent, binding.order, binding.path)

    def calls_named(self, name: str) -> Iterable[ProgramPoint]:
        """The calls of what has that last name."""
        return self.scopes.calls_named.get(name, ())

    def running(self, name: str) -> Iterable[ProgramPoint]:
        """What runs a function by that name: the calls, and what Python runs it for without one."""
        return [*self.calls_named(name), *(p for scopes in self.all_scopes() for p in scopes.implying(name))]

    def callers(self, function: Scope) -> Iterator[ProgramPoint]:
        """The calls of a function, as far as they are known."""
        return callers.of(self, function)

    def all_scopes(self) -> Iterable[Scopes]:
        """The symbol tables of all files that are followed."""
        return (self.scopes,)

    def is_handed_on(self, name: str) -> bool:
        """Whether something of that name is read but to call it."""
        return any(name in scopes.handed_on for scopes in self.all_scopes())

    def fixture_scopes(self, function: Scope) -> Iterator[Scope]:
        """Where the fixtures of a test or of another fixture are looked up."""
        scope = function.parent
        while scope is not None:
            yield scope
            scope = scope.parent

    def resolved(self, value: QualifiedName) -> Iterable[Value]:
        """What a dotted name is in the file that defines it; here nobody reads that."""
        return (value,)

    def scopes_of(self, scope: Scope) -> Scopes:
        """The symbol table of the file that a scope is in."""
        return self.scopes

    def home(self, point: ProgramPoint) -> tuple[tuple[str, ...], bool]:
        """The dotted names of the file of `point`, and whether it is a package."""
        scopes = self.scopes_of(point.scope)
        return tuple(scopes.modules), scopes.is_package

    # -- what rules ask

    def builders(self, point: ProgramPoint) -> dict[str, Builder]:
        """The builders that the call at `point` can be by its value, by dotted name."""
        call = point.node
        assert isinstance(call, ast.Call)
        found: dict[str, Builder] = {}
        for value in self.values(call.func, point) if self._may_build(call.func) else ():
            for name in self.builder_names(value):
                builder = self.names.table[name]
                if builds(builder, call):
                    found[name] = builder
        return dict(sorted(found.items()))

    def _may_build(self, func: ast.expr) -> bool:
        """Whether a callee may be a builder by its form: a method as it is written is none, whoever has it."""
        return (
            not isinstance(func, ast.Attribute)
            or func.attr in self.names.table.last_names
            or func.attr.startswith("__")
            or self.is_held(func.attr)
        )

    def is_held(self, name: str) -> bool:
        """Whether some object may keep anything but a plain function under a name."""
        return name in self.scopes.held

    def builder_names(self, value: Value) -> frozenset[str]:
        """The builders that a call of `value` runs: its own, or those that its class derives from."""
        if isinstance(value, QualifiedName):
            return frozenset([value.name] if self.names.is_builder(value.name) else ())
        if isinstance(value, Definition) and value.scope.kind == "class":
            return self.library_bases(value.scope) if self.classes.starts(value.scope) else frozenset()
        return frozenset()

    def is_carrier(self, binding: Binding) -> bool:
        """Whether a name is bound to a value from which a builder or a manager's class can be reached.

        Through the members of a class only by their own names, which are bound themselves.
        """
        return any(self._is_asked_for(value) for value in reach.by_name(self, binding))

    def is_carried(self, node: ast.expr, point: ProgramPoint) -> bool:
        """The same of an expression."""
        return any(self._is_asked_for(value) for value in self.values(node, point))

    def derived_from(self, base: ast.expr, point: ProgramPoint) -> set[str]:
        """The client and pool classes that a class with this base derives from."""
        found: set[str] = set()
        for value in self.values(base, point):
            if isinstance(value, QualifiedName) and self.names.is_builder(value.name):
                found.add(value.name)
            elif isinstance(value, Definition):
                found |= self.library_bases(value.scope)
        return {name for name in found if self.names.table[name].is_class}

    def library_bases(self, scope: Scope) -> frozenset[str]:
        """The builders that a class of ours derives from."""
        return self.classes.library_bases(scope)

    def method(self, name: str) -> Effect | None:
        """What a method of a client does, by its dotted name; None for any other name."""
        owner, _, last = name.rpartition(".")
        given = self.client(Instance(QualifiedName(owner)))
        return None if given is None else effect_of(given[0], last)

    def client(self, value: Value) -> tuple[str, Builder] | None:
        """The role of an object that sends commands (a client, its pipeline), and the client's builder."""
        if not isinstance(value, Instance):
            return None
        if isinstance(value.of, QualifiedName):
            is_library = self.names.leads_to_builder(value.of.name.split(".")[0])
            return role_of(value.of.name, self.names.table) if is_library else None
        names = sorted(self.library_bases(value.of.scope))
        return next(filter(None, (role_of(name, self.names.table) for name in names)), None)
