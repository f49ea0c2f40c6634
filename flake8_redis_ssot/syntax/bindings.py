"""The parts of a symbol table: bindings of names, scopes, stores into objects, and places in the code."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Literal

from flake8_redis_ssot.lazy_dataclass import dataclass, field

Branch = tuple[int, str]
"""One arm of a compound statement: the statement's identity and the name of the arm."""

Rest = tuple[int, int]
"""A slice: from an index, to one counted from the end as a negative number, or to the end itself as 0."""

Projection = int | Rest | Literal["item", "enter"]
"""The step from a value to the part of it that a target gets.

An index or a `Rest` by unpacking (`a, *b = value`), `item` for any element by a loop, `enter` for what `with` gives.
"""


@dataclass(
    slots=True, eq=False
)  # not frozen: a file has thousands, and a frozen one takes twice as long to make
class Binding:
    """A name gets a meaning, at `order` in the run of its scope and on the branches `path`.

    `target` is the dotted name that an import binds. Otherwise the meaning is a part (`projection`) of `value`: an
    expression, definition, parameter or annotated assignment, evaluated in `scope`. Neither is set where the file does
    not say what the name becomes (`del x`). `star` marks `from target import *`. `always` marks a binding that may
    hold at any time, as it is made from another scope (`global`, `nonlocal`). `turn` is the order at which `value` is
    evaluated, where that is not just before the binding.
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
        """Whether it stands under `if TYPE_CHECKING:`, and so never runs."""
        return bool(self.path) and any(arm == "typing" for _, arm in self.path)

    @property
    def expression(self) -> ast.expr | None:
        """The expression that the name stands for, or a part of it; None for a definition, a parameter or an import."""
        value = self.value.value if isinstance(self.value, ast.AnnAssign) else self.value
        return value if isinstance(value, ast.expr) else None


def is_plain_function(binding: Binding) -> bool:
    """Whether a binding is a `def` without decorators."""
    node = binding.value
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list


@dataclass(eq=False, slots=True)
class Scope:
    """The namespace of `node`; `kind` is `module`, `class`, `function` or `comprehension`.

    `stars` are its `from ... import *`; `outer` are its `global` and `nonlocal` names, with the scope that each is of.
    `attributes` of a class are those assigned through `self`, and those only declared (`x: int`). `returns` of a
    function are its returned expressions, `yields` its yielded ones, a `yield from` as a whole.
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
        """This scope or the nearest around it that is of one of the `kinds`; the module if none is."""
        scope = self
        while scope.kind not in kinds and scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """An assignment into the object `owner`, whose value `binding` has.

    `key` is an expression for `owner[key] = x`, a string for `owner.key = x`, and None for `owner.append(x)`.
    """

    owner: ast.expr
    key: ast.expr | str | None
    binding: Binding
    path: tuple[Branch, ...]

    @property
    def scope(self) -> Scope:
        """The scope in which it stands."""
        assert self.binding.scope is not None
        return self.binding.scope

    @property
    def point(self) -> ProgramPoint:
        """Where it stands."""
        return ProgramPoint(self.owner, self.scope, self.binding.order, self.path)


@dataclass(slots=True)  # not frozen, for the same reason as a binding
class ProgramPoint:
    """A node in its place: its scope, its order in the run of that, and the branches around it."""

    node: ast.AST
    scope: Scope
    order: int
    path: tuple[Branch, ...]

    def __hash__(self) -> int:
        return hash(self.node)  # enough: few nodes have several places, and hashing a path is slow

    @property
    def for_typing(self) -> bool:
        """Whether it stands under `if TYPE_CHECKING:`, and so never runs."""
        return bool(self.path) and any(arm == "typing" for _, arm in self.path)


def exclusive(one: Sequence[Branch], other: Sequence[Branch], *, tried: bool = False) -> bool:
    """Whether two places never both run, by the branches around them: arms of one `if` or `match`, handlers of one `try`.

    With `tried` the body of a `try` and its handlers exclude each other as well: a handler does again what failed.
    """
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return False
    # binary search for where they part: a chain of hundreds of `elif` nests as deep
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
