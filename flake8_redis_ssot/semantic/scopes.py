"""Scopes and bindings of one file, gathered in one walk that skips statements of no interest."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

Branch = tuple[int, str]
"""One arm of a compound statement: the statement's identity and the name of the arm."""

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_MARKS = frozenset(["ctx", "op", "ops"])
"""Fields whose nodes have nothing in them."""
_PLAIN = frozenset([ast.Attribute, ast.Constant, ast.Expr, ast.keyword, ast.Dict, ast.List, ast.Tuple])
"""Nodes that bind nothing by themselves."""


Step = int | Literal["item", "enter"]
"""From a value to what is bound: an element by its index, any element, what a `with` hands out."""


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A name given a meaning.

    `target` is the dotted name that an import binds; else `value` is the expression,
    definition, parameter or annotated assignment that it comes from, in `scope`, by `steps`;
    neither where the file does not say. `star` marks `from target import *`. `always` marks a
    binding made from another scope by `global` or `nonlocal`, which may hold at any time.
    """

    order: int
    path: tuple[Branch, ...]
    target: str | None = None
    star: bool = False
    always: bool = False
    value: ast.AST | None = None
    steps: tuple[Step, ...] = ()
    scope: Scope | None = None


@dataclass(eq=False, slots=True)
class Scope:
    """A namespace: module, class, function or comprehension, made by `node`.

    `attributes` of a class are those assigned through `self`, and those only declared; `returns`
    of a function are its returned expressions, `yields` those that it yields.
    """

    kind: str
    parent: Scope | None
    node: ast.AST | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    outer: dict[str, Scope] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[Site] = field(default_factory=list)
    yields: list[Site] = field(default_factory=list)

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

    @property
    def for_typing(self) -> bool:
        """Whether it stands under `if TYPE_CHECKING:`, which never runs."""
        return any(arm == "typing" for _, arm in self.path)


@dataclass(frozen=True, slots=True)
class _Target:
    """A target on the walk's stack, to be bound once the value before it has been visited."""

    target: ast.expr
    value: ast.AST | None
    steps: tuple[Step, ...] = ()


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


