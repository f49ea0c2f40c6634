"""The commands that a file sends: on which kind of client, from which function, and whether they are awaited."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from flake8_redis_ssot.analysis.certainty import is_certain
from flake8_redis_ssot.analysis.deferred import around, deferring, is_consumed, is_deferred
from flake8_redis_ssot.analysis.patches import is_patched
from flake8_redis_ssot.analysis.type_tests import narrowed
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.methods import Mode, effect_of, mode_of, pool_of
from flake8_redis_ssot.inference.reach import exposed
from flake8_redis_ssot.inference.values import Instance, QualifiedName, Value
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.commands import POOL_ATTRIBUTE, Effect
from flake8_redis_ssot.libraries.standard import QUESTIONS
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.ancestors import ancestors, before_in_blocks, leaves_block
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import (
    FunctionOrLambda,
    all_nodes,
    last_name,
    own_nodes,
    shortened,
    unparsed,
)
from flake8_redis_ssot.syntax.scopes import Scopes

_WORD = re.compile(r"\w+")
ASYNCHRONOUS = (ast.AsyncWith, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
"""Nodes that may use the asynchronous protocol: `__aenter__`, `__aiter__`."""
THROUGH = "gone through by `async for`"


@dataclass(frozen=True, slots=True)
class Command:
    """A call of a method of a client, or of its pool, pipeline, subscription, lock or script (`role`).

    Or a lock that a `with` enters, which waits for it: then `call` is that expression, perhaps no `ast.Call`.
    `mode` says whether the client blocks, `effect` what the method does. `awaited` is set if the call is awaited,
    directly or by the name that it is bound to; `iterated` if an `async for` iterates its result.
    """

    point: ProgramPoint
    call: ast.expr
    method: str
    role: str
    builder: Builder
    mode: Mode
    effect: Effect
    awaited: bool
    iterated: bool

    @property
    def function(self) -> FunctionOrLambda | None:
        """The function in which it stands; None at the top level and in class bodies."""
        return function_of(self.point)

    @property
    def coroutine(self) -> ast.AsyncFunctionDef | None:
        """The `async def` in which it surely runs, if any."""
        return None if self.iterator is not None else coroutine_of(self.point)

    @property
    def iterator(self) -> ast.expr | None:
        """The generator or iterator that sends it only when iterated, perhaps elsewhere; None where it is sent here."""
        generator = deferring(self.point)
        if generator is not None or self.effect != "iterator" or self.iterated:
            return generator
        return None if is_consumed(around(self.point), self.call) else self.call

    @property
    def receiver(self) -> ast.expr:
        """The object that the method is called on: `client` in `client.get(key)`."""
        callee = self._callee
        return callee.value if isinstance(callee, ast.Attribute) and callee is not self.call else callee

    @property
    def label(self) -> str:
        """The callee or entered expression, for messages."""
        return shown(self._callee)

    @property
    def _callee(self) -> ast.expr:
        return self.call.func if isinstance(self.call, ast.Call) else self.call

    @property
    def sends(self) -> bool:
        """Whether it talks to the server, by the call itself or while its result is iterated."""
        return self.effect in ("command", "iterator")


def shown(node: ast.expr) -> str:
    """An expression for a message: its end, where it is long."""
    return f"`{shortened(unparsed(node))}`"


def function_of(point: ProgramPoint) -> FunctionOrLambda | None:
    """The function in whose body `point` runs; a comprehension runs where it stands."""
    scope: Scope = point.scope
    while scope.kind == "comprehension" and scope.parent is not None:
        scope = scope.parent
    return scope.node if isinstance(scope.node, FunctionOrLambda) else None


def coroutine_of(point: ProgramPoint) -> ast.AsyncFunctionDef | None:
    """The `async def` around `point`, if it surely runs what stands there (no generator that is iterated elsewhere)."""
    function = function_of(point)
    return function if isinstance(function, ast.AsyncFunctionDef) and not is_deferred(point) else None


def commands(inference: Inference, scopes: Scopes, points: Iterable[ProgramPoint]) -> Iterator[Command]:
    """The commands among the calls and `with` statements of `points`; none where the kind of client is in doubt."""
    for point in points:
        if isinstance(point.node, ast.With):
            yield from _locks_entered(inference, point)
        sent = command(inference, scopes, point)
        if sent is not None:
            yield sent


def _locks_entered(inference: Inference, point: ProgramPoint) -> Iterator[Command]:
    """The locks of blocking clients that a `with` enters: `with lock:`. `with client.lock():` is found as a call."""
    for item in point.node.items if isinstance(point.node, ast.With) else ():
        lock = item.context_expr
        if isinstance(lock, ast.Call) and last_name(lock.func) == "lock":
            continue
        clients = [inference.client(value) for value in inference.values(lock, point)]
        locks = [
            client
            for client in clients
            if client is not None and client[0] == "lock" and mode_of(client[1]) == "sync"
        ]
        if locks and len(locks) == len(clients):
            role, builder = locks[0]
            yield Command(point, lock, "__enter__", role, builder, "sync", "command", False, False)


def command(inference: Inference, scopes: Scopes, point: ProgramPoint) -> Command | None:
    """The command that the call at `point` is; None where it is none, or the kind of client is in doubt."""
    call = point.node
    found = (
        _method_called(inference, call, point)
        if isinstance(call, ast.Call) and not point.for_typing
        else None
    )
    if found is None or not isinstance(call, ast.Call):
        return None
    method, role, builder = found
    mode, effect = mode_of(builder), effect_of(role, method)
    if effect is None and method == "lock" and call in scopes.entered:
        effect = "command"  # entering waits for it
    if mode is None or effect is None:
        return None
    awaited, iterated = call in scopes.awaited or _is_awaited_later(point), call in scopes.iterated
    return Command(point, call, method, role, builder, mode, effect, awaited, iterated)


def _is_awaited_later(point: ProgramPoint) -> bool:
    """Whether a call's result is awaited by the one name it is bound to, and not under a check of what it is."""
    function = point.scope.enclosing("function", "module")
    if not isinstance(function.node, ast.AsyncFunctionDef):
        return False
    names = set()
    for name, bindings in function.bindings.items():
        value = bindings[0].value
        value = value.value if isinstance(value, ast.AnnAssign) else value
        if value is point.node and len(bindings) == 1 and not bindings[0].projection:
            names.add(name)
    return bool(names) and any(
        isinstance(node, ast.Await)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        and not _is_asked_first(function.node, node)
        for node in own_nodes(function.node)
    )


