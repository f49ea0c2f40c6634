"""Where event loops are made, what runs in them, and which clients outlive them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.analysis.client_calls import Function, function_of, last_name
from flake8_redis_ssot.analysis.lifetimes import lifetimes
from flake8_redis_ssot.inference.evaluator import (
    CallContext,
    Coroutine,
    Definition,
    Inference,
    Instance,
    QualifiedName,
    Value,
    argument_of,
)
from flake8_redis_ssot.inference.methods import colour_of, effect_of
from flake8_redis_ssot.libraries.commands import HANDED
from flake8_redis_ssot.libraries.standard import (
    BRIDGES,
    CACHES,
    ENTERING,
    LOOPS,
    PROPERTIES,
    RUNNERS,
    RUNNING,
)
from flake8_redis_ssot.libraries.traits import NO_POOL, OWNING, POOL_KEYWORDS
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.nodes import own_nodes, unparsed
from flake8_redis_ssot.syntax.scopes import Binding, ProgramPoint, Scope, Scopes, exclusive

_DEPTH = 12
_CALLS = 6
_MOST = 300
"""Functions that are looked through for one loop."""


@dataclass(frozen=True, slots=True)
class Run:
    """A call that makes an event loop (`made`) and the expression of what runs in it (`job`).

    `is_bridge` says that a loop which is there already is taken instead; `call` has the job's arguments, where
    the job is a function that it calls.
    """

    point: ProgramPoint
    made: ast.expr
    label: str
    job: ast.expr
    call: ast.Call | None = None
    is_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """Where a client lives that outlives its event loops; `key` is the same for the same place.

    `renewed` are the functions that let go of what is there.
    """

    key: tuple[object, ...]
    name: str
    where: str
    renewed: frozenset[ast.AST] = field(default=frozenset(), compare=False)


_Frame = tuple[Scope, "CallContext | None"]
"""A function that runs, and the call that it runs for."""


@dataclass(slots=True)
class Reach:
    """The calls that run at some place, and the functions that run there, each with the call it runs for."""

    calls: list[tuple[ProgramPoint, CallContext | None]] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)


class EventLoops:
    """The event loops of one file."""

    def __init__(self, inference: Inference, tree: ast.Module) -> None:
        self._inference = inference
        self._tree = tree
        scopes = (inference.scopes.module, *inference.scopes.namespaces.values())
        made = RUNNERS | BRIDGES
        self._runners = (
            RUNNING
            | {name.rpartition(".")[2] for name in made}
            | {
                name
                for scope in scopes
                for name, given in scope.bindings.items()
                if any(b.target in made for b in given)
            }
        )
        self._calls: dict[ast.AST | None, list[ProgramPoint]] = {}
        for point in inference.scopes.calls:
            if not point.for_typing:
                self._calls.setdefault(function_of(point), []).append(point)

    # -- what makes loops

    def runs(self) -> Iterator[Run]:
        """Every call that makes an event loop and runs something in it, in source order.

        A function that only hands its parameter on to such a call stands for it where it is called.
        """
        helpers: dict[ast.AST, tuple[ast.arg, Run]] = {}
        found = [run for points in self._calls.values() for point in points for run in self._run(point)]
        for run in found:
            function, parameter = function_of(run.point), self._parameter_of(run)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and parameter is not None:
                helpers[function] = (parameter, run)
        yield from (run for run in found if function_of(run.point) not in helpers)
        names = {getattr(function, "name", "") for function in helpers}
        for point in (p for points in self._calls.values() for p in points) if helpers else ():
            call = point.node
            assert isinstance(call, ast.Call)
            for scope in self._called(call, point) if last_name(call.func) in names else ():
                if isinstance(scope.node, Function) and scope.node in helpers:
                    parameter, run = helpers[scope.node]
                    shifted = Scopes.class_of(scope) is not None
                    job = argument_of(call, scope.node.args, parameter, shifted=shifted)
                    if job is not None:
                        yield Run(point, call, unparsed(call.func), job, is_bridge=run.is_bridge)

    def _parameter_of(self, run: Run) -> ast.arg | None:
        if not isinstance(run.job, ast.Name):
            return None
        bindings = self._inference.names.bindings(run.job.id, run.point)
        value = bindings[0].value if len(bindings) == 1 else None
        return value if isinstance(value, ast.arg) and bindings[0].scope is run.point.scope else None

    def _run(self, point: ProgramPoint) -> Iterator[Run]:
        call = point.node
        assert isinstance(call, ast.Call)
        callee = call.func.func if isinstance(call.func, ast.Call) else call.func
        if last_name(callee) not in self._runners:
            return
        if isinstance(call.func, ast.Call):
            if call.func.args and self._is_named(callee, point, BRIDGES):
                yield Run(point, call, unparsed(callee), call.func.args[0], call, is_bridge=True)
        elif call.args and self._is_named(call.func, point, RUNNERS):
            yield Run(point, call, unparsed(call.func), call.args[0])
        elif call.args and isinstance(call.func, ast.Attribute) and call.func.attr in RUNNING:
            made = self._loop(call.func.value, point)
            if made is not None:
                yield Run(point, made, unparsed(made.func), call.args[0])

    def _loop(self, node: ast.expr, point: ProgramPoint) -> ast.Call | None:
        """The call, in the function of `point`, that makes the loop which `node` is for sure, and is not kept."""
        if isinstance(node, ast.Name):
            bindings = self._inference.names.bindings(node.id, point)
            if len(bindings) != 1 or bindings[0].always or bindings[0].scope is not point.scope:
                return None
            if point.scope.kind != "function":
                return None
            value = bindings[0].value
            node = value if isinstance(value, ast.expr) else node
        if not isinstance(node, ast.Call) or not self._is_named(node.func, point, LOOPS):
            return None
        function = function_of(point)
        is_kept = function is not None and {"stored", "guarded", "returned"} & lifetimes(function, node)
        return None if is_kept else node

    def _is_named(self, node: ast.expr, point: ProgramPoint, names: frozenset[str]) -> bool:
        values = self._inference.values(node, point)
        return bool(values) and all(isinstance(v, QualifiedName) and v.name in names for v in values)

    # -- what runs over and over

    def callers(self, function: ast.AST) -> list[ProgramPoint]:
        """The calls of a function in the file."""
        name = getattr(function, "name", "")
        return [
            point
            for points in self._calls.values()
            for point in points
            if isinstance(point.node, ast.Call)
            and last_name(point.node.func) == name
            and any(scope.node is function for scope in self._called(point.node, point))
        ]

    def loops_around(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether `node` runs at every turn of a loop, or of a comprehension, that is not left on success."""
        if point.scope.kind == "comprehension":
            return True
        inner = node
        for parent in ancestors(function_of(point) or self._tree, node):
            if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and inner in parent.body:
                return not any(isinstance(part, ast.Break | ast.Return) for part in own_nodes(parent))
            inner = parent
        return False

    def both_run(self, one: ProgramPoint, other: ProgramPoint) -> bool:
        """Whether two places of one function can both run in one call of it."""
        left = self._inference.scopes.leaving
        paths = (one.path, other.path)
        shared = next(
            (n for n, pair in enumerate(zip(*paths, strict=False)) if pair[0] != pair[1]),
            min(map(len, paths)),
        )
        return not exclusive(*paths, tried=True) and not any(
            branch in left for path in paths for branch in path[shared:]
        )

    # -- what runs in a loop

    def reached(self, run: Run) -> Reach:
        """What runs in the loop."""
        inside = {part for part in ast.walk(run.job) if isinstance(part, ast.Call)}
        here = [point for point in self._calls.get(function_of(run.point), ()) if point.node in inside]
        frames: list[_Frame] = []
        for value in self._inference.values(run.job, run.point):
            if isinstance(value, Coroutine):
                frames.append((value.scope, value.entry))
            elif isinstance(value, Definition) and isinstance(value.scope.node, Function):
                frames.append((value.scope, self._entry_of(run, value.scope)))
        return self._follow(here, frames)

    def around(self, run: Run) -> Reach:
        """What the function runs in which the loop is made, in the loop and besides."""
        function = function_of(run.point)
        scope = (
            self._inference.namespaces[function] if function is not None else self._inference.scopes.module
        )
        found = self._follow(self._calls.get(function, ()), [])
        found.frames.append((scope, None))
        return found

    def _entry_of(self, run: Run, scope: Scope) -> CallContext:
        """The call of the job itself, as far as it stands there: its receiver, its arguments."""
        args, keywords = (run.call.args, run.call.keywords) if run.call is not None else ([], [])
        return CallContext(ast.Call(func=run.job, args=args, keywords=keywords), run.point, scope)

    def _follow(self, points: Iterable[ProgramPoint], frames: Iterable[_Frame]) -> Reach:
        found = Reach()
        seen: set[tuple[Scope, ast.Call | None]] = set()
        todo = list(frames)

        def take(point: ProgramPoint, entry: CallContext | None) -> None:
            found.calls.append((point, entry))
            call, depth = point.node, 1 if entry is None else entry.depth + 1
            if isinstance(call, ast.Call) and depth <= _CALLS:
                for scope in self._called(call, point, entry):
                    todo.append((scope, CallContext(call, point, scope, entry, depth)))

        for point in points:
            take(point, None)
        while todo and len(seen) < _MOST:
            scope, entry = todo.pop()
            key = (scope, entry.call if entry is not None else None)
            if key not in seen:
                seen.add(key)
                found.frames.append((scope, entry))
                for point in self._calls.get(scope.node, ()):
                    take(point, entry)
        return found

    def _called(self, call: ast.Call, point: ProgramPoint, entry: CallContext | None = None) -> list[Scope]:
        """The functions of ours that a call runs, or whose coroutine it makes."""
        values = self._within(entry, lambda: self._inference.values(call.func, point))
        return [v.scope for v in values if isinstance(v, Definition) and isinstance(v.scope.node, Function)]

    def _within(self, entry: CallContext | None, values: Callable[[], Iterable[Value]]) -> list[Value]:
        return self._inference.within(entry, values)

    # -- which client is used, and where it lives

    def used(self, point: ProgramPoint, entry: CallContext | None) -> Home | None:
        """Where the asyncio client lives by which a call sends; None for any other call, and one of no known home.

        A subscription is none: it leaves no connection open in the pool.
        """
        call = point.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return None
        owner, method = call.func.value, call.func.attr
        values = self._within(entry, lambda: self._inference.values(owner, point))
        given = [self._inference.client(value) for value in values]
        for one in given:
            if one is None or colour_of(one[1]) != "async" or one[1].library in NO_POOL:
                return None
            if one[0] == "pubsub" or effect_of(one[0], method) not in ("command", "iterator"):
                return None
        return self.home(owner, point, entry) if given else None

    def ended(self, reach: Reach, home: Home) -> bool:
        """Whether what runs there closes the client or pool of that home, or lets go of it."""
        for scope, entry in reach.frames:
            if scope.node in home.renewed:
                return True
            for part in own_nodes(scope.node) if scope.node is not None else ():
                for owner in _closed(part):
                    point = ProgramPoint(owner, scope, 1 << 60, ())
                    if self.home(owner, point, entry, owned=True) == home:
                        return True
        return False

    def home(
        self,
        node: ast.AST | None,
        point: ProgramPoint,
        entry: CallContext | None = None,
        *,
        owned: bool = False,
        depth: int = 0,
    ) -> Home | None:
        """Where that lives which `node` is, if it outlives every event loop; a client on a pool lives with it.

        With `owned` a client that only borrows a pool is not taken for it: closing it leaves the pool open.
        """
        if depth > _DEPTH:
            return None

        def deeper(
            part: ast.AST | None,
            at: ProgramPoint = point,
            of: CallContext | None = entry,
            *,
            own: bool = owned,
        ) -> Home | None:
            return self.home(part, at, of, owned=own, depth=depth + 1)

        match node:
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return deeper(inner)
            case ast.Name(id=name):
                bindings = self._inference.names.bindings(name, point)
                module = point.scope.enclosing("module")
                everywhere = module.bindings.get(name, [])
                if any(binding in everywhere for binding in bindings):
                    kept = Home((module, name), name, "module level", _letting_go(everywhere))
                    return self._kept(kept, everywhere, deeper)
                return self._local(bindings, entry, deeper)
            case ast.Attribute(attr="connection_pool", value=owner):
                return deeper(owner, own=False)
            case ast.Attribute(attr=name, value=owner):
                return self._member(node, name, owner, point, entry, deeper)
            case ast.Call(func=ast.Attribute(value=owner)) if self._is_client(owner, point, entry):
                return deeper(owner)  # a pipeline, or the like
            case ast.Call():
                return self._result(node, point, entry, deeper, owned=owned)
        return None

    def _is_client(self, node: ast.expr, point: ProgramPoint, entry: CallContext | None) -> bool:
        values = self._within(entry, lambda: self._inference.values(node, point))
        return bool(values) and all(self._inference.client(value) for value in values)

    def _local(
        self, bindings: Sequence[Binding], entry: CallContext | None, deeper: Callable[..., Home | None]
    ) -> Home | None:
        if len(bindings) != 1 or bindings[0].scope is None:
            return None
        binding, scope = bindings[0], bindings[0].scope
        if not isinstance(binding.value, ast.arg):
            if binding.steps not in ((), ("enter",)):
                return None
            return deeper(
                _value(binding), ProgramPoint(scope.node or self._tree, scope, binding.order, binding.path)
            )
        while entry is not None and entry.scope is not scope:
            entry = entry.outer
        if entry is None or not isinstance(scope.node, Function):
            return None
        if Scopes.receiver(binding.value, scope) is not None:
            func = entry.call.func
            return deeper(func.value, entry.point, entry.outer) if isinstance(func, ast.Attribute) else None
        shifted = Scopes.class_of(scope) is not None
        given = argument_of(entry.call, scope.node.args, binding.value, shifted=shifted)
        return deeper(given, entry.point, entry.outer)

    def _kept(
        self, home: Home, bindings: Sequence[Binding], deeper: Callable[..., Home | None]
    ) -> Home | None:
        """`home`, or that of the pool it is built on, if what these bindings give stays there; else None."""
        given = [b for b in bindings if b.target is None and not _is_none(_value(b))]
        if not given:
            return home if any(b.target is not None for b in bindings) else None
        for binding in given:
            value, scope = _value(binding), binding.scope
            if value is None or scope is None or binding.steps:
                return None
            function = scope.enclosing("function", "module").node
            if scope.kind == "function" and function is not None and not _fills(function, value):
                return None
            point = ProgramPoint(value, scope, binding.order, binding.path)
            if not any(isinstance(v, Instance) and not v.said for v in self._inference.values(value, point)):
                return None  # what is only said to be there may be another one each time
            pool = self._pool(value, point, owned=False)
            if pool is not None and deeper(pool, point, None, own=False) is not None:
                return deeper(value, point, None)
        return home

    def _member(
        self,
        node: ast.Attribute,
        name: str,
        owner: ast.expr,
        point: ProgramPoint,
        entry: CallContext | None,
        deeper: Callable[..., Home | None],
    ) -> Home | None:
        """Where an attribute lives: with its class, or with the object that has it."""
        values = self._within(entry, lambda: self._inference.values(owner, point))
        if len(values) != 1:
            return None
        (value,) = values
        if isinstance(value, QualifiedName):
            return Home((value.name, name), unparsed(node), "module level")
        of = value.of if isinstance(value, Instance) else value
        if not isinstance(of, Definition) or of.scope.kind != "class":
            return None
        scope = self._with(of.scope, name)
        if scope is None:
            return None
        own, kept = scope.bindings.get(name, []), scope.attributes.get(name, [])
        for binding in own:
            function = self._inference.namespaces.get(binding.value) if binding.value is not None else None
            if function is not None and function.kind == "function":
                if not PROPERTIES & _decorators(function.node):
                    return None
                if "cached_property" in _decorators(function.node):
                    whole = deeper(owner, own=False)
                    return whole and Home(
                        (*whole.key, name), f"{whole.name}.{name}", whole.where, whole.renewed
                    )
                call = ast.Call(func=node, args=[], keywords=[])
                return self._given(function, CallContext(call, point, function, entry), deeper)
        class_ = getattr(scope.node, "name", "")
        if not any(not _is_none(_value(b)) for b in kept):
            home = Home((scope, name), f"{class_}.{name}", f"class `{class_}`", _letting_go([*own, *kept]))
            return self._kept(home, own, deeper) if not kept else None
        whole = deeper(owner, own=False)
        if whole is None:
            return None
        renewed = _letting_go([*own, *kept]) | whole.renewed
        home = Home((*whole.key, name), f"{whole.name}.{name}", whole.where, renewed)
        return self._kept(home, [*own, *kept], deeper)

    def _with(self, scope: Scope, name: str, depth: int = 0) -> Scope | None:
        """The class that has an attribute: this one or its first base of ours that does."""
        if name in scope.bindings or name in scope.attributes:
            return scope
        node = scope.node
        if not isinstance(node, ast.ClassDef) or scope.parent is None or depth > _CALLS:
            return None
        point = ProgramPoint(node, scope.parent, self._inference.definitions[node].order, ())
        for base in node.bases:
            for value in self._inference.values(base, point):
                found = self._with(value.scope, name, depth + 1) if isinstance(value, Definition) else None
                if found is not None:
                    return found
        return None

    def _result(
        self,
        call: ast.Call,
        point: ProgramPoint,
        entry: CallContext | None,
        deeper: Callable[..., Home | None],
        *,
        owned: bool,
    ) -> Home | None:
        """Where that lives which a call gives: behind a cache, where the function has it from, or with a pool."""
        pool = self._pool(call, point, owned=owned)
        if pool is not None:
            return deeper(pool, point, entry)
        called = self._called(call, point, entry)
        if len(called) != 1:
            return None
        (scope,) = called
        if CACHES & _decorators(scope.node):
            is_one = isinstance(scope.node, ast.FunctionDef) and not call.args and not call.keywords
            if not is_one or "self" in scope.bindings:
                return None  # one for each object, argument or loop
            return Home((scope,), unparsed(call), "cached by its decorator", self._clearing(scope))
        return self._given(scope, CallContext(call, point, scope, entry), deeper)

    def _clearing(self, function: Scope) -> frozenset[ast.AST]:
        """The functions that empty the cache of a function."""
        return frozenset(
            where
            for where, points in self._calls.items()
            if where is not None
            for point in points
            if isinstance(point.node, ast.Call)
            and isinstance(point.node.func, ast.Attribute)
            and point.node.func.attr == "cache_clear"
            and Definition(function) in self._inference.values(point.node.func.value, point)
        )

    def _given(self, function: Scope, entry: CallContext, deeper: Callable[..., Home | None]) -> Home | None:
        """Where that lives which a function returns, the same by every way out."""
        homes = {deeper(r.node, r, entry) for r in function.returns if not _is_none(r.node)}
        return homes.pop() if len(homes) == 1 else None

    def _pool(self, node: ast.AST, point: ProgramPoint, *, owned: bool) -> ast.expr | None:
        """The pool on which a call builds a client; with `owned` only one that the client closes."""
        if not isinstance(node, ast.Call):
            return None
        at = ProgramPoint(node, point.scope, point.order, point.path)
        built = self._inference.builders(at)
        if not built:
            return None
        owning = all(builder.target.endswith(OWNING) for builder in built.values())
        if owning:
            return next((k.value for k in node.keywords), None) or next(iter(node.args), None)
        if owned:
            return None
        return next((k.value for k in node.keywords if k.arg in POOL_KEYWORDS), None)


