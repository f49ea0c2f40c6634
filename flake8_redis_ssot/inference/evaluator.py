"""What values an expression of one file can have: classes, modules and what is made of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from flake8_redis_ssot.inference.builder_table import builds, star_names
from flake8_redis_ssot.inference.methods import effect_of, role_of
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.commands import HANDED, Effect
from flake8_redis_ssot.libraries.frameworks import DECORATORS, DEPENDS, GIVERS, IMPORTERS, TRANSPARENT
from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS, GETTERS, HANDED_ON, PROPERTIES
from flake8_redis_ssot.syntax.nodes import unparsed
from flake8_redis_ssot.syntax.scopes import Binding, Branch, ProgramPoint, Projection, Scope, Scopes, touches

_Key = tuple[ast.AST, "CallContext | None"]
_Answer = TypeVar("_Answer")
BUDGET = 300_000
"""Steps of evaluation in one file (expressions, bindings and values looked at); past it what is not known yet stays unknown."""

_MOST_VALUES = 500
"""Values of one expression; one that may be more is unknown."""
_LONGEST_TEXT = 2_000
"""Characters of a string that is put together; a longer one names nothing."""

_DEPTH = 60
_CLASSES = 30
"""Classes above or below one that are looked through for a member."""
_CALLS = 5
_ROUNDS = 10
_CASTS = re.compile(r"typing(?:_extensions)?\.cast")
_STANDS_IN = re.compile(r"(?:unittest\.)?mock\.(?:\w*Mock|create_autospec|sentinel\.\w+)")
"""What makes an object that stands in for another one, whatever an annotation says."""


@dataclass(frozen=True, slots=True)
class QualifiedName:
    """An imported module or object by its dotted name, or a member of one."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string, and the expression that it was written as."""

    value: str
    node: ast.expr


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function of this file; with `below` a class or any that derives from it."""

    scope: Scope
    below: bool = False


@dataclass(frozen=True, slots=True)
class Coroutine:
    """What a call of an `async def` of ours gives, before it is awaited."""

    scope: Scope
    entry: CallContext | None


@dataclass(frozen=True, slots=True)
class Generator:
    """A fixture, or a function that makes a context manager (`how`); once called, `entry` is that call."""

    scope: Scope
    how: str
    entry: CallContext | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CallContext:
    """One call of a function or class of ours: its parameters have that call's arguments.

    `outer` is the entry within which the call itself is evaluated. There is one object for each, so that
    long chains of them are compared at once.
    """

    call: ast.Call
    point: ProgramPoint
    scope: Scope
    outer: CallContext | None = None
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Instance:
    """What a call of a class or builder makes; `entry` is that call, where it is known.

    `said` marks one that only an annotation speaks of.
    """

    of: QualifiedName | Definition
    entry: CallContext | None = None
    said: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """The values of a tuple, list or set, or of a dict by its `keys`, as written within `entry`."""

    elements: tuple[ast.expr, ...]
    point: ProgramPoint
    keys: tuple[ast.expr | None, ...] | None = None
    entry: CallContext | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """The items of a dict, as its `items()` gives them."""

    of: Items


@dataclass(frozen=True, slots=True)
class SuperProxy:
    """What `super()` gives in a method of a class."""

    scope: Scope


Value = QualifiedName | Text | Definition | Coroutine | Generator | Instance | Items | Pairs | SuperProxy
Values = frozenset[Value]
_NOTHING: Values = frozenset()


class Inference:
    """Follows values through the bindings of a file: every binding that may hold counts.

    `steps` is the work done so far.
    """

    budget = BUDGET

    def __init__(self, names: Names, scopes: Scopes) -> None:
        self.names = names
        self.names.arms.update(scopes.arms)
        self.scopes = scopes
        self.namespaces = scopes.namespaces
        self.definitions = scopes.definitions
        self._entry: CallContext | None = None
        self._entries: dict[tuple[ast.Call, Scope, CallContext | None], CallContext] = {}
        self._known: dict[_Key, Values] = {}
        self._round: dict[_Key, Values] = {}
        self._before: dict[_Key, Values] = {}
        self._active: set[_Key] = set()
        self._cyclic = False
        self._cut = False
        self._tainted: set[_Key] = set()
        self._short: dict[_Key, Values] = {}
        self.steps = 0
        self._reached: dict[str, dict[Value, bool]] = {}
        self._started: dict[Scope, bool] = {}
        self._generators: dict[Scope, bool] = {}
        self._ancestors: dict[Scope, set[str]] = {}
        self._bindings: dict[tuple[str, Scope, float, tuple[Branch, ...]], list[Binding]] = {}
        self._subclasses: dict[Scope, list[Scope]] | None = None

    def values(self, node: ast.AST | None, point: ProgramPoint) -> Values:
        """What the expression `node`, evaluated at `point`, can be; what is unknown is left out.

        Values that depend on each other are a least fixpoint: rounds are repeated, each with
        what the one before has found, until nothing is added.
        """
        if node is None:
            return _NOTHING
        key = (node, self._entry)
        known = self._known.get(key)
        if known is not None:
            return known
        if self._active:
            return self._visit(key, point)
        if key in self._short:
            return self._short[key]
        self._before = {}
        for _ in range(_ROUNDS):
            self._round, self._cyclic = {}, False
            self._tainted.clear()
            found = self._visit(key, point)
            if not self._cyclic or self._round == self._before:
                break
            self._before = self._round
        # a result that was cut short is final only as an answer to this very question
        self._short[key] = found
        self._known.update((k, v) for k, v in self._round.items() if k not in self._tainted)
        return found

    def _visit(self, key: _Key, point: ProgramPoint) -> Values:
        """One evaluation a round; within a cycle, what the round before has found."""
        if key in self._round:
            self._cyclic = self._cyclic or key in self._active
            self._cut = self._cut or key in self._tainted
            return self._round[key]
        self.steps += 1
        if self.is_exhausted or len(self._active) > _DEPTH:
            self._cut = True
            return _NOTHING
        before = self._round[key] = self._before.get(key, _NOTHING)
        self._active.add(key)
        outer, self._cut = self._cut, False
        try:
            self._round[key] = self._bounded(key[0], point, before)
        finally:
            self._active.discard(key)
            if self._cut:
                self._tainted.add(key)
            self._cut = self._cut or outer
        return self._round[key]

    def _bounded(self, node: ast.AST, point: ProgramPoint, before: Values) -> Values:
        """The values of an expression, of which the round before found `before`, kept from growing without end.

        A dotted name may grow once around a cycle (`self.node = self.node.next`), not for ever.
        """
        found = set()
        for value in self._evaluate(node, point):
            if value not in found and (value in before or not _has_grown(value, before)):
                self.steps += 1
                found.add(value)
            if len(found) > _MOST_VALUES or self.is_exhausted:
                self._cut = True
                return _NOTHING
        return frozenset(found)

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget has run out, so that what is unknown may only be unasked."""
        return self.steps > self.budget

    def bindings(self, name: str, point: ProgramPoint) -> list[Binding]:
        """What `name` may be bound to at `point`, looked up once."""
        key = (name, point.scope, point.order, point.path)
        if key not in self._bindings:
            self._bindings[key] = self.names.bindings(name, point)
        found = self._bindings[key]
        self.steps += len(found)
        return found

    def within(self, entry: CallContext | None, values: Callable[[], Iterable[Value]]) -> list[Value]:
        """What `values` gives when the parameters are those of `entry`."""
        return self._within(entry, lambda: list(values()))

    def _within(self, entry: CallContext | None, ask: Callable[[], _Answer]) -> _Answer:
        before, self._entry = self._entry, entry
        try:
            return ask()
        finally:
            self._entry = before

    def texts(self, node: ast.AST | None, point: ProgramPoint) -> Iterator[Text]:
        """The strings that an expression can be, names followed."""
        return (value for value in self.values(node, point) if isinstance(value, Text))

    def builders(self, point: ProgramPoint) -> dict[str, Builder]:
        """The builders that the call at `point` can be by its value, by dotted name."""
        call = point.node
        assert isinstance(call, ast.Call)
        found: dict[str, Builder] = {}
        for value in self.values(call.func, point):
            for name in self.builder_names(value):
                builder = self.names.table[name]
                if builds(builder, call):
                    found[name] = builder
        return dict(sorted(found.items()))

    def builder_names(self, value: Value) -> set[str]:
        """The builders that a call of `value` runs: its own, or those that its class derives from."""
        if isinstance(value, QualifiedName):
            return {value.name} if self.names.is_builder(value.name) else set()
        if isinstance(value, Definition) and value.scope.kind == "class":
            return self.library_bases(value.scope) if self._starts(value.scope) else set()
        return set()

    def _starts(self, scope: Scope) -> bool:
        """Whether a call of a class of ours runs the `__init__` of a library's class.

        Its own runs the next one if it calls it; an unknown base before the library's may not.
        """
        if scope not in self._started:
            started = self._start_of(scope)
            if self._active:
                return started  # values that this depends on may still be incomplete
            self._started[scope] = started
        return self._started[scope]

    def _start_of(self, scope: Scope) -> bool:
        seen: set[Scope] = set()
        todo: list[Iterator[Value]] = [iter([Definition(scope)])]
        while todo:
            self.steps += 1
            value = next(todo[-1], None)
            if isinstance(value, Definition):
                here = value.scope
                if here in seen:
                    continue
                seen.add(here)
                own = [
                    (b.value, name) for name in ("__new__", "__init__") for b in here.bindings.get(name, ())
                ]
                if not all(_calls_on(method, name) for method, name in own):
                    return False
                todo.append(self._bases_known(here))
            elif isinstance(value, QualifiedName) and self.names.is_builder(value.name):
                return True
            else:
                todo.pop()
        return False

    def _bases_known(self, scope: Scope) -> Iterator[Value]:
        """The bases of a class up to the first that is unknown."""
        for base in self._each_base(scope):
            if not base:
                return
            yield from base

    def derived_from(self, base: ast.expr, point: ProgramPoint) -> set[str]:
        """The client and pool classes that a class with this base derives from."""
        found: set[str] = set()
        for value in self.values(base, point):
            if isinstance(value, QualifiedName) and self.names.is_builder(value.name):
                found.add(value.name)
            elif isinstance(value, Definition):
                found |= self.library_bases(value.scope)
        return {name for name in found if self.names.table[name].is_class}

    def library_bases(self, scope: Scope) -> set[str]:
        """The builders that a class of this file derives from."""
        found: set[str] = set()
        seen: set[Scope] = set()
        stack = [scope]
        while stack:
            here = stack.pop()
            if here in self._ancestors:
                found |= self._ancestors[here]
            elif here not in seen:
                self.steps += 1
                seen.add(here)
                for base in self._bases(here):
                    if isinstance(base, QualifiedName) and self.names.is_builder(base.name):
                        found.add(base.name)
                    elif isinstance(base, Definition):
                        stack.append(base.scope)
        if not self._active:  # values that this depends on are complete
            self._ancestors[scope] = found
        return found

    def bound(self, binding: Binding) -> Values:
        """What a binding can hold."""
        if binding.target is not None:
            return frozenset([QualifiedName(binding.target)])
        if binding.value is None or binding.scope is None:
            return _NOTHING
        # just before it is bound: in a loop the name may have this very value from the round before
        order = binding.order - (binding.scope.kind != "comprehension")
        point = ProgramPoint(binding.value, binding.scope, order, binding.path)
        # outside of functions no call's arguments matter, so that one answer serves all calls
        entry = self._entry if binding.scope.enclosing("function", "module").kind == "function" else None
        return self._within(entry, lambda: self._taken(binding, point))

    def _taken(self, binding: Binding, point: ProgramPoint) -> Values:
        found = self.values(binding.value, point)
        for step in binding.steps:
            found = frozenset(self._step(found, step))
        return found

    def _evaluate(self, node: ast.AST, point: ProgramPoint) -> Iterator[Value]:
        match node:
            case ast.Name():
                for binding in self.bindings(node.id, point):
                    if binding.star and binding.target is not None:
                        yield QualifiedName(f"{binding.target}.{node.id}")
                    else:
                        yield from self.bound(binding)
            case ast.Attribute():
                for value in self.values(node.value, point):
                    yield from self._attribute(value, node.attr)
            case ast.Constant(value=str(text)):
                yield Text(text, node)
            case ast.JoinedStr():
                yield from self._text_of(node, node.values, point)
            case ast.BinOp(op=ast.Add()):
                yield from self._text_of(node, [node.left, node.right], point)
            case ast.Lambda():
                yield Definition(self.namespaces.get(node) or self.scopes.scope_of(node, point))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope = self.namespaces.get(node)
                if scope is not None and self._is_transparent(node, point):
                    yield Definition(scope)
                elif scope is not None:
                    how = self._how_given(node, point)
                    if how:
                        yield Generator(scope, how)
            case ast.arg():
                yield from self._parameter(node, point)
            case ast.AnnAssign():
                given = self.values(node.value, point)
                yield from given
                # what is stated counts where nothing is known of the value, or it is as sure as that
                if self._is_call_of(_CASTS, node.value, point) or not (
                    given or self._is_call_of(_STANDS_IN, node.value, point)
                ):
                    yield from self._annotated(node.annotation, point)
            case ast.Call():
                yield from self._call(node, point)
            case ast.IfExp():
                for arm, part in (("body", node.body), ("orelse", node.orelse)):
                    yield from self.values(
                        part, ProgramPoint(part, point.scope, point.order, (*point.path, (id(node), arm)))
                    )
            case ast.BoolOp():
                operands = node.values if isinstance(node.op, ast.Or) else node.values[-1:]
                for operand in operands:
                    yield from self.values(operand, point)
            case ast.NamedExpr():
                yield from self.values(node.value, point)
            case ast.Await():
                for value in self.values(node.value, point):
                    if isinstance(value, Coroutine):
                        yield from self.within(value.entry, lambda v=value: self._returned(v.scope))  # type: ignore[misc]
                    else:
                        yield value
            case ast.Tuple() | ast.List() | ast.Set():
                yield Items(tuple(node.elts), point, None, self._entry)
            case ast.Dict():
                yield Items(tuple(node.values), point, tuple(node.keys), self._entry)
            case ast.Subscript():
                yield from self._subscript(node, point)

    def _text_of(self, node: ast.expr, parts: list[ast.expr], point: ProgramPoint) -> Iterator[Text]:
        """The string of parts that are known, each to be one string."""
        whole = ""
        for part in parts:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            texts = {text.value for text in self.values(inner, point) if isinstance(text, Text)}
            if len(texts) != 1 or (isinstance(part, ast.FormattedValue) and part.format_spec):
                return
            whole += texts.pop()
            if len(whole) > _LONGEST_TEXT:
                return
        yield Text(whole, node)

    def _is_call_of(self, names: re.Pattern[str], node: ast.expr | None, point: ProgramPoint) -> bool:
        """Whether an expression calls something of a dotted name that matches."""
        return isinstance(node, ast.Call) and any(
            isinstance(v, QualifiedName) and names.fullmatch(v.name) for v in self.values(node.func, point)
        )

    def _step(self, values: Values, step: Projection) -> Iterator[Value]:
        for value in values:
            match value:
                case Pairs(of=items):
                    if step == "item":
                        yield value
                    elif step == 1:
                        yield from self._each(items)
                case Items() if step == "item" and value.keys is None:
                    yield from self._each(value)
                case Items(keys=None) if isinstance(step, int) and step < len(value.elements):
                    yield from self._element(value, value.elements[step])
                case Instance() if step == "enter":
                    yield value
                case Generator(scope=scope, how="manager", entry=entry) if step == "enter":
                    yield from self.within(entry, lambda s=scope: self._given_by(s))  # type: ignore[misc]

    def _each(self, items: Items) -> Iterator[Value]:
        for element in items.elements:
            yield from self._element(items, element.value if isinstance(element, ast.Starred) else element)

    def _element(self, items: Items, element: ast.expr) -> list[Value]:
        return self.within(items.entry, lambda: self.values(element, items.point))

    def _attribute(self, value: Value, name: str) -> Iterator[Value]:
        match value:
            case QualifiedName():
                yield QualifiedName(f"{value.name}.{name}")
            case Instance(of=QualifiedName() as made):
                yield QualifiedName(f"{made.name}.{name}")
            case Instance(of=Definition(scope=scope, below=below), entry=entry):
                if name == "__class__":
                    yield value.of
                members = self.within(
                    entry, lambda: self._members(scope, name, below=below, of_instance=True)
                )
                for member in members:
                    if isinstance(member, Definition) and self._is_property(member.scope):
                        yield from self.within(entry, lambda m=member: self._returned(m.scope))  # type: ignore[misc]
                    else:
                        yield member
            case Definition(scope=scope, below=below) if scope.kind == "class":
                yield from self._members(scope, name, below=below)
            case SuperProxy(scope=scope):
                yield from self._inherited(scope, name)

    def _members(
        self,
        scope: Scope,
        name: str,
        *,
        below: bool = False,
        of_instance: bool = False,
        seen: dict[Scope, int] | None = None,
        depth: int = 0,
    ) -> Values:
        """The attribute `name` of a class of this file, its bases and, `below`, its subclasses.

        `seen` are the classes that this question has come to already, each at its depth.
        """
        seen = {} if seen is None else seen
        if depth > _CLASSES or seen.get(scope, depth + 1) <= depth:
            return _NOTHING
        seen[scope] = depth
        own = list(scope.bindings.get(name, ()))
        if of_instance:
            own += scope.attributes.get(name, ())
        found = frozenset(v for binding in own for v in self.bound(binding))
        if not own:
            found = self._inherited(scope, name, of_instance, seen, depth)
        for other in self._below(scope) if below else ():
            if name in other.bindings or name in other.attributes:
                found |= self._members(
                    other, name, below=True, of_instance=of_instance, seen=seen, depth=depth + 1
                )
        return found

    def _below(self, scope: Scope) -> list[Scope]:
        """The classes of this file that derive from `scope` at once."""
        if self._subclasses is None:
            self._subclasses = {}
            for other in list(self.namespaces.values()):  # a lambda that is met adds its own
                if other.kind == "class":
                    for base in self._bases(other):
                        if isinstance(base, Definition):
                            self._subclasses.setdefault(base.scope, []).append(other)
        return self._subclasses.get(scope, [])

    def _inherited(
        self,
        scope: Scope,
        name: str,
        of_instance: bool = False,
        seen: dict[Scope, int] | None = None,
        depth: int = 0,
    ) -> Values:
        """The attribute `name` of the first base that has it; of a library's class it is taken to."""
        for base in self._each_base(scope):
            found: Values = _NOTHING
            if not any(isinstance(v, Definition) or self._is_library(v) for v in base):
                return _NOTHING  # an unknown base may have it
            for value in base:
                if isinstance(value, Definition):
                    found |= self._members(
                        value.scope, name, of_instance=of_instance, seen=seen, depth=depth + 1
                    )
                elif isinstance(value, QualifiedName) and self.names.leads_to_builder(value.name):
                    found |= {QualifiedName(f"{value.name}.{name}")}
            if found:
                return found
        return _NOTHING

    def _each_base(self, scope: Scope) -> list[Values]:
        node = scope.node
        if not isinstance(node, ast.ClassDef) or scope.parent is None:
            return []
        binding = self.definitions.get(node)
        if binding is None:
            return []
        point = ProgramPoint(node, scope.parent, binding.order, binding.path)
        return self._within(None, lambda: [self.values(base, point) for base in node.bases])

    def _bases(self, scope: Scope) -> Values:
        return frozenset(value for base in self._each_base(scope) for value in base)

    def _parameter(self, node: ast.arg, point: ProgramPoint) -> Iterator[Value]:
        function = point.scope.node
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        owner = Scopes.receiver(node, point.scope)
        if owner is not None:
            is_class = _is_classmethod(function) or node.arg == "cls"
            yield Definition(owner, below=True) if is_class else Instance(Definition(owner, below=True))
        outside = self._outside(point.scope)
        if outside is None:
            return
        entry = self._entry
        while entry is not None and not self._enters(entry.scope, point.scope):
            entry = entry.outer
        if entry is not None:
            shifted = Scopes.class_of(point.scope) is not None
            given = argument_of(entry.call, function.args, node, shifted=shifted)
            if given is not None:
                yield from self.within(entry.outer, lambda: self.values(given, entry.point))
                return
        else:
            yield from self._given(node, point)
        default = _default(function.args, node)
        values = self.values(default, outside)
        yield from values
        if node.annotation is not None and not values:
            yield from self._annotated(node.annotation, outside)
        if entry is None and default is None:
            yield from self._fixture(node.arg, point.scope)

    def _fixture(self, name: str, function: Scope) -> Iterator[Value]:
        """What the fixture of that name gives to a test, or to another fixture."""
        is_test = getattr(function.node, "name", "").startswith("test")
        scope = function.parent
        while scope is not None and (is_test or self._how_given_to(function) == "fixture"):
            for binding in scope.bindings.get(name, ()):
                for value in self.bound(binding):
                    if isinstance(value, Generator) and value.how == "fixture":
                        yield from (v for v in self._given_by(value.scope) if isinstance(v, Instance))
            if name in scope.bindings:
                return
            scope = scope.parent

    def _given_by(self, function: Scope) -> Iterator[Value]:
        """What a function returns or yields."""
        yield from self._returned(function)
        for given in function.yields:
            yield from self.values(given.node, given)

    def _enters(self, called: Scope, function: Scope) -> bool:
        """Whether a call of `called` gives the parameters of `function`: itself, or its `__init__`."""
        if called is function:
            return True
        if called.kind != "class" or getattr(function.node, "name", "") != "__init__":
            return False
        return function.parent is called or (
            "__init__" not in called.bindings
            and any(
                isinstance(b, Definition) and self._enters(b.scope, function) for b in self._bases(called)
            )
        )

    def _given(self, parameter: ast.arg, point: ProgramPoint) -> Iterator[Value]:
        """What the callers of a function hand to a parameter; here nobody asks them."""
        yield from ()

    def _outside(self, scope: Scope) -> ProgramPoint | None:
        """Where a function's defaults and annotations are evaluated."""
        node, parent = scope.node, scope.parent
        if parent is None or node is None:
            return None
        if isinstance(node, ast.Lambda):
            return ProgramPoint(node, parent, scope.returns[0].order, scope.returns[0].path)
        binding = self.definitions.get(node)
        return None if binding is None else ProgramPoint(node, parent, binding.order, binding.path)

    def _annotated(self, node: ast.expr, point: ProgramPoint) -> Iterator[Value]:
        """What an annotation promises: an instance of each class, `type[X]` the class itself."""
        match node:
            case ast.Constant(value=str(text)):
                try:
                    promised = ast.parse(text, mode="eval").body
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    return
                yield from self._annotated(promised, point)
            case ast.BinOp(op=ast.BitOr()):
                yield from self._annotated(node.left, point)
                yield from self._annotated(node.right, point)
            case ast.Subscript():
                last = (
                    node.value.attr
                    if isinstance(node.value, ast.Attribute)
                    else getattr(node.value, "id", "")
                )
                parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                if last in ("Optional", "Union", "Annotated", "Final", "ClassVar"):
                    for part in parts[:1] if last == "Annotated" else parts:
                        yield from self._annotated(part, point)
                elif last in ("type", "Type"):
                    yield from (
                        QualifiedName(name) for name in self.names.dotted(parts[0], point, typing=True)
                    )
                    yield from self.values(parts[0], point)
                else:
                    yield from self._annotated(node.value, point)
            case ast.Name() | ast.Attribute():
                for name in self.names.dotted(node, point, typing=True):
                    if self.names.is_builder(name):
                        yield Instance(QualifiedName(name), said=True)
                for value in self.values(node, point):
                    if isinstance(value, Definition) or (
                        isinstance(value, QualifiedName) and self.names.is_builder(value.name)
                    ):
                        yield Instance(value, said=True)

    def _call(self, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
        yield from self._built_in(call, point)
        for value in self.values(call.func, point):
            match value:
                case QualifiedName(name=name) if name in HANDED_ON:
                    yield from (
                        v for part in call.args[HANDED_ON[name] :][:1] for v in self.values(part, point)
                    )
                case QualifiedName(name=name) if name in IMPORTERS:
                    yield from self._imported(call, point)
                case QualifiedName(name=name) if name in DEPENDS:
                    for given in (v for part in call.args[:1] for v in self.values(part, point)):
                        if isinstance(given, Definition) and given.scope.kind == "function":
                            yield from self._given_by(given.scope)
                case QualifiedName(name=name) if self.names.is_builder(name):
                    yield Instance(value)
                case QualifiedName(name=name) if name.rpartition(".")[2] in HANDED and self.client(
                    Instance(value)
                ):
                    yield Instance(value)
                case QualifiedName(name=name) if self.method(name) == "buffered":
                    yield Instance(QualifiedName(name.rpartition(".")[0]))
                case Generator(how="manager") if self._depth() <= _CALLS:
                    yield replace(value, entry=self._entered_by(call, point, value.scope))
                case Definition(scope=scope):
                    depth = self._depth()
                    entry = None
                    if scope.kind == "class" or _parameters(scope):
                        if depth > _CALLS:
                            continue
                        entry = self._entered_by(call, point, scope)
                    if scope.kind == "class":
                        yield Instance(Definition(scope), entry)
                    elif isinstance(scope.node, ast.AsyncFunctionDef):
                        yield Coroutine(scope, entry)
                    elif not self._generates(scope):
                        yield from self.within(entry, lambda s=scope: self._returned(s))  # type: ignore[misc]
        if isinstance(call.func, ast.Attribute):
            yield from self._container_call(call.func, call, point)

    def _generates(self, function: Scope) -> bool:
        """Whether a function has a `yield` of its own."""
        if function not in self._generators:
            self._generators[function] = _is_generator(function.node)
        return self._generators[function]

    def _entered_by(self, call: ast.Call, point: ProgramPoint, scope: Scope) -> CallContext:
        key = (call, scope, self._entry)
        if key not in self._entries:
            self._entries[key] = CallContext(call, point, scope, self._entry, self._depth())
        return self._entries[key]

    def _depth(self) -> int:
        return self._entry.depth + 1 if self._entry else 1

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

    def _built_in(self, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
        if not isinstance(call.func, ast.Name) or self.names.bindings(call.func.id, point):
            return
        arguments = call.args
        match call.func.id:
            case "getattr" if len(arguments) > 1:
                for owner in self.values(arguments[0], point):
                    for text in self.texts(arguments[1], point):
                        yield from self._attribute(owner, text.value)
                for default in arguments[2:]:
                    yield from self.values(default, point)
            case "__import__":
                yield from self._imported(call, point)
            case "vars" if arguments:
                for owner in self.values(arguments[0], point):
                    yield from self._attribute(owner, "__dict__")
            case "type" if len(arguments) == 1:
                for value in self.values(arguments[0], point):
                    if isinstance(value, Instance):
                        yield value.of
            case "super":
                yield SuperProxy(point.scope.enclosing("class"))

    def _container_call(self, func: ast.Attribute, call: ast.Call, point: ProgramPoint) -> Iterator[Value]:
        if func.attr in GETTERS and len(call.args) == 2:
            yield from self.values(call.args[1], point)  # the default, of whatever mapping
        for value in self.values(func.value, point):
            if isinstance(value, Items) and value.keys is not None:
                if func.attr in GETTERS and call.args:
                    yield from self._select(value, call.args[0], point)
                elif func.attr == "values":
                    yield Items(value.elements, value.point, None, value.entry)
                elif func.attr == "items":
                    yield Pairs(value)

    def loaded(
        self, node: ast.Call | ast.Subscript, point: ProgramPoint, importers: frozenset[str] = IMPORTERS
    ) -> set[str]:
        """The dotted names that a call of an importer, or a read of `sys.modules`, loads."""
        if isinstance(node, ast.Subscript):
            is_modules = QualifiedName("sys.modules") in self.values(node.value, point)
            return {text.value for text in self.texts(node.slice, point)} if is_modules else set()
        built_in = (
            isinstance(node.func, ast.Name)
            and node.func.id == "__import__"
            and not self.names.bindings("__import__", point)
        )
        if not built_in and not any(
            isinstance(value, QualifiedName) and value.name in importers
            for value in self.values(node.func, point)
        ):
            return set()
        names = [k.value for k in node.keywords if k.arg == "name"] or node.args[:1]
        packages = [k.value for k in node.keywords if k.arg == "package"] or node.args[1:2]
        found: set[str] = set()
        for text in self.texts(names[0] if names else None, point):
            name = text.value.replace(":", ".")
            if name.startswith("."):
                found.update(full for package in packages for full in self._relative(name, package, point))
            else:
                found.add(name)
        return found

    def _imported(self, call: ast.Call, point: ProgramPoint) -> Iterator[QualifiedName]:
        """The modules or objects that a call of an importer gives."""
        for name in self.loaded(call, point):
            if isinstance(call.func, ast.Name) and call.func.id == "__import__":
                lists = [*call.args[3:4], *(k.value for k in call.keywords if k.arg == "fromlist")]
                whole = any(not isinstance(part, ast.List | ast.Tuple) or part.elts for part in lists)
                name = name if whole else name.split(".")[0]
            yield QualifiedName(name)

    def _relative(self, name: str, package: ast.expr, point: ProgramPoint) -> Iterator[str]:
        if isinstance(package, ast.Name) and package.id in ("__package__", "__name__"):
            here, is_package = self.home(point)
            own = is_package or package.id == "__name__"
            bases = list(here) if own else [m.rpartition(".")[0] for m in here]
        else:
            bases = [text.value for text in self.texts(package, point)]
        level = len(name) - len(name.lstrip("."))
        for base in bases:
            parts = base.split(".")
            if level <= len(parts):
                yield ".".join([*parts[: len(parts) - level + 1], name[level:]]).rstrip(".")

    def home(self, point: ProgramPoint) -> tuple[tuple[str, ...], bool]:
        """The dotted names of the file of `point`, and whether it is a package."""
        return tuple(self.scopes.modules), self.scopes.is_package

    def _returned(self, function: Scope) -> Iterator[Value]:
        found = [v for returned in function.returns for v in self.values(returned.node, returned)]
        yield from found
        node = function.node
        if (
            not found
            and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.returns is not None
        ):
            outside = self._outside(function)
            yield from self._annotated(node.returns, outside) if outside is not None else ()

    def _subscript(self, node: ast.Subscript, point: ProgramPoint) -> Iterator[Value]:
        stored = self._stored(node, point)
        if stored is not None:
            yield from stored
            if self._keys(node.slice, point):
                return
        for value in self.values(node.value, point):
            match value:
                case Items():
                    yield from self._select(value, node.slice, point)
                case QualifiedName(name="sys.modules"):
                    yield from (QualifiedName(text.value) for text in self.texts(node.slice, point))
                case QualifiedName(name=name) if name.endswith(".__dict__"):
                    owner = QualifiedName(name.removesuffix(".__dict__"))
                    for text in self.texts(node.slice, point):
                        yield from self._attribute(owner, text.value)
                case QualifiedName() | Definition():
                    yield value  # Redis[bytes]

    def _select(self, items: Items, index: ast.expr, point: ProgramPoint) -> Iterator[Value]:
        """The element at `index`; all that it may be where the index or a key is unknown."""
        if items.keys is None:
            try:
                at = ast.literal_eval(index)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                at = None
            if isinstance(at, int):
                if -len(items.elements) <= at < len(items.elements):
                    yield from self._element(items, items.elements[at])
                return
            yield from self._each(items)
            return
        asked = self._keys(index, point)
        if isinstance(index, ast.Attribute) and not any(
            isinstance(key, ast.Attribute) and unparsed(key.value) == unparsed(index.value)
            for key in items.keys
        ):
            asked = {key for key in asked if key != ("name", unparsed(index))}
        known = [self._keys(key, items.point) if key is not None else set() for key in items.keys]
        matching = [n for n, key in enumerate(known) if key & asked]
        unknown = [n for n, key in enumerate(known) if not key]
        if asked and matching:
            # of equal keys the last one counts, and what is unknown after it
            unknown = [n for n in unknown if n > matching[-1]]
            chosen = [*(matching if len(asked) > 1 else matching[-1:]), *unknown]
        else:
            chosen = unknown if asked else list(range(len(known)))
        for n in chosen:
            yield from self._element(items, items.elements[n])

    def _keys(self, node: ast.expr, point: ProgramPoint) -> set[object]:
        """What a key can be: its constants, or its own text where it is a dotted name."""
        if isinstance(node, ast.Constant):
            return {("constant", repr(node.value))}
        texts: set[object] = {("constant", repr(text.value)) for text in self.texts(node, point)}
        if not texts and isinstance(node, ast.Attribute):
            return {("name", unparsed(node))}
        return texts

    def _stored(self, node: ast.Subscript, point: ProgramPoint) -> Values | None:
        """What has been stored under that key of a name, by an assignment of its own; None where nothing."""
        if not isinstance(node.value, ast.Name):
            return None
        stores = [s for s in self.scopes.stores if s[0] == node.value.id]
        if not stores:
            return None
        owner = {id(b) for b in self.bindings(node.value.id, point)}
        stores = [
            s
            for s in stores
            if s[2].scope is not None
            and owner
            & {id(b) for b in self.bindings(s[0], ProgramPoint(s[1], s[2].scope, s[2].order, s[2].path))}
        ]
        asked = self._keys(node.slice, point)
        same = [
            b
            for _, key, b in stores
            if not asked or asked & self._keys(key, point) or not self._keys(key, point)
        ]
        return frozenset(v for b in same for v in self.bound(b)) if same else None

    # -- which names carry what rules ask for

    def family(self, scope: Scope) -> tuple[set[str], set[int]]:
        """The names of the bases of a client class of this file, and all lines of their bodies and its own.

        What such a class does through `self` or `super()` needs no word of a library.
        """
        names: set[str] = set()
        lines: set[int] = set()
        family = [scope, *(b.scope for b in self._bases(scope) if isinstance(b, Definition))]
        for node in (member.node for member in family) if self.library_bases(scope) else ():
            if isinstance(node, ast.ClassDef):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                names.update(base.id for base in node.bases if isinstance(base, ast.Name))
        return names, lines

    def is_carrier(self, binding: Binding) -> bool:
        """Whether a name is bound to a value from which a builder or a manager's class can be reached.

        Through the members of a class only by their own names, which are bound themselves.
        """
        return any(self._reaches(value, self._is_asked_for, members=False) for value in self.bound(binding))

    def starred(self) -> set[str]:
        """The names that star imports may bind to a builder or a manager's class."""
        found: set[str] = set()
        for scope in (self.scopes.module, *self.scopes.namespaces.values()):
            for star in scope.stars:
                found.update(star_names(star.target or "", self.names.table))
                found.update(self.names.managers.classes(star.target or ""))
        return found

    def carried(self, lines: Sequence[int] | None) -> set[str]:
        """The names of the module from which a builder can be reached, for other modules to use.

        Only those that the sorted `lines` say (None: all).
        """
        module = self.scopes.module.bindings
        return {
            name
            for name, binding, place in self.scopes.bound
            if name in module
            and (lines is None or touches(lines, place))
            and binding in module[name]
            and any(self.leads_to_builder(value) for value in self.bound(binding))
        }

    def leading(self, is_wanted: Callable[[Inference, Value], bool]) -> set[str]:
        """The names of the module from which a value that `is_wanted` can be reached."""
        self._reached.pop("wanted", None)

        def wanted(value: Value) -> bool:
            return is_wanted(self, value)

        return {
            name
            for name, bindings in self.scopes.module.bindings.items()
            for binding in bindings
            if any(self._reaches(value, wanted) for value in self.bound(binding))
        }

    def handed(self, points: Iterable[ProgramPoint]) -> set[str]:
        """The callables of ours that get something, in `points`, from which a builder can be reached, by dotted name.

        `.` for one of this file; a class that derives from one of ours and holds such hands it
        over as well.
        """
        found: set[str] = set()
        for point in points:
            if isinstance(point.node, ast.Call):
                given = [*point.node.args, *(k.value for k in point.node.keywords)]
                if any(self.leads_to_builder(v) for part in given for v in self.values(part, point)):
                    found.update(self._own(self.values(point.node.func, point)))
        for scope in list(self.namespaces.values()):  # a lambda that is met adds its own
            if scope.kind == "class" and self.leads_to_builder(Definition(scope)):
                found.update(self._own(self._bases(scope)) - {"."})
        return found

    def _own(self, values: Values) -> set[str]:
        names = {v.name for v in values if isinstance(v, QualifiedName)}
        names = {n for n in names if not self.names.leads_to_builder(n) and self.names.is_ours(n)}
        return names | ({"."} if any(isinstance(v, Definition) for v in values) else set())

    def leads_to_builder(self, value: Value) -> bool:
        """Whether some use of `value` could be a builder; what is built already is none, but a Sentinel."""
        return self._reaches(value, self._is_library)

    def _reaches(self, value: Value, is_wanted: Callable[[Value], bool], *, members: bool = True) -> bool:
        """Whether `is_wanted` holds for `value` or for something that it holds, returns or derives from.

        Without `members` what a class has is left out.
        """
        known = self._reached.setdefault(is_wanted.__name__, {})
        if value in known:
            return known[value]
        seen: set[Value] = set()
        stack = [value]
        while stack:
            here = stack.pop()
            if here in seen or known.get(here) is False:
                continue
            seen.add(here)
            if known.get(here) or is_wanted(here):
                known[value] = known[here] = True
                return True
            stack.extend(self._held(here, members=members))
        known.update(dict.fromkeys(seen, False))
        return False

    def _held(self, value: Value, *, members: bool) -> Iterator[Value]:
        match value:
            case Instance(of=Definition() as made):
                yield Definition(made.scope)
            case Items():
                yield from self._each(value)
            case Pairs(of=items):
                yield from self._each(items)
            case Definition(scope=scope) if scope.kind == "class":
                yield from self._bases(scope)
                kept = (*scope.attributes.values(), *scope.bindings.values()) if members else ()
                for bindings in kept:
                    for binding in bindings:
                        yield from self.bound(binding)
            case Definition(scope=scope) | Coroutine(scope=scope) | Generator(scope=scope):
                yield from self._given_by(scope)

    def _is_library(self, value: Value) -> bool:
        match value:
            case QualifiedName(name=name):
                return self.names.leads_to_builder(name)
            case Instance(of=QualifiedName(name=name)):
                return name in self.names.table.with_methods
        return False

    def _is_asked_for(self, value: Value) -> bool:
        """Whether a rule may ask what uses `value`: of a library, a manager's class, a forbidden name."""
        match value:
            case QualifiedName(name=name) if self.names.managers.kind(name) in ("class", "module"):
                return True
            case QualifiedName(name=name) if self.method(name) is not None:
                return True
            case Text(value=text):
                return self.names.managers.is_forbidden(text)
            case Instance(of=QualifiedName(name=name)):
                builder = self.names.table.get(name)
                if builder is not None and builder.kind == "pool":
                    return True
        return self.client(value) is not None or self._is_library(value)

    def _is_property(self, function: Scope) -> bool:
        return bool(PROPERTIES & self._decorators(function.node, function.parent))

    def _is_transparent(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether a function still returns what it returns: no decorator that we do not know."""
        return isinstance(node, ast.ClassDef) or self._decorators(node, point.scope) <= TRANSPARENT

    def _how_given(self, node: ast.AST, point: ProgramPoint) -> str:
        """By which decorator a function hands its value on: `fixture`, `manager`; empty for none."""
        for decorator in getattr(node, "decorator_list", ()):
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            for name in self.names.dotted(inner, point):
                if name in GIVERS:
                    return GIVERS[name]
        return ""

    def _how_given_to(self, function: Scope) -> str:
        outside = self._outside(function)
        return self._how_given(outside.node, outside) if outside is not None else ""

    def _decorators(self, node: ast.AST | None, scope: Scope | None) -> set[str]:
        """The known decorators of a definition by their last names; `?` for any other."""
        found = set()
        binding = self.definitions.get(node) if node is not None else None
        for decorator in getattr(node, "decorator_list", ()):
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            if binding is None or scope is None:
                return {"?"}
            point = ProgramPoint(inner, scope, binding.order, binding.path)
            if isinstance(inner, ast.Name) and not self.names.bindings(inner.id, point):
                found.add(inner.id if inner.id in BUILT_IN_DECORATORS else "?")
            else:
                names = self.names.dotted(inner, point)
                known = {name.rpartition(".")[2] for name in names if name in DECORATORS}
                found |= known if known and len(known) == len(names) else {"?"}
        return found


def _has_grown(value: Value, before: Values) -> bool:
    """Whether a dotted name goes on from two of those found `before`: it has been around a cycle twice."""
    if not isinstance(value, QualifiedName) or not before:
        return False
    name, shorter = value.name, 0
    while "." in name and shorter < 2:
        name = name.rpartition(".")[0]
        shorter += QualifiedName(name) in before
    return shorter == 2


def _parameters(function: Scope) -> bool:
    """Whether a function has parameters, `self` and `cls` apart."""
    if not isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    args = function.node.args
    everyone = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return any(a is not None and Scopes.receiver(a, function) is None for a in everyone)


def _is_generator(node: ast.AST | None) -> bool:
    """Whether a function has a `yield` of its own."""
    stack = list(getattr(node, "body", ())) if isinstance(node, ast.FunctionDef) else []
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(part))
    return False


def _is_classmethod(node: ast.AST) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "classmethod" for d in getattr(node, "decorator_list", ()))


def _calls_on(node: ast.AST | None, name: str) -> bool:
    """Whether a method calls the one of the same name of `super()` or of another class."""
    return node is not None and any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == name
        for call in ast.walk(node)
    )


def argument_of(call: ast.Call, args: ast.arguments, parameter: ast.arg, *, shifted: bool) -> ast.expr | None:
    """What `call` hands to a parameter; `shifted` where the first one is bound already."""
    for keyword in call.keywords:
        if keyword.arg == parameter.arg and parameter not in args.posonlyargs:
            return keyword.value
    positional = [*args.posonlyargs, *args.args]
    if parameter in positional and not any(isinstance(a, ast.Starred) for a in call.args):
        at = positional.index(parameter) - int(shifted)
        if 0 <= at < len(call.args):
            return call.args[at]
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _default(args: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*args.posonlyargs, *args.args]
    if argument in positional:
        at = positional.index(argument) - len(positional) + len(args.defaults)
        return args.defaults[at] if at >= 0 else None
    if argument in args.kwonlyargs:
        return args.kw_defaults[args.kwonlyargs.index(argument)]
    return None
