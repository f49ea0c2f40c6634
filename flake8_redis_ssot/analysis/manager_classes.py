"""Classes that do what a Redis manager does: judged by what they hold and what their methods send."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.analysis.operations import (
    command_meanings,
    gives_a_client,
    key_arguments,
    method_meanings,
    names_a_key,
)
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName
from flake8_redis_ssot.libraries.commands import SHARED
from flake8_redis_ssot.libraries.standard import AWAITING, PROPERTIES, SAME_TEXT, WRAPPING_TYPES
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.scopes import ProgramPoint

ENOUGH = 3
"""Operations that make a class a manager."""

BUDGET = 1_000
"""Expressions judged for one value; past it the rest counts for nothing."""

_ROUNDS = 10
_DEPTH = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Foreign:
    """What another file defines by this dotted name, or an instance of it, or what it returns."""

    name: str


@dataclass(eq=False, slots=True)
class _Class:
    """A class of the file with what its statements define, and its methods once they are read."""

    node: ast.ClassDef
    bases: list[_Class] = field(default_factory=list)
    methods: dict[str, Function] = field(default_factory=dict)
    assigned: dict[str, list[tuple[ast.expr, Function | None]]] = field(default_factory=dict)
    stored: dict[str, list[tuple[ast.expr, Function | None]]] = field(default_factory=dict)
    annotated: dict[str, list[ast.expr]] = field(default_factory=dict)
    is_read: bool = False
    is_client: bool = False
    is_manager: bool = False
    foreign: list[_Foreign] = field(default_factory=list)

    def lineage(self) -> Iterator[_Class]:
        """The class and its bases, each once, depth first."""
        seen: set[_Class] = set()
        stack = [self]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                yield here
                stack += reversed(here.bases)

    def method(self, name: str) -> Function | None:
        return next((c.methods[name] for c in self.lineage() if name in c.methods), None)


@dataclass(eq=False, slots=True)
class _Body:
    """What the body of one function binds, calls and gives back."""

    parameters: tuple[str, ...]
    receiver: str | None
    annotations: dict[str, ast.expr]
    defaults: dict[str, ast.expr]
    bound: dict[str, list[ast.expr]] = field(default_factory=dict)
    given: list[ast.expr] = field(default_factory=list)
    calls: list[ast.Call] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A command sent with a parameter as its key; `whole` where the parameter itself is the key.

    `through` names what another file defines, where that would have to be a manager.
    """

    meanings: frozenset[str]
    parameter: str
    whole: bool
    through: str = ""


@dataclass(frozen=True, slots=True)
class _Here:
    """Where an expression stands: `owner` is the class that `self` is an instance of."""

    owner: _Class | None
    function: Function | None


Tag = str | _Class | _Foreign
"""What a value is: `client`, `own` for one that is built here, `manager`, of a class of the file, or foreign."""
Tags = frozenset[Tag]
_NOTHING: Tags = frozenset()
_CLIENT: Tags = frozenset(["client"])
_MANAGER: Tags = frozenset(["manager"])