_Item = tuple[ast.AST | _Target, Scope, tuple[Branch, ...]]
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Walk:
    """The one walk of a tree: binds names and keeps the sites of the node types in `wanted`.

    Only statements that touch one of the sorted `lines` are entered (None: all), so `lines`
    must hold every line that names what is to be resolved. `modules` are the dotted names of
    the file, for relative imports. `bound` lists every name and attribute with a known
    meaning, `scopes` the namespace and `definitions` the binding of each definition. `arms`
    are the arms of the compound statements of which one always runs, by the statement's
    identity; `leaving` the arms that end in a `return` or the like. `stores` are assignments to
    items of a name: the name, the key and the value. `imports` are the
    top-level modules imported, `awaited` the expressions that are awaited where they stand,
    `entered` those that a `with` enters.
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
        self.module = Scope("module", None, tree)
        self.sites: list[Site] = []
        self.bound: list[tuple[str, Binding]] = []
        self.scopes: dict[ast.AST, Scope] = {}
        self._comprehensions: list[Scope] = []
        self.definitions: dict[ast.AST, Binding] = {}
        self.arms: dict[int, frozenset[str]] = {}
        self.leaving: set[Branch] = set()
        self.imports: set[str] = set()
        self.stores: list[tuple[str, ast.expr, Binding]] = []
        self.awaited: set[ast.expr] = set()
        self.entered: set[ast.expr] = set()
        self._order = 0
        self._run(tree)

    def release(self) -> None:
        """Undo the circles among scopes, bindings and sites: the tree goes without the garbage collector."""
        for scope in (self.module, *self.scopes.values(), *self._comprehensions):
            scope.bindings.clear()
            scope.stars.clear()
            scope.outer.clear()
            scope.attributes.clear()
            scope.returns.clear()
            scope.yields.clear()
        self.definitions.clear()
        self.stores.clear()

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
        stack: list[_Item] = [(tree, self.module, ())]
        wanted = self.wanted
        while stack:
            node, scope, path = stack.pop()
            self._order += 1
            if isinstance(node, _Target):
                children = self._assign(node, scope, path)
            else:
                if type(node) in wanted:
                    self.sites.append(Site(node, scope, self._order, path))
                children = self._children(node, scope, path)
            if len(children) > 1:
                children.reverse()
            stack.extend(children)

    def _children(self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        """Binds what `node` binds at once; its parts, in the order in which they run."""

        def each(*parts: ast.AST | _Target | None) -> list[_Item]:
            return [(part, scope, path) for part in parts if part is not None]

        if type(node) in _PLAIN:
            return self._fields(node, scope, path)
        match node:
            case ast.Name():
                if not isinstance(node.ctx, ast.Load):
                    self._bind(scope, node.id, path)
                return []
            case ast.Import() | ast.ImportFrom():
                self._bind_import(node, scope, path)
                return []
            case ast.Global() | ast.Nonlocal():
                self._bind_outer(node, scope)
                return []
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return self._function(node, scope, path)
            case ast.ClassDef():
                inner = self.scopes[node] = Scope("class", scope, node)
                parts = each(*node.decorator_list, *node.bases, *node.keywords)
                return [*parts, *self._statements(node.body, inner, path), *each(_Target(_name(node), node))]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                # the targets are bound before the element that uses them, which is written first
                inner = Scope("comprehension", scope, node)
                self._comprehensions.append(inner)
                values = [v for n, v in ast.iter_fields(node) if n != "generators"]
                return [(c, inner, path) for c in (*node.generators, *values)]
            case ast.comprehension():
                return each(node.iter, _Target(node.target, node.iter, ("item",)), *node.ifs)
            case ast.NamedExpr():
                owner = scope.enclosing("function", "module", "class")
                return [(node.value, scope, path), (_Target(node.target, node.value), owner, path)]
            case ast.Assign():
                return each(node.value, *(_Target(target, node.value) for target in node.targets))
            case ast.AnnAssign():
                if node.value is None and scope.kind == "class" and isinstance(node.target, ast.Name):
                    bare = Binding(self._order, path, value=node, scope=scope)
                    scope.attributes.setdefault(node.target.id, []).append(bare)
                    self.bound.append((node.target.id, bare))
                target = _Target(node.target, node) if node.value else None
                return each(node.annotation, node.value, target)
            case ast.For() | ast.AsyncFor():
                head = each(node.iter, _Target(node.target, node.iter, ("item",)))
                return head + [
                    item
                    for name in ("body", "orelse")
                    for item in self._statements(getattr(node, name), scope, self._arm(node, name, path))
                ]
            case ast.With():
                self.entered.update(item.context_expr for item in node.items)
            case ast.withitem() if node.optional_vars is not None:
                return each(node.context_expr, _Target(node.optional_vars, node.context_expr, ("enter",)))
            case ast.Return():
                if node.value is not None:
                    site = Site(node.value, scope, self._order, path)
                    scope.enclosing("function").returns.append(site)
            case ast.Await():
                self.awaited.add(node.value)
            case ast.Yield(value=ast.expr() as value):
                scope.enclosing("function").yields.append(Site(value, scope, self._order, path))
            case ast.If() | ast.Try() | ast.TryStar() | ast.Match():
                self._note_arms(node)
            case ast.Call():
                self._bind_globals(node, scope, path)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
                self._bind(scope, node.name, path)
            case ast.MatchMapping() if node.rest:
                self._bind(scope, node.rest, path)
        return self._fields(node, scope, path)

    def _fields(self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        found: list[_Item] = []
        for name in node._fields:
            if name in _MARKS:
                continue
            value = getattr(node, name, None)
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    found += self._statements(value, scope, self._arm(node, name, path))
                elif value and isinstance(value[0], ast.excepthandler | ast.match_case):
                    for number, child in enumerate(value):
                        if isinstance(child, ast.match_case) or self._inside(child):
                            found.append((child, scope, (*path, (id(node), f"{name}{number}"))))
                else:
                    found += [(c, scope, path) for c in value if isinstance(c, ast.AST)]
            elif isinstance(value, ast.AST):
                arm = path
                if isinstance(node, ast.IfExp) and name != "test":
                    arm = (*path, (id(node), name))
                found.append((value, scope, arm))
        return found

    @staticmethod
    def _arm(node: ast.AST, name: str, path: tuple[Branch, ...]) -> tuple[Branch, ...]:
        if isinstance(node, ast.If):
            negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
            word = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
            if word == "TYPE_CHECKING":
                never = name == ("orelse" if negated else "body")
                return (*path, (id(node), "typing")) if never else path
            return (*path, (id(node), name))
        if isinstance(node, _LOOPS):
            return (*path, (id(node), "loop" if name == "body" else "loop-else"))
        if isinstance(node, ast.Try | ast.TryStar) and name != "finalbody":
            # the else arm runs after the body, so it is one arm with it
            return (*path, (id(node), "try"))
        return path

    def _note_arms(self, node: ast.If | ast.Try | ast.TryStar | ast.Match) -> None:
        """Which arms the statement has, where one of them always runs, and which of them leave."""
        bodies: dict[str, list[ast.stmt]] = {}
        whole = True
        match node:
            case ast.If():
                bodies = {"body": node.body, "orelse": node.orelse}
                whole = bool(node.orelse)
            case ast.Match():
                bodies = {f"cases{n}": case.body for n, case in enumerate(node.cases)}
                last = node.cases[-1]
                whole = (
                    last.guard is None
                    and isinstance(last.pattern, ast.MatchAs)
                    and last.pattern.pattern is None
                )
            case ast.Try() | ast.TryStar():
                bodies = {"try": [*node.body, *node.orelse]}
                bodies |= {f"handlers{n}": handler.body for n, handler in enumerate(node.handlers)}
        for arm, body in bodies.items():
            if body and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
                self.leaving.add((id(node), arm))
        if whole:
            self.arms[id(node)] = frozenset(bodies)

    def _inside(self, node: ast.stmt | ast.excepthandler) -> bool:
        return self.lines is None or _touches(self.lines, node)

    def _statements(self, body: Sequence[ast.AST], scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        return [(s, scope, path) for s in body if isinstance(s, ast.stmt) and self._inside(s)]

    def _function(self, node: _Function, scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        inner = self.scopes[node] = Scope("function", scope, node)
        args = node.args
        everyone = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        for argument in everyone:
            if argument is not None:
                self._bind(inner, argument.arg, (), value=argument)
        outside: list[ast.AST] = [*args.defaults, *(d for d in args.kw_defaults if d is not None)]
        if isinstance(node, ast.Lambda):
            inner.returns.append(Site(node.body, inner, self._order, ()))
            return [*((c, scope, path) for c in outside), (node.body, inner, ())]
        outside = [*node.decorator_list, *outside]
        outside += [a.annotation for a in everyone if a is not None and a.annotation is not None]
        if node.returns is not None:
            outside.append(node.returns)
        bind: _Item = (_Target(_name(node), node), scope, path)
        return [*((c, scope, path) for c in outside), bind, *self._statements(node.body, inner, ())]

    def _bind(
        self,
        scope: Scope,
        name: str,
        path: tuple[Branch, ...],
        target: str | None = None,
        value: ast.AST | None = None,
        steps: tuple[Step, ...] = (),
        where: Scope | None = None,
    ) -> None:
        owner = scope.outer.get(name, scope)
        always = owner is not scope or where is not None
        binding = Binding(
            self._order, () if always else path, target, False, always, value, steps, where or scope
        )
        owner.bindings.setdefault(name, []).append(binding)
        self.bound.append((name, binding))
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.definitions[value] = binding

    def _assign(self, bind: _Target, scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        """Bind the names and attributes of a target; what else it holds is visited as it stands."""
        target = bind.target
        match target:
            case ast.Name():
                self._bind(scope, target.id, path, value=bind.value, steps=bind.steps)
            case ast.Starred():
                return [(target.value, scope, path)]
            case ast.Tuple() | ast.List():
                last = next(
                    (n for n, t in enumerate(target.elts) if isinstance(t, ast.Starred)), len(target.elts)
                )
                return [
                    (_Target(t, bind.value if n < last else None, (*bind.steps, n)), scope, path)
                    for n, t in enumerate(target.elts)
                ]
            case ast.Attribute(value=ast.Name(id=name)):
                owner, of_instance = self._class_of(name, scope)
                if owner is not None and bind.value is not None:
                    binding = Binding(self._order, (), None, False, True, bind.value, bind.steps, scope)
                    kept = owner.attributes if of_instance else owner.bindings
                    kept.setdefault(target.attr, []).append(binding)
                    self.bound.append((target.attr, binding))
            case ast.Subscript(value=ast.Name(id=name)) if bind.value is not None:
                binding = Binding(self._order, path, value=bind.value, steps=bind.steps, scope=scope)
                self.stores.append((name, target.slice, binding))
                self.bound.append((name, binding))
            case ast.Subscript(
                value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(key))
            ):
                self._bind(self.module, key, (), value=bind.value, steps=bind.steps, where=scope)
        return [(target, scope, path)] if not isinstance(target, ast.Name) else []

    def _class_of(self, name: str, scope: Scope) -> tuple[Scope | None, bool]:
        """The class of this file that `name` stands for, and whether for an instance of it."""
        here: Scope | None = scope
        while here is not None:
            for binding in here.bindings.get(name, ()):
                if isinstance(binding.value, ast.ClassDef):
                    return self.scopes.get(binding.value), False
                if isinstance(binding.value, ast.arg):
                    is_class = name == "cls" or any(
                        getattr(d, "id", "") == "classmethod"
                        for d in getattr(here.node, "decorator_list", ())
                    )
                    return self.receiver(binding.value, here), not is_class
            here = None if name in here.bindings else here.parent
        return None, False

    @staticmethod
    def receiver(argument: ast.arg, function: Scope) -> Scope | None:
        """The class whose method gets `argument` as its first parameter, `self` or `cls`."""
        node, owner = function.node, Walk.class_of(function)
        if owner is None or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        first = next(iter([*node.args.posonlyargs, *node.args.args]), None)
        return owner if first is argument else None

    @staticmethod
    def class_of(function: Scope) -> Scope | None:
        """The class of which `function` is a method that gets `self` or `cls`."""
        node, owner = function.node, function.parent
        if (
            owner is None
            or owner.kind != "class"
            or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ):
            return None
        if any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list):
            return None
        return owner

    def _bind_globals(self, node: ast.Call, scope: Scope, path: tuple[Branch, ...]) -> None:
        """`globals().update({"name": value}, name=value)` binds module names."""
        match node.func:
            case ast.Attribute(attr="update", value=ast.Call(func=ast.Name(id="globals"))):
                pairs = [(k.arg, k.value) for k in node.keywords]
                for argument in node.args:
                    if isinstance(argument, ast.Dict):
                        keys = (getattr(key, "value", None) for key in argument.keys)
                        pairs += zip(keys, argument.values, strict=True)
                for key, value in pairs:
                    if isinstance(key, str):
                        self._bind(self.module, key, (), value=value, where=scope)

    def _bind_import(self, node: ast.Import | ast.ImportFrom, scope: Scope, path: tuple[Branch, ...]) -> None:
        if isinstance(node, ast.Import):
            self.imports.update(alias.name.split(".")[0] for alias in node.names)
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                self._bind(scope, alias.asname or name, path, name)
            return
        bases = self.bases(node)
        self.imports.update(base.split(".")[0] for base in bases)
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
            if isinstance(node, ast.Nonlocal):
                # the binding may stand further down: without one the nearest function is it
                around = []
                parent = scope.parent
                while parent is not None:
                    around += [parent] if parent.kind == "function" else []
                    parent = parent.parent
                owner = next((s for s in around if name in s.bindings), around[0] if around else owner)
            scope.outer[name] = owner


def _name(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.Name:
    return ast.Name(node.name, ast.Store())