def stalls(inference: Inference, sent: Command) -> bool:
    """Whether the command blocks the event loop, and nothing is put in the client's place."""
    is_meant = sent.awaited or sent.iterated  # for an asyncio client's, which is another fault
    is_sent = sent.mode == "sync" and sent.sends and sent.coroutine is not None and not is_meant
    return is_sent and not _is_patched(inference, sent.call, sent.point, sent.builder)


def _is_patched(inference: Inference, node: ast.expr, point: ProgramPoint, builder: Builder) -> bool:
    """Whether a test puts something in the place of a client, or of what makes it."""
    told = node.func if isinstance(node, ast.Call) else node
    return is_patched(inference, told, point, *builder.target.split("."))


def awaits_in_vain(inference: Inference, tree: ast.AST, sent: Command) -> bool:
    """Whether the command of a blocking client is awaited, or its result iterated by `async for`.

    Not under a check of which kind of client it is.
    """
    return (
        sent.mode == "sync"
        and (sent.awaited or (sent.iterated and sent.sends))
        and is_certain(inference, sent.receiver, sent.point)
        and not _is_asked_first(tree, sent.call)
        and not _is_patched(inference, sent.call, sent.point, sent.builder)
    )


def _blocking_builder(
    inference: Inference, tree: ast.AST, node: ast.expr, point: ProgramPoint
) -> Builder | None:
    """The builder of the blocking client that `async with` or `async for` gets, or gets something of; None in doubt.

    A class of the project's own may support both protocols.
    """
    values = inference.values(node, point)
    owners = [v for v in values if isinstance(v, Instance) and isinstance(v.of, QualifiedName)]
    blocking = [client for v in owners if (client := inference.client(v)) and mode_of(client[1]) == "sync"]
    if not blocking or len(blocking) < len(values) or _is_asked_first(tree, node):
        return None
    builder = blocking[0][1]
    is_meant = is_certain(inference, node, point) and not _is_patched(inference, node, point, builder)
    return builder if is_meant else None


def entered_in_vain(
    inference: Inference, tree: ast.AST, point: ProgramPoint
) -> Iterator[tuple[ast.expr, str, Builder]]:
    """Each use of a blocking client by `async with` or `async for` at `point`: its expression, how, and its builder."""
    for node, how in _async_operands(point.node):
        builder = _blocking_builder(inference, tree, node, point)
        if builder is not None:
            yield node, how, builder


