"""What a file may run, by the names and members that have to be read for it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from flake8_redis_ssot.fix.signatures import Function
from flake8_redis_ssot.libraries.frameworks import LOADING, MAKING_NAMES, RUNNING_ANEW
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, own_nodes

_OPENING = (RUNNING_ANEW - {"modules"}) | LOADING | {"eval", "exec", "walk_packages", "iter_modules"}
"""What may run code that no name shows."""
_OWN = frozenset(["self", "cls"])
_BUILTINS = frozenset(dir(builtins))
_READING = frozenset(["getattr", "attrgetter", "methodcaller"])
_GOING_ON = frozenset(
    ["next", "anext", "list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "max", "min"]
)
"""Builtins that let a generator go on."""
_CALLING = frozenset(["map", "filter", "iter", "reduce"]) | _GOING_ON
_ENTERED = ("__enter__", "__exit__", "__aenter__", "__aexit__")
_WALKED = ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__", "__len__")
_ITEM = ("__getitem__", "__setitem__", "__delitem__", "__missing__", "__class_getitem__")
_COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__hash__")
_COMPUTED = tuple(
    f"__{before}{name}__"
    for name in [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "matmul",
        "pow",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
        "divmod",
    ]
    for before in ("", "r", "i")
)
_ALONE = ("__neg__", "__pos__", "__invert__", "__bool__", "__len__")

Ref = tuple[str, ...]
"""What is referred to: `("name", n, *attributes)`, `("import", n, *attributes)` of what an import gives,
`("self", *attributes)` of the object whose method it is, or `("member", attribute)` of any other object."""


@dataclass(slots=True)
class Flow:
    """What a value may be: objects `of` these names, the `results` of calls, what is `given` to a function, lambdas.

    `is_open` says that it is an attribute whose name is put together, `prefixes` how such names begin.
    """

    owner: str = ""
    of: set[Ref] = field(default_factory=set)
    results: set[Ref] = field(default_factory=set)
    given: str = ""
    lambdas: list[Piece] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)
    is_open: bool = False


@dataclass(slots=True)
class Piece:
    """Code that runs as a whole, in a class or none: what it reads, hands on, calls and imports.

    `flows` are values that it calls which are no names, `resumed` those that go on if they are generators or
    coroutines, `implicit` those on which the methods beside them are called by an operator or a statement,
    `quoted` the dotted names in its strings; `is_open` says that it may run what no name shows.
    """

    owner: str = ""
    read: set[Ref] = field(default_factory=set)
    handed: set[Ref] = field(default_factory=set)
    called: set[Ref] = field(default_factory=set)
    flows: list[Flow] = field(default_factory=list)
    resumed: list[Flow] = field(default_factory=list)
    implicit: list[tuple[Flow, tuple[str, ...]]] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    quoted: set[str] = field(default_factory=set)
    is_open: bool = False


Imported = dict[str, list[tuple[ast.Import | ast.ImportFrom, ast.alias]]]


@dataclass(slots=True)
class Outline:
    """The pieces and flows of a file.

    The keys of `table` are what is done, and a name; of a member of whatever object (`run member`), or of a
    name of the file: `run` where it may be called, `read` where it is a property, `flow` for what it may be, `kept`
    for what its methods are given, `result` for what it returns, `given` for what a function of that name is given,
    `resume` where it is a generator or coroutine, `set` for what others put there.
    `members` has the same for the members of classes, as `Class.member`, `own` those that a class defines, `classes` the
    bases of each, `made_of` the classes by the last names of their bases.
    """

    table: dict[tuple[str, str], list[Piece | Flow]] = field(default_factory=dict)
    members: dict[tuple[str, str], list[Piece | Flow]] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    classes: dict[str, list[Ref]] = field(default_factory=dict)
    made_of: dict[str, list[str]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    imported: Imported = field(default_factory=dict)
    top: Piece = field(default_factory=Piece)


def outline_of(tree: ast.Module) -> Outline:
    """The pieces and flows of a file."""
    outline = Outline()
    for node in all_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                outline.imported.setdefault(bound, []).append((node, alias))
    _Outliner(outline).enter(tree)
    outline.top = piece_of(tree.body, outline.imported, "")
    return outline


class _Outliner:
    """Goes through a file, and notes each piece under the names that lead to it."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.owner = ""
        """The class in whose method or body the node stands."""

    def enter(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, str, str, bool]] = [(tree, "", "", False)]
        while stack:
            node, self.owner, function, is_local = stack.pop()
            self._take(node, function, is_local)
            owner = self.owner
            if isinstance(node, Function):
                function, is_local = node.name, True
            elif isinstance(node, ast.Lambda):
                function, is_local = "", True
            elif isinstance(node, ast.ClassDef):
                owner, function, is_local = node.name, "", False
            stack += ((part, owner, function, is_local) for part in ast.iter_child_nodes(node))

    def _take(self, node: ast.AST, function: str, is_local: bool) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, is_local)
            case ast.ClassDef():
                self._class(node, is_local)
            case (
                ast.Return(value=ast.expr() as value)
                | ast.Yield(value=ast.expr() as value)
                | ast.YieldFrom(value=value)
            ) if function:
                self._note("result", function, self._flow([value]), is_member=True)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, is_local)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
                | ast.For(target=target, iter=value)
                | ast.AsyncFor(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
                | ast.withitem(context_expr=value, optional_vars=ast.expr() as target)
            ):
                self._assign(target, value, is_local)
            case ast.Call():
                self._call(node)

    def _note(self, act: str, name: str, what: Piece | Flow, *, is_member: bool) -> None:
        """What a name of the file leads to, and where it may be a member so does that name of whatever object."""
        self.outline.bound.add(name)
        self.outline.table.setdefault((act, name), []).append(what)
        if is_member:
            self.outline.table.setdefault((f"{act} member", name), []).append(what)

    def _own(self, owner: str, act: str, name: str, what: Piece | Flow) -> None:
        if owner:
            self.outline.own.add(f"{owner}.{name}")
            self.outline.members.setdefault((act, f"{owner}.{name}"), []).append(what)

    def _function(self, node: Function, is_local: bool) -> None:
        piece = self._piece(node.body)
        for act in ("run", "read") if node.decorator_list else ("run",):
            self._note(act, node.name, piece, is_member=not is_local)
            if not is_local:
                self._own(self.owner, act, node.name, piece)
        is_going_on = isinstance(node, ast.AsyncFunctionDef) or any(
            isinstance(part, ast.Yield | ast.YieldFrom) for part in own_nodes(node)
        )
        if is_going_on:
            self._note("resume", node.name, piece, is_member=not is_local)
        self._decorated(node)
        self._given(node, node.name)

    def _class(self, node: ast.ClassDef, is_local: bool) -> None:
        bases = [self._reference(base) for base in node.bases]
        self.outline.classes[node.name] = bases
        for base in node.bases:
            self.outline.made_of.setdefault(last_name(base), []).append(node.name)
        for act in ("run", "result"):
            for ref in bases:
                flow = Flow(of={ref}) if act == "run" else Flow(results={ref})
                self._note(act, node.name, flow, is_member=True)
        for part in node.body:
            if isinstance(part, Function) and part.name.startswith("__"):
                piece = piece_of(part.body, self.outline.imported, node.name)
                self._note("run", node.name, piece, is_member=not is_local)
                if part.name not in MAKING_NAMES:
                    self._note("result", node.name, piece, is_member=True)
                self._given(part, node.name)
            elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                self._own(node.name, "flow", part.target.id, Flow(node.name, given=node.name))
        self._decorated(node)

    def _decorated(self, node: Function | ast.ClassDef) -> None:
        """A decorator may keep what it decorates, and give something else by its name."""
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            itself = ast.Name(node.name, ast.Load())
            self.outline.table.setdefault(("given", last_name(called)), []).append(self._flow([itself]))
            if isinstance(called, ast.Attribute):
                self._keeps(called.value, [itself])
            made = Flow(self.owner, results={self._reference(called)})
            self._note("run", node.name, self._piece([decorator]), is_member=True)
            for act in ("flow", "result"):
                self._note(act, node.name, made, is_member=True)

    def _given(self, function: Function, name: str) -> None:
        """A parameter may be whatever a call of a function of that name is given."""
        of = function.args
        for argument in (*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg):
            if argument is not None and argument.arg not in _OWN:
                self._note("flow", argument.arg, Flow(given=name), is_member=False)

    def _call(self, call: ast.Call) -> None:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not given:
            return
        called = last_name(call.func)
        self.outline.table.setdefault(("given", called), []).append(self._flow(given))
        if isinstance(call.func, ast.Attribute):
            self._keeps(call.func.value, given)
        for keyword in call.keywords:
            if keyword.arg is not None:
                flow = self._flow([keyword.value])
                self._note("flow", keyword.arg, flow, is_member=True)
                self._note("set", keyword.arg, flow, is_member=True)

    def _keeps(self, owner: ast.expr, given: Iterable[ast.expr]) -> None:
        """What an object is given by a call of its method it may keep, and call later."""
        direct = [one for one in given if isinstance(one, ast.Name | ast.Attribute | ast.Lambda)]
        name = last_name(owner)
        if name and name not in _OWN and direct:
            flow = self._flow(direct)
            self._note("kept", name, flow, is_member=True)
            self._own(self.owner, "kept", name, flow)

    def _assign(self, target: ast.expr, value: ast.expr, is_local: bool) -> None:
        match target:
            case ast.Name(id=name):
                self._note("flow", name, self._flow([value]), is_member=not is_local)
                if not is_local:
                    self._own(self.owner, "flow", name, self._flow([value]))
            case ast.Attribute(attr=name, value=inner):
                flow = self._flow([value])
                self._note("flow", name, flow, is_member=True)
                if isinstance(inner, ast.Name) and inner.id in _OWN:
                    self._own(self.owner, "flow", name, flow)
                else:
                    self._note("set", name, flow, is_member=True)
            case ast.Subscript(value=inner) | ast.Starred(value=inner):
                self._assign(inner, value, is_local)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._assign(part, value, is_local)
        if isinstance(value, ast.Call):
            self._keeps(target, [*value.args, *(keyword.value for keyword in value.keywords)])

    def _piece(self, nodes: Iterable[ast.AST]) -> Piece:
        return piece_of(nodes, self.outline.imported, self.owner)

    def _flow(self, values: Iterable[ast.expr]) -> Flow:
        return flow_of(values, self.outline.imported, self.owner)

    def _reference(self, node: ast.expr) -> Ref:
        return _reference(node, self.outline.imported)[0]


