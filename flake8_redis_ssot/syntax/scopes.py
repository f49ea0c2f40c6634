"""The symbol table of one file. Nodes within expressions are visited only on demand, as most are never needed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property

from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import LOADER_NAMES
from flake8_redis_ssot.libraries.standard import NAMESPACES, RECORDS
from flake8_redis_ssot.syntax.arguments import parameters, positional
from flake8_redis_ssot.syntax.bindings import (
    Binding,
    Branch,
    ProgramPoint,
    Projection,
    Scope,
    Store,
    exclusive,
    is_plain_function,
)
from flake8_redis_ssot.syntax.implied import IMPLYING, PROPERTY, implied
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, last_name

STEP = 1 << 20
"""The distance of the orders of two parts of statements, in which the nodes within an expression get theirs."""

_MARKS = frozenset(["ctx", "op", "ops", "attr", "id", "arg"])
"""Fields of nodes that hold no expression."""
_PARTS = {
    kind: [name for name in reversed(kind._fields) if name not in _MARKS]
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""The other fields of each type of node, last first: they are pushed on a stack."""
_RECORD_MAKERS = frozenset(name.rpartition(".")[2] for name in NAMESPACES | RECORDS)
_LEAVES = frozenset([ast.Name, ast.Constant])
_LOADING_WORDS = LOADER_NAMES | {"modules"}
"""Words without which nothing is imported by the text of its name; `modules` may be imported from `sys`."""

Statement = ast.stmt | ast.excepthandler | ast.match_case
"""What has expressions of its own."""

Item = tuple[ast.AST, Scope, tuple[Branch, ...]]
"""A node that is still to be visited, with its scope and the branches around it."""


@dataclass(slots=True)
class OwnExpressions:
    """A statement (or handler, or case) with its own expressions, each with scope, order and branches; not those of its body.

    Each expression has its own branches, as an annotation that is never evaluated counts as one under
    `if TYPE_CHECKING:`.
    """

    node: Statement
    scope: Scope
    order: int
    path: tuple[Branch, ...]
    expressions: list[tuple[ast.AST, Scope, int, tuple[Branch, ...]]] = field(default_factory=list)