def managing(
    source: SourceFile, inference: Inference, built: Mapping[ast.Call, str]
) -> tuple[tuple[ClassFacts, ...], tuple[str, ...]]:
    """The classes that do what a manager does, and the names that are, or return, a client or a manager.

    `built` are the calls that build, each with `client` or `pool`; the names are those of the top level.
    """
    judge = _Judge(source, inference, built)
    found = [facts for made in judge.classes if (facts := judge.facts(made)) is not None]
    return tuple(found), tuple(sorted(judge.clients()))


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, in source order."""
    stack = [*reversed(body)]
    while stack:
        node = stack.pop()
        yield node
        inner: list[ast.stmt] = []
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            for child in getattr(node, name, ()):
                if isinstance(child, ast.stmt):
                    inner.append(child)
                else:
                    inner += child.body
        stack += reversed(inner)


class _Judge:
    """Judges the classes of one file."""

    def __init__(self, source: SourceFile, inference: Inference, built: Mapping[ast.Call, str]) -> None:
        self.source = source
        self.inference = inference
        self.built = built
        self.classes: list[_Class] = []
        self._by_node: dict[ast.AST, _Class] = {}
        self._bodies: dict[Function, _Body] = {}
        self._verdicts: dict[_Class, ClassFacts | None] = {}
        self._known: dict[tuple[object, ...], Tags] = {}
        self._active: set[tuple[object, ...]] = set()
        self._sent_by: dict[tuple[_Class, Function], frozenset[_Sent]] = {}
        self._open: dict[tuple[_Class, Function], frozenset[_Sent]] | None = None
        self._imports: dict[Function | None, dict[str, str]] = {}
        self._steps = 0
        by_name: dict[str, _Class] = {}
        for node in _statements(source.tree.body):
            if isinstance(node, ast.ClassDef):
                made = self._by_node[node] = _Class(node)
                made.bases = [
                    by_name[b.id] for b in node.bases if isinstance(b, ast.Name) and b.id in by_name
                ]
                by_name[node.name] = made
                self.classes.append(made)
        for made in self.classes:
            self._read(made)

    def facts(self, made: _Class) -> ClassFacts | None:
        """The facts of a class that does what a manager does, else None."""
        if made not in self._verdicts:
            self._verdicts[made] = None  # while a class is its own base
            self._verdicts[made] = self._facts(made)
        return self._verdicts[made]

    def clients(self) -> Iterator[str]:
        """The top-level names that are, or return, a client or a manager."""
        nowhere = _Here(None, None)
        for node in self.source.tree.body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if gives_a_client(name):
                    tags = self._given(None, node)
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if not isinstance(value, ast.Constant):
                    tags = self._held(value, nowhere)
                case _:
                    continue
            if "client" in tags or "manager" in tags:
                yield name

    def _facts(self, made: _Class) -> ClassFacts | None:
        if _is_test(made):
            return None
        public: dict[str, Function] = {}
        for owner in self._judged_with(made):
            for name, method in owner.methods.items():
                if not name.startswith("_") and "fixture" not in _decorators(method):
                    public.setdefault(name, method)
        candidates = [n for n in public if method_meanings(n)]
        builds = any(self._builds(one) for one in made.lineage())
        if len(candidates) < ENOUGH and not builds:
            return None
        operations = [(n, through) for n in candidates for through in self._operation(made, n, public[n])]
        is_client = any(one.is_client for one in self._lineage(made))
        handing_out = [
            n for n, m in public.items() if builds and not is_client and "own" in self._given(made, m)
        ]
        if len({n for n, _ in operations}) < ENOUGH and not handing_out:
            return None
        node = made.node
        start = self.source.range_of(node).start
        at = self.source.line(start.line).find(node.name, start.column)
        end = (at if at >= 0 else start.column - 1) + len(node.name) + 1
        known_as = _known_as(self.source.tree, node)
        return ClassFacts(
            node.name, start.line, start.column, end, tuple(operations), tuple(handing_out), known_as
        )

    def _judged_with(self, made: _Class) -> Iterator[_Class]:
        """A class and the bases whose methods count for it: of a manager's own its facts speak."""
        seen: set[_Class] = set()
        stack = [made]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                yield here
                stack += [base for base in reversed(here.bases) if self.facts(base) is None]

    def _builds(self, made: _Class) -> bool:
        first, last = made.node.lineno, made.node.end_lineno or made.node.lineno
        return any(kind == "client" and first <= call.lineno <= last for call, kind in self.built.items())

    def _operation(self, made: _Class, name: str, method: Function) -> list[str]:
        """What a method sends its command through, if it is an operation: nothing but a client or manager, or what else."""
        if _decorators(method) & PROPERTIES:
            return []
        meanings = method_meanings(name)
        found = {
            sent.through
            for sent in self._sent(made, method)
            if not meanings.isdisjoint(sent.meanings) and (sent.whole or names_a_key(sent.parameter))
        }
        return [""] if "" in found else sorted(found)

    # -- what a class defines

    def _read(self, made: _Class) -> None:
        for node in made.node.body:
            for part in _statements([node]) if isinstance(node, ast.If | ast.Try) else [node]:
                match part:
                    case ast.FunctionDef() | ast.AsyncFunctionDef():
                        # of a property's getter, setter and deleter the first
                        made.methods.setdefault(part.name, part)
                    case ast.Assign(targets=[ast.Name(id=name)], value=value):
                        made.assigned.setdefault(name, []).append((value, None))
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                        made.annotated.setdefault(name, []).append(annotation)
                        if value is not None:
                            made.assigned.setdefault(name, []).append((value, None))

    def _lineage(self, made: _Class) -> Iterator[_Class]:
        """A class and its bases, their methods read."""
        for one in made.lineage():
            if not one.is_read:
                one.is_read = True
                self._read_all(one)
            yield one

    def _read_all(self, made: _Class) -> None:
        for method in made.methods.values():
            self._read_assignments(made, method)
        values = (v for b in made.node.bases for v in self.inference.values(b, self._site(_Here(made, None))))
        for base in values:
            if isinstance(base, QualifiedName):
                made.is_client = made.is_client or self._is_client_class(base.name)
                made.is_manager = made.is_manager or self._manager_kind(base.name) == "class"
        made.foreign = [
            tag
            for b in made.node.bases
            for tag in self._foreign(b, _Here(made, None))
            if isinstance(tag, _Foreign)
        ]

    def _read_assignments(self, made: _Class, method: Function) -> None:
        own = {self._body(method).receiver, made.node.name, "cls"}

        def is_own(node: ast.expr) -> bool:
            return (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in own
            )

        for node in _statements(method.body):
            match node:
                case ast.Assign(targets=targets, value=ast.expr() as value):
                    pairs = [pair for target in targets for pair in _pairs(target, value)]
                case ast.AnnAssign(target=ast.Attribute() as attribute, annotation=annotation, value=given):
                    if is_own(attribute):
                        made.annotated.setdefault(attribute.attr, []).append(annotation)
                    pairs = [(attribute, given)] if given is not None else []
                case _:
                    continue
            for one, of in pairs:
                if isinstance(one, ast.Attribute) and is_own(one):
                    made.assigned.setdefault(one.attr, []).append((of, method))
                elif (
                    isinstance(one, ast.Subscript)
                    and isinstance(one.value, ast.Attribute)
                    and is_own(one.value)
                ):
                    made.stored.setdefault(one.value.attr, []).append((of, method))

    def _body(self, function: Function) -> _Body:
        if function not in self._bodies:
            self._bodies[function] = _body(function)
        return self._bodies[function]

    # -- what a value is

    def _held(self, node: ast.expr | None, here: _Here) -> Tags:
        """What `node` can be; nothing where it is unknown."""
        key = (node, here.owner, here.function)
        if key in self._known:
            return self._known[key]
        whole = not self._active
        self._steps = 0 if whole else self._steps + 1
        if node is None or key in self._active or self._steps > BUDGET or len(self._active) > _DEPTH:
            return _NOTHING
        self._active.add(key)
        try:
            found = frozenset(self._evaluate(node, here))
        finally:
            self._active.discard(key)
        if whole:  # not cut short by a cycle that began elsewhere
            self._known[key] = found
        return found

    def _evaluate(self, node: ast.expr, here: _Here) -> Iterator[Tag]:
        match node:
            case ast.Name():
                yield from self._name(node, here)
            case ast.Attribute():
                for tag in self._held(node.value, here):
                    if isinstance(tag, _Class):
                        yield from self._attribute(tag, node.attr, here)
                    elif tag == "manager" and gives_a_client(node.attr):
                        yield "client"
                    elif isinstance(tag, _Foreign):
                        yield _Foreign(f"{tag.name}.{node.attr}")
                        if gives_a_client(node.attr):
                            yield tag
                yield from self._outside(node, here)
            case ast.Call():
                yield from self._call(node, here)
            case ast.Await(value=value) | ast.NamedExpr(value=value) | ast.Starred(value=value):
                yield from self._held(value, here)
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self._held(value, here)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._held(body, here)
                yield from self._held(orelse, here)
            case ast.Subscript(value=ast.Attribute(value=owner, attr=attribute)):
                yield from self._items(owner, attribute, here)

    def _name(self, node: ast.Name, here: _Here) -> Iterator[Tag]:
        if here.function is not None:
            body = self._body(here.function)
            if node.id == body.receiver and here.owner is not None:
                yield from self._instance(here.owner)
                return
            if node.id in body.parameters or node.id in body.bound:
                for value in body.bound.get(node.id, ()):
                    yield from self._held(value, here)
                if node.id in body.annotations:
                    yield from self._promised(body.annotations[node.id], here)
                if node.id in body.defaults:
                    yield from self._held(body.defaults[node.id], _Here(here.owner, None))
                return
        yield from self._outside(node, here)

    def _instance(self, made: _Class) -> Iterator[Tag]:
        yield made
        for one in self._lineage(made):
            if one.is_client:
                yield "client"
            if one.is_manager:
                yield "manager"
            yield from one.foreign

    def _attribute(self, made: _Class, name: str, here: _Here) -> Iterator[Tag]:
        """The attribute of an instance of `made`, its bases included."""
        found: set[Tag] = set()
        for one in self._lineage(made):
            if name in one.stored:
                continue  # a container
            for value, function in one.assigned.get(name, ()):
                found |= self._held(value, _Here(made, function))
            for annotation in one.annotated.get(name, ()):
                found |= set(self._promised(annotation, _Here(made, None)))
        method = made.method(name)
        if method is not None and _decorators(method) & PROPERTIES:
            found |= self._given(made, method)
        yield from found if made is here.owner else found - {"own"}

    def _items(self, owner: ast.expr, attribute: str, here: _Here) -> Iterator[Tag]:
        for tag in self._held(owner, here):
            if isinstance(tag, _Class):
                for one in self._lineage(tag):
                    for value, function in one.stored.get(attribute, ()):
                        yield from self._held(value, _Here(tag, function))

    def _given(self, made: _Class | None, function: Function) -> Tags:
        """What a call of the function gives."""
        body = self._body(function)
        here = _Here(made, function)
        found = frozenset(tag for value in body.given for tag in self._held(value, here))
        if function.returns is not None and all(isinstance(tag, _Foreign) for tag in found):
            found |= frozenset(self._promised(function.returns, here))
        return found

    def _promised(self, annotation: ast.expr, here: _Here) -> Iterator[Tag]:
        """What an annotation says that a value is."""
        match annotation:
            case ast.Constant(value=str(text)):
                try:
                    yield from self._promised(ast.parse(text, mode="eval").body, here)
                except (SyntaxError, ValueError):
                    return
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                yield from self._promised(left, here)
                yield from self._promised(right, here)
            case ast.Subscript(value=value, slice=inner):
                if _last(value) in WRAPPING_TYPES:
                    for part in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
                        yield from self._promised(part, here)
                else:
                    yield from self._promised(value, here)
            case ast.Name() | ast.Attribute():
                for meant in self.inference.values(annotation, self._site(here)):
                    if isinstance(meant, QualifiedName) and self._is_client_class(meant.name):
                        yield "client"
                    elif isinstance(meant, QualifiedName) and self._manager_kind(meant.name) == "class":
                        yield "manager"
                    elif isinstance(meant, Definition) and meant.scope.node in self._by_node:
                        yield from self._instance(self._by_node[meant.scope.node])
                yield from self._foreign(annotation, here)

    def _call(self, call: ast.Call, here: _Here) -> Iterator[Tag]:
        if call in self.built:
            if self.built[call] == "client":
                yield from ("client", "own")
            return
        func = call.func
        if _last(func) in AWAITING and call.args:
            yield from self._held(call.args[0], here)
        if isinstance(func, ast.Name | ast.Attribute):
            yield from self._made_by(func, here)
        match func:
            case ast.Name(id="super") if here.owner is not None:
                for tag in self._instance(here.owner):
                    if tag is not here.owner:
                        yield tag
                yield from here.owner.bases
            case ast.Name(id="cast") | ast.Attribute(attr="cast") if len(call.args) > 1:
                yield from self._promised(call.args[0], here)
                yield from self._held(call.args[1], here)
            case ast.Attribute(value=value, attr=name):
                for tag in self._held(value, here):
                    if isinstance(tag, _Class):
                        method = tag.method(name)
                        if method is not None:
                            given = self._given(tag, method)
                            yield from given if tag is here.owner else given - {"own"}
                    elif (tag == "manager" and gives_a_client(name)) or (tag == "client" and name in SHARED):
                        yield "client"
                    elif isinstance(tag, _Foreign) and (gives_a_client(name) or name[:1].isupper()):
                        yield tag
                if name in ("get", "setdefault", "pop") and isinstance(value, ast.Attribute):
                    yield from self._items(value.value, value.attr, here)

    def _made_by(self, func: ast.Name | ast.Attribute, here: _Here) -> Iterator[Tag]:
        """What a call gives of a class or function that this file or a manager defines at its top level."""
        if (
            isinstance(func, ast.Name)
            and here.function is not None
            and func.id in self._body(here.function).bound
        ):
            return
        yield from (tag for tag in self._held(func, here) if isinstance(tag, _Foreign))
        for value in self.inference.values(func, self._site(here)):
            if isinstance(value, QualifiedName):
                kind = self._manager_kind(value.name)
                named = value.name.rpartition(".")[2]
                if kind == "class" or (kind == "function" and not command_meanings(named)):
                    yield "manager"
                elif self._manager_kind(value.name.rpartition(".")[0]) == "class":
                    yield "manager"  # RedisManager.get_instance()
            elif isinstance(value, Definition):
                if value.scope.node in self._by_node:
                    yield from self._instance(self._by_node[value.scope.node])
                elif (
                    isinstance(value.scope.node, Function)
                    and value.scope.parent is self.inference.scopes.module
                ):
                    yield from self._given(None, value.scope.node) - {"own"}

    def _foreign(self, node: ast.expr, here: _Here) -> Iterator[Tag]:
        """What another file of the project may define by a name or attribute chain."""
        attributes = ""
        while isinstance(node, ast.Attribute):
            attributes = f".{node.attr}{attributes}"
            node = node.value
        if isinstance(node, ast.Name):
            for function in dict.fromkeys([here.function, None]):
                name = self._imported(function).get(node.id)
                if name is not None:
                    yield _Foreign(name + attributes)
                    return

    def _imported(self, function: Function | None) -> dict[str, str]:
        """What a function, or the module, imports by which name, if it may be of the project."""
        if function not in self._imports:
            if function is not None:
                nodes = self._body(function).imports
            else:
                statements = _statements(
                    [s for s in self.source.tree.body if not isinstance(s, Function | ast.ClassDef)]
                )
                nodes = [s for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]
            found: dict[str, str] = {}
            for node in nodes:
                bases = self.inference.scopes.bases(node)[:1] if isinstance(node, ast.ImportFrom) else [""]
                for alias in node.names:
                    for base in bases:
                        full = f"{base}.{alias.name}".strip(".")
                        bound = alias.asname or (alias.name if base else alias.name.split(".")[0])
                        if not base and not alias.asname:
                            full = bound
                        top = full.split(".")[0]
                        if top not in sys.stdlib_module_names and not self.inference.names.leads_to_builder(
                            top
                        ):
                            found[bound] = full
            self._imports[function] = {
                bound: full for bound, full in found.items() if not self.inference.names.managers.covers(full)
            }
        return self._imports[function]

    def _outside(self, node: ast.Name | ast.Attribute, here: _Here) -> Iterator[Tag]:
        """What a name or attribute is that is bound outside the methods."""
        if isinstance(node, ast.Name):
            yield from self._foreign(node, here)
        for value in self.inference.values(node, self._site(here)):
            match value:
                case QualifiedName(name=name):
                    if self._manager_kind(name) in ("object", "module"):
                        yield "manager"
                case Instance(of=QualifiedName(name=name)):
                    builder = self.inference.names.table.get(name)
                    if builder is not None and builder.kind == "client":
                        yield "client"
                case Instance(of=Definition(scope=scope)):
                    if scope.node in self._by_node:
                        yield from self._instance(self._by_node[scope.node])
                case Definition(scope=scope) if scope.node in self._by_node and here.owner is not None:
                    yield self._by_node[scope.node]  # a class attribute, as KeyStore.client

    def _site(self, here: _Here) -> ProgramPoint:
        """A place of that function after all that is bound there."""
        scopes = self.inference.scopes.namespaces
        scope = scopes.get(here.function) if here.function is not None else None
        if scope is None and here.owner is not None and here.owner.node in scopes:
            scope = scopes[here.owner.node].parent
        return ProgramPoint(self.source.tree, scope or self.inference.scopes.module, 1 << 62, ())

    def _is_client_class(self, name: str) -> bool:
        names = self.inference.names
        return names.is_builder(name) and names.table[name].kind == "client" and names.table[name].is_class

    def _manager_kind(self, name: str) -> str | None:
        return self.inference.names.managers.kind(name)

    # -- what a method sends

    def _sent(self, made: _Class, method: Function) -> frozenset[_Sent]:
        """The commands that a method, or what it calls of its own class, sends with a parameter as key."""
        key = (made, method)
        if key in self._sent_by:
            return self._sent_by[key]
        if self._open is not None:
            return self._open.setdefault(key, frozenset())
        # methods that call each other: a least fixpoint, rounds until nothing is added
        found = self._open = {key: frozenset()}
        for _ in range(_ROUNDS):
            before = dict(found)
            for owner, function in before:
                body, here = self._body(function), _Here(owner, function)
                found[owner, function] = frozenset(
                    sent for call in body.calls for sent in self._sends(call, body, here)
                )
            if found == before:
                break
        self._open = None
        self._sent_by |= found
        return found[key]

    def _sends(self, call: ast.Call, body: _Body, here: _Here) -> Iterator[_Sent]:
        func = call.func
        if isinstance(func, ast.Attribute):
            command, keys = func.attr, list(key_arguments(call, func.attr))
            first = call.args[0] if call.args else None
            if command == "execute_command" and isinstance(first, ast.Constant):
                command, keys = str(first.value).lower().replace("del", "delete", 1), call.args[1:2]
            for tag in self._receivers(func, command, here):
                if isinstance(tag, _Class):
                    yield from self._sent_by_own(call, tag, func.attr, body)
                    continue
                meanings = command_meanings(command)
                if tag != "client" and not meanings:
                    meanings = method_meanings(command)
                yield from _keyed(meanings, keys, body, tag.name if isinstance(tag, _Foreign) else "")
        # asyncio.to_thread(self.client.get, key)
        for passed, key in zip(call.args, call.args[1:], strict=False):
            if isinstance(passed, ast.Attribute) and command_meanings(passed.attr):
                tags = self._held(passed.value, here)
                if "client" in tags or "manager" in tags:
                    yield from _keyed(command_meanings(passed.attr), [key], body)

    def _receivers(self, func: ast.Attribute, command: str, here: _Here) -> Iterator[Tag]:
        """What a method is called on, where that may send a command."""
        may_send = bool(command_meanings(command) or method_meanings(command))
        if may_send or any(func.attr in made.methods for made in self.classes):
            tags = self._receiver(func.value, here)
            is_own = any(isinstance(tag, _Class) and tag.method(func.attr) is not None for tag in tags)
            for tag in tags:
                if isinstance(tag, _Class) or (tag != "own" and may_send and not is_own):
                    yield tag

    def _receiver(self, node: ast.expr, here: _Here) -> Tags:
        """What a command is sent to; a client that a public method is handed is not held."""
        function = here.function
        if isinstance(node, ast.Name) and function is not None and not function.name.startswith("_"):
            body = self._body(function)
            if node.id in body.parameters and node.id != body.receiver:
                values = body.bound.get(node.id, ())
                return frozenset(tag for value in values for tag in self._held(value, here))
        return self._held(node, here)

    def _sent_by_own(self, call: ast.Call, made: _Class, name: str, body: _Body) -> Iterator[_Sent]:
        method = made.method(name)
        if method is None:
            return
        given = _arguments(call, self._body(method))
        for sent in self._sent(made, method):
            for argument in given.get(sent.parameter, ()):
                for parameter, whole in _origins(argument, body):
                    yield _Sent(sent.meanings, parameter, whole and sent.whole, sent.through)