def flow_of(values: Iterable[ast.expr], imported: Collection[str], owner: str) -> Flow:
    """What expressions may give, with what is in it where that is a container."""
    flow = Flow(owner)
    stack: list[ast.AST] = [*values]
    while stack:
        node = stack.pop()
        match node:
            case ast.Lambda(body=body):
                flow.lambdas.append(piece_of([body], imported, owner))
            case ast.Call(func=func):
                if last_name(func) == "getattr":
                    _put_together(node, flow)
                if last_name(func) not in _BUILTINS:
                    flow.results.add(_reference(func, imported)[0])
                if last_name(func) in _BUILTINS or last_name(func) in ("partial", "wraps", "Mock"):
                    stack += (*node.args, *node.keywords)
            case ast.Name() | ast.Attribute():
                flow.of.add(_reference(node, imported)[0])
            case ast.Compare() | ast.JoinedStr() | ast.BinOp():
                pass
            case ast.Subscript(value=value):
                stack.append(value)
            case ast.IfExp(body=body, orelse=orelse):
                stack += (body, orelse)
            case _:
                stack += ast.iter_child_nodes(node)
    return flow


def _put_together(call: ast.Call, flow: Flow) -> None:
    """What `getattr` may give."""
    match call.args[1:]:
        case [ast.Constant(value=str(name)), *_]:
            flow.of.add(("member", name))
        case [ast.JoinedStr(values=[ast.Constant(value=str(prefix)), *_]), *_]:
            flow.prefixes.add(prefix)
        case [ast.BinOp(left=ast.Constant(value=str(prefix))), *_]:
            flow.prefixes.add(prefix.partition("%")[0])
        case _:
            flow.is_open = True