class Scopes:
    """The symbol table of a file, with all its names bound; made by `build_scopes`.

    Nodes within expressions are visited when somebody asks for their `points`. Only a file whose `text` has expressions
    that bind names (`:=`, `globals().update`) has all of them visited at once.

    - `modules`: the dotted names of the file, for relative imports
    - `statements`: those of the file, in the order in which they run
    - `all_bindings`: every name and attribute with a known meaning, each with its binding
    - `namespaces`, `definitions`: for each definition its scope, and the binding of its name
    - `arms`: for a compound statement (by identity) of which one arm always runs, the arms that do not leave
    - `leaving`: the arms that end in a `return` or the like
    - `stores`: assignments to items, and to attributes of what is no class of the file
    - `imports`: the top-level modules imported
    - `may_load`: whether the file may import something by the text of its name
    - `awaited`, `iterated`, `entered`: the expressions, of those visited, that stand in `await`, `async for`, `with`
    """

    def __init__(self, tree: ast.Module, text: str, modules: Sequence[str], is_package: bool) -> None:
        self.modules = modules
        self.is_package = is_package
        self.module = Scope("module", None, tree)
        self.all_bindings: list[tuple[str, Binding]] = []
        self.namespaces: dict[ast.AST, Scope] = {}
        self.definitions: dict[ast.AST, Binding] = {}
        self.arms: dict[int, frozenset[str]] = {}
        self.leaving: set[Branch] = set()
        self.imports: set[str] = set()
        self.stores: list[Store] = []
        self.awaited: set[ast.expr] = set()
        self.iterated: set[ast.expr] = set()
        self.entered: set[ast.expr] = set()
        self.statements: list[OwnExpressions] = []
        self._comprehensions: dict[ast.AST, Scope] = {}
        self._seen: set[ast.AST] = set()
        self.binds_within = ":=" in text or "globals()" in text
        self.may_load = any(word in text for word in _LOADING_WORDS)

    def points(
        self, wanted: Collection[type[ast.AST]], *, within: ast.stmt | None = None
    ) -> Iterator[ProgramPoint]:
        """The nodes of the types `wanted` in the order in which they run; with `within` those of that statement alone."""
        types = frozenset(wanted)
        inside = None if within is None else frozenset(all_nodes(within))
        for statement in self.statements:
            if inside is not None and statement.node not in inside:
                continue
            if type(statement.node) in types:
                yield ProgramPoint(statement.node, statement.scope, statement.order, statement.path)
            for node, scope, order, path in statement.expressions:
                yield from self.points_in(node, scope, order, path, types)

    def both_run(self, one: ProgramPoint, other: ProgramPoint) -> bool:
        """Whether `one`, which stands earlier, and `other` can both run: not in exclusive arms, or in one that leaves."""
        a, b = self._branches(one), self._branches(other)
        has_left = one.scope is other.scope and any(
            branch in self.leaving and branch not in b for branch in a
        )
        return not has_left and not exclusive(a, b, tried=True)

    def _branches(self, point: ProgramPoint) -> tuple[Branch, ...]:
        """The branches around a place, and around the definitions in which it stands."""
        path, scope = point.path, point.scope
        while scope.parent is not None:
            binding = self.definitions.get(scope.node) if scope.node is not None else None
            if binding is not None:
                path = (*binding.path, (id(scope.node), "definition"), *path)
            scope = scope.parent
        return path

    @cached_property
    def calls(self) -> list[ProgramPoint]:
        """Every call of the file."""
        return list(self.points((ast.Call,)))

    def gathered(self, wanted: Collection[type[ast.AST]]) -> list[ProgramPoint]:
        """As `points`, in a list; if there are calls among them, nobody has to look for these again."""
        found = list(self.points(wanted))
        if ast.Call in wanted:
            self.__dict__.setdefault("calls", [point for point in found if type(point.node) is ast.Call])
        return found

    def may_hold_value(self, name: str) -> bool:
        """Whether something in the file may bind `name` to anything but a plain function."""
        return name in self._value_names or self._has_stars

    def may_be_imported(self, name: str) -> bool:
        """Whether something in the file may import `name`."""
        return name in self._imported_names or self._has_stars

    @cached_property
    def _value_names(self) -> frozenset[str]:
        _ = self.calls  # the scopes of lambdas and comprehensions are made when these are visited
        return frozenset(
            name
            for scope in self._every_scope()
            for name, bindings in scope.bindings.items()
            if not all(map(is_plain_function, bindings))
        )

    @cached_property
    def _imported_names(self) -> frozenset[str]:
        return frozenset(name for name, binding in self.all_bindings if binding.target is not None)

    @cached_property
    def _has_stars(self) -> bool:
        return any(scope.stars for scope in self._every_scope())

    def _every_scope(self) -> Iterator[Scope]:
        yield self.module
        yield from self.namespaces.values()
        yield from self._comprehensions.values()

    @cached_property
    def calls_named(self) -> dict[str, list[ProgramPoint]]:
        """The calls of the file by the last name of the callee: `a.b.get()` by `get`."""
        found: dict[str, list[ProgramPoint]] = {}
        for point in self.calls:
            found.setdefault(last_name(point.node.func), []).append(point)  # type: ignore[attr-defined]
        return found

    def calls_of(self, names: Collection[str]) -> list[ProgramPoint]:
        """The calls whose callee has one of the last `names`, in the order in which they run."""
        found = [point for name in self.calls_named.keys() & names for point in self.calls_named[name]]
        return sorted(found, key=lambda point: point.order)

    def implying(self, name: str) -> list[ProgramPoint]:
        """The places that may run a method `name` without calling it (see `implied`); of a property it is `.name`."""
        return self._implied.get(name, []) if name.startswith((PROPERTY, "__")) else []

    @cached_property
    def _implied(self) -> dict[str, list[ProgramPoint]]:
        found: dict[str, list[ProgramPoint]] = {}
        for point in self.points(IMPLYING):
            for name, _, _ in implied(point.node):
                found.setdefault(name, []).append(point)
        return found

    def running(self, names: Collection[str]) -> list[ProgramPoint]:
        """The places that may run functions with one of the `names`, by a call or without, in the order in which they run."""
        found = dict.fromkeys([*self.calls_of(names), *(p for name in names for p in self.implying(name))])
        return sorted(found, key=lambda point: point.order)

    @cached_property
    def names_used_as_values(self) -> frozenset[str]:
        """The last names of what the file passes on, stores, returns: all that are not merely called."""
        called: set[ast.AST] = set()
        found: dict[ast.AST, str] = {}
        for node in all_nodes(self.module.node) if self.module.node is not None else ():
            if type(node) is ast.Call:
                called.add(node.func)
            elif type(node) in (ast.Name, ast.Attribute):
                found[node] = last_name(node)
        return frozenset(name for node, name in found.items() if node not in called)

    @cached_property
    def computed_callees(self) -> frozenset[str]:
        """The names and attributes that may hold another callable than the `def` of that name, as after `self.get = f`."""
        found = {store.key for store in self.stores if isinstance(store.key, str)}
        for scope in (self.module, *self.namespaces.values()):
            found.update(scope.attributes)
            if scope.kind in ("module", "class"):
                found.update(n for n, kept in scope.bindings.items() if not all(map(is_plain_function, kept)))
            made = (b.value for kept in scope.bindings.values() for b in kept)
            found.update(
                name for node in (*made, *(r.node for r in scope.returns)) for name in _attribute_names(node)
            )
        return frozenset(found)

    def release(self) -> None:
        """Break the reference cycles among scopes and bindings, so that the tree is freed without the garbage collector."""
        for scope in self._every_scope():
            scope.bindings.clear()
            scope.stars.clear()
            scope.outer.clear()
            scope.attributes.clear()
            scope.returns.clear()
            scope.yields.clear()
        self.definitions.clear()
        self.stores.clear()
        self.all_bindings.clear()
        self.statements.clear()
        self.__dict__.pop("calls", None)
        self.__dict__.pop("calls_named", None)
        self.__dict__.pop("_implied", None)

    def bases(self, node: ast.ImportFrom) -> list[str]:
        """The absolute modules that a from-import can mean: several where the file itself has several dotted names."""
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

    # -- nodes within expressions, on demand

    def points_in(
        self,
        top: ast.AST,
        scope: Scope,
        order: int,
        path: tuple[Branch, ...],
        wanted: frozenset[type[ast.AST]],
    ) -> Iterator[ProgramPoint]:
        """The nodes of the types `wanted` in the expression `top`; names that it binds are bound on the way."""
        leaves = _LEAVES - wanted if not wanted.isdisjoint(_LEAVES) else _LEAVES
        if type(top) in leaves:
            return
        stack: list[Item] = [(top, scope, path)]
        last = order + STEP - 1
        while stack:
            node, scope, path = stack.pop()
            kind = type(node)
            if kind in wanted:
                yield ProgramPoint(node, scope, order, path)
            if order < last:
                order += 1
            enter = _ENTER.get(kind)
            if enter is not None:
                parts = enter(self, node, scope, path, order)
                stack += [part for part in reversed(parts) if type(part[0]) not in leaves]
                continue
            if kind is ast.Call and self.binds_within and node not in self._seen:
                self._seen.add(node)
                self._bind_globals(node, scope, order)  # type: ignore[arg-type]
            for name in _PARTS[kind]:
                value = getattr(node, name, None)
                if type(value) is list:
                    stack += [
                        (part, scope, path)
                        for part in reversed(value)
                        if type(part) not in leaves and isinstance(part, ast.AST)
                    ]
                elif isinstance(value, ast.AST) and type(value) not in leaves:
                    stack.append((value, scope, path))

    # one method for each type of node that binds names, or whose parts run in an order or scope of their own:
    # it returns the parts in the order in which they run

    def _lambda(self, node: ast.Lambda, scope: Scope, path: tuple[Branch, ...], order: int) -> list[Item]:
        inner = self.scope_of(node, ProgramPoint(node, scope, order, path))
        outside = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        return [*((part, scope, path) for part in outside), (node.body, inner, ())]

    def _dict(self, node: ast.Dict, scope: Scope, path: tuple[Branch, ...], _order: int) -> list[Item]:
        pairs = zip(node.keys, node.values, strict=True)
        return [(part, scope, path) for pair in pairs for part in pair if part is not None]

    def _choice(self, node: ast.IfExp, scope: Scope, path: tuple[Branch, ...], _order: int) -> list[Item]:
        return [
            (node.test, scope, path),
            (node.body, scope, (*path, (id(node), "body"))),
            (node.orelse, scope, (*path, (id(node), "orelse"))),
        ]

    def _named(self, node: ast.NamedExpr, scope: Scope, path: tuple[Branch, ...], order: int) -> list[Item]:
        if node not in self._seen:
            self._seen.add(node)
            owner = scope.enclosing("function", "module", "class")
            self.bind(owner, node.target.id, order, path, value=node.value)
        return [(node.value, scope, path)]

    def _await(self, node: ast.Await, scope: Scope, path: tuple[Branch, ...], _order: int) -> list[Item]:
        self.awaited.add(node.value)
        return [(node.value, scope, path)]

    def _yield(
        self, node: ast.Yield | ast.YieldFrom, scope: Scope, path: tuple[Branch, ...], order: int
    ) -> list[Item]:
        self.note_yield(node, scope, order, path)
        return [(node.value, scope, path)] if node.value is not None else []

    def scope_of(self, node: ast.Lambda, point: ProgramPoint) -> Scope:
        """The scope of the lambda `node`, made at the first question."""
        if node not in self.namespaces:
            inner = self.namespaces[node] = Scope("function", point.scope, node)
            for argument in parameters(node.args):
                inner.bindings[argument.arg] = [Binding(0, (), value=argument, scope=inner)]
            inner.returns.append(ProgramPoint(node.body, inner, point.order, ()))
        return self.namespaces[node]

    def comprehension_of(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, point: ProgramPoint
    ) -> Scope:
        """The scope of the comprehension `node`, made at the first question."""
        if node not in self._comprehensions:
            self._comprehension(node, point.scope, point.path, int(point.order))
        return self._comprehensions[node]

    def _comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        scope: Scope,
        path: tuple[Branch, ...],
        order: int,
    ) -> list[Item]:
        """The parts of a comprehension as they run: its element last, though written first. Its targets are bound here."""
        is_new = node not in self._comprehensions
        inner = self._comprehensions.setdefault(node, Scope("comprehension", scope, node))
        parts: list[tuple[ast.AST, Scope]] = []
        for n, generator in enumerate(node.generators):
            if generator.is_async:
                self.iterated.add(generator.iter)
            # Python evaluates the first iterable in the scope outside
            parts.append((generator.iter, inner if n else scope))
            for leaf, given, steps in targets_in(generator.target, generator.iter, ("item",)):
                if not isinstance(leaf, ast.Name):
                    parts.append((leaf, inner))
                elif is_new:
                    where = inner if n else scope
                    # an order before all uses in the scope; the value is evaluated in the turn of the iterable
                    binding = Binding(n, path, value=given, projection=steps, scope=where, turn=order + n)
                    inner.bindings.setdefault(leaf.id, []).append(binding)
            parts += ((test, inner) for test in generator.ifs)
        last = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return [(part, where, path) for part, where in (*parts, *((part, inner) for part in last))]

    def note_yield(
        self, node: ast.Yield | ast.YieldFrom, scope: Scope, order: int, path: tuple[Branch, ...]
    ) -> None:
        """Add a yielded expression to the function around it, once."""
        if node not in self._seen and node.value is not None:
            self._seen.add(node)
            given = node.value if isinstance(node, ast.Yield) else node
            scope.enclosing("function").yields.append(ProgramPoint(given, scope, order, path))

    def bind(
        self,
        scope: Scope,
        name: str,
        order: int,
        path: tuple[Branch, ...],
        target: str | None = None,
        value: ast.AST | None = None,
        projection: tuple[Projection, ...] = (),
        where: Scope | None = None,
    ) -> None:
        """Bind `name` in `scope`, or in the scope that a `global` or `nonlocal` of it names.

        `where` is the scope in which the value is evaluated, if another one. For the others see `Binding`.
        """
        owner = scope.outer.get(name, scope)
        always = owner is not scope or where is not None
        binding = Binding(
            order, () if always else path, target, False, always, value,
            projection, where or scope,
        )  # fmt: skip
        owner.bindings.setdefault(name, []).append(binding)
        self.all_bindings.append((name, binding))
        if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.definitions[value] = binding

    @staticmethod
    def receiver(argument: ast.arg, function: Scope) -> Scope | None:
        """The class of the method `function` if `argument` is its `self` or `cls`; None for any other parameter."""
        node, owner = function.node, Scopes.class_of(function)
        if owner is None or not isinstance(node, Function):
            return None
        first = next(iter(positional(node.args)), None)
        return owner if first is argument else None

    @staticmethod
    def class_of(function: Scope) -> Scope | None:
        """The class of which `function` is a method with `self` or `cls`; None for functions and static methods."""
        node, owner = function.node, function.parent
        if owner is None or owner.kind != "class" or not isinstance(node, Function):
            return None
        if any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list):
            return None
        return owner

    def _bind_globals(self, node: ast.Call, scope: Scope, order: int) -> None:
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
                        self.bind(self.module, key, order, (), value=value, where=scope)