def _keyed(
    meanings: frozenset[str], keys: Sequence[ast.expr], body: _Body, through: str = ""
) -> Iterator[_Sent]:
    if meanings:
        for key in keys:
            for parameter, whole in _origins(key, body):
                yield _Sent(meanings, parameter, whole, through)


def _origins(
    node: ast.expr, body: _Body, seen: frozenset[str] = frozenset(), whole: bool = True
) -> Iterator[tuple[str, bool]]:
    """The parameters from which a value is made, each with whether the value is the parameter itself."""
    match node:
        case ast.Name(id=name):
            if name in body.parameters and name != body.receiver:
                yield name, whole
            if name not in seen:
                for value in body.bound.get(name, ()):
                    yield from _origins(value, body, seen | {name}, whole)
        case ast.Starred(value=value) | ast.Await(value=value):
            yield from _origins(value, body, seen, whole)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                yield from _origins(element, body, seen, whole)
        case ast.Call(func=ast.Name(id="str" | "bytes"), args=[value]):
            yield from _origins(value, body, seen, whole)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[]) if name in SAME_TEXT:
            yield from _origins(value, body, seen, whole)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _origins(value, body, seen, whole)
        case _:
            for part in ast.walk(node):
                if isinstance(part, ast.Name):
                    yield from _origins(part, body, seen, False)