def _reference(node: ast.expr, imported: Collection[str]) -> tuple[Ref, list[Ref], ast.expr]:
    """What a name or attribute refers to, what is read on the way there, and the expression at the root."""
    attributes: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        attributes.insert(0, inner.attr)
        inner = inner.value
    match inner:
        case ast.Name(id=name) if name in imported:
            return ("import", name, *attributes), [], inner
        case ast.Name(id=name) | ast.Call(func=ast.Name(id="super" as name)):
            start: Ref = ("self",) if name in (*_OWN, "super") and attributes else ("name", name)
            chain = [(*start, *attributes[:n]) for n in range(len(attributes) + 1)]
            return chain[-1], [one for one in chain[:-1] if len(one) > 1], ast.Name(name)
    members: list[Ref] = [("member", name) for name in attributes] or [("member", "")]
    return members[-1], members[:-1], inner


def piece_of(nodes: Iterable[ast.AST], imported: Collection[str], owner: str) -> Piece:
    """What pieces of code do; what runs later only, the bodies of functions, left out."""
    piece = Piece(owner)

    def flow(*values: ast.expr) -> Flow:
        return flow_of(values, imported, owner)

    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while stack:
        node, is_handed = stack.pop()
        match node:
            case ast.Import() | ast.ImportFrom():
                piece.imports.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                parts = (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults))
                stack += ((part, False) for part in parts)
                continue
            case ast.Attribute() | ast.Name():
                ref, more, inner = _reference(node, imported)
                if isinstance(node.ctx, ast.Load):
                    (piece.handed if is_handed else piece.read).add(ref)
                piece.read.update(more)
                if not isinstance(inner, ast.Name):
                    stack.append((inner, False))
                continue
            case ast.Constant(value=str(text)):
                if "." in text and all(part.isidentifier() for part in text.split(".")):
                    piece.quoted.add(text)
            case ast.withitem(context_expr=inner):
                piece.implicit.append((flow(inner), _ENTERED))
                piece.resumed.append(flow(inner))
            case (
                ast.For(iter=inner)
                | ast.AsyncFor(iter=inner)
                | ast.comprehension(iter=inner)
                | ast.YieldFrom(value=inner)
                | ast.Await(value=inner)
            ):
                piece.implicit.append((flow(inner), (*_WALKED, "__await__")))
                piece.resumed.append(flow(inner))
            case ast.Subscript(value=inner):
                piece.implicit.append((flow(inner), _ITEM))
            case ast.BinOp(left=left, right=right):
                piece.implicit.append((flow(left, right), _COMPUTED))
            case ast.AugAssign(target=left, value=right):
                piece.implicit.append((flow(left, right), _COMPUTED))
            case ast.Compare(left=left, comparators=rights):
                piece.implicit.append((flow(left, *rights), _COMPARED))
            case ast.UnaryOp(operand=inner):
                piece.implicit.append((flow(inner), _ALONE))
            case ast.Call(func=func, args=args, keywords=keywords):
                called = last_name(func)
                if called in _OPENING:
                    piece.is_open |= not (args and isinstance(args[0], ast.Constant))
                if isinstance(func, ast.Name | ast.Attribute):
                    ref, more, inner = _reference(func, imported)
                    piece.called.add(ref)
                    piece.read.update(more)
                    if not isinstance(inner, ast.Name):
                        stack.append((inner, False))
                else:
                    piece.flows.append(flow(func))
                    stack.append((func, False))
                if called in _READING:
                    texts = (str(one.value) for one in args if isinstance(one, ast.Constant))
                    piece.called |= {("member", part) for text in texts for part in text.split(".")}
                if called in _GOING_ON or called not in _BUILTINS:
                    piece.resumed.append(flow(*args, *(one.value for one in keywords)))
                handed = called not in _BUILTINS or called in _CALLING
                stack += ((part, handed) for part in (*args, *keywords))
                continue
        inside = is_handed and not isinstance(node, ast.stmt)
        stack += ((part, inside) for part in ast.iter_child_nodes(node))
    return piece
