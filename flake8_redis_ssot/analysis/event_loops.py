"""Where event loops are made (`asyncio.run(main())`), and what runs in them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.client_homes import Frame, Home, Homes
from flake8_redis_ssot.analysis.lifetimes import lifetimes
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import effect_of, mode_of
from flake8_redis_ssot.inference.standard_calls import handed_call
from flake8_redis_ssot.inference.values import Coroutine, QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass, field
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
    THREADS,
)
from flake8_redis_ssot.libraries.traits import NO_POOL
from flake8_redis_ssot.libraries.vocabulary import CLOSING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import argument_of, first_of
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope, exclusive
from flake8_redis_ssot.syntax.nodes import Function, Loop, all_nodes, last_name, own_nodes, unparsed, ways_out
from flake8_redis_ssot.syntax.scopes import Scopes

_CALLS = 6
"""How deep calls are followed from a job."""
_MOST = 300
"""How many functions are followed for one loop."""


@dataclass(frozen=True, slots=True)
class Run:
    """A place that makes an event loop by the call `made`, and runs the expression `job` in it: `asyncio.run(job)`.

    With `is_bridge` an existing loop may be used instead (`async_to_sync(job)(argument)`): then `job` is a function,
    and `call` has its arguments.
    """

    point: ProgramPoint
    made: ast.expr
    label: str
    job: ast.expr
    call: ast.Call | None = None
    is_bridge: bool = False


@dataclass(slots=True)
class Reach:
    """The calls that a place leads to, directly or not, and the frames of the functions that run for them."""

    calls: list[tuple[ProgramPoint, Frame | None]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


class EventLoops:
    """Finds the event loops that one file makes, and what runs in them, in any file."""

    def __init__(self, inference: Inference, file: Scopes) -> None:
        self._inference = inference
        self._homes = Homes(inference)
        self._file = file
        scopes = (file.module, *file.namespaces.values())
        made = RUNNERS | BRIDGES
        self._runners = (
            RUNNING
            | THREADS
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
        """Whether the limit of look-ups is reached."""
        return self._homes.is_exhausted

    # -- what makes loops

    def runs(self) -> Iterator[Run]:
        """Every place that makes an event loop and runs something in it, in source order.

        For a helper that passes its parameter on (`def run(job): asyncio.run(job)`) these are its call sites.
        """
        helpers: dict[ast.AST, tuple[ast.arg, Run]] = {}
        calls = self._calls_by_function(self._file)
        found = [run for points in calls.values() for point in points for run in self._runs_at(point)]
        for run in found:
            function, parameter = function_of(run.point), self._parameter_of(run)
            if isinstance(function, Function) and parameter is not None:
                helpers[function] = (parameter, run)
        yield from (run for run in found if function_of(run.point) not in helpers)
        for helper, (parameter, run) in helpers.items():
            assert isinstance(helper, Function)
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
        """The parameter that the job of a run is, if it is one."""
        if not isinstance(run.job, ast.Name):
            return None
        bindings = self._inference.names.bindings(run.job.id, run.point)
        value = bindings[0].value if len(bindings) == 1 else None
        return value if isinstance(value, ast.arg) and bindings[0].scope is run.point.scope else None

    def _runs_at(self, point: ProgramPoint) -> Iterator[Run]:
        """The runs that the call at `point` is."""
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
                made = self._loop_call(call.func.value, point)
                if made is not None:
                    yield Run(point, made, unparsed(made.func), job)
        runner, job_handed = self._handed_to_thread(call, point)
        if job_handed is not None and self._is_named(runner, point, RUNNERS):
            yield Run(point, call, unparsed(runner), job_handed)

    def _handed_to_thread(self, call: ast.Call, point: ProgramPoint) -> tuple[ast.expr, ast.expr | None]:
        """What a call runs in a thread, and with which first argument: `submit(asyncio.run, job)`, `Thread(target=asyncio.run, args=(job,))`."""
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        match named.get("args"):
            case ast.Tuple(elts=[job, *_]) | ast.List(elts=[job, *_]) if "target" in named:
                return named["target"], job
        handed = handed_call(self._inference, call, point) if last_name(call.func) in THREADS else None
        return (handed.func, next(iter(handed.args), None)) if handed is not None else (call.func, None)

    def _loop_call(self, node: ast.expr, point: ProgramPoint) -> ast.Call | None:
        """The call that makes the loop `node`, if it is in the same function and the loop is not kept beyond that."""
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
        """Whether all values of `node` have one of the dotted `names`."""
        values = self._inference.values(node, point)
        return bool(values) and all(isinstance(v, QualifiedName) and v.name in names for v in values)

    # -- what runs over and over

    def callers(self, function: ast.AST) -> list[ProgramPoint]:
        """The call sites of a function, except those under `TYPE_CHECKING`."""
        callers = self._inference.callers(self._inference.namespaces[function])
        return [point for point in callers if not point.for_typing]

    def loops_around(self, node: ast.AST, point: ProgramPoint) -> bool:
        """Whether `node` runs in each iteration of a comprehension, or of a loop with no way out such as `break`."""
        if point.scope.kind == "comprehension":
            return True
        inner = node
        tree = point.scope.enclosing("module").node
        for parent in ancestors(function_of(point) or tree, node) if tree is not None else ():
            if isinstance(parent, Loop) and inner in parent.body:
                return not ways_out(parent)
            inner = parent
        return False

    def both_run(self, one: ProgramPoint, other: ProgramPoint) -> bool:
        """Whether two places of one function can both run in the same call of it."""
        leaving_branches = self._inference.scopes_of(one.scope).leaving
        paths = (one.path, other.path)
        shared = next(
            (n for n, pair in enumerate(zip(*paths, strict=False)) if pair[0] != pair[1]),
            min(map(len, paths)),
        )
        return not exclusive(*paths, tried=True) and not any(
            branch in leaving_branches for path in paths for branch in path[shared:]
        )

    # -- what runs in a loop

    def reached(self, run: Run) -> Reach:
        """What runs in the event loop of a run: its job and all that this calls."""
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
        return self._reach_from(here, frames)

    def around(self, run: Run) -> Reach:
        """What runs in the function that makes the loop, inside of the loop or not."""
        function = function_of(run.point)
        scope = self._file.module if function is None else self._file.namespaces[function]
        found = self._reach_from(self._calls_in(scope), [])
        found.frames.append(Frame(scope, run.point))
        return found

    def _reach_from(self, points: Iterable[ProgramPoint], frames: Iterable[Frame]) -> Reach:
        """What is called from the calls at `points` and from the functions of `frames`, through the call graph."""
        reach = Reach()
        seen: set[tuple[object, object]] = set()
        todo = list(frames)

        def follow_call(point: ProgramPoint, frame: Frame | None) -> None:
            reach.calls.append((point, frame))
            call = point.node
            if isinstance(call, ast.Call) and (frame is None or frame.depth < _CALLS):
                for callee in self._homes.called(call.func, point, frame):
                    todo.append(self._homes.frame(callee, call.func, call, point, frame))

        for point in points:
            follow_call(point, None)
        while todo and len(seen) < _MOST:
            frame = todo.pop()
            key = (frame.scope, frame.call)
            if key not in seen:
                seen.add(key)
                reach.frames.append(frame)
                for point in self._calls_in(frame.scope):
                    follow_call(point, frame)
        return reach

    def _calls_in(self, scope: Scope) -> Sequence[ProgramPoint]:
        """The calls in the function around `scope`, or at the top level of its file."""
        function = function_of(ProgramPoint(ast.Pass(), scope, 0, ()))
        return self._calls_by_function(self._inference.scopes_of(scope)).get(function, ())

    def _calls_by_function(self, file: Scopes) -> dict[ast.AST | None, list[ProgramPoint]]:
        """The calls of a file by the function in which they stand; None for the top level."""
        if file not in self._calls:
            calls = self._calls[file] = {}
            for point in file.calls:
                if not point.for_typing:
                    calls.setdefault(function_of(point), []).append(point)
        return self._calls[file]

    # -- which clients are used there

    def used(self, point: ProgramPoint, frame: Frame | None) -> Home | None:
        """The home of the asyncio client that the call at `point` sends by; None if it is no such call, or has no home.

        A subscription does not count: it leaves no connection open in the pool.
        """
        call = point.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return None
        owner, method = call.func.value, call.func.attr
        clients = [self._inference.client(value) for value in self._homes.values(owner, point, frame)]
        for client in clients:
            if client is None or mode_of(client[1]) != "async" or client[1].library in NO_POOL:
                return None
            if client[0] == "pubsub" or effect_of(client[0], method) not in ("command", "iterator"):
                return None
        return self._homes.home(owner, point, frame) if clients else None

    def is_ended_between_tests(self, home: Home) -> bool:
        """Whether a pytest fixture, or a method like `tearDown`, closes the client or pool that lives at `home`."""
        frames = (
            Frame(scope, ProgramPoint(node, scope, 0, ()))
            for node, scope in self._inference.namespaces.items()
            if getattr(node, "name", "").startswith(TEARING_DOWN)
            or not FIXTURES.isdisjoint(
                last_name(getattr(d, "func", d)) for d in getattr(node, "decorator_list", ())
            )
        )
        return any(self.ended(self._reach_from((), [frame]), home) for frame in frames)

    def ended(self, reach: Reach, home: Home) -> bool:
        """Whether the functions of `reach` close the client or pool that lives at `home`, or remove it from there."""
        for frame in reach.frames:
            if frame.scope.node in home.renewed or _releases(frame.scope.node, home.holder):
                return True
            for part in own_nodes(frame.scope.node) if frame.scope.node is not None else ():
                for owner in _closed_by(part):
                    point = ProgramPoint(owner, frame.scope, 1 << 60, ())
                    if self._homes.home(owner, point, frame, owned=True) == home:
                        return True
        return False


def _releases(function: ast.AST | None, holder: str) -> bool:
    """Whether a function removes something from the container `holder`, or mentions it and closes something."""
    is_mentioned = is_closing = False
    for part in all_nodes(function) if function is not None and holder else ():
        match part:
            case ast.Call(func=ast.Attribute(attr=method, value=owner)) if last_name(owner) == holder:
                if method in CHANGING_METHODS:
                    return True
            case ast.Subscript(ctx=ast.Del(), value=owner) | ast.Attribute(ctx=ast.Del(), value=owner):
                if last_name(owner) == holder:
                    return True
        if isinstance(part, ast.Name | ast.Attribute):
            is_mentioned = is_mentioned or last_name(part) == holder
            is_closing = is_closing or last_name(part) in CLOSING
    return is_mentioned and is_closing


def _closed_by(node: ast.AST) -> Iterator[ast.expr]:
    """The objects that a node closes, or has closed later: by `close()` or the like, or by `async with`."""
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