def _closed(node: ast.AST) -> Iterator[ast.expr]:
    """What a node closes, or has closed later: by a method, or by entering it."""
    match node:
        case ast.Attribute(attr=last, value=owner) if last in CLOSING:
            yield owner
        case ast.AsyncWith(items=items):
            for item in items:
                match item.context_expr:
                    case ast.Call(func=ast.Attribute(attr=last)) if last in HANDED:
                        pass  # a pipeline, which leaves the client as it is
                    case ast.Call(args=[argument]) as call if last_name(call.func) in ENTERING:
                        yield argument
                    case entered:
                        yield entered


def _value(binding: Binding) -> ast.expr | None:
    """The expression that a binding binds."""
    value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
    return value if isinstance(value, ast.expr) else None


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _letting_go(bindings: Sequence[Binding]) -> frozenset[ast.AST]:
    """The functions that put None where something is kept."""
    return frozenset(
        b.scope.node
        for b in bindings
        if b.scope is not None
        and b.scope.kind == "function"
        and b.scope.node is not None
        and getattr(b.scope.node, "name", "") != "__init__"
        and b.value is not None
        and _is_none(_value(b))
    )


def _decorators(node: ast.AST | None) -> set[str]:
    """The last names of the decorators of a definition."""
    return {last_name(d.func if isinstance(d, ast.Call) else d) for d in getattr(node, "decorator_list", ())}


