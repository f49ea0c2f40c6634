"""Where event loops are made, and what runs in them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.client_homes import Frame, Home, Homes
from flake8_redis_ssot.analysis.lifetimes import lifetimes
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import effect_of, mode_of
from flake8_redis_ssot.inference.values import Coroutine, QualifiedName
from flake8_redis_ssot.libraries.commands import HANDED
from flake8_redis_ssot.libraries.frameworks import FIXTURES, TEARING_DOWN
from flake8_redis_ssot.libraries.standard import (
    BRIDGES,
    CHANGING_METHODS,
    ENTERING,
    JOBS,
    LOOPS,
    RUNNERS,
    RUNNING,
)
from flake8_redis_ssot.libraries.traits import NO_POOL
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import argument_of, first_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope, exclusive
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, own_nodes, unparsed, ways_out
from flake8_redis_ssot.syntax.scopes import Scopes

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


@dataclass(slots=True)
class Reach:
    """The calls that run at some place, and the functions that run there, each with the call it runs for."""

    calls: list[tuple[ProgramPoint, Frame | None]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


class EventLoops:
    """The event loops that one file makes, and what runs in them, in whichever file that is."""

    def __init__(self, inference: Inference, file: Scopes) -> None:
        self._inference = inference
        self._homes = Homes(inference)
        self._file = file
        scopes = (file.module, *file.namespaces.values())
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
        self._calls: dict[Scopes, dict[ast.AST | None, list[ProgramPoint]]] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether more was asked than is answered."""
        return self._homes.is_exhausted

    # -- what makes loops

    def runs(self) -> Iterator[Run]:
        """Every call that makes an event loop and runs something in it, in source order.

        A function that only hands its parameter on to such a call stands for it where it is called.
        """
        helpers: dict[ast.AST, tuple[ast.arg, Run]] = {}
        calls = self._calls_by_function(self._file)
        found = [run for points in calls.values() for point in points for run in self._run(point)]
        for run in found:
            function, parameter = function_of(run.point), self._parameter_of(run)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and parameter is not None:
                helpers[function] = (parameter, run)
        yield from (run for run in found if function_of(run.point) not in helpers)
        for helper, (parameter, run) in helpers.items():
            assert isinstance(helper, ast.FunctionDef | ast.AsyncFunctionDef)
            shifted = Scopes.class_of(self._inference.namespaces[helper]) is not None
            for point in self.callers(helper):
                if self._inference.scopes_of(point.scope) is not self._file:
                    continue
                call = point.node
                assert isinstance(call, ast.Call)
                job = argument_of(call, helper.args, parameter, shifted=shifted)
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
            for job in first_of(call.func, JOBS) if self._is_named(callee, point, BRIDGES) else ():
                yield Run(point, call, unparsed(callee), job, call, is_bridge=True)
            return
        for job in first_of(call, JOBS):
            if self._is_named(call.func, point, RUNNERS):
                yield Run(point, call, unparsed(call.func), job)
            elif isinstance(call.func, ast.Attribute) and call.func.attr in RUNNING:
                made = self._loop(call.func.value, point)
                if made is not None:
                    yield Run(point, made, unparsed(made.func), job)

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
        """The calls of a function."""
        callers = self._inference.callers(self._inference.namespaces[function])
        return [point for point in callers if not point.for_typing]

    def loops_around(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether `node` runs at every turn of a loop, or of a comprehension, that is not left on success."""
        if point.scope.kind == "comprehension":
            return True
        inner = node
        tree = point.scope.enclosing("module").node
        for parent in ancestors(function_of(point) or tree, node) if tree is not None else ():
            if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and inner in parent.body:
                return not ways_out(parent)
            inner = parent
        return False

    def both_run(self, one: ProgramPoint, other: ProgramPoint) -> bool:
        """Whether two places of one function can both run in one call of it."""
        left = self._inference.scopes_of(one.scope).leaving
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
        inside = {part for part in all_nodes(run.job) if isinstance(part, ast.Call)}
        here = [point for point in self._calls_in(run.point.scope) if point.node in inside]
        frames = [
            self._homes.frame(callee, run.job, run.call, run.point, None)
            for callee in self._homes.called(run.job, run.point)
        ]
        if not isinstance(run.job, ast.Call):
            values = self._inference.values(run.job, run.point)
            jobs = [value for value in values if isinstance(value, Coroutine)]
            frames += [Frame(job.scope, run.point, context=job.context) for job in jobs]
        return self._follow(here, frames)

    def around(self, run: Run) -> Reach:
        """What the function runs in which the loop is made, in the loop and besides."""
        function = function_of(run.point)
        scope = self._file.module if function is None else self._file.namespaces[function]
        found = self._follow(self._calls_in(scope), [])
        found.frames.append(Frame(scope, run.point))
        return found

    def _follow(self, points: Iterable[ProgramPoint], frames: Iterable[Frame]) -> Reach:
        found = Reach()
        seen: set[tuple[object, object]] = set()
        todo = list(frames)

        def take(point: ProgramPoint, frame: Frame | None) -> None:
            found.calls.append((point, frame))
            call = point.node
            if isinstance(call, ast.Call) and (frame is None or frame.depth < _CALLS):
                for callee in self._homes.called(call.func, point, frame):
                    todo.append(self._homes.frame(callee, call.func, call, point, frame))

        for point in points:
            take(point, None)
        while todo and len(seen) < _MOST:
            frame = todo.pop()
            key = (frame.scope, frame.call)
            if key not in seen:
                seen.add(key)
                found.frames.append(frame)
                for point in self._calls_in(frame.scope):
                    take(point, frame)
        return found

    def _calls_in(self, scope: Scope) -> Sequence[ProgramPoint]:
        """The calls that run with what is around in `scope`: a function, or the top level of its file."""
        function = function_of(ProgramPoint(ast.Pass(), scope, 0, ()))
        return self._calls_by_function(self._inference.scopes_of(scope)).get(function, ())

    def _calls_by_function(self, file: Scopes) -> dict[ast.AST | None, list[ProgramPoint]]:
        if file not in self._calls:
            calls = self._calls[file] = {}
            for point in file.calls:
                if not point.for_typing:
                    calls.setdefault(function_of(point), []).append(point)
        return self._calls[file]

    # -- which clients are used there

    def used(self, point: ProgramPoint, frame: Frame | None) -> Home | None:
        """Where the asyncio client lives by which a call sends; None for any other call, and one of no known home.

        A subscription is none: it leaves no connection open in the pool.
        """
        call = point.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return None
        owner, method = call.func.value, call.func.attr
        given = [self._inference.client(value) for value in self._homes.values(owner, point, frame)]
        for one in given:
            if one is None or mode_of(one[1]) != "async" or one[1].library in NO_POOL:
                return None
            if one[0] == "pubsub" or effect_of(one[0], method) not in ("command", "iterator"):
                return None
        return self._homes.home(owner, point, frame) if given else None

    def is_ended_between_tests(self, home: Home) -> bool:
        """Whether a pytest fixture, or what a test runner calls after a test, closes the client or pool of that home."""
        frames = (
            Frame(scope, ProgramPoint(node, scope, 0, ()))
            for node, scope in self._inference.namespaces.items()
            if getattr(node, "name", "").startswith(TEARING_DOWN)
            or not FIXTURES.isdisjoint(
                last_name(getattr(d, "func", d)) for d in getattr(node, "decorator_list", ())
            )
        )
        return any(self.ended(self._follow((), [frame]), home) for frame in frames)

    def ended(self, reach: Reach, home: Home) -> bool:
        """Whether what runs there closes the client or pool of that home, or lets go of it."""
        for frame in reach.frames:
            if frame.scope.node in home.renewed or _lets_go(frame.scope.node, home.holder):
                return True
            for part in own_nodes(frame.scope.node) if frame.scope.node is not None else ():
                for owner in _closed(part):
                    point = ProgramPoint(owner, frame.scope, 1 << 60, ())
                    if self._homes.home(owner, point, frame, owned=True) == home:
                        return True
        return False


def _lets_go(function: ast.AST | None, holder: str) -> bool:
    """Whether a function changes what is in a container, or speaks of it and closes something."""
    speaks = closes = False
    for part in all_nodes(function) if function is not None and holder else ():
        match part:
            case ast.Call(func=ast.Attribute(attr=method, value=owner)) if last_name(owner) == holder:
                if method in CHANGING_METHODS:
                    return True
            case ast.Subscript(ctx=ast.Del(), value=owner) | ast.Attribute(ctx=ast.Del(), value=owner):
                if last_name(owner) == holder:
                    return True
        if isinstance(part, ast.Name | ast.Attribute):
            speaks = speaks or last_name(part) == holder
            closes = closes or last_name(part) in CLOSING
    return speaks and closes


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
