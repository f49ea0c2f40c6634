"""Scopes and bindings of one file, gathered in one pass over its statements."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from flake8_redis_ssot.syntax.nodes import last_name

Branch = tuple[int, str]
"""One arm of a compound statement: the statement's identity and the name of the arm."""

_STEP = 1 << 20
"""Between the orders of two parts of statements; the nodes within an expression come in between."""

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_DECORATED = frozenset([ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef])
_MARKS = frozenset(["ctx", "op", "ops"])
"""Fields whose nodes have nothing in them."""
_LEAVES = frozenset([ast.Name, ast.Constant])
_CALLING = (ast.Call, ast.Await, ast.Attribute)
_PLAIN = frozenset([ast.keyword, ast.List, ast.Tuple, ast.BinOp, ast.Starred])
"""Nodes of expressions that bind nothing by themselves."""


Projection = int | Literal["item", "enter"]
"""From a value to what is bound: an element by its index, any element, what a `with` hands out."""


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True)
class Store:
    """What is put into the object `owner`: under a `key`, as an attribute (its name), or as one more element (None)."""

    owner: ast.expr
    key: ast.expr | str | None
    binding: Binding
    path: tuple[Branch, ...]

    @property
    def point(self) -> ProgramPoint:
        """Where it stands."""
        assert self.binding.scope is not None
        return ProgramPoint(self.owner, self.binding.scope, self.binding.order, self.path)


@dataclass(frozen=True, slots=True)
class ProgramPoint:
    """A node with the scope it stands in, its turn in the walk, and the branches around it."""

    node: ast.AST
    scope: Scope
    order: int
    path: tuple[Branch, ...]

    @property
    def for_typing(self) -> bool:
        """Whether it stands under `if TYPE_CHECKING:`, which never runs."""
        return any(arm == "typing" for _, arm in self.path)


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


Lines = tuple[int, int]
"""The first and the last of some lines."""


