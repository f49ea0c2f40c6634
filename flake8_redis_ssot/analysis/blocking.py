"""Which functions send by a blocking client, directly or through calls, and which coroutines run them.

A *way* is the chain of calls from a function to the command: `f` calls `g`, which runs `client.get(key)`. Parts of it
may run only under conditions on parameters (*guards*, as in `if use_cache:`); a call site with constant arguments may
rule such a way out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator

from flake8_redis_ssot.analysis.client_calls import Command, coroutine_of, function_of
from flake8_redis_ssot.analysis.deferred import around, deferring, is_returned
from flake8_redis_ssot.analysis.patches import patched_around
from flake8_redis_ssot.analysis.running import Run, run_as, runs
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.syntax.ancestors import ancestors, before_in_blocks, leaves_block
from flake8_redis_ssot.syntax.arguments import argument_of, default_of, is_unpacked, single
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.conditions import truth
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, all_nodes, is_generator, last_name
from flake8_redis_ssot.syntax.scopes import Scopes

_Guard = tuple[ast.expr, bool]
"""A condition on the way to a command, and what it must be."""
_MOST_WAYS = 4
"""How many ways are kept for one function, if each of them depends on arguments."""

_WAITING = (ast.FunctionDef, ast.Lambda)
"""Functions that run only where they are called, unlike coroutines."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step on the way to a command: the function `scope`, and the `guards` on its parameters there.

    `call` is its call of the next function; None where Python runs that without one, as `with` does `__enter__`.
    """

    call: ast.Call | None
    scope: Scope
    guards: tuple[_Guard, ...]


@dataclass(frozen=True, slots=True)
class Blocking:
    """A command (`cause`) that a function leads to, and the way there: its own step first, that of the command last.

    With `lazy` the command is not sent by the call, but once its result is iterated, or entered by `with`.
    """

    cause: Command
    way: tuple[_Step, ...]
    lazy: bool = False

    @property
    def guards(self) -> list[_Guard]:
        """All conditions on the way."""
        return [guard for step in self.way for guard in step.guards]

    @property
    def is_conditional(self) -> bool:
        """Whether it depends on the arguments, or on what the caller does with the result."""
        return bool(self.guards) or self.lazy


class BlockingFunctions:
    """The functions that send by a blocking client when they run, each with its ways to a command.

    One way is kept if it is unconditional, else several. `names` are the names by which these functions are called,
    with those of other files, for which `called` is asked.
    """

    def __init__(self, called: Callable[[str], Iterable[str]] = lambda name: [name]) -> None:
        self._called = called
        self._ways: dict[object, list[Blocking]] = {}
        self.names: set[str] = set()
        self._waiting_runs: dict[object, dict[ProgramPoint, None]] = {}
        """For a function without a known way, the places that run it: they block as well once it gets one."""
        self._ready: list[ProgramPoint] = []
        """The places of `_waiting_runs` whose functions have got a way since."""

    def __contains__(self, function: object) -> bool:
        return function in self._ways

    @property
    def functions(self) -> frozenset[object]:
        """The nodes of the functions."""
        return frozenset(self._ways)

    def clear(self) -> None:
        self._ways.clear()
        self.names.clear()
        self._waiting_runs.clear()
        self._ready.clear()

    def learn_commands(self, sent: Iterable[Command]) -> set[str]:
        """Add the functions that send themselves; returns the names of functions with a new way."""
        self.names.update(*map(self._called, [*self.names]))  # as more aliases may be known now
        commands = [command for command in sent if command.mode == "sync" and command.sends]
        return {
            self._learn(command.point, Blocking(command, ()), None, command.iterator) for command in commands
        } - {""}

    def learn_calls(self, inference: Inference, points: Collection[ProgramPoint]) -> set[str]:
        """Add the functions that call blocking ones at `points`; returns the names of functions with a new way."""
        new: set[str] = set()
        while points:
            open_ = (point for point in points if self._may_have_more_ways(function_of(point)))
            for run, ways in self._runs(inference, open_, _is_passed_on):
                for way in ways:
                    iterator = run.node if way.lazy and not run.is_consumed else None
                    new.add(self._learn(run.point, way, run.call, iterator))
            points, self._ready = self._ready, []
        return new - {""}

    def runs(self, inference: Inference, scopes: Scopes) -> Iterator[tuple[Run, Blocking]]:
        """The places at top level and in coroutines of a file that run blocking functions, each with the first way."""
        seen = set()
        points = (p for p in scopes.running(self.names) if not isinstance(function_of(p), _WAITING))
        for run, ways in self._runs(inference, points):
            if run.node not in seen:  # `with Lock():` runs more than one
                seen.add(run.node)
                yield run, ways[0]

    def _may_have_more_ways(self, function: ast.AST | None) -> bool:
        """Whether a further way may be added to a function: not to a coroutine, nor to one with an unconditional way."""
        known = self._ways.get(function)
        is_whole = known and (len(known) == _MOST_WAYS or not known[0].is_conditional)
        return isinstance(function, ast.FunctionDef) and not is_whole

    def _learn(
        self, point: ProgramPoint, one: Blocking, call: ast.Call | None, iterator: ast.expr | None
    ) -> str:
        """Add to the function around `point` the way `one` that a `call` there takes, or a command with no call.

        `iterator` is the expression that must be iterated first, if any. Returns the function's name if the way is new.
        """
        function = function_of(point)
        if not isinstance(function, ast.FunctionDef) or not self._may_have_more_ways(function):
            return ""
        iterator, yields = iterator or deferring(point), is_generator(function)
        if iterator is not None and (yields or not is_returned(function, iterator)):
            return ""
        known = self._ways.get(function, [])
        way = (_step(point, function, call), *_steps_for_caller(call, one.way))
        new = Blocking(one.cause, way, yields or iterator is not None)
        if not new.is_conditional:
            known[:] = [new]
        elif any((new.guards, new.lazy) == (other.guards, other.lazy) for other in known):
            return ""
        else:
            known.append(new)
        self._ways[function] = known
        name = run_as(function, point)
        self.names.update(self._called(name))
        self._ready += self._waiting_runs.get(function, ())
        return name

    def _runs(
        self,
        inference: Inference,
        points: Iterable[ProgramPoint],
        goes_on: Callable[[Run], bool] = lambda run: run.is_consumed,
    ) -> Iterator[tuple[Run, list[Blocking]]]:
        """The places that surely run a blocking function, each with the ways that it takes.

        Where it may run several functions, all must block, and the ways are those of the first. A lazy way counts only
        if `goes_on` holds for the place.
        """
        for point in points:
            for run in runs(inference, point, self.names):  # a live set: it grows while this runs
                functions = sorted(run.functions, key=_sort_key)
                taken_ways = [
                    [
                        way
                        for way in self._ways.get(function.node, ())
                        if _may_take(run.call, way.way) and (not way.lazy or goes_on(run))
                    ]
                    for function in functions
                ]
                if taken_ways and all(taken_ways) and run.is_known:
                    yield run, taken_ways[0]
                    continue
                for function in functions:
                    self._waiting_runs.setdefault(function.node, {})[point] = None


def _is_passed_on(run: Run) -> bool:
    """Whether the result is iterated here, or returned to the callers as it is."""
    return run.is_consumed or is_returned(around(run.point), run.node)


def _sort_key(function: Scope) -> tuple[int, str]:
    """Sorts functions by where they stand, so that reports do not depend on the order of discovery."""
    return getattr(function.node, "lineno", 0), getattr(function.node, "name", "")


def in_coroutines(
    inference: Inference, scopes: Scopes, found: Iterable[tuple[Run, Blocking]]
) -> Iterator[tuple[Run, ast.AsyncFunctionDef, Command]]:
    """The runs that block the event loop: in an `async def`, not awaited, and with nothing on the way patched."""
    for run, blocking in found:
        function = coroutine_of(run.point)
        if function is not None and run.node not in scopes.awaited and run.node not in scopes.iterated:
            patched = patched_around(inference, run.point)
            if not patched or patched.isdisjoint(_names_on(run, blocking.way)):
                yield run, function, blocking.cause


def _step(point: ProgramPoint, function: ast.FunctionDef, call: ast.Call | None) -> _Step:
    """The first step of a way from `function`: the conditions on its parameters under which it gets to `point`."""
    scope = point.scope.enclosing("function")
    names = {a.arg for a in single(function.args)}
    guards = [
        (test, wanted) for test, wanted in _guards(function, point.node) if names & set(_names_tested(test))
    ]
    return _Step(call, scope, tuple(guards))


def _guards(function: ast.FunctionDef, node: ast.AST) -> Iterator[_Guard]:
    """The conditions under which `function` evaluates `node`: of branches around it, and of early returns before it."""
    inner = node
    for parent in ancestors(function, node):
        match parent:
            case ast.If(test=test, body=body) if inner is not test:
                yield test, inner in body
            case ast.IfExp(test=test, body=body) if inner is not test:
                yield test, inner is body
            case ast.BoolOp(op=op, values=values):
                for value in values[: values.index(inner)]:  # type: ignore[arg-type]
                    yield value, isinstance(op, ast.And)
        inner = parent
    for before in before_in_blocks(function, node):
        if isinstance(before, ast.If) and leaves_block(before.body):
            yield before.test, False


def _may_take(call: ast.Call | None, way: tuple[_Step, ...]) -> bool:
    """Whether a call with its constant arguments may take a way to its end; None for a run without a call."""
    return all(
        truth(test, arguments.constant) in (None, wanted)
        for step, arguments in _bound_steps(call, way)
        for test, wanted in step.guards
    )


def _steps_for_caller(call: ast.Call | None, way: tuple[_Step, ...]) -> Iterator[_Step]:
    """The steps of a way for the caller's callers: without the guards that do not depend on its own parameters."""
    for step, arguments in _bound_steps(call, way):
        guards = tuple(guard for guard in step.guards if any(map(arguments.is_open, _names_tested(guard[0]))))
        yield _Step(step.call, step.scope, guards) if guards != step.guards else step


