"""Scopes and bindings of one file, gathered in one walk that skips statements of no interest."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

Branch = tuple[int, str]
"""One arm of a compound statement: the statement's identity and the name of the arm."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class Binding:
    """A name given a meaning: `target` is the dotted name that an import binds, None for anything else.

    `star` marks `from target import *`. `always` marks a binding made from another scope by
    `global` or `nonlocal`, which may hold at any time.
    """

    order: int
    path: tuple[Branch, ...]
    target: str | None = None
    star: bool = False
    always: bool = False


@dataclass(eq=False, slots=True)
class Scope:
    """A namespace: module, class, function or comprehension."""

    kind: str
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    outer: dict[str, Scope] = field(default_factory=dict)

    def enclosing(self, *kinds: str) -> Scope:
        scope = self
        while scope.kind not in kinds and scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True)
class Site:
    """A node with the scope it stands in, its turn in the walk, and the branches around it."""

    node: ast.AST
    scope: Scope
    order: int
    path: tuple[Branch, ...]


def exclusive(one: Sequence[Branch], other: Sequence[Branch], *, tried: bool = False) -> bool:
    """Whether two places never both run: arms of one `if` or `match`, handlers of one `try`.

    With `tried` a `try` and its handlers count as well: a handler does again what failed.
    """
    for (a, arm_a), (b, arm_b) in zip(one, other, strict=False):
        if a != b:
            return False
        if arm_a != arm_b:
            arms = {arm_a, arm_b}
            return not arms & {"loop", "loop-else"} and (tried or "try" not in arms)
    return False


def _touches(lines: Sequence[int], node: ast.stmt | ast.excepthandler) -> bool:
    first = node.lineno
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= (node.end_lineno or first)


