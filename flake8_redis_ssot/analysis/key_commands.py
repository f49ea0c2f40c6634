"""The commands that functions send with one of their parameters as the key."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flake8_redis_ssot.analysis.operations import (
    command_meanings,
    gives_a_client,
    key_arguments,
    method_meanings,
)
from flake8_redis_ssot.inference.open_names import OpenInference
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName, SuperProxy, Value
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import SAME_TEXT
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import all_nodes
from flake8_redis_ssot.syntax.scopes import Scopes

_ROUNDS = 10
"""How often functions that call each other are looked at again."""


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A command sent with a parameter as its key; `whole` where the parameter itself is the key.

    Where another file defines what sends it, `through` is its dotted name: it must be a manager for this to be a command.
    """

    meanings: frozenset[str]
    parameter: str
    whole: bool
    through: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Something that sends commands: a client or a manager, or, if it is one, what another file defines as `through`."""

    is_client: bool = False
    through: str = ""


def senders(inference: OpenInference, value: Value) -> Iterator[Sender]:
    """What a value is, if it may send commands."""
    if inference.client(value) is not None:
        yield Sender(is_client=True)
        return
    match value:
        case Instance(of=QualifiedName(name=name)):
            yield from _senders_by_name(inference, name, called=True)
        case QualifiedName(name=name):
            yield from _senders_by_name(inference, name, called=False)
        case Instance(of=Definition(scope=scope)) | SuperProxy(scope=scope):
            for base in sorted(inference.foreign_bases(scope)):
                if inference.client(Instance(QualifiedName(base))) is not None:
                    yield Sender(is_client=True)
                yield from _senders_by_name(inference, base, called=True)


def _senders_by_name(inference: OpenInference, name: str, *, called: bool) -> Iterator[Sender]:
    """As `senders`, for what another file defines as `name`, or for what a call of it gives."""
    if not inference.is_open_name(name):
        return
    if inference.names.managers.covers(name):
        if _is_manager(inference, name, called=called):
            yield Sender()
        return
    while name:  # `app.db.get_client()` sends as well if `app.db` is a manager
        yield Sender(through=name)
        name, _, last = name.rpartition(".")
        if not gives_a_client(last):
            return


def _is_manager(inference: OpenInference, name: str, *, called: bool) -> bool:
    """Whether a dotted name in a manager's module, or what a call of it gives, is a manager or gives its client."""
    kind_of = inference.names.managers.kind
    kind = kind_of(name)
    owner, _, last = name.rpartition(".")
    if kind is not None:
        makes = kind in ("class", "function") and called and not command_meanings(last)
        return makes or kind in ("object", "module")
    if gives_a_client(last):
        return bool(owner) and _is_manager(inference, owner, called=True)
    return called and kind_of(owner) == "class" and not command_meanings(last)  # RedisManager.shared()


def calls_by_function(scopes: Scopes) -> dict[Scope, list[ProgramPoint]]:
    """The calls in the body of each function, and in the functions within it."""
    found: dict[Scope, list[ProgramPoint]] = {}
    for point in scopes.calls:
        scope: Scope | None = point.scope
        while scope is not None:
            if scope.kind == "function":
                found.setdefault(scope, []).append(point)
            scope = scope.parent
    return found


