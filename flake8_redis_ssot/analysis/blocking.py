"""The functions that send by a blocking client, and the calls in coroutines that come to such a command."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from flake8_redis_ssot.analysis.client_calls import Command, coroutine_of, function_of
from flake8_redis_ssot.analysis.deferred import around, deferring, is_consumed, is_returned
from flake8_redis_ssot.analysis.patches import patched_around
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import argument_of, default_of, single
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.conditions import truth
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, all_nodes, last_name
from flake8_redis_ssot.syntax.scopes import Scopes

_Guard = tuple[ast.expr, bool]
_MOST_WAYS = 4
"""Ways to a command kept of a function that goes each of them only where some argument is given."""

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class _Step:
    """A call on the way to a command, in the function `scope`, and what its parameters must be there."""

    call: ast.AST
    scope: Scope
    guards: tuple[_Guard, ...]


@dataclass(frozen=True, slots=True)
class Blocking:
    """A command that a function comes to, by which calls: the first is its own, the last sends.

    Or, where it is `lazy`, whoever goes through what the function gives.
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
    """The functions that send by a blocking client when they are called, each with the ways to what it sends.

    Those of a function are of one that is gone whatever is handed over, or else of several. `names` are those by
    which the functions are `called`.
    """

    def __init__(self, called: Callable[[str], Iterable[str]] = lambda name: [name]) -> None:
        self._called = called
        self._found: dict[object, list[Blocking]] = {}
        self.names: set[str] = set()
        self._waiting: dict[object, dict[ProgramPoint, None]] = {}
        """The calls, by whatever name, that come to a command once more is known of a function."""
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
        return {self._learn(one.point, Blocking(one, ()), one.iterator) for one in blocking} - {""}

    def learn_calls(self, inference: Inference, points: Collection[ProgramPoint]) -> set[str]:
        """Take in the functions that call such; the names of those of which more is known now."""
        new: set[str] = set()
        while points:
            calls = self._calls(inference, points)
            new |= {self._learn(point, one) for point, _, found in calls for one in found}
            points, self._ready = self._ready, []
        return new - {""}

    def calls(
        self, inference: Inference, scopes: Scopes
    ) -> Iterator[tuple[ProgramPoint, ast.Call, Blocking]]:
        """The calls of these functions in a file, each with what that comes to first."""
        for point, call, found in self._calls(inference, scopes.calls_of(self.names)):
            yield point, call, found[0]

    def _learn(self, point: ProgramPoint, one: Blocking, iterator: ast.expr | None = None) -> str:
        function = function_of(point)
        iterator = iterator or deferring(point)
        if not isinstance(function, ast.FunctionDef) or not is_plain(point):
            return ""
        if iterator is not None and not is_returned(function, iterator):
            return ""
        known = self._found.setdefault(function, [])
        if known and (len(known) == _MOST_WAYS or not known[0].is_conditional):
            return ""
        way = (_step(point, function), *_open_steps(point.node, one.way))
        new = Blocking(one.cause, way, iterator is not None)
        if not new.is_conditional:
            known[:] = [new]
        elif any((new.guards, new.lazy) == (other.guards, other.lazy) for other in known):
            return ""
        else:
            known.append(new)
        name = _called_as(function, point)
        self.names.update(self._called(name))
        self._ready += self._waiting.get(function, ())
        return name

    def _calls(
        self, inference: Inference, points: Iterable[ProgramPoint]
    ) -> Iterator[tuple[ProgramPoint, ast.Call, list[Blocking]]]:
        """The calls of these functions, each with the ways that it goes of those of the first that it can be of."""
        for point in points:
            call = point.node
            # names become more while it goes on
            if isinstance(call, ast.Call) and last_name(call.func) in self.names and not point.for_typing:
                called = inference.values(call.func, point)
                defined = {v.scope for v in called if isinstance(v, Definition)}
                functions = sorted({_run_by(scope, inference) for scope in defined}, key=_place)
                ways = [self._found.get(function.node, ()) for function in functions]
                gone = [
                    [
                        one
                        for one in some
                        if _is_taken(call, one.way) and (not one.lazy or is_consumed(around(point), call))
                    ]
                    for some in ways
                ]
                if gone and all(gone) and all(isinstance(v, Definition) for v in called):
                    yield point, call, gone[0]
                    continue
                for function in functions:
                    self._waiting.setdefault(function.node, {})[point] = None


