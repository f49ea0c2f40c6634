"""The kinds of values that an expression can have, as far as the evaluator tells them apart."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope, Store


@dataclass(frozen=True, slots=True)
class QualifiedName:
    """An imported module or object by its dotted name, or a member of one."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string, and the expression that it was written as."""

    value: str
    node: ast.expr

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class Many:
    """Stands for all values of a `kind` where an expression has too many of them (see `widening.py`)."""

    kind: str


MANY_TEXTS, MANY_ITEMS = Many("text"), Many("items")


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function of ours; with `below` that class or any subclass, as `cls` of a classmethod is.

    `receiver` is the object of a bound method, `context` the call of the function in which the `def` stands.
    """

    scope: Scope
    below: bool = False
    receiver: Instance | None = None
    context: CallContext | None = None


@dataclass(frozen=True, slots=True)
class Coroutine:
    """What a call of an `async def` of ours gives before it is awaited; `context` is that call."""

    scope: Scope
    context: CallContext | None


@dataclass(frozen=True, slots=True)
class Generator:
    """A function whose value is not had by calling it alone, but by `how`.

    `fixture`: by the parameter of a test; `manager`: by `with`; `property`: by reading an attribute; `iterator`: by
    a loop. `context` is the call, where it has been called.
    """

    scope: Scope
    how: str
    context: CallContext | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CallContext:
    """The calls with the same `arguments` of a function of ours, or of a class with fields (dataclass).

    An argument whose value is unknown is there with no values. `outer` is the context of the function in which
    `scope` is defined, `depth` how deep calls stand in each other's arguments. With a `receiver` it stands for any
    call of that object's method. Equal contexts are one object (see `calls.Contexts`), so comparing them is cheap.
    """

    scope: Scope
    arguments: Mapping[str, Values]
    outer: CallContext | None = None
    depth: int = 1
    receiver: Instance | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of the class or builder `of`; `context` is the call that made it, where that is known.

    `is_promised` marks one that only an annotation promises.
    """

    of: QualifiedName | Definition
    context: CallContext | None = None
    is_promised: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple, list or set by its element expressions, or a dict by these and its `keys`.

    They are evaluated at `point` within `context`. In a dict, an element that is unpacked (`**other`) is its own key.
    With `has_attributes` the keys are attributes, as of a `SimpleNamespace`.
    """

    elements: tuple[ast.expr, ...]
    point: ProgramPoint
    keys: tuple[ast.expr | None, ...] | None = None
    context: CallContext | None = None
    has_attributes: bool = False

    def __hash__(self) -> int:
        return hash(self.point)  # hashing all elements may take long


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs that `items()` of a dict gives, or `enumerate` of a list."""

    of: Items | Filled


@dataclass(frozen=True, slots=True)
class Filled:
    """What `stores` put into a container after it was made; with `keyed` under keys, so that it is a dict."""

    stores: tuple[Store, ...]
    keyed: bool

    def __hash__(self) -> int:
        return hash(self.stores[0].owner)


@dataclass(frozen=True, slots=True)
class SuperProxy:
    """What `super()` gives in a method of a class."""

    scope: Scope


Value = (
    QualifiedName
    | Text
    | Many
    | Definition
    | Coroutine
    | Generator
    | Instance
    | Items
    | Pairs
    | Filled
    | SuperProxy
)
Values = frozenset[Value]
NOTHING: Values = frozenset()


def depth_of(values: Iterable[Value]) -> int:
    """The greatest depth of the call contexts in `values`."""
    deepest = 0
    for value in values:
        match value:
            case Pairs(of=Items(context=context)) | Coroutine(context=context) | Generator(context=context):
                contexts = [context]
            case Instance(of=of, context=context):
                contexts = [context, of.context if isinstance(of, Definition) else None]
            case Items(context=context):
                contexts = [context]
            case Definition(receiver=receiver, context=context):
                contexts = [context, receiver.context if receiver is not None else None]
            case _:
                continue
        deepest = max([deepest, *(context.depth for context in contexts if context is not None)])
    return deepest


def has_grown(value: Value, before: Values) -> bool:
    """Whether a dotted name extends two of those found `before` (`a`, `a.next`, now `a.next.next`): it went around a cycle twice."""
    if not isinstance(value, QualifiedName) or not before:
        return False
    name, shorter = value.name, 0
    while "." in name and shorter < 2:
        name = name.rpartition(".")[0]
        shorter += QualifiedName(name) in before
    return shorter == 2