_ENTER: dict[type[ast.AST], Callable[..., list[Item]]] = {
    ast.Await: Scopes._await,
    ast.Dict: Scopes._dict,
    ast.DictComp: Scopes._comprehension,
    ast.GeneratorExp: Scopes._comprehension,
    ast.IfExp: Scopes._choice,
    ast.Lambda: Scopes._lambda,
    ast.ListComp: Scopes._comprehension,
    ast.NamedExpr: Scopes._named,
    ast.SetComp: Scopes._comprehension,
    ast.Yield: Scopes._yield,
    ast.YieldFrom: Scopes._yield,
}
"""By type of node, what gives its parts; the parts of all others are their fields."""


def _attribute_names(node: ast.AST | None) -> Iterator[str]:
    """The attributes that a call defines: `a` of `SimpleNamespace(a=1)`, `a` and `b` of `namedtuple("T", "a b")`."""
    node = node.value if isinstance(node, ast.AnnAssign) else node
    if isinstance(node, ast.Call) and last_name(node.func) in _RECORD_MAKERS:
        yield from (keyword.arg for keyword in node.keywords if keyword.arg is not None)
        for part in node.args[1:2]:
            texts = (n.value for n in all_nodes(part) if isinstance(n, ast.Constant))
            yield from (word for text in texts for word in str(text).replace(",", " ").split())


def targets_in(
    target: ast.expr, value: ast.AST | None, steps: tuple[Projection, ...]
) -> Iterator[tuple[ast.expr, ast.AST | None, tuple[Projection, ...]]]:
    """The single targets within `target` (`a` and `b` in `a, b = x`), each with the value and the steps to its part."""
    match target:
        case ast.Tuple() | ast.List():
            after = 0
            for n, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    after = len(target.elts)
                    yield from targets_in(element.value, value, (*steps, (n, n + 1 - after)))
                else:
                    yield from targets_in(element, value, (*steps, n - after))
        case _:
            yield target, value, steps