def _bound_steps(call: ast.Call | None, way: tuple[_Step, ...]) -> Iterator[tuple[_Step, _Arguments]]:
    """Each step of a way with the arguments that its function gets, if `call` takes that way."""
    arguments: _Arguments | None = None
    for step in way:
        arguments = _Arguments(call, step.scope, arguments)
        yield step, arguments
        call = step.call


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The arguments of a function in one `call` on a way, looked up when a guard needs them.

    `caller` are those of the function that calls. The call is None where Python itself runs the function.
    """

    call: ast.Call | None
    scope: Scope
    caller: _Arguments | None

    def constant(self, name: str) -> ast.Constant | None:
        """The constant that a parameter is, followed through the callers; None if it is none."""
        match self._argument(name):
            case ast.Constant() as given:
                return given
            case ast.Name(id=passed_on):
                return self.caller.constant(passed_on) if self.caller is not None else None
        return None

    def is_open(self, name: str) -> bool:
        """Whether a parameter is passed on from the first function of the way, so that its callers decide it."""
        match self._argument(name):
            case ast.Name(id=passed_on):
                return self.caller is None or self.caller.is_open(passed_on)
        return False

    def _argument(self, name: str) -> ast.expr | None:
        """The argument or constant default of a parameter; None where that is not certain."""
        assert isinstance(self.scope.node, FunctionOrLambda)
        args = self.scope.node.args
        parameter = next((one for one in single(args) if one.arg == name), None)
        if parameter is None or len(self.scope.bindings.get(name, ())) != 1:
            return None  # it is reassigned
        if self.call is None:  # `__exit__` gets None unless there was an exception
            return ast.Constant(None) if getattr(self.scope.node, "name", "") == "__exit__" else None
        shifted = Scopes.class_of(self.scope) is not None
        given = argument_of(self.call, args, parameter, shifted=shifted)
        if given is not None or self._may_pass_more:
            return given
        default = default_of(args, parameter)
        return (
            default if isinstance(default, ast.Constant) else None
        )  # a name in it would mean another one at the call

    @property
    def _may_pass_more(self) -> bool:
        """Whether the call passes `*args` or `**kwargs`, which may hold any argument."""
        call = self.call
        assert call is not None
        return is_unpacked(call)


def _names_tested(test: ast.expr) -> Iterator[str]:
    """The names in a condition that a constant in their place may decide."""
    match test:
        case ast.Name(id=name) | ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant()]):
            yield name
        case ast.UnaryOp(op=ast.Not(), operand=part):
            yield from _names_tested(part)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _names_tested(part)


def _names_on(run: Run, way: tuple[_Step, ...]) -> set[str]:
    """All names on a way: of its functions and their classes, and those in their code. A patch of one may replace it."""
    functions = [step.scope for step in way]
    classes = [owner.node for function in functions if (owner := Scopes.class_of(function)) is not None]
    spoken = [run.node, *(function.node for function in functions if function.node is not None)]
    parts = [*classes, *(part for one in spoken for part in all_nodes(one))]
    return {name for part in parts if (name := getattr(part, "name", None) or last_name(part))}