def _body(function: Function) -> _Body:
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    everyone = [*positional, *args.kwonlyargs, *filter(None, [args.vararg, args.kwarg])]
    receiver = positional[0].arg if positional and "staticmethod" not in _decorators(function) else None
    defaults = dict(
        zip((a.arg for a in positional[len(positional) - len(args.defaults) :]), args.defaults, strict=True)
    )
    defaults |= {a.arg: d for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None}
    annotations = {a.arg: a.annotation for a in everyone if a.annotation is not None}
    body = _Body(tuple(a.arg for a in everyone), receiver, annotations, defaults)
    stack: list[tuple[ast.AST, bool]] = [(statement, True) for statement in reversed(function.body)]
    while stack:
        node, own = stack.pop()
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    _bind(body, target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                _bind(body, target, value)
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                _bind(body, target, value)
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                _bind(body, target, value)
            case ast.comprehension(target=target, iter=value):
                _bind(body, target, value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                _bind(body, target, value)
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value) if own:
                body.given.append(value)
            case ast.Call():
                body.calls.append(node)
            case ast.Import() | ast.ImportFrom():
                body.imports.append(node)
        own = own and not isinstance(node, Function | ast.Lambda | ast.ClassDef)
        stack += [(child, own) for child in reversed(list(ast.iter_child_nodes(node)))]
    return body


def _bind(body: _Body, target: ast.expr, value: ast.expr) -> None:
    for one, of in _pairs(target, value):
        if isinstance(one, ast.Name):
            body.bound.setdefault(one.id, []).append(of)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each single target with its value, or with the whole of which it is a part."""
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
        return
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    for n, one in enumerate(target.elts):
        yield from _pairs(one, parts[n] if len(parts) == len(target.elts) else value)


def _arguments(call: ast.Call, body: _Body) -> dict[str, list[ast.expr]]:
    """The arguments of a call of a method, by the method's parameters."""
    parameters = [p for p in body.parameters if p != body.receiver]
    found: dict[str, list[ast.expr]] = {}
    for n, argument in enumerate(call.args):
        if parameters:
            found.setdefault(parameters[min(n, len(parameters) - 1)], []).append(argument)
    for keyword in call.keywords:
        if keyword.arg is not None:
            found.setdefault(keyword.arg, []).append(keyword.value)
    return found


def _is_test(made: _Class) -> bool:
    """Whether a test runner runs the class, so that nobody else uses it."""
    names = [made.node.name, *(_last(base) for base in made.node.bases)]
    is_named = names[0].startswith("Test") or any(name.endswith("TestCase") for name in names)
    return is_named and any(name.startswith("test") for name in made.methods)


def _known_as(tree: ast.Module, node: ast.ClassDef) -> tuple[str, ...]:
    """The class, and the top-level names of the module that are, or return, an instance of it."""
    if node not in tree.body:
        return ()
    found = [node.name]
    for statement in _statements([s for s in tree.body if not isinstance(s, ast.ClassDef)]):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called)))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id=called)))
            ) if called in found:
                found.append(name)
    for statement in tree.body:
        if isinstance(statement, Function):
            given = _body(statement).given
            if _names(statement.returns) & set(found) or any(
                _last(v.func if isinstance(v, ast.Call) else v) in found for v in given
            ):
                found.append(statement.name)
    return tuple(dict.fromkeys(found))


def _names(node: ast.expr | None) -> set[str]:
    if node is None:
        return set()
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _decorators(node: Function) -> set[str]:
    return {_last(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
