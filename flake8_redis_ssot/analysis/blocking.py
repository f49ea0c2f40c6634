"""The functions that send by a blocking client, and what runs them in coroutines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from flake8_redis_ssot.analysis.client_calls import Command, coroutine_of, function_of
from flake8_redis_ssot.analysis.deferred import around, deferring, is_returned
from flake8_redis_ssot.analysis.patches import patched_around
from flake8_redis_ssot.analysis.running import Run, run_as, runs
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import argument_of, default_of, single
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.conditions import truth
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, all_nodes, is_generator, last_name
from flake8_redis_ssot.syntax.scopes import Scopes

_Guard = tuple[ast.expr, bool]
_MOST_WAYS = 4
"""Ways to a command kept of a function that goes each of them only where some argument is given."""

_WAITING = (ast.FunctionDef, ast.Lambda)
"""What runs only where it is called."""

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class _Step:
    """What comes next on the way to a command, in the function `scope`, and what its parameters must be there.

    That is a `call` of the next function, unless Python itself runs it.
    """

    call: ast.Call | None
    scope: Scope
    guards: tuple[_Guard, ...]


@dataclass(frozen=True, slots=True)
class Blocking:
    """A command that a function comes to, by which calls: the first is its own, the last sends.

    Or, where it is `lazy`, whoever goes through what the function gives, or enters it.
    """

    cause: Command
    way: tuple[_Step, ...]
    lazy: bool = False

    @property
    def guards(self) -> list[_Guard]:
        """The conditions on the way."""
        return [guard for step in self.way for guard in step.guards]

    @property
    def is_conditional(self) -> bool:
        """Whether it depends on what is handed over, or on what becomes of what is given."""
        return bool(self.guards) or self.lazy


class BlockingFunctions:
    """The functions that send by a blocking client when they run, each with the ways to what it sends.

    Those of a function are of one that is gone whatever is handed over, or else of several. `names` are those by
    which the functions are run, as they are `called` in other files.
    """

    def __init__(self, called: Callable[[str], Iterable[str]] = lambda name: [name]) -> None:
        self._called = called
        self._found: dict[object, list[Blocking]] = {}
        self.names: set[str] = set()
        self._waiting: dict[object, dict[ProgramPoint, None]] = {}
        """What runs a function, by whatever name, and comes to a command once more is known of that."""
        self._ready: list[ProgramPoint] = []
        """Those of them of whose functions more is known by now."""

    def __contains__(self, function: object) -> bool:
        return function in self._found

    @property
    def functions(self) -> frozenset[object]:
        """The nodes of the functions."""
        return frozenset(self._found)

    def clear(self) -> None:
        self._found.clear()
        self.names.clear()
        self._waiting.clear()
        self._ready.clear()

    def learn_commands(self, sent: Iterable[Command]) -> set[str]:
        """Take in the functions that send themselves; the names of those of which more is known now."""
        self.names.update(*map(self._called, [*self.names]))  # by what is known since
        blocking = [one for one in sent if one.mode == "sync" and one.sends]
        return {self._learn(one.point, Blocking(one, ()), None, one.iterator) for one in blocking} - {""}

    def learn_calls(self, inference: Inference, points: Collection[ProgramPoint]) -> set[str]:
        """Take in the functions that call such; the names of those of which more is known now."""
        new: set[str] = set()
        while points:
            open_ = (point for point in points if self._may_learn(function_of(point)))
            for run, found in self._runs(inference, open_, _is_passed_on):
                for one in found:
                    iterator = run.node if one.lazy and not run.is_consumed else None
                    new.add(self._learn(run.point, one, run.call, iterator))
            points, self._ready = self._ready, []
        return new - {""}

    def runs(self, inference: Inference, scopes: Scopes) -> Iterator[tuple[Run, Blocking]]:
        """What runs these functions at the top level of a file and in its coroutines, each with what that comes to first."""
        seen = set()
        points = (p for p in scopes.running(self.names) if not isinstance(function_of(p), _WAITING))
        for run, found in self._runs(inference, points):
            if run.node not in seen:  # `with Lock():` runs more than one
                seen.add(run.node)
                yield run, found[0]

    def _may_learn(self, function: ast.AST | None) -> bool:
        """Whether more may be to know of a function."""
        known = self._found.get(function)
        is_whole = known and (len(known) == _MOST_WAYS or not known[0].is_conditional)
        return isinstance(function, ast.FunctionDef) and not is_whole

    def _learn(
        self, point: ProgramPoint, one: Blocking, call: ast.Call | None, iterator: ast.expr | None
    ) -> str:
        function = function_of(point)
        if not isinstance(function, ast.FunctionDef) or not self._may_learn(function):
            return ""
        iterator, yields = iterator or deferring(point), is_generator(function)
        if iterator is not None and (yields or not is_returned(function, iterator)):
            return ""
        known = self._found.get(function, [])
        way = (_step(point, function, call), *_open_steps(call, one.way))
        new = Blocking(one.cause, way, yields or iterator is not None)
        if not new.is_conditional:
            known[:] = [new]
        elif any((new.guards, new.lazy) == (other.guards, other.lazy) for other in known):
            return ""
        else:
            known.append(new)
        self._found[function] = known
        name = run_as(function, point)
        self.names.update(self._called(name))
        self._ready += self._waiting.get(function, ())
        return name

    def _runs(
        self,
        inference: Inference,
        points: Iterable[ProgramPoint],
        goes_on: Callable[[Run], bool] = lambda run: run.is_consumed,
    ) -> Iterator[tuple[Run, list[Blocking]]]:
        """What runs these functions, each with the ways that it goes of those of the first that it can be of.

        Of those that are lazy only where what is given `goes_on`.
        """
        for point in points:
            for run in runs(inference, point, self.names):  # which become more while it goes on
                functions = sorted(run.functions, key=_place)
                gone = [
                    [
                        one
                        for one in self._found.get(function.node, ())
                        if _is_taken(run.call, one.way) and (not one.lazy or goes_on(run))
                    ]
                    for function in functions
                ]
                if gone and all(gone) and run.is_known:
                    yield run, gone[0]
                    continue
                for function in functions:
                    self._waiting.setdefault(function.node, {})[point] = None


def _is_passed_on(run: Run) -> bool:
    """Whether what is given is gone through, or given to the callers as it is."""
    return run.is_consumed or is_returned(around(run.point), run.node)


def _place(function: Scope) -> tuple[int, str]:
    """By what functions are sorted: in whatever order they are found to be called, the same one is spoken of."""
    return getattr(function.node, "lineno", 0), getattr(function.node, "name", "")


def in_coroutines(
    inference: Inference, scopes: Scopes, found: Iterable[tuple[Run, Blocking]]
) -> Iterator[tuple[Run, ast.AsyncFunctionDef, Command]]:
    """What of these blocks the event loop: in `async def`, not awaited, and nothing on the way patched."""
    for run, blocking in found:
        function = coroutine_of(run.point)
        if function is not None and run.node not in scopes.awaited and run.node not in scopes.iterated:
            patched = patched_around(inference, run.point)
            if not patched or patched.isdisjoint(_words_on(run, blocking.way)):
                yield run, function, blocking.cause


def _step(point: ProgramPoint, function: ast.FunctionDef, call: ast.Call | None) -> _Step:
    scope = point.scope.enclosing("function")
    names = {a.arg for a in single(function.args)}
    guards = [(test, wanted) for test, wanted in _guards(function, point.node) if names & set(_asked(test))]
    return _Step(call, scope, tuple(guards))


def _guards(function: ast.FunctionDef, node: ast.AST) -> Iterator[_Guard]:
    """The conditions under which `function` comes to `node`, each with what it must be."""
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
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(parent, name, None)
            if isinstance(statements, list) and inner in statements:
                for before in statements[: statements.index(inner)]:
                    if isinstance(before, ast.If) and isinstance(before.body[-1], _LEAVING):
                        yield before.test, False
        inner = parent


def _is_taken(call: ast.Call | None, way: tuple[_Step, ...]) -> bool:
    """Whether what runs a function comes to the end of a way, as far as constants tell."""
    return all(
        truth(test, handed.constant) in (None, wanted)
        for step, handed in _handed(call, way)
        for test, wanted in step.guards
    )


def _open_steps(call: ast.Call | None, way: tuple[_Step, ...]) -> Iterator[_Step]:
    """The steps of a way that is taken, with those conditions alone that a caller may still decide."""
    for step, handed in _handed(call, way):
        guards = tuple(guard for guard in step.guards if any(map(handed.is_open, _asked(guard[0]))))
        yield _Step(step.call, step.scope, guards) if guards != step.guards else step


def _handed(call: ast.Call | None, way: tuple[_Step, ...]) -> Iterator[tuple[_Step, _Handed]]:
    """Each step of a way, with what is handed to it where a call takes that way."""
    handed: _Handed | None = None
    for step in way:
        handed = _Handed(call, step.scope, handed)
        yield step, handed
        call = step.call


@dataclass(frozen=True, slots=True)
class _Handed:
    """What the parameters of a function are in a call of it by a `caller`, looked up where a condition asks.

    There is no call where Python itself runs it.
    """

    call: ast.Call | None
    scope: Scope
    caller: _Handed | None

    def constant(self, name: str) -> ast.Constant | None:
        """The constant that a parameter is, if it is one."""
        match self._argument(name):
            case ast.Constant() as given:
                return given
            case ast.Name(id=passed_on):
                return self.caller.constant(passed_on) if self.caller is not None else None
        return None

    def is_open(self, name: str) -> bool:
        """Whether a parameter is what the function of the first call is given."""
        match self._argument(name):
            case ast.Name(id=passed_on):
                return self.caller is None or self.caller.is_open(passed_on)
        return False

    def _argument(self, name: str) -> ast.expr | None:
        """What a parameter is given, where that can be told."""
        assert isinstance(self.scope.node, FunctionOrLambda)
        args = self.scope.node.args
        parameter = next((one for one in single(args) if one.arg == name), None)
        if parameter is None or len(self.scope.bindings.get(name, ())) != 1:
            return None  # it is bound anew
        if self.call is None:  # where a `with` ends, all is well until an exception is known
            return ast.Constant(None) if getattr(self.scope.node, "name", "") == "__exit__" else None
        shifted = Scopes.class_of(self.scope) is not None
        given = argument_of(self.call, args, parameter, shifted=shifted)
        if given is not None or self._may_hand_over_more:
            return given
        default = default_of(args, parameter)
        return default if isinstance(default, ast.Constant) else None  # a name means another one there

    @property
    def _may_hand_over_more(self) -> bool:
        """Whether the call may hand over more than it says."""
        call = self.call
        assert call is not None
        return any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)


def _asked(test: ast.expr) -> Iterator[str]:
    """The names of which a condition asks in a way that a constant decides."""
    match test:
        case ast.Name(id=name) | ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant()]):
            yield name
        case ast.UnaryOp(op=ast.Not(), operand=part):
            yield from _asked(part)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _asked(part)


def _words_on(run: Run, way: tuple[_Step, ...]) -> set[str]:
    """The names of what is run on a way, of the classes that have it, and of what it speaks of."""
    functions = [step.scope for step in way]
    classes = [owner.node for function in functions if (owner := Scopes.class_of(function)) is not None]
    spoken = [run.node, *(function.node for function in functions if function.node is not None)]
    parts = [*classes, *(part for one in spoken for part in all_nodes(one))]
    return {name for part in parts if (name := getattr(part, "name", None) or last_name(part))}
