"""The evaluator: which values an expression can have, by the bindings of its names, in one file or in several."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
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
    Instance,
    Items,
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
from flake8_redis_ssot.syntax.scopes import Scopes
from flake8_redis_ssot.syntax.synthetic import Element, Narrowed, Produced, Promised

BUDGET = 300_000
"""Steps of evaluation for one file (expressions, bindings and values looked at); what they do not reach stays unknown."""

_MOST_VALUES = 500
"""An expression with more possible values than these counts as unknown."""

_Answer = TypeVar("_Answer")


class Inference:
    """Evaluates expressions to sets of possible values, of one file; `project/inference.py` extends it to several.

    Every binding that may hold counts: after `if a: x = f()` and `else: x = g()`, `x` is what either call gives.
    What is unknown is left out, so an empty set means that nothing is known.
    """

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
        # only asked of a single file, to which nothing is added later: their answers stay true
        self.leads_to_builder = reach.Reach(self, reach.is_library)
        self._bindings: dict[tuple[str, Scope, float, tuple[Branch, ...]], list[Binding]] = {}
        self.shared: dict[Store, set[str]] = {}
        """For each store (`app.state.client = x`) the names by which other files read it, as far as bindings tell."""
        self._synthetic: dict[object, Any] = {}

    def release(self) -> None:
        """Drop the references to and from the parts, so that all memory is freed without the garbage collector."""
        self.__dict__.clear()

    def forget(self) -> None:
        """Forget all answers, as when another file is taken in that may add to them."""
        self.answers.forget()
        self._bindings.clear()
        self.shared.clear()

    def values(self, node: ast.AST | None, point: ProgramPoint) -> Values:
        """What the expression `node`, evaluated at `point`, can be."""
        if node is None:
            return NOTHING
        if type(node) is ast.Constant:  # needs no context or cache, and is the most frequent node
            return frozenset([Text(node.value, node)]) if isinstance(node.value, str) else NOTHING
        key = (node, self.context)
        answers = self.answers
        known = answers.known.get(key)  # as most are; looked up here to save a call of `answer`
        if known is not None and not known[1].is_stale:
            answers.reads.add(known[1])
            return known[0]
        return answers.answer(key, self._bounded, key, point)

    def _bounded(self, key: tuple[ast.AST, CallContext | None], point: ProgramPoint) -> Values:
        """Evaluates `key` in its context; around a cycle a dotted name may grow once (`self.node = self.node.next`)."""
        answers = self.answers
        before = answers.so_far(key)
        outer, self.context = self.context, key[1]
        try:
            values = set(self.evaluate(key[0], point))
        finally:
            self.context = outer
        if not values:
            return NOTHING
        if before:
            values -= {value for value in values - before if has_grown(value, before)}
        answers.steps += len(values)
        if answers.is_exhausted:
            answers.cut()
            return NOTHING
        values = widened(values, self.names)
        return frozenset(values) if len(values) <= _MOST_VALUES else NOTHING

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out: what is unknown then may only not have been looked at."""
        return self.answers.is_exhausted

    def run_in_context(
        self, context: CallContext | None, ask: Callable[..., _Answer], *arguments: object
    ) -> _Answer:
        """Calls `ask(*arguments)` while parameters have the values that `context` gives them; with None, those of all known calls."""
        outer, self.context = self.context, context
        try:
            return ask(*arguments)
        finally:
            self.context = outer

    def bindings(self, name: str, point: ProgramPoint) -> list[Binding]:
        """The bindings that `name` may refer to at `point`, cached."""
        key = (name, point.scope, point.order, point.path)
        found = self._bindings.get(key)
        if found is None:
            found = self._bindings[key] = self.names.bindings(name, point)
        self.answers.steps += len(found)
        return found

    def bindings_of(self, node: ast.expr, point: ProgramPoint, seen: set[str] | None = None) -> list[Binding]:
        """The bindings that the expression `name` or `module.name` refers to; none for any other expression.

        A member of another module counts as bound to its dotted name. Over a project, the dotted names that are
        resolved on the way are added to `seen`.
        """
        match node:
            case ast.Name(id=name):
                return self.bindings(name, point)
            case ast.Attribute(value=owner, attr=name):
                owners = (v.name for v in self.values(owner, point) if isinstance(v, QualifiedName))
                return [Binding(0, (), f"{module}.{name}") for module in sorted(owners)]
        return []

    def values_of(self, binding: Binding) -> Values:
        """The values that a binding can give its name."""
        if binding.target is not None:
            return frozenset([QualifiedName(binding.target)])
        if binding.value is None or binding.scope is None:
            return NOTHING
        # evaluated just before the name is bound: in a loop it may still have its value from the last round
        order = binding.turn if binding.turn is not None else binding.order - 1
        point = ProgramPoint(binding.value, binding.scope, order, binding.path)
        return self.run_in_context(self.context_in(binding.scope), self._projected_values, binding, point)

    def context_in(self, scope: Scope) -> CallContext | None:
        """The current call of the function around `scope`; None outside of functions, so that one answer serves all calls."""
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

    def _projected_values(self, binding: Binding, point: ProgramPoint) -> Values:
        """The value of a binding after unpacking: for `a` of `a, b = f()` the first element of what `f()` gives."""
        values = self.values(binding.value, point)
        for step in binding.projection:
            values = frozenset(containers.projected(self, values, step))
        return values

    def texts(self, node: ast.AST | None, point: ProgramPoint) -> Iterator[Text]:
        """The strings that an expression can be; past a bound they are not told apart (`widening.py`), and left out."""
        return (value for value in self.values(node, point) if isinstance(value, Text))

    def all_texts(self, node: ast.AST | None, point: ProgramPoint) -> set[str]:
        """All strings that an expression can be; empty where there were too many to tell apart."""
        texts = {text.value for text in self.texts(node, point)}
        return texts if MANY_TEXTS not in self.values(node, point) else set()

    def evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterable[Value]:
        """Evaluates an expression, definition, parameter or annotated assignment, uncached: others ask `values`."""
        match node:
            case ast.Name():
                return self._name_values(node, point)
            case ast.Attribute():
                return self._attribute_values(node, point)
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

    def _name_values(self, node: ast.Name, point: ProgramPoint) -> set[Value]:
        """The values of all bindings of a name, and what is put into it later (`clients["a"] = x`)."""
        bindings = self.bindings(node.id, point)
        if self.answers.is_exhausted:  # each of perhaps thousands would be asked in vain
            self.answers.cut()
            return set()
        values: set[Value] = set()
        for binding in bindings:
            if binding.star and binding.target is not None:
                values.add(QualifiedName(f"{binding.target}.{node.id}"))
            else:
                values |= self.values_of(binding)
        values.update(self.stores.filled(node, point))
        return values

    def _attribute_values(self, node: ast.Attribute, point: ProgramPoint) -> set[Value]:
        """The values of `owner.attr`: what was stored there by an assignment, and what the owner has by its class."""
        stored = self.stores.attribute(node, point)
        values = set(stored)
        for owner in self.values(node.value, point):
            if not stored or not isinstance(owner, QualifiedName):
                values.update(self.attribute(owner, node.attr))
        values.update(self.stores.filled(node, point))
        return values

    def awaited(self, values: Iterable[Value]) -> Iterator[Value]:
        """What `await` gives for each of `values`: the result of a coroutine of ours, anything else as it is."""
        for value in values:
            if isinstance(value, Coroutine):
                yield from self.run_in_context(value.context, calls.returned, self, value.scope)
            else:
                yield value

    def known_or_promised(
        self, values: Values, stated: ast.expr | None, point: ProgramPoint | None
    ) -> Iterable[Value]:
        """`values`, or where nothing is known of them what the annotation `stated`, evaluated at `point`, promises."""
        if stated is None or point is None or any(map(self.is_known, values)):
            return values
        return list(annotation.promised(self, stated, point)) or values

    def is_known(self, value: Value) -> bool:
        """Whether a value tells what it is: not a dotted name of which nothing but the name is known."""
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
        """What `value.name` can be."""
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

    def passed_arguments(
        self, parameter: ast.arg, point: ProgramPoint, receiver: Instance | None = None
    ) -> Iterable[Value]:
        """What the known calls pass for a parameter (with a `receiver`: those that may be of its method).

        Only objects: which classes and functions are passed is left to the project's evaluator.
        """
        return (
            v for v in callers.passed_arguments(self, parameter, point, receiver) if isinstance(v, Instance)
        )

    def calls_by(self, names: Iterable[str], function: Scope) -> Iterable[ProgramPoint]:
        """The calls in the followed files that use one of the `names` of `function`."""
        return [point for name in names for point in self.scopes.calls_named.get(name, ())]

    def is_open_name(self, name: str) -> bool:
        """Whether `name`, which another file defines, is left to be resolved later (`open_names.py`); here none is."""
        return False

    def synthetic(self, make: Callable[..., _Answer], *given: object) -> _Answer:
        """What `make(*given)` makes up for something that the source does not spell out: one for each `given`."""
        key = (make, *given)
        if key not in self._synthetic:
            self._synthetic[key] = make(*given)
        made: _Answer = self._synthetic[key]
        return made

    def given_by(self, function: Scope) -> list[Value]:
        """The values that a function yields, or else returns."""
        return list(calls.given_by(self, function))

    def definition_point(self, scope: Scope) -> ProgramPoint | None:
        """The place where the `def`, `class` or `lambda` of a scope stands: there its defaults, annotations and decorators are evaluated."""
        node, parent = scope.node, scope.parent
        if parent is None or node is None:
            return None
        if isinstance(node, ast.Lambda):
            return ProgramPoint(node, parent, scope.returns[0].order, scope.returns[0].path)
        binding = self.definitions.get(node)
        return None if binding is None else ProgramPoint(node, parent, binding.order, binding.path)

    def calls_named(self, name: str) -> Iterable[ProgramPoint]:
        """The calls of `name()` or `owner.name()`, whoever the owner is."""
        return self.scopes.calls_named.get(name, ())

    def running(self, name: str) -> Iterable[ProgramPoint]:
        """Where a function called `name` may run: its calls, and what runs it without one (`with` runs `__enter__`)."""
        return [*self.calls_named(name), *(p for scopes in self.all_scopes() for p in scopes.implying(name))]

    def callers(self, function: Scope) -> Iterator[ProgramPoint]:
        """The known call sites of a function."""
        return callers.of(self, function)

    def all_scopes(self) -> Iterable[Scopes]:
        """The symbol tables of all files that are followed."""
        return (self.scopes,)

    def is_used_as_value(self, name: str) -> bool:
        """Whether something called `name` is used other than by calling it, as in `run(name)`: it may then be called by another name."""
        return name in self.scopes.names_used_as_values

    def names_of(self, name: str) -> list[str]:
        """The names by which files call something: its own, and those that it is imported as, also at second hand."""
        return [name]

    def fixture_scopes(self, function: Scope) -> Iterator[Scope]:
        """The scopes in which pytest looks up the fixtures that `function` names as parameters, innermost first."""
        scope = function.parent
        while scope is not None:
            yield scope
            scope = scope.parent

    def resolved(self, value: QualifiedName) -> Iterable[Value]:
        """What a dotted name is in the file that defines it; that file is not read here, so the name itself."""
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
        may_build = self.may_be_one_of(self.names.table.last_names, call.func, point)
        for value in self.values(call.func, point) if may_build else ():
            for name in self.builder_names(value):
                builder = self.names.table[name]
                if builds(builder, call):
                    found[name] = builder
        return dict(sorted(found.items()))

    def may_be_one_of(self, names: Collection[str], func: ast.expr, point: ProgramPoint) -> bool:
        """Whether a callee may be something with one of these last `names`, without a look at its values.

        A plain function is none, nor is a built-in one; `x.get` is another only if some object keeps a callable as `get`.
        """
        match func:
            case ast.Name(id=name):
                return name in names or self.scopes_of(point.scope).may_hold_value(name)
            case ast.Attribute(attr=name):
                return name in names or name.startswith("__") or self.may_be_computed(name)
        return True

    def may_be_computed(self, name: str) -> bool:
        """Whether a call of `name` or `owner.name` may be of something else than the `def` of that name, as after `self.name = Redis`."""
        return name in self.scopes.computed_callees

    def builder_names(self, value: Value) -> frozenset[str]:
        """The builders that a call of `value` runs: itself, or for a class of ours the library classes that it derives from."""
        if isinstance(value, QualifiedName):
            return frozenset([value.name] if self.names.is_builder(value.name) else ())
        if isinstance(value, Definition) and value.scope.kind == "class":
            return self.library_bases(value.scope) if self.classes.starts(value.scope) else frozenset()
        return frozenset()

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
        """The library classes that a class of ours derives from, directly or not."""
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
