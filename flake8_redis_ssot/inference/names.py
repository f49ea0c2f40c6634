"""Resolves names to bindings, and expressions to dotted names, by imports alone: no values are followed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from flake8_redis_ssot.facts.managers import ManagerFacts
from flake8_redis_ssot.inference.builder_table import BUILDERS, BuilderTable, builds
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.syntax.bindings import Binding, Branch, ProgramPoint, Scope, exclusive


def _reaching(
    bindings: Sequence[Binding],
    order: float,
    path: tuple[Branch, ...],
    arms: Mapping[int, frozenset[str]],
    typing: bool,
) -> list[Binding]:
    """The bindings of a name that may hold at a place of the same scope, newest first: its reaching definitions.

    The search ends at a binding that has surely run and hides all older ones: its branches are around the place too,
    or every arm of a statement before the place has a binding.
    """
    newest = bindings[-1]
    if (
        not newest.path and newest.order < order and not newest.always
    ):  # the usual case: it stands under no condition
        return [newest]
    found: list[Binding] = []
    covered: dict[tuple[Branch, ...], set[str]] = {}
    loops = {branch for branch in path if branch[1] == "loop"}
    for binding in reversed(bindings):
        if binding.order < order or binding.always:
            may_hold = binding.always or not exclusive(binding.path, path)
        else:
            may_hold = bool(loops) and binding.order > order and not loops.isdisjoint(binding.path)
        if may_hold and (typing or not binding.for_typing):
            found.append(binding)
            if (
                not binding.always
                and binding.order < order
                and _must_have_run(binding.path, path, arms, covered)
            ):
                break
    return found


def _must_have_run(
    bound: tuple[Branch, ...],
    path: tuple[Branch, ...],
    arms: Mapping[int, frozenset[str]],
    covered: dict[tuple[Branch, ...], set[str]],
) -> bool:
    """Whether a binding on the branches `bound`, or one on the arms `covered` by newer ones, has surely run at `path`."""
    if any(arm == "else" for _, arm in bound):  # the `else` of a `try` belongs to the arm of its body
        bound = tuple(branch for branch in bound if branch[1] != "else")
        path = tuple(branch for branch in path if branch[1] != "else")
    while bound != path[: len(bound)]:
        *ancestors, (node, arm) = bound
        key = (*ancestors, (node, ""))
        covered.setdefault(key, set()).add(arm)
        if not arms.get(node, frozenset([""])) <= covered[key]:
            return False
        bound = tuple(ancestors)
    return True


class Names:
    """Resolves names by the scopes of a file, and tells which dotted names are of a library, a manager or the project."""

    def __init__(self, table: BuilderTable, first_party: frozenset[str], managers: ManagerFacts) -> None:
        self.table = table
        self.first_party = first_party & BUILDERS.packages
        """The project's own modules that have the name of a library, and hide it."""
        self.managers = managers
        self.arms: dict[int, frozenset[str]] = {}
        """The arms of statements: see `Scopes.arms`."""
        self._told_apart: dict[str, bool] = {}

    def is_builder(self, name: str) -> bool:
        """Whether the dotted `name` is a builder, not something of the project's own."""
        return name in self.table and self._is_library(name)

    def leads_to_builder(self, name: str) -> bool:
        """Whether the dotted `name` is a builder, or a module or class that has one."""
        return name in self.table.prefixes and self._is_library(name)

    def is_told_apart(self, name: str) -> bool:
        """Whether the dotted `name` is of a library or a manager, so that it matters as a string (see `widening.py`)."""
        known = self._told_apart.get(name)
        if known is None:
            known = self._told_apart[name] = self.leads_to_builder(name) or self.managers.covers(name)
        return known

    def is_ours(self, name: str) -> bool:
        """Whether the dotted `name` is in a module of the project."""
        return self.managers.modules.is_ours(name)

    def _is_library(self, name: str) -> bool:
        """Whether a dotted name of the table is a library's, not one of a module of the project that hides it."""
        return name.split(".")[0] not in self.first_party or name in self.table.extended

    def bindings(self, name: str, point: ProgramPoint, *, typing: bool = False) -> list[Binding]:
        """The bindings that `name` may refer to at `point`; empty if the file does not say.

        With `typing` also those under `if TYPE_CHECKING:`.
        """
        scope: Scope | None = point.scope
        order: float = point.order
        path = point.path
        own = True
        while scope is not None:
            if own or scope.kind != "class":
                target = scope.outer.get(name)
                if target is not None:
                    scope, order, path, own = target, float("inf"), (), False
                candidates = scope.bindings.get(name, [])
                if scope.stars:
                    stars = [star for star in scope.stars if self.star_binds(star, name)]
                    candidates = sorted([*candidates, *stars], key=lambda binding: binding.order)
                if candidates:
                    found = _reaching(candidates, order, path, self.arms, typing)
                    if found or scope.kind == "function":
                        return found
            own = False
            if scope.kind not in ("comprehension", "class"):
                order, path = float("inf"), ()
            scope = scope.parent
        return []

    def star_binds(self, star: Binding, name: str) -> bool:
        """Whether the star import `star` binds `name`, as far as the tables of builders and managers tell."""
        full = f"{star.target}.{name}"
        return full in self.table.prefixes or self.managers.kind(full) is not None

    def dotted(self, node: ast.expr, point: ProgramPoint, *, typing: bool = False) -> tuple[str, ...]:
        """The dotted names that a name or attribute chain can mean, sorted; empty if unknown."""
        attributes: list[str] = []
        while True:
            if isinstance(node, ast.Attribute):
                attributes.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript) and not attributes:
                node = node.value  # Redis[bytes](...)
            else:
                break
        if not isinstance(node, ast.Name):
            return ()
        tail = "".join(f".{name}" for name in reversed(attributes))
        found = set()
        for binding in self.bindings(node.id, point, typing=typing):
            if binding.target is not None:
                star = f".{node.id}" if binding.star else ""
                found.add(f"{binding.target}{star}{tail}")
        return tuple(sorted(found))

    def builders(self, point: ProgramPoint) -> dict[str, Builder]:
        """The builders that the call at `point` can be, by the dotted names of its callee."""
        call = point.node
        assert isinstance(call, ast.Call)
        found: dict[str, Builder] = {}
        if isinstance(call.func, ast.Attribute) and call.func.attr not in self.table.last_names:
            return found  # as of most calls
        for name in self.dotted(call.func, point):
            if self.is_builder(name) and builds(self.table[name], call):
                found[name] = self.table[name]
        return found
