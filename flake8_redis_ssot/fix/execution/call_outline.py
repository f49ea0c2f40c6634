"""What a file may run, by the names and members that have to be read for it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flake8_redis_ssot.fix.execution.call_pieces import (
    OPENING,
    Flow,
    Piece,
    Ref,
    flow_of,
    is_namespace,
    is_opening,
    piece_of,
    reference,
)
from flake8_redis_ssot.fix.sources.loaded import end_of_path
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import FIXTURES, MAKING_NAMES, RUNNING_SPECIFIED, SPECIFYING
from flake8_redis_ssot.libraries.standard import RECEIVERS
from flake8_redis_ssot.syntax.arguments import arguments_of, parameters
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    callee_of,
    decorators_of,
    is_generator,
    last_name,
)

_HELD = ast.Name | ast.Attribute | ast.Lambda | ast.Call | ast.Tuple | ast.List | ast.Dict | ast.Set
"""Expressions of what an object may keep to call it."""
_SETTING_ANY = frozenset(["setattr", "__setattr__", "setitem"])
"""What puts something under a name that it is given."""
_HOOKING = frozenset(["meta_path", "path_hooks", "LazyLoader"])
"""What makes imports run other code, or later."""

Imported = dict[str, list[tuple[ast.Import | ast.ImportFrom, ast.alias]]]


@dataclass(slots=True)
class Outline:
    """The pieces and flows of a file."""

    table: dict[tuple[str, str], list[Piece | Flow]] = field(default_factory=dict)
    """What is done with a name of the file, or with a member of whatever object (`run member`), each with the name.

    - `run`: what runs when it is called
    - `read`: what runs when it is read, as it is a property
    - `resume`: what runs when it goes on, as it is a generator or coroutine
    - `flow`: what it may be
    - `result`: what it returns
    - `given`: what a function of that name is given
    - `started`: what such a function is given when the file is imported
    - `kept`: what its methods are given
    - `set`: what others put there
    - `hook`: what is set of the interpreter, or by a special name
    """
    members: dict[tuple[str, str], list[Piece | Flow]] = field(default_factory=dict)
    """The same of the members of classes, as `Class.member`."""
    own: set[str] = field(default_factory=set)
    """The members that classes define themselves."""
    classes: dict[str, list[Ref]] = field(default_factory=dict)
    """The bases of each class."""
    decorated: dict[str, list[Ref]] = field(default_factory=dict)
    """The decorators of each class."""
    names_bound: set[str] = field(default_factory=set)
    stated: dict[str, set[Ref]] = field(default_factory=dict)
    """The annotations of parameters."""
    imported: Imported = field(default_factory=dict)
    top: Piece = field(default_factory=Piece)
    is_hooked: bool = False
    """Whether the file changes what imports do."""
    opens: bool = False
    """Whether it may load what no name shows."""
    specified: set[str] = field(default_factory=set)
    """How the paths of files end that it may run; empty for one that is not written there."""


def outline_of(tree: ast.Module) -> Outline:
    """The pieces and flows of a file."""
    outline = Outline()
    opening = set(OPENING)
    for node in all_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                outline.imported.setdefault(bound, []).append((node, alias))
                if alias.asname and alias.name.rpartition(".")[2] in OPENING:
                    opening.add(alias.asname)
        elif isinstance(node, ast.Attribute | ast.Name) and last_name(node) in _HOOKING:
            outline.is_hooked = True
        elif isinstance(node, ast.Call) and last_name(node.func) == SPECIFYING:
            outline.specified.add(end_of_path(node))
    calls = [node for node in all_nodes(tree) if isinstance(node, ast.Call)]
    runs_unsaid = not outline.specified and any(last_name(node.func) in RUNNING_SPECIFIED for node in calls)
    outline.opens = runs_unsaid or any(is_opening(node, opening) for node in calls)
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
                self._given(node, function)
            case ast.Lambda():
                self._given(node, function)
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
                self._call(node, is_local)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant):
                        self._put("", [key, value])
            case ast.Match(subject=value):
                for part in all_nodes(node):
                    name = getattr(part, "rest" if isinstance(part, ast.MatchMapping) else "name", None)
                    if isinstance(part, ast.pattern) and name:
                        self._assign(ast.Name(name), value, is_local)

    def _note(self, act: str, name: str, what: Piece | Flow, *, is_member: bool) -> None:
        """What a name of the file leads to, and where it may be a member so does that name of whatever object."""
        self.outline.names_bound.add(name)
        self.outline.table.setdefault((act, name), []).append(what)
        if is_member:
            self.outline.table.setdefault((f"{act} member", name), []).append(what)

    def _own(self, owner: str, act: str, name: str, what: Piece | Flow) -> None:
        if owner:
            self.outline.own.add(f"{owner}.{name}")
            self.outline.members.setdefault((act, f"{owner}.{name}"), []).append(what)

    def _function(self, node: Function, is_local: bool) -> None:
        piece = self._piece(node.body)
        is_property = bool(node.decorator_list) and bool(self.owner) and not is_local
        for act in ("run", "read") if is_property else ("run",):
            self._note(act, node.name, piece, is_member=not is_local)
            if not is_local:
                self._own(self.owner, act, node.name, piece)
        is_going_on = isinstance(node, ast.AsyncFunctionDef) or is_generator(node)
        if node.decorator_list:  # a property gives what it returns
            given = Flow(results={("name", node.name)})
            self._note("flow", node.name, given, is_member=not is_local)
            if not is_local:
                self._own(self.owner, "flow", node.name, given)
        if is_going_on:
            self._note("resume", node.name, piece, is_member=not is_local)
        self._decorated(node)
        self._given(node, node.name)

    def _class(self, node: ast.ClassDef, is_local: bool) -> None:
        made_by = [one.value for one in node.keywords if one.arg == "metaclass"]
        bases = [self._reference(base) for base in (*node.bases, *made_by)]
        self.outline.classes[node.name] = bases
        decorators = map(callee_of, node.decorator_list)
        self.outline.decorated.setdefault(node.name, []).extend(map(self._reference, decorators))
        for act in ("run", "result"):
            for ref in bases:
                flow = Flow(of={ref}) if act == "run" else Flow(results={ref})
                self._note(act, node.name, flow, is_member=True)
        for part in node.body:
            if isinstance(part, Function) and part.name.startswith("_") and part.name.endswith("_"):
                piece = piece_of(part.body, self.outline.imported, node.name)
                self._note("run", node.name, piece, is_member=not is_local)
                if part.name not in MAKING_NAMES:
                    self._note("result", node.name, piece, is_member=True)
                self._given(part, node.name)
            elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                self._own(node.name, "flow", part.target.id, Flow(node.name, given=node.name))
            match part:
                case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
                    self._note("run", node.name, self._flow(arguments_of(call)), is_member=True)  # a default
        self._note("result", node.name, Flow(given=node.name), is_member=True)
        self._decorated(node)

    def _decorated(self, node: Function | ast.ClassDef) -> None:
        """A decorator may keep what it decorates, and give something else by its name."""
        for decorator in node.decorator_list:
            called = callee_of(decorator)
            itself = ast.Name(node.name, ast.Load())
            self.outline.table.setdefault(("given", last_name(called)), []).append(self._flow([itself]))
            if isinstance(called, ast.Attribute):
                self._keeps(called.value, [itself])
            for argument in decorator.args if isinstance(decorator, ast.Call) else ():
                self._keeps(argument, [itself])
            if isinstance(decorator, ast.Call) and last_name(called) in FIXTURES:
                self._fixture(node.name, decorator)
            ref = self._reference(called)
            made = Flow(self.owner, results={ref}, taken={ref: [self._flow([itself])]})
            self._note("run", node.name, self._piece([decorator]), is_member=True)
            for act in ("flow", "result"):
                self._note(act, node.name, made, is_member=True)

    def _fixture(self, name: str, decorator: ast.Call) -> None:
        """Pytest gives what a fixture returns by another name, or runs it for every test."""
        for keyword in decorator.keywords:
            match keyword:
                case ast.keyword(arg="name", value=ast.Constant(value=str(other))):
                    for act in ("run", "result", "resume"):
                        flow = Flow(of={("name", name)}, results={("name", name)})
                        self._note(act, other, flow, is_member=True)
                case ast.keyword(arg="autouse"):
                    self._note("autouse", "", Flow(of={("name", name)}), is_member=False)
                case ast.keyword(arg="params", value=value):
                    self._note("flow", "param", self._flow([value]), is_member=True)

    def _given(self, function: Function | ast.Lambda, name: str) -> None:
        """A parameter may be whatever a call of a function of that name is given, or its default.

        Of a function in another one also what that is given: who calls the inner one is not told by its name.
        """
        of = function.args
        is_fixed = name.startswith("test") or (
            isinstance(function, Function) and bool(decorators_of(function) & FIXTURES)
        )
        defaults = self._flow([*of.defaults, *filter(None, of.kw_defaults)])
        for argument in parameters(of):
            if argument.arg not in RECEIVERS:
                if name:
                    self._note("flow", argument.arg, Flow(given=name), is_member=False)
                self._state(argument)
                self._note("flow", argument.arg, defaults, is_member=False)
                if is_fixed:
                    fixture = Flow(results={("member", argument.arg)})
                    self._note("flow", argument.arg, fixture, is_member=False)

    def _state(self, argument: ast.arg) -> None:
        """Note what the annotation of a parameter says; a reference to nothing where that is not one class."""
        match argument.annotation:
            case ast.Name() | ast.Attribute():
                ref = self._reference(argument.annotation)
            case _:
                ref = ("member", "")
        self.outline.stated.setdefault(argument.arg, set()).add(ref)

    def _call(self, call: ast.Call, is_local: bool) -> None:
        given = arguments_of(call)
        if not given:
            return
        called = last_name(call.func)
        for act in ("given", *(["started"] if not is_local else [])):
            self.outline.table.setdefault((act, called), []).append(self._flow(given))
        if isinstance(call.func, ast.Attribute):
            self._keeps(call.func.value, given)
        if len(call.args) > 1:
            self._keeps(call.args[0], given[1:])
        self._put(called, given)
        for keyword in call.keywords:
            if keyword.arg is not None:
                flow = self._flow([keyword.value])
                self._note("flow", keyword.arg, flow, is_member=True)
                self._note("set", keyword.arg, flow, is_member=True)

    def _put(self, called: str, given: list[ast.expr]) -> None:
        """What a call puts under a name that stands in a string, as `setattr`, patches and parameters of tests do."""
        texts = [str(one.value) for one in given if isinstance(one, ast.Constant)]
        if called == "usefixtures":
            self._note("autouse", "", Flow(of={("member", text) for text in texts}), is_member=False)
        values = [one for one in given if not isinstance(one, ast.Constant)]
        flow = self._flow(values)
        for one in {one.strip() for text in texts for one in text.split(",")}:
            owner, _, name = one.rpartition(".")
            for act in ("flow", "set"):
                self._note(act, name, flow, is_member=True)
            if owner:
                self._note("kept", owner.rpartition(".")[2], flow, is_member=True)
        if called == "parametrize":
            self._note("flow", "param", flow, is_member=True)
        elif called in _SETTING_ANY and not texts:
            self._note("set", "", flow, is_member=True)

    def _keeps(self, owner: ast.expr, given: Iterable[ast.expr]) -> None:
        """Note that an object may keep what a call of its method gives it, and call that later."""
        direct = [one for one in given if isinstance(one, _HELD)]
        name = last_name(owner)
        if name and name not in RECEIVERS and direct:
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
                self.outline.table.setdefault(("given", name), []).append(flow)  # to a setter, or a hook
                if isinstance(inner, ast.Name) and inner.id in RECEIVERS and self.owner:
                    self._own(self.owner, "flow", name, flow)
                else:
                    self._note("set", name, flow, is_member=True)
                    self._keeps(inner, [value])
                    if name.startswith("__") or last_name(inner) in ("builtins", "sys"):
                        self._note("hook", "", flow, is_member=False)
            case ast.Subscript(value=inner, slice=key) if is_namespace(inner):
                name = str(key.value) if isinstance(key, ast.Constant) else ""
                for act in ("flow", "set"):
                    self._note(act, name, self._flow([value]), is_member=True)
            case ast.Subscript(value=inner) | ast.Starred(value=inner):
                self._assign(inner, value, is_local)
            case _:
                for part in getattr(target, "elts", ()):
                    self._assign(part, value, is_local)
        if isinstance(value, ast.Lambda):
            self._given(value, last_name(target))
        if isinstance(value, ast.Call):
            self._keeps(target, arguments_of(value))
            if (self.owner and not is_local) or isinstance(target, ast.Attribute):  # a descriptor
                self._note("read", last_name(target), self._flow(arguments_of(value)), is_member=True)

    def _piece(self, nodes: Iterable[ast.AST]) -> Piece:
        return piece_of(nodes, self.outline.imported, self.owner)

    def _flow(self, values: Iterable[ast.expr]) -> Flow:
        return flow_of(values, self.outline.imported, self.owner)

    def _reference(self, node: ast.expr) -> Ref:
        return reference(node, self.outline.imported)[0]