def _place(function: Scope) -> tuple[int, str]:
    """By what functions are sorted: in whatever order they are found to be called, the same one is spoken of."""
    return getattr(function.node, "lineno", 0), getattr(function.node, "name", "")


def _called_as(function: ast.FunctionDef, point: ProgramPoint) -> str:
    """The name by which a function is called: an initialiser by that of its class."""
    owner = point.scope.enclosing("function").parent
    is_initialiser = function.name == "__init__" and owner is not None and owner.kind == "class"
    return getattr(owner.node, "name", "") if is_initialiser and owner is not None else function.name


def _run_by(called: Scope, inference: Inference) -> Scope:
    """What a call runs: of a class its initialiser, where it has one of its own."""
    kept = called.bindings.get("__init__", ()) if called.kind == "class" else ()
    nodes = [b.value for b in kept]
    return inference.namespaces.get(nodes[0], called) if len(nodes) == 1 and nodes[0] is not None else called


def is_plain(point: ProgramPoint) -> bool:
    """Whether `point` runs when the function around it is called: that is no coroutine and no generator."""
    scope = point.scope.enclosing("function", "module")
    return isinstance(scope.node, ast.FunctionDef) and not scope.yields


def in_coroutines(
    inference: Inference, scopes: Scopes, calls: Iterable[tuple[ProgramPoint, ast.Call, Blocking]]
) -> Iterator[tuple[ast.Call, ast.AsyncFunctionDef, Command]]:
    """Those of the calls that block the event loop: in `async def`, not awaited, and nothing on the way patched."""
    for point, call, blocking in calls:
        function = coroutine_of(point)
        if function is not None and call not in scopes.awaited:
            patched = patched_around(inference, point)
            if not patched or all(patched.isdisjoint(_words(step.scope.node)) for step in blocking.way):
                yield call, function, blocking.cause


def _step(point: ProgramPoint, function: ast.FunctionDef) -> _Step:
    scope = point.scope.enclosing("function")
    names = {a.arg for a in single(function.args)}
    guards = [(test, wanted) for test, wanted in _guards(function, point.node) if names & set(_asked(test))]
    return _Step(point.node, scope, tuple(guards))


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


def _is_taken(call: ast.AST, way: tuple[_Step, ...]) -> bool:
    """Whether a call comes to the end of a way, as far as constants tell."""
    return all(
        truth(test, handed.constant) in (None, wanted)
        for step, handed in _handed(call, way)
        for test, wanted in step.guards
    )


def _open_steps(call: ast.AST, way: tuple[_Step, ...]) -> Iterator[_Step]:
    """The steps of a way that a call takes, with those conditions alone that its own caller may still decide."""
    for step, handed in _handed(call, way):
        guards = tuple(guard for guard in step.guards if any(map(handed.is_open, _asked(guard[0]))))
        yield _Step(step.call, step.scope, guards) if guards != step.guards else step


def _handed(call: ast.AST, way: tuple[_Step, ...]) -> Iterator[tuple[_Step, _Handed]]:
    """Each step of a way, with what is handed to it where a call takes that way."""
    handed: _Handed | None = None
    for step in way:
        assert isinstance(call, ast.Call)  # only the last step may be another statement: a `with` that sends
        handed = _Handed(call, step.scope, handed)
        yield step, handed
        call = step.call


@dataclass(frozen=True, slots=True)
class _Handed:
    """What the parameters of a function are in a call of it by a `caller`, looked up where a condition asks."""

    call: ast.Call
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


def _words(function: ast.AST | None) -> set[str]:
    """The names of a function and of what it speaks of."""
    parts = [] if function is None else all_nodes(function)
    return {name for part in parts if (name := getattr(part, "name", None) or last_name(part))}