class KeyCommands:
    """Finds what the functions of a file send, themselves or by other functions of the file that they call."""

    def __init__(self, inference: OpenInference, calls: Mapping[Scope, Sequence[ProgramPoint]]) -> None:
        self._inference = inference
        self._calls = calls
        self._methods = {getattr(function.node, "name", "") for function in calls} | {"execute_command"}
        self._known: dict[Scope, frozenset[KeyCommand]] = {}
        self._unsettled: dict[Scope, frozenset[KeyCommand]] | None = None
        """The answers so far, while functions that call each other are looked at."""

    def of(self, function: Scope) -> frozenset[KeyCommand]:
        """The commands that a function sends with one of its parameters as the key."""
        if function in self._known:
            return self._known[function]
        if self._unsettled is not None:
            return self._unsettled.setdefault(function, frozenset())
        # functions that call each other: a least fixpoint, rounds until nothing is added
        found = self._unsettled = {function: frozenset()}
        for _ in range(_ROUNDS):
            before = dict(found)
            for one in before:
                found[one] = frozenset(
                    sent for point in self._calls.get(one, ()) for sent in self._sent_at(point, one)
                )
            if found == before:
                break
        self._unsettled = None
        self._known |= found
        return found[function]

    def _sent_at(self, point: ProgramPoint, function: Scope) -> Iterator[KeyCommand]:
        """The commands that a call in a function sends, or by a function of the file that it runs."""
        call = point.node
        assert isinstance(call, ast.Call)
        if isinstance(call.func, ast.Attribute) and self._may_send(call.func.attr):
            receivers = self._receivers(call.func.value, point, function)
            own = {self._inference.method_of(value, call.func.attr) for value in receivers} - {None}
            for method in own:
                if method is not None:
                    yield from self._sent_by(method, call, point, function)
            if not own:
                command, keys = _command(call, call.func.attr)
                yield from self._with_keys(command, keys, receivers, point, function)
        # asyncio.to_thread(self.client.get, key)
        for passed, key in zip(call.args, call.args[1:], strict=False):
            if isinstance(passed, ast.Attribute) and command_meanings(passed.attr):
                receivers = self._receivers(passed.value, point, function)
                yield from self._with_keys(passed.attr, [key], receivers, point, function)

    def _may_send(self, method: str) -> bool:
        """Whether a method of this name may send a command, or is one of the file's own."""
        return bool(command_meanings(method) or method_meanings(method)) or method in self._methods

    def _receivers(self, node: ast.expr, point: ProgramPoint, function: Scope) -> list[Value]:
        """What a command may be sent to.

        A client that a public function takes as a parameter is left out, as its class does not hold it, and so is a
        pipeline that an object keeps.
        """
        name = getattr(function.node, "name", "")
        if isinstance(node, ast.Name) and not name.startswith("_") and node.id in parameters(function):
            bound = [b for b in function.bindings[node.id] if not isinstance(b.value, ast.arg)]
            return [value for binding in bound for value in self._inference.values_of(binding)]
        found = self._inference.values(node, point)
        if isinstance(
            node, ast.Attribute
        ):  # what an object keeps; one that a method makes sends for its client
            return [v for v in found if "pipeline" not in (self._inference.client(v) or ("",))[0]]
        return list(found)

    def _with_keys(
        self,
        command: str,
        keys: Sequence[ast.expr],
        receivers: Iterable[Value],
        point: ProgramPoint,
        function: Scope,
    ) -> Iterator[KeyCommand]:
        """The command, if the `receivers` may send it: one for each parameter from which its `keys` are made."""
        for sender in {sender for value in receivers for sender in senders(self._inference, value)}:
            meanings = command_meanings(command)
            if not (meanings or sender.is_client):
                meanings = method_meanings(command)
            for parameter, whole in _origins(keys, point.scope, function) if meanings else ():
                yield KeyCommand(meanings, parameter, whole, sender.through)

    def _sent_by(
        self, called: Scope, call: ast.Call, point: ProgramPoint, function: Scope
    ) -> Iterator[KeyCommand]:
        """What `called` sends with parameters of `function`, which the call passes on to it."""
        given = _arguments(call, parameters(called))
        for sent in self.of(called):
            for parameter, whole in _origins(given.get(sent.parameter, ()), point.scope, function):
                yield KeyCommand(sent.meanings, parameter, whole and sent.whole, sent.through)


def parameters(function: Scope) -> list[str]:
    """The names of the parameters of a function, without `self` and `cls`."""
    return [
        binding.value.arg
        for bindings in function.bindings.values()
        for binding in bindings
        if isinstance(binding.value, ast.arg) and Scopes.receiver(binding.value, function) is None
    ]


def _command(call: ast.Call, name: str) -> tuple[str, list[ast.expr]]:
    """The command that a call of the method `name` sends, with the arguments that are its keys."""
    first = call.args[0] if call.args else None
    if name == "execute_command" and isinstance(first, ast.Constant):
        return str(first.value).lower().replace("del", "delete", 1), call.args[1:2]
    return name, list(key_arguments(call, name))


def _arguments(call: ast.Call, names: Sequence[str]) -> dict[str, list[ast.expr]]:
    """The arguments of a call by the `names` of the parameters; the last one takes what is left."""
    found: dict[str, list[ast.expr]] = {}
    for n, argument in enumerate(call.args):
        if names:
            found.setdefault(names[min(n, len(names) - 1)], []).append(argument)
    for keyword in call.keywords:
        if keyword.arg is not None:
            found.setdefault(keyword.arg, []).append(keyword.value)
    return found


def _origins(nodes: Iterable[ast.AST], scope: Scope, function: Scope) -> set[tuple[str, bool]]:
    """The parameters of `function` from which values are made, each with whether the value is the parameter itself."""
    found: set[tuple[str, bool]] = set()
    seen: set[tuple[Binding, bool]] = set()
    stack: list[tuple[ast.AST, Scope, bool]] = [(node, scope, True) for node in nodes]
    while stack:
        node, here, whole = stack.pop()
        match node:
            case ast.Name(id=name):
                owner = here
                while name not in owner.bindings and owner is not function and owner.parent is not None:
                    owner = owner.parent
                for binding in owner.bindings.get(name, ()):
                    if isinstance(binding.value, ast.arg):
                        if owner is function and Scopes.receiver(binding.value, function) is None:
                            found.add((name, whole))
                    elif binding.value is not None and (binding, whole) not in seen:
                        seen.add((binding, whole))
                        stack.append((binding.value, binding.scope or owner, whole))
            case (
                ast.Starred(value=value)
                | ast.Await(value=value)
                | ast.AnnAssign(value=ast.expr() as value)
                | ast.Call(func=ast.Name(id="str" | "bytes"), args=[value])
            ):
                stack.append((value, here, whole))
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=[]) if name in SAME_TEXT:
                stack.append((value, here, whole))
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
                stack += [(part, here, whole) for part in parts]
            case ast.expr():
                stack += [(part, here, False) for part in all_nodes(node) if isinstance(part, ast.Name)]
    return found