def imports_on(tree: ast.Module, lines: Sequence[int]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements at any depth that touch one of the sorted `lines`."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.excepthandler):
                if _touches(lines, child):
                    stack.append(child)
            elif isinstance(child, ast.match_case):
                stack.append(child)


class Walk:
    """The one walk of a tree: binds names and keeps the sites of the node types in `wanted`.

    Only statements that touch one of the sorted `lines` are entered (None: all), so `lines`
    must hold every line that names what is to be resolved. `modules` are the dotted names of
    the file, for relative imports.
    """

    def __init__(
        self,
        tree: ast.Module,
        lines: Sequence[int] | None,
        wanted: Collection[type[ast.AST]],
        modules: Sequence[str],
        is_package: bool,
    ) -> None:
        self.lines = lines
        self.wanted = frozenset(wanted)
        self.modules = modules
        self.is_package = is_package
        self.module = Scope("module", None)
        self.sites: list[Site] = []
        self._order = 0
        self._run(tree)

    def bases(self, node: ast.ImportFrom) -> list[str]:
        """The dotted modules that a from-import can mean: several where the file has several names."""
        if not node.level:
            return [node.module or ""]
        found = []
        for module in self.modules:
            parts = module.split(".") if module else []
            drop = node.level - (1 if self.is_package else 0)
            if drop > len(parts):
                continue
            base = parts[: len(parts) - drop] if drop else parts
            found.append(".".join([*base, *([node.module] if node.module else [])]))
        return list(dict.fromkeys(found))

    def _run(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, Scope, tuple[Branch, ...]]] = [(tree, self.module, ())]
        wanted = self.wanted
        while stack:
            node, scope, path = stack.pop()
            self._order += 1
            if type(node) in wanted:
                self.sites.append(Site(node, scope, self._order, path))
            children = self._children(node, scope, path)
            if len(children) > 1:
                children.reverse()
            stack.extend(children)

    def _children(
        self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]
    ) -> list[tuple[ast.AST, Scope, tuple[Branch, ...]]]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._bind_import(node, scope, path)
            return []
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                self._bind(scope, node.id, path)
            return []
        if isinstance(node, ast.Global | ast.Nonlocal):
            self._bind_outer(node, scope)
            return []
        found: list[tuple[ast.AST, Scope, tuple[Branch, ...]]] = []
        inner = scope
        if isinstance(node, _FUNCTIONS):
            return self._function(node, scope, path)
        if isinstance(node, ast.ClassDef):
            self._bind(scope, node.name, path)
            inner = Scope("class", scope)
            found += [(c, scope, path) for c in (*node.decorator_list, *node.bases, *node.keywords)]
            return found + self._statements(node.body, inner, path)
        if isinstance(node, _COMPREHENSIONS):
            # the targets are bound before the element that uses them, which is written first
            inner = Scope("comprehension", scope)
            values = [v for n, v in ast.iter_fields(node) if n != "generators"]
            return [(c, inner, path) for c in (*node.generators, *values)]
        if isinstance(node, ast.NamedExpr):
            self._bind(scope.enclosing("function", "module", "class"), node.target.id, path)
            return [(node.value, scope, path)]
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, ast.MatchAs | ast.MatchStar) and node.name
        ):
            self._bind(scope, node.name, path)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self._bind(scope, node.rest, path)
        if isinstance(node, ast.Assign):
            return [(c, inner, path) for c in (node.value, *node.targets)]
        if isinstance(node, ast.AnnAssign):
            parts = [node.annotation, *([node.value, node.target] if node.value else [])]
            return [(c, inner, path) for c in parts]
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    found += self._statements(value, inner, self._arm(node, name, path))
                elif value and isinstance(value[0], ast.excepthandler | ast.match_case):
                    for number, child in enumerate(value):
                        if isinstance(child, ast.match_case) or self._inside(child):
                            found.append((child, inner, (*path, (id(node), f"{name}{number}"))))
                else:
                    found += [(c, inner, path) for c in value if isinstance(c, ast.AST)]
            elif isinstance(value, ast.AST):
                arm = path
                if isinstance(node, ast.IfExp) and name != "test":
                    arm = (*path, (id(node), name))
                found.append((value, inner, arm))
        return found

    @staticmethod
    def _arm(node: ast.AST, name: str, path: tuple[Branch, ...]) -> tuple[Branch, ...]:
        if isinstance(node, ast.If):
            return (*path, (id(node), name))
        if isinstance(node, _LOOPS):
            return (*path, (id(node), "loop" if name == "body" else "loop-else"))
        if isinstance(node, ast.Try | ast.TryStar) and name != "finalbody":
            # the else arm runs after the body, so it is one arm with it
            return (*path, (id(node), "try"))
        return path

    def _inside(self, node: ast.stmt | ast.excepthandler) -> bool:
        return self.lines is None or _touches(self.lines, node)

    def _statements(
        self, body: Sequence[ast.AST], scope: Scope, path: tuple[Branch, ...]
    ) -> list[tuple[ast.AST, Scope, tuple[Branch, ...]]]:
        return [(s, scope, path) for s in body if isinstance(s, ast.stmt) and self._inside(s)]

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        scope: Scope,
        path: tuple[Branch, ...],
    ) -> list[tuple[ast.AST, Scope, tuple[Branch, ...]]]:
        inner = Scope("function", scope)
        args = node.args
        everyone = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        for argument in everyone:
            if argument is not None:
                self._bind(inner, argument.arg, ())
        outside: list[ast.AST] = [*args.defaults, *(d for d in args.kw_defaults if d is not None)]
        if isinstance(node, ast.Lambda):
            return [*((c, scope, path) for c in outside), (node.body, inner, ())]
        self._bind(scope, node.name, path)
        outside = [*node.decorator_list, *outside]
        outside += [a.annotation for a in everyone if a is not None and a.annotation is not None]
        if node.returns is not None:
            outside.append(node.returns)
        return [*((c, scope, path) for c in outside), *self._statements(node.body, inner, ())]

    def _bind(self, scope: Scope, name: str, path: tuple[Branch, ...], target: str | None = None) -> None:
        always = name in scope.outer
        owner = scope.outer.get(name, scope)
        owner.bindings.setdefault(name, []).append(
            Binding(self._order, () if always else path, target, always=always)
        )

    def _bind_import(self, node: ast.Import | ast.ImportFrom, scope: Scope, path: tuple[Branch, ...]) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                self._bind(scope, alias.asname or name, path, name)
            return
        bases = self.bases(node)
        for alias in node.names:
            if alias.name == "*":
                scope.stars += [Binding(self._order, path, base, star=True) for base in bases]
                continue
            for base in bases or [""]:
                dotted = f"{base}.{alias.name}" if base else None
                self._bind(scope, alias.asname or alias.name, path, dotted)

    def _bind_outer(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            owner = self.module
            if isinstance(node, ast.Nonlocal) and scope.parent is not None:
                owner = scope.parent
                while owner.parent is not None and (owner.kind == "class" or name not in owner.bindings):
                    owner = owner.parent
            scope.outer[name] = owner
