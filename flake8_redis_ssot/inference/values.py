"""What an expression can be."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    """One of more values of a kind than are told apart."""

    kind: str


MANY_TEXTS, MANY_ITEMS = Many("text"), Many("items")


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function of ours; with `below` a class or any that derives from it.

    A method that an object gives has that object for its `receiver`; what is defined in a function has the call
    of that function for its `context`.
    """

    scope: Scope
    below: bool = False
    receiver: Instance | None = None
    context: CallContext | None = None


@dataclass(frozen=True, slots=True)
class Coroutine:
    """What a call of an `async def` of ours gives, before it is awaited."""

    scope: Scope
    context: CallContext | None


@dataclass(frozen=True, slots=True)
class Generator:
    """A fixture, or a function that makes a context manager or is read as a property (`how`).

    Once called, `context` is that call.
    """

    scope: Scope
    how: str
    context: CallContext | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CallContext:
    """The calls of a function of ours, or of a class with fields, that give the same `arguments`.

    What is given but unknown is there and empty. `outer` is the context of the function that `scope` is
    defined in. There is one object for each, so that they are compared at once; `depth` is how deep they stand
    in the arguments of each other. With a `receiver` it is any call of that method of that object.
    """

    scope: Scope
    arguments: Mapping[str, Values]
    outer: CallContext | None = None
    depth: int = 1
    receiver: Instance | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """What a call of a class or builder makes; `context` is that call, where it is known.

    `said` marks one that only an annotation speaks of.
    """

    of: QualifiedName | Definition
    context: CallContext | None = None
    said: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """The values of a tuple, list or set, or of a dict by its `keys`, as written within `context`.

    What is unpacked into a dict is its own key. Those of a namespace are its attributes.
    """

    elements: tuple[ast.expr, ...]
    point: ProgramPoint
    keys: tuple[ast.expr | None, ...] | None = None
    context: CallContext | None = None
    has_attributes: bool = False

    def __hash__(self) -> int:
        return hash(self.point)  # what is written there may be long


@dataclass(frozen=True, slots=True)
class Pairs:
    """The items of a dict, as its `items()` gives them."""

    of: Items | Filled


@dataclass(frozen=True, slots=True)
class Filled:
    """What is put into a container once it is made: under keys where it is `keyed`."""

    stores: tuple[Store, ...]
    keyed: bool

    def __hash__(self) -> int:
        return hash(self.stores[0].owner)


@dataclass(frozen=True, slots=True)
class SuperProxy:
    """What `super()` gives in a method of a class."""

    scope: Scope


class Promised(ast.expr):
    """An expression of which only the type is written: `annotation`. With `is_many` any number of such."""

    _fields = ("annotation",)

    def __init__(self, annotation: ast.expr, is_many: bool) -> None:
        super().__init__()
        self.annotation = annotation
        self.is_many = is_many


class Element(ast.expr):
    """Any element of what an expression `of` gives, as another container asks for it."""

    _fields = ("of",)

    def __init__(self, of: ast.expr) -> None:
        super().__init__()
        self.of = of


class Produced(ast.expr):
    """What calls of a `factory` give, as a container asks it for."""

    _fields = ("factory",)

    def __init__(self, factory: ast.expr) -> None:
        super().__init__()
        self.factory = factory


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
    """How deep the calls stand in each other that these values come from."""
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
    """Whether a dotted name goes on from two of those found `before`: it has been around a cycle twice."""
    if not isinstance(value, QualifiedName) or not before:
        return False
    name, shorter = value.name, 0
    while "." in name and shorter < 2:
        name = name.rpartition(".")[0]
        shorter += QualifiedName(name) in before
    return shorter == 2