def lines_of(node: _Node) -> Lines:
    """The lines of a statement, with its decorators and its body."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or 0
    first = node.lineno
    if type(node) in _DECORATED and node.decorator_list:  # type: ignore[union-attr]
        first = min(first, node.decorator_list[0].lineno)  # type: ignore[union-attr]
    return first, node.end_lineno or first


def header_of(node: _Node) -> Lines:
    """The lines of a statement before its body."""
    first, last = lines_of(node)
    body = getattr(node, "body", None)
    return (first, max(first, body[0].lineno - 1)) if body else (first, last)


def touches(lines: Sequence[int], part: Lines) -> bool:
    """Whether one of the sorted `lines` is in a part."""
    at = bisect_left(lines, part[0])
    return at < len(lines) and lines[at] <= part[1]


@dataclass(frozen=True, slots=True)
class _Defined:
    """A class whose body has run, so that its name can be bound."""

    node: ast.ClassDef


_Item = tuple[ast.AST, Scope, tuple[Branch, ...]]
_Node = ast.stmt | ast.excepthandler | ast.match_case


@dataclass(slots=True)
class _Statement:
    """A statement (or handler, or case) with its own expressions, those of its body apart, and their orders."""

    node: _Node
    scope: Scope
    order: int
    path: tuple[Branch, ...]
    expressions: list[tuple[ast.AST, Scope, int]] = field(default_factory=list)


class Scopes:
    """The symbol table of a file: one pass over its statements binds all names.

    Expressions are entered where somebody asks for their `points`, or at once where they bind names
    themselves (`:=`, `globals().update`): `text` is searched for those. `modules` are the dotted names of
    the file, for relative imports. `bound` lists every name and attribute with a known
    meaning and the lines that say which, `namespaces` the scope and `definitions` the binding of
    each definition. `arms` are the arms of the compound statements of which one always runs, by the statement's
    identity; `leaving` the arms that end in a `return` or the like. `stores` are assignments to
    items, and to attributes of what is no class of the file. `imports` are the top-level modules
    imported, `awaited` the expressions that are awaited where they stand, of those entered, `iterated` those
    that an `async for` goes through, `entered` those that a `with` enters.
    """

    def __init__(self, tree: ast.Module, text: str, modules: Sequence[str], is_package: bool) -> None:
        self.modules = modules
        self.is_package = is_package
        self.module = Scope("module", None, tree)
        self.bound: list[tuple[str, Binding, Lines]] = []
        self.namespaces: dict[ast.AST, Scope] = {}
        self.definitions: dict[ast.AST, Binding] = {}
        self.arms: dict[int, frozenset[str]] = {}
        self.leaving: set[Branch] = set()
        self.imports: set[str] = set()
        self.stores: list[Store] = []
        self.awaited: set[ast.expr] = set()
        self.iterated: set[ast.expr] = set()
        self.entered: set[ast.expr] = set()
        self._statements: list[_Statement] = []
        self._comprehensions: dict[ast.AST, Scope] = {}
        self._seen: set[ast.AST] = set()
        self._order = 0
        self._here: _Statement
        self._binds_within = ":=" in text or "globals()" in text
        self._run(tree)

    def points(
        self, wanted: Collection[type[ast.AST]], lines: Sequence[int] | None = None
    ) -> Iterator[ProgramPoint]:
        """The nodes of the types `wanted`, in the order in which they run.

        Only of statements that touch one of the sorted `lines` (None: all).
        """
        types = frozenset(wanted)
        for statement in self._statements:
            if lines is None or touches(lines, lines_of(statement.node)):
                if type(statement.node) in types:
                    yield ProgramPoint(statement.node, statement.scope, statement.order, statement.path)
                for node, scope, order in statement.expressions:
                    yield from self._sites_in(node, scope, order, statement.path, types)

    @cached_property
    def calls(self) -> list[ProgramPoint]:
        """Every call of the file."""
        return list(self.points((ast.Call,)))

    @cached_property
    def held(self) -> frozenset[str]:
        """The names of the module, of its classes and of objects under which anything but a plain function is kept."""
        found = {store.key for store in self.stores if isinstance(store.key, str)}
        for scope in (self.module, *self.namespaces.values()):
            found.update(scope.attributes)
            if scope.kind in ("module", "class"):
                found.update(n for n, kept in scope.bindings.items() if not all(map(_is_plain, kept)))
        return frozenset(found)

    def release(self) -> None:
        """Undo the circles among scopes, bindings and sites: the tree goes without the garbage collector."""
        for scope in (self.module, *self.namespaces.values(), *self._comprehensions.values()):
            scope.bindings.clear()
            scope.stars.clear()
            scope.outer.clear()
            scope.attributes.clear()
            scope.returns.clear()
            scope.yields.clear()
        self.definitions.clear()
        self.stores.clear()
        self.bound.clear()
        self._statements.clear()
        self.__dict__.pop("calls", None)

    def bases(self, node: ast.ImportFrom) -> list[str]:
        """The dotted modules that a from-import can mean: several where the file has several names."""
        if not node.level:
            return [node.module or ""]
        found = []
        for module in self.modules:
            parts = module.split(".") if module else []
            drop = node.level - (1 if self.is_package else 0)
            if drop >= len(parts):
                continue  # above the top level there is no package
            base = parts[: len(parts) - drop] if drop else parts
            found.append(".".join([*base, *([node.module] if node.module else [])]))
        return list(dict.fromkeys(found))

    # -- the pass over statements

    def _run(self, tree: ast.Module) -> None:
        stack: list[_Item | tuple[_Defined, Scope, tuple[Branch, ...]]] = [
            *self._body(tree.body, self.module, ())
        ]
        while stack:
            node, scope, path = stack.pop()
            self._order += _STEP
            if isinstance(node, _Defined):
                self._bind(scope, node.node.name, path, value=node.node, lines=lines_of(node.node))
                continue
            self._here = _Statement(node, scope, self._order, path)  # type: ignore[arg-type]
            self._statements.append(self._here)
            stack += self._enter(node, scope, path)

    def _enter(
        self, node: ast.AST, scope: Scope, path: tuple[Branch, ...]
    ) -> Sequence[_Item | tuple[_Defined, Scope, tuple[Branch, ...]]]:
        """Binds what a statement binds; the statements in it, the last one first."""
        match node:
            case ast.Expr():
                self._part(node.value)
            case ast.Assign():
                self._part(node.value)
                self._assign(node.targets, node.value)
            case ast.Import() | ast.ImportFrom():
                self._bind_import(node, scope, path)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._function(node, scope)
            case ast.If() | ast.While():
                if isinstance(node, ast.If):
                    self._note_arms(node)
                self._part(node.test)
                return [
                    *self._body(node.orelse, scope, self._arm(node, "orelse", path)),
                    *self._body(node.body, scope, self._arm(node, "body", path)),
                ]
            case ast.ClassDef():
                inner = self.namespaces[node] = Scope("class", scope, node)
                for part in (*node.decorator_list, *node.bases, *node.keywords):
                    self._part(part)
                return [(_Defined(node), scope, path), *self._body(node.body, inner, path)]
            case ast.Return():
                if node.value is not None:
                    point = ProgramPoint(node.value, scope, self._order, path)
                    scope.enclosing("function").returns.append(point)
                    self._part(node.value)
            case ast.AnnAssign():
                self._annotated(node, scope, path)
            case ast.For() | ast.AsyncFor():
                if isinstance(node, ast.AsyncFor):
                    self.iterated.add(node.iter)
                self._part(node.iter)
                self._assign([node.target], node.iter, ("item",))
                return [
                    *self._body(node.orelse, scope, self._arm(node, "orelse", path)),
                    *self._body(node.body, scope, self._arm(node, "body", path)),
                ]
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if isinstance(node, ast.With):
                        self.entered.add(item.context_expr)
                    self._part(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign([item.optional_vars], item.context_expr, ("enter",))
                return self._body(node.body, scope, path)
            case ast.Try() | ast.TryStar():
                self._note_arms(node)
                handlers = [
                    (handler, scope, (*path, (id(node), f"handlers{n}")))
                    for n, handler in enumerate(node.handlers)
                ]
                return [
                    *self._body(node.finalbody, scope, path),
                    *self._body(node.orelse, scope, self._arm(node, "orelse", path)),
                    *reversed(handlers),
                    *self._body(node.body, scope, self._arm(node, "body", path)),
                ]
            case ast.ExceptHandler():
                if node.name:
                    self._bind(scope, node.name, path)
                if node.type is not None:
                    self._part(node.type)
                return self._body(node.body, scope, path)
            case ast.Match():
                self._note_arms(node)
                self._part(node.subject)
                cases = [(c, scope, (*path, (id(node), f"cases{n}"))) for n, c in enumerate(node.cases)]
                return [*reversed(cases)]
            case ast.match_case():
                for pattern in ast.walk(node.pattern):
                    captured = getattr(
                        pattern, "rest" if isinstance(pattern, ast.MatchMapping) else "name", None
                    )
                    if isinstance(captured, str):
                        self._bind(scope, captured, path)
                self._part(node.pattern)
                if node.guard is not None:
                    self._part(node.guard)
                return self._body(node.body, scope, path)
            case ast.Global() | ast.Nonlocal():
                self._bind_outer(node, scope)
            case _:
                parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
                for part in parts:
                    self._part(part)
                # `del` and `+=` too give a name another meaning, which the file does not tell
                deeper = isinstance(node, ast.Delete)
                for name in (n for part in parts for n in (ast.walk(part) if deeper else [part])):
                    if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load):
                        self._bind(scope, name.id, path, order=self._order + _STEP - 1)
        return []

    @staticmethod
    def _body(body: Sequence[ast.stmt], scope: Scope, path: tuple[Branch, ...]) -> list[_Item]:
        return [(statement, scope, path) for statement in reversed(body)]

    def _part(self, node: ast.AST) -> None:
        """Note an expression of the statement at hand; it is entered when somebody asks."""
        here = self._here
        self._order += _STEP
        here.expressions.append((node, here.scope, self._order))
        if isinstance(node, ast.Yield) and node.value is not None:
            self._yield(node, here.scope, self._order, here.path)
        elif type(node) in _CALLING:
            self._note_filling(node)
        if self._binds_within:
            for _ in self._sites_in(node, here.scope, self._order, here.path, frozenset()):
                pass

    def _annotated(self, node: ast.AnnAssign, scope: Scope, path: tuple[Branch, ...]) -> None:
        match node:
            case ast.AnnAssign(target=ast.Name(id=declared), value=None) if scope.kind == "class":
                owner: Scope | None = scope
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=name), attr=declared), value=None):
                owner, _ = self._class_of(name, scope)
            case _:
                owner, declared = None, ""
        if owner is not None:
            bare = Binding(self._order, path, value=node, scope=scope)
            owner.attributes.setdefault(declared, []).append(bare)
            self.bound.append((declared, bare, header_of(node)))
        self._part(node.annotation)
        if node.value is not None:
            self._part(node.value)
            self._assign([node.target], node)

    # -- expressions, once they are asked for

    def _sites_in(
        self,
        top: ast.AST,
        scope: Scope,
        order: int,
        path: tuple[Branch, ...],
        wanted: frozenset[type[ast.AST]],
    ) -> Iterator[ProgramPoint]:
        """The nodes of the types `wanted` in an expression."""
        leaves = _LEAVES - wanted
        if type(top) in leaves:
            return
        stack: list[_Item] = [(top, scope, path)]
        last = order + _STEP - 1
        while stack:
            node, scope, path = stack.pop()
            if type(node) in wanted:
                yield ProgramPoint(node, scope, order, path)
            if order < last:
                order += 1
            children = self._children(node, scope, path, order)
            stack += [item for item in reversed(children) if type(item[0]) not in leaves]

    def _children(self, node: ast.AST, scope: Scope, path: tuple[Branch, ...], order: int) -> list[_Item]:
        """The parts of an expression, in the order in which they run."""
        kind = type(node)
        if kind is ast.Attribute:
            return [(node.value, scope, path)]  # type: ignore[attr-defined]
        if kind is ast.Call:
            if self._binds_within and node not in self._seen:
                self._seen.add(node)
                self._bind_globals(node, scope)  # type: ignore[arg-type]
        elif kind not in _PLAIN:
            match node:
                case ast.Name() | ast.Constant():
                    return []
                case ast.Lambda():
                    inner = self.scope_of(node, ProgramPoint(node, scope, order, path))
                    outside = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
                    return [*((part, scope, path) for part in outside), (node.body, inner, ())]
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    return self._comprehension(node, scope, path, order)
                case ast.Dict():
                    pairs = zip(node.keys, node.values, strict=True)
                    return [(part, scope, path) for pair in pairs for part in pair if part is not None]
                case ast.IfExp():
                    return [
                        (node.test, scope, path),
                        (node.body, scope, (*path, (id(node), "body"))),
                        (node.orelse, scope, (*path, (id(node), "orelse"))),
                    ]
                case ast.NamedExpr():
                    if node not in self._seen:
                        self._seen.add(node)
                        owner = scope.enclosing("function", "module", "class")
                        self._bind(owner, node.target.id, path, value=node.value, order=order)
                    return [(node.value, scope, path)]
                case ast.Await():
                    self.awaited.add(node.value)
                case ast.Yield(value=ast.expr()) | ast.YieldFrom():
                    self._yield(node, scope, order, path)
        found: list[_Item] = []
        for name in node._fields:
            value = None if name in _MARKS else getattr(node, name, None)
            if type(value) is list:
                found += [(part, scope, path) for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append((value, scope, path))
        return found

    def scope_of(self, node: ast.Lambda, point: ProgramPoint) -> Scope:
        """The scope of a lambda that stands at `point`."""
        if node not in self.namespaces:
            inner = self.namespaces[node] = Scope("function", point.scope, node)
            for argument in _parameters(node.args):
                inner.bindings[argument.arg] = [Binding(0, (), value=argument, scope=inner)]
            inner.returns.append(ProgramPoint(node.body, inner, point.order, ()))
        return self.namespaces[node]

    def comprehension_of(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, point: ProgramPoint
    ) -> Scope:
        """The scope of a comprehension that stands at `point`."""
        if node not in self._comprehensions:
            self._comprehension(node, point.scope, point.path, int(point.order))
        return self._comprehensions[node]

    def _comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        scope: Scope,
        path: tuple[Branch, ...],
        order: int,
    ) -> list[_Item]:
        """The parts of a comprehension: its targets are bound before the element that uses them, written first."""
        is_new = node not in self._comprehensions
        inner = self._comprehensions.setdefault(node, Scope("comprehension", scope, node))
        parts: list[tuple[ast.AST, Scope]] = []
        for n, generator in enumerate(node.generators):
            if generator.is_async:
                self.iterated.add(generator.iter)
            # the first iterable runs outside
            parts.append((generator.iter, inner if n else scope))
            for leaf, given, steps in _leaves(generator.target, generator.iter, ("item",)):
                if not isinstance(leaf, ast.Name):
                    parts.append((leaf, inner))
                elif is_new:
                    where = inner if n else scope
                    # bound before all that sees it; what it comes from is evaluated in its turn
                    binding = Binding(n, path, value=given, projection=steps, scope=where, turn=order + n)
                    inner.bindings.setdefault(leaf.id, []).append(binding)
            parts += ((test, inner) for test in generator.ifs)
        last = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return [(part, where, path) for part, where in (*parts, *((part, inner) for part in last))]

    def _yield(
        self, node: ast.Yield | ast.YieldFrom, scope: Scope, order: int, path: tuple[Branch, ...]
    ) -> None:
        if node not in self._seen and node.value is not None:
            self._seen.add(node)
            given = node.value if isinstance(node, ast.Yield) else node
            scope.enclosing("function").yields.append(ProgramPoint(given, scope, order, path))

    # -- bindings

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
            # the else arm runs after the body, so it goes on in its arm
            after = ((id(node), "else"),) if name == "orelse" else ()
            return (*path, (id(node), "try"), *after)
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
        if whole:  # an arm that leaves is not come from
            self.arms[id(node)] = frozenset(arm for arm in bodies if (id(node), arm) not in self.leaving)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> list[_Item]:
        inner = self.namespaces[node] = Scope("function", scope, node)
        everyone = _parameters(node.args)
        for argument in everyone:
            self._bind(inner, argument.arg, (), value=argument)
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self._part(part)
        for annotation in (*(argument.annotation for argument in everyone), node.returns):
            if annotation is not None:
                self._part(annotation)
        self._order += _STEP
        self._bind(scope, node.name, self._here.path, value=node, lines=lines_of(node))
        return self._body(node.body, inner, ())

    def _bind(
        self,
        scope: Scope,
        name: str,
        path: tuple[Branch, ...],
        target: str | None = None,
        value: ast.AST | None = None,
        projection: tuple[Projection, ...] = (),
        where: Scope | None = None,
        order: int | None = None,
        lines: Lines | None = None,
    ) -> None:
        owner = scope.outer.get(name, scope)
        always = owner is not scope or where is not None
        binding = Binding(
            self._order if order is None else order, () if always else path, target, False, always, value,
            projection, where or scope,
        )  # fmt: skip
        owner.bindings.setdefault(name, []).append(binding)
        self.bound.append((name, binding, lines or header_of(self._here.node)))
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.definitions[value] = binding

    def _assign(
        self, targets: Sequence[ast.expr], value: ast.AST | None, steps: tuple[Projection, ...] = ()
    ) -> None:
        """Bind the names and attributes of targets; what else they hold is a part of the statement.

        All at the same time: in `a, b = b, a` both values are those from before.
        """
        scope, path = self._here.scope, self._here.path
        self._order += _STEP
        leaves = (leaf for target in targets for leaf in _leaves(target, value, steps))
        for leaf, given, taken in leaves:
            match leaf:
                case ast.Name():
                    self._bind(scope, leaf.id, path, value=given, projection=taken)
                    continue
                case ast.Attribute(value=value, attr=name) if given is not None:
                    self._keep(value, name, given, taken)
                case ast.Subscript(
                    value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(key))
                ):
                    self._bind(self.module, key, (), value=given, projection=taken, where=scope)
                case ast.Subscript(value=owner, slice=key) if given is not None:
                    self._put(owner, key, given, taken)
            self._here.expressions.append((leaf, scope, self._order))

    def _keep(
        self, owner: ast.expr, name: str, value: ast.AST, projection: tuple[Projection, ...] = ()
    ) -> None:
        """Note an attribute that is set."""
        here = self._here
        home, of_instance = (
            self._class_of(owner.id, here.scope) if isinstance(owner, ast.Name) else (None, False)
        )
        binding = Binding(self._order, (), None, False, True, value, projection, here.scope)
        if home is not None:
            kept = home.attributes if of_instance else home.bindings
            kept.setdefault(name, []).append(binding)
        else:
            self.stores.append(Store(owner, name, binding, here.path))
        self.bound.append((name, binding, header_of(here.node)))

    def _put(
        self, owner: ast.expr, key: ast.expr | None, value: ast.AST, projection: tuple[Projection, ...] = ()
    ) -> None:
        """Note what is put into a container."""
        here = self._here
        binding = Binding(self._order, here.path, value=value, projection=projection, scope=here.scope)
        self.stores.append(Store(owner, key, binding, here.path))
        word = key.value if isinstance(key, ast.Constant) else None
        for name in {last_name(owner), word if isinstance(word, str) else ""} - {""}:
            self.bound.append((name, binding, header_of(here.node)))

    def _note_filling(self, node: ast.AST) -> None:
        """Note what the calls of a chain put into containers by their methods, or into objects by `setattr`."""
        while isinstance(node, _CALLING):
            match node:
                case ast.Call(
                    func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(name)), value]
                ):
                    self._keep(owner, name, value)
                case ast.Call(
                    func=ast.Attribute(value=owner, attr="append" | "appendleft" | "add"), args=[value]
                ):
                    self._put(owner, None, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="insert"), args=[_, value]):
                    self._put(owner, None, value)
                case ast.Call(
                    func=ast.Attribute(value=owner, attr="extend"),
                    args=[ast.List(elts=many) | ast.Tuple(elts=many)],
                ):
                    for value in many:
                        self._put(owner, None, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="setdefault"), args=[key, value]):
                    self._put(owner, key, value)
                case ast.Call(func=ast.Attribute(value=owner, attr="update"), args=given, keywords=named):
                    for pairs in given:
                        if isinstance(pairs, ast.Dict):
                            for under, value in zip(pairs.keys, pairs.values, strict=True):
                                if under is not None:
                                    self._put(owner, under, value)
                    for keyword in named:
                        if keyword.arg is not None:
                            self._put(owner, ast.Constant(keyword.arg), keyword.value)
            node = node.func if isinstance(node, ast.Call) else node.value

    def _class_of(self, name: str, scope: Scope) -> tuple[Scope | None, bool]:
        """The class of this file that `name` stands for, and whether for an instance of it."""
        here: Scope | None = scope
        while here is not None:
            for binding in here.bindings.get(name, ()):
                if isinstance(binding.value, ast.ClassDef):
                    return self.namespaces.get(binding.value), False
                if isinstance(binding.value, ast.arg):
                    is_class = name == "cls" or any(
                        getattr(d, "id", "") == "classmethod"
                        for d in getattr(here.node, "decorator_list", ())
                    )
                    return self.receiver(binding.value, here), not is_class
            if getattr(here.node, "name", "") == name and here.kind == "class":
                return here, False  # its own name, which is bound once its body has run
            here = None if name in here.bindings else here.parent
        return None, False

    @staticmethod
    def receiver(argument: ast.arg, function: Scope) -> Scope | None:
        """The class whose method gets `argument` as its first parameter, `self` or `cls`."""
        node, owner = function.node, Scopes.class_of(function)
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

    def _bind_globals(self, node: ast.Call, scope: Scope) -> None:
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
                ancestors = []
                parent = scope.parent
                while parent is not None:
                    ancestors += [parent] if parent.kind == "function" else []
                    parent = parent.parent
                owner = next(
                    (s for s in ancestors if name in s.bindings), ancestors[0] if ancestors else owner
                )
            scope.outer[name] = owner


def _is_plain(binding: Binding) -> bool:
    """Whether a name is that of a function as it is written."""
    node = binding.value
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list


def _leaves(
    target: ast.expr, value: ast.AST | None, steps: tuple[Projection, ...]
) -> Iterator[tuple[ast.expr, ast.AST | None, tuple[Projection, ...]]]:
    """The targets within a target, each with the value that it takes its own from, where that is known."""
    match target:
        case ast.Starred():
            yield from _leaves(target.value, None, ())
        case ast.Tuple() | ast.List():
            starred = (n for n, element in enumerate(target.elts) if isinstance(element, ast.Starred))
            last = next(starred, len(target.elts))
            for n, element in enumerate(target.elts):
                yield from _leaves(element, value if n < last else None, (*steps, n))
        case _:
            yield target, value, steps


def _parameters(args: ast.arguments) -> list[ast.arg]:
    everyone = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [argument for argument in everyone if argument is not None]