def _async_operands(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """The expressions that a node enters by `async with`, or iterates by `async for`."""
    match node:
        case ast.AsyncWith(items=items):
            yield from ((item.context_expr, "entered by `async with`") for item in items)
        case ast.AsyncFor(iter=whole):
            yield whole, THROUGH
        case (
            ast.ListComp(generators=[first, *_])
            | ast.SetComp(generators=[first, *_])
            | ast.DictComp(generators=[first, *_])
            | ast.GeneratorExp(generators=[first, *_])
        ) if first.is_async:  # the others run in the scope of the comprehension
            yield first.iter, THROUGH


def exposed_names(
    source: SourceFile, inference: Inference, sent: Iterable[Command], building: Iterable[ProgramPoint]
) -> set[str]:
    """The top-level names by which others get a client, a pool or a builder, or a function that blocks or builds one.

    Functions that send by an asyncio client do not count: they are awaited by whoever calls them. The calls that build
    are `building`.
    """
    found = exposed(inference)
    for one in sent:
        if one.mode == "sync" and one.function is not None:
            found.add(top_level_name(one.point.scope))
    found.update(top_level_name(point.scope) for point in building)
    speaking: dict[str, list[str]] = {}
    for node in source.tree.body if found else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for word in set(_WORD.findall(_source_of(source, node))):
                speaking.setdefault(word, []).append(node.name)
    # what speaks of one of these may send by it
    waiting = [*found]
    for name in waiting:
        new = {other for other in speaking.get(name, ()) if other not in found}
        found |= new
        waiting += new
    return found


def _source_of(source: SourceFile, node: ast.stmt) -> str:
    return "\n".join(source.line(n) for n in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def top_level_name(scope: Scope) -> str:
    """The name of the top-level definition around a scope."""
    while scope.parent is not None and scope.parent.kind != "module":
        scope = scope.parent
    return getattr(scope.node, "name", "")


def _is_asked_first(tree: ast.AST, call: ast.expr) -> bool:
    """Whether the call runs under a condition that asks what kind of client this is, or in a `try` that does."""
    around = ancestors(tree, call)
    for inner, outer in pairwise([call, *around]):
        if isinstance(outer, ast.Try) and inner in outer.body:
            caught = [part for handler in outer.handlers for part in all_nodes(handler.type or handler)]
            if any(last_name(part) == "TypeError" for part in caught):
                return True
    before = (
        part for part in before_in_blocks(tree, call) if isinstance(part, ast.If) and leaves_block(part.body)
    )
    tests = [part.test for part in (*around, *before) if isinstance(part, ast.If | ast.IfExp)]
    asked = [part.func for test in tests for part in all_nodes(test) if isinstance(part, ast.Call)]
    return any(last_name(func) in QUESTIONS for func in asked)


def _method_called(
    inference: Inference, call: ast.Call, point: ProgramPoint
) -> tuple[str, str, Builder] | None:
    """The method of a call, the role of the object that has it, and the client's builder; None in doubt."""
    found: list[tuple[str, str, Builder]] = []
    if isinstance(call.func, ast.Attribute):
        owners = inference.values(call.func.value, point)
        if not owners and not inference.may_be_computed(call.func.attr):
            return None
        if any(isinstance(v, QualifiedName) and not v.name.endswith(f".{POOL_ATTRIBUTE}") for v in owners):
            return None  # a member of a class or module, not of a client
    for value in inference.values(call.func, point):
        owner, method = value, "__call__"
        if isinstance(value, QualifiedName):
            name, _, method = value.name.rpartition(".")
            owner = Instance(QualifiedName(name))
        given = inference.client(owner) or _pool_role(inference, owner)
        if given is None or (method == "__call__" and given[0] != "script"):
            return None
        found.append((method, *given))
    around = function_of(point)
    if found and around is not None and isinstance(call.func, ast.Attribute):
        left = narrowed(inference, around, call.func.value, point, [builder for _, _, builder in found])
        found = [one for one in found if one[2] in left]
    kinds = {(mode_of(builder), effect_of(role, method)) for method, role, builder in found}
    return found[0] if len(kinds) == 1 else None


def _pool_role(inference: Inference, value: Value) -> tuple[str, Builder] | None:
    """The role `pool` and the builder of a pool, its own or that of the client which has it."""
    if not isinstance(value, Instance):
        return None
    table = inference.names.table
    if isinstance(value.of, QualifiedName):
        is_library = inference.names.leads_to_builder(value.of.name.split(".")[0])
        names = [value.of.name] if is_library else []
    else:
        names = sorted(inference.library_bases(value.of.scope))
    found = next(filter(None, (pool_of(name, table) for name in names)), None)
    return ("pool", found) if found is not None else None
