"""What a file binds, where, and what it puts into objects: the words in which its scopes are told."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Branch = tuple[int, str]
"""One arm of a compound statement: the statement's identity and the name of the arm."""

Rest = tuple[int, int]
"""Elements from one index to another one before the end, or to the end where that is 0."""

Projection = int | Rest | Literal["item", "enter"]
"""From a value to what is bound: an element by its index, what a starred target gets, any element, what a `with` hands out."""


@dataclass(
    slots=True, eq=False
)  # not frozen: a file has thousands, and a frozen one takes twice as long to make
class Binding:
    """A name given a meaning.

    `target` is the dotted name that an import binds; else `value` is the expression,
    definition, parameter or annotated assignment that it comes from, in `scope`, by `projection`;
    neither where the file does not say. `star` marks `from target import *`. `always` marks a
    binding made from another scope by `global` or `nonlocal`, which may hold at any time. `turn` is the order at
    which `value` is evaluated, where that is another one.
    """

    order: int
    path: tuple[Branch, ...]
    target: str | None = None
    star: bool = False
    always: bool = False
    value: ast.AST | None = None
    projection: tuple[Projection, ...] = ()
    scope: Scope | None = None
    turn: int | None = None

    @property
    def for_typing(self) -> bool:
        """Whether it stands under `if TYPE_CHECKING:`, which never runs."""
        return bool(self.path) and any(arm == "typing" for _, arm in self.path)


@dataclass(eq=False, slots=True)
class Scope:
    """A namespace: module, class, function or comprehension, made by `node`.

    `attributes` of a class are those assigned through `self`, and those only declared; `returns`
    of a function are its returned expressions, `yields` those that it yields, a
    `yield from` as a whole.
    """

    kind: str
    parent: Scope | None
    node: ast.AST | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    outer: dict[str, Scope] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[ProgramPoint] = field(default_factory=list)
    yields: list[ProgramPoint] = field(default_factory=list)

    def enclosing(self, *kinds: str) -> Scope:
        scope = self
        while scope.kind not in kinds and scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """What is put into the object `owner`: under a `key`, as an attribute (its name), or as one more element (None)."""

    owner: ast.expr
    key: ast.expr | str | None
    binding: Binding
    path: tuple[Branch, ...]

    @property
    def scope(self) -> Scope:
        """The scope that it stands in."""
        assert self.binding.scope is not None
        return self.binding.scope

    @property
    def point(self) -> ProgramPoint:
        """Where it stands."""
        return ProgramPoint(self.owner, self.scope, self.binding.order, self.path)


@dataclass(slots=True)  # not frozen, for the same reason as a binding
class ProgramPoint:
    """A node with the scope it stands in, its turn in the walk, and the branches around it."""

    node: ast.AST
    scope: Scope
    order: int
    path: tuple[Branch, ...]

    def __hash__(self) -> int:
        return hash(self.node)  # few nodes have several places, and a path is long

    @property
    def for_typing(self) -> bool:
        """Whether it stands under `if TYPE_CHECKING:`, which never runs."""
        return bool(self.path) and any(arm == "typing" for _, arm in self.path)


def exclusive(one: Sequence[Branch], other: Sequence[Branch], *, tried: bool = False) -> bool:
    """Whether two places never both run: arms of one `if` or `match`, handlers of one `try`.

    With `tried` a `try` and its handlers count as well: a handler does again what failed.
    """
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return False
    # where they part, by halves: a chain of hundreds of `elif` is as deep as it is long
    low, high = 0, length - 1
    while low < high:
        middle = (low + high) // 2
        if one[low : middle + 1] == other[low : middle + 1]:
            low = middle + 1
        else:
            high = middle
    (a, arm_a), (b, arm_b) = one[low], other[low]
    arms = {arm_a, arm_b}
    if a != b or arms & {"loop", "loop-else"}:
        return False
    if "try" not in arms or tried:
        return True
    return (a, "else") in (*one[low + 1 : low + 2], *other[low + 1 : low + 2])