def _fills(function: ast.AST, value: ast.expr) -> bool:
    """Whether a function stores `value` where nothing was: once an object, or behind a question for that very place."""
    parents = ancestors(function, value)
    inner: ast.AST = value
    assigned = next((p for p in parents if isinstance(p, ast.Assign | ast.AnnAssign)), None)
    if assigned is None:
        return False
    targets = assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target]
    places = {unparsed(target) for target in targets}
    if getattr(function, "name", "") == "__init__":
        return parents[0] is assigned and all(
            isinstance(p, ast.Assign | ast.AnnAssign | ast.FunctionDef) for p in parents
        )
    if isinstance(assigned.value, ast.BoolOp) and isinstance(assigned.value.op, ast.Or):
        return unparsed(assigned.value.values[0]) in places
    for parent in parents:
        if isinstance(parent, ast.If) and inner in parent.body and _asks(parent.test, places, is_there=False):
            return True
        inner = parent
    before = (s for s in getattr(function, "body", ()) if s.lineno < value.lineno)
    return any(
        isinstance(s, ast.If) and _asks(s.test, places, is_there=True) and isinstance(s.body[-1], ast.Return)
        for s in before
    )


def _asks(test: ast.expr, places: set[str], *, is_there: bool) -> bool:
    """Whether a condition asks no more than whether something is there already, or is not."""
    match test:
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=None)]):
            return unparsed(left) in places and isinstance(op, ast.IsNot if is_there else ast.Is)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not is_there and unparsed(operand) in places
    return is_there and unparsed(test) in places
