"""Where clients live that outlast the function which uses them: in a module, a class, a container, behind a cache."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from flake8_redis_ssot.analysis.filling import fills_once
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import (
    CallContext,
    Definition,
    Filled,
    Instance,
    Items,
    QualifiedName,
    Values,
)
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.libraries.frameworks import RUNNER_METHODS
from flake8_redis_ssot.libraries.standard import CACHES, PROPERTIES
from flake8_redis_ssot.libraries.traits import OWNING, POOL_KEYWORDS
from flake8_redis_ssot.syntax.arguments import argument_of, arguments_of, single
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import (
    Function,
    FunctionOrLambda,
    all_nodes,
    decorators_of,
    last_name,
    unparsed,
)
from flake8_redis_ssot.syntax.scopes import Scopes

_DEPTH = 12
_MOST = 100_000
"""Look-ups for one file; past it clients count as living nowhere."""
_STEPS = 4
_TELLING = re.compile(r"loop|pid|process|thread|ident|task|worker", re.IGNORECASE)
"""Names of keys that tell event loops, processes or threads apart: `clients[loop]` is no shared client."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a client lives; equal places have the same `key`, `name` and `where` describe it in messages.

    `point` is where the client is put there, if known; `anew` are places that replace it each time that a function
    runs, `renewed` the functions that empty it. `holder` is the name of the container or object around it.
    """

    key: tuple[object, ...]
    name: str
    where: str
    point: ProgramPoint | None = field(default=None, compare=False)
    renewed: frozenset[ast.AST] = field(default=frozenset(), compare=False)
    anew: tuple[ProgramPoint, ...] = field(default=(), compare=False)
    holder: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A stack frame: the function `scope`, run by the `call` at `point` (on `receiver`, for a method) in the frame `outer`."""

    scope: Scope
    point: ProgramPoint
    call: ast.Call | None = None
    receiver: ast.expr | None = None
    outer: Frame | None = None
    context: CallContext | None = None
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Question:
    """How a home is looked up: from which frame, and with `owned` not that of a pool which a client only borrows."""

    frame: Frame | None
    owned: bool
    depth: int = 0


class Homes:
    """Finds the homes of the clients that a file uses."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._asked = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether the limit of look-ups is reached."""
        return self._asked > _MOST

    def values(self, node: ast.AST, point: ProgramPoint, frame: Frame | None) -> Values:
        """The values of an expression within the call of a frame."""
        context = frame.context if frame is not None else None
        return self._inference.run_in_context(context, self._inference.values, node, point)

    def called(self, node: ast.expr, point: ProgramPoint, frame: Frame | None = None) -> list[Definition]:
        """The functions of ours that the callee `node` can be."""
        return [
            v
            for v in self.values(node, point, frame)
            if isinstance(v, Definition) and isinstance(v.scope.node, FunctionOrLambda)
        ]

    def frame(
        self,
        callee: Definition,
        func: ast.expr,
        call: ast.Call | None,
        point: ProgramPoint,
        outer: Frame | None,
    ) -> Frame:
        """The frame of the function `callee`, run by `call` through the expression `func`; None for a call that Python makes."""
        scope, arguments = callee.scope, dict[str, Values]()
        receiver = func.value if isinstance(func, ast.Attribute) else None
        assert isinstance(scope.node, FunctionOrLambda)
        args = scope.node.args
        for parameter in single(args):
            if Scopes.receiver(parameter, scope) is not None:
                if callee.receiver is not None:
                    arguments[parameter.arg] = frozenset([callee.receiver])
            elif call is not None:
                argument = argument_of(call, args, parameter, shifted=Scopes.class_of(scope) is not None)
                if argument is not None:
                    arguments[parameter.arg] = self.values(argument, point, outer)
        context = self._inference.contexts.of(scope, arguments, callee.context)
        depth = outer.depth + 1 if outer is not None else 1
        return Frame(scope, point, call, receiver, outer, context, depth)

    def home(
        self, node: ast.AST | None, point: ProgramPoint, frame: Frame | None, *, owned: bool = False
    ) -> Home | None:
        """Where the object lives that `node` gives; None if it does not outlast the function. A client lives with its pool.

        With `owned` only what closing `node` closes: a client on a borrowed pool leaves that open.
        """
        return self._home(node, point, _Question(frame, owned))

    def _home(self, node: ast.AST | None, point: ProgramPoint, asked: _Question) -> Home | None:
        """As `home`, for one question; each step on the way asks a deeper one."""
        self._asked += 1
        if asked.depth > _DEPTH or self.is_exhausted:
            return None
        deeper = _Question(asked.frame, asked.owned, asked.depth + 1)
        match node:
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return self._home(inner, point, deeper)
            case ast.Name():
                bindings = self._inference.bindings_of(node, point)
                place = _global_of(bindings)
                return self._of_local(bindings, deeper) if place is None else self._of_global(place, deeper)
            case ast.Attribute(attr="connection_pool", value=owner):
                return self._home(owner, point, _Question(asked.frame, False, deeper.depth))
            case ast.Attribute():
                return self._of_attribute(node, point, deeper)
            case ast.Subscript():
                return self._of_item(node, point, deeper)
            case ast.Call(func=ast.Attribute(value=owner)) if self._is_client(owner, point, asked.frame):
                return self._home(owner, point, deeper)  # a pipeline, or the like
            case ast.Call():
                return self._of_result(node, point, deeper)
        return None

    def _of_global(self, place: tuple[Scope, str], asked: _Question) -> Home | None:
        """The home of a module's top-level name, by all its bindings."""
        module, name = place
        bindings = module.bindings[name]
        home = Home((module, name), name, "module level", _first(bindings), _emptying(bindings))
        return self._if_kept(home, bindings, asked, anew=True)

    def _is_client(self, node: ast.expr, point: ProgramPoint, frame: Frame | None) -> bool:
        values = self.values(node, point, frame)
        return bool(values) and all(self._inference.client(value) for value in values)

    def _of_local(self, bindings: Sequence[Binding], asked: _Question) -> Home | None:
        """The home of a local name: of what it is bound to, or of the argument that the frame's call passes for it."""
        if len(bindings) != 1 or bindings[0].scope is None:
            return None
        (binding,) = bindings
        scope, argument = bindings[0].scope, binding.value
        if not isinstance(argument, ast.arg):
            value = binding.expression
            if value is None or binding.projection not in ((), ("enter",)):
                return None
            return self._home(value, ProgramPoint(value, scope, binding.order, binding.path), asked)
        passed, frame = _passed(argument, scope, asked.frame)
        if frame is None:
            return None
        return self._home(passed, frame.point, _Question(frame.outer, asked.owned, asked.depth))

    def _if_kept(
        self, home: Home, bindings: Sequence[Binding], asked: _Question, *, anew: bool = False
    ) -> Home | None:
        """`home`, if each of its bindings puts in a client that stays; the pool's home, if a client is built on one; else None.

        With `anew` a function may also replace the client each time that it runs: that is noted in the home.
        """
        refilled = list[ProgramPoint]()
        filling = [b for b in bindings if b.target is not None or not _empties(b)]
        for binding in filling:
            value, scope = binding.expression, binding.scope
            if binding.target is not None:
                continue  # a name of another module
            if value is None or scope is None or binding.projection:
                return None
            point = ProgramPoint(value, scope, binding.order, binding.path)
            if scope.kind == "function" and scope.node is not None and not fills_once(scope.node, value):
                if not anew or not _is_plain(scope.node):
                    return None
                refilled.append(point)
            values = self.values(value, point, None)
            if not any(
                isinstance(v, Items) or (isinstance(v, Instance) and not v.is_promised) for v in values
            ):
                return None  # known by annotations alone: it may be another one each time
            anywhere = _Question(None, False, asked.depth)
            pool = self._pool_of(value, point, owned=False)
            if pool is not None and self._home(pool, point, anywhere) is not None:
                return self._home(value, point, _Question(None, asked.owned, asked.depth))
        functions = {point.scope.node for point in refilled if point.scope.node is not None}
        refilled_home = replace(home, renewed=home.renewed | functions, anew=(*home.anew, *refilled))
        return refilled_home if filling else None

    def _of_item(
        self, node: ast.Attribute | ast.Subscript, point: ProgramPoint, asked: _Question
    ) -> Home | None:
        """The home of `owner[key]`, or of an attribute that is set from outside of the class: a part of the owner's home."""
        inference = self._inference
        if not any(
            isinstance(v, Instance) and not v.is_promised for v in self.values(node, point, asked.frame)
        ):
            return None
        owners = self.values(node.value, point, asked.frame)
        if isinstance(node, ast.Attribute):
            stores = inference.stores.of_attribute(node, point)
        else:
            stores = inference.stores.of_item(node.value, node.slice, point)
            keys = [(node.slice, point), *((s.key, s.point) for s in stores if isinstance(s.key, ast.expr))]
            if any(self._is_of_one_loop(key, at, asked.frame) for key, at in keys):
                return None
        outer: Home | None
        if stores and all(map(inference.stores.is_on_application, stores)):
            outer = Home(("application",), "", "kept by the application")
        elif owners and all(
            isinstance(v, Items | Filled) or (isinstance(v, Instance) and isinstance(v.of, Definition))
            for v in owners
        ):
            outer = self._home(node.value, point, _Question(asked.frame, False, asked.depth))
        else:
            return None  # the owner may be of one request or thread
        written = [
            Binding(v.point.order, v.point.path, value=element, scope=v.point.scope)
            for v in owners
            if isinstance(v, Items)
            for element in v.elements
        ]
        bindings = [*written, *(store.binding for store in stores)]
        if outer is None or not all(_is_none(b.value) or isinstance(b.value, ast.Call) for b in bindings):
            return None  # a client with another name may be closed by that
        home = Home(
            (*outer.key, unparsed(node)),
            unparsed(node),
            outer.where,
            _first(bindings) or outer.point,
            outer.renewed | _emptying(bindings),
            outer.anew,
            last_name(node.value),
        )
        return self._if_kept(home, bindings, asked, anew=True)

    def _is_of_one_loop(
        self, key: ast.expr, point: ProgramPoint, frame: Frame | None, depth: int = 0
    ) -> bool:
        """Whether a key stands for one event loop, process or thread, by the names in it and in what they are bound to."""
        for part in all_nodes(key) if depth < _STEPS else ():
            if isinstance(part, ast.Name | ast.Attribute) and _TELLING.search(last_name(part)):
                return True
            for binding in self._inference.bindings(part.id, point) if isinstance(part, ast.Name) else ():
                value, scope, at, outer = binding.value, binding.scope, binding.order, frame
                if scope is None:
                    continue
                where = ProgramPoint(part, scope, at, binding.path)
                if isinstance(value, ast.arg):
                    value, called = _passed(value, scope, frame)
                    where, outer = (called.point, called.outer) if called is not None else (where, None)
                if isinstance(value, ast.expr) and self._is_of_one_loop(value, where, outer, depth + 1):
                    return True
        return False

    def _of_attribute(self, node: ast.Attribute, point: ProgramPoint, asked: _Question) -> Home | None:
        """The home of `owner.attr`: of a module's name, of a class attribute, or a part of the owner's home."""
        place = _global_of(self._inference.bindings_of(node, point))
        if place is not None:
            return self._of_global(place, asked)  # of a module
        values = self.values(node.value, point, asked.frame)
        value = next(iter(values)) if len(values) == 1 else None
        if isinstance(value, QualifiedName) and not self._inference.stores.of_attribute(node, point):
            return Home((value, node.attr), unparsed(node), "module level")
        owner = value.of if isinstance(value, Instance) else value
        scope = self._class_with(owner.scope, node.attr) if isinstance(owner, Definition) else None
        if scope is None:
            return self._of_item(node, point, asked)
        own, kept = scope.bindings.get(node.attr, []), scope.attributes.get(node.attr, [])
        method = next((b.value for b in own if isinstance(b.value, Function)), None)
        if method is None and not kept:
            class_ = getattr(scope.node, "name", "")
            home = Home(
                (scope, node.attr), f"{class_}.{node.attr}", f"class `{class_}`", _first(own), _emptying(own)
            )
            return self._if_kept(home, own, asked, anew=True)
        decorators = decorators_of(method)
        if method is not None and "cached_property" not in decorators:
            if not PROPERTIES & decorators:
                return None
            inner = self._inference.namespaces[method]
            receiver = value if isinstance(value, Instance) else None
            callee = Definition(inner, receiver=receiver)
            return self._of_returned(inner, self.frame(callee, node, None, point, asked.frame), asked)
        outer = self._home(node.value, point, _Question(asked.frame, False, asked.depth))
        if outer is None:
            return None
        emptied = _emptying([*own, *kept]) | outer.renewed
        home = Home((*outer.key, node.attr), f"{outer.name}.{node.attr}", outer.where, outer.point, emptied)
        return home if method is not None else self._if_kept(home, [*own, *kept], asked)

    def _class_with(self, scope: Scope, name: str, depth: int = 0) -> Scope | None:
        """The class itself if it has the attribute `name`, else its first base of ours that has."""
        if name in scope.bindings or name in scope.attributes:
            return scope
        point = self._inference.definition_point(scope)
        if not isinstance(scope.node, ast.ClassDef) or point is None or depth > _DEPTH:
            return None
        bases = (v for base in scope.node.bases for v in self._inference.values(base, point))
        found = (self._class_with(v.scope, name, depth + 1) for v in bases if isinstance(v, Definition))
        return next(filter(None, found), None)

    def _of_result(self, call: ast.Call, point: ProgramPoint, asked: _Question) -> Home | None:
        """The home of a call's result: of the pool it is built on, the function's cache, or what the function returns."""
        pool = self._pool_of(call, point, owned=asked.owned)
        if pool is not None:
            return self._home(pool, point, asked)
        called = self.called(call.func, point, asked.frame)
        if len(called) != 1:
            return None
        (callee,) = called
        if CACHES & decorators_of(callee.scope.node):
            is_one = isinstance(callee.scope.node, ast.FunctionDef) and not call.args and not call.keywords
            if not is_one or callee.receiver is not None:
                return None  # one for each object, argument or loop
            function = callee.scope
            made = ProgramPoint(function.node, function, 0, ()) if function.node is not None else None
            return Home(
                (function,), unparsed(call), "cached by its decorator", made, self._clearing(function)
            )
        return self._of_returned(callee.scope, self.frame(callee, call.func, call, point, asked.frame), asked)

    def _clearing(self, function: Scope) -> frozenset[ast.AST]:
        """The functions that call `cache_clear` of a cached function."""
        found = set()
        for point in self._inference.calls_named("cache_clear"):
            match point.node:
                case ast.Call(func=ast.Attribute(value=owner)) if point.scope.node is not None:
                    if any(callee.scope is function for callee in self.called(owner, point)):
                        found.add(point.scope.node)
        return frozenset(found)

    def _of_returned(self, function: Scope, frame: Frame, asked: _Question) -> Home | None:
        """The home of what a function returns, if it is the same for every `return`."""
        deeper = _Question(frame, asked.owned, asked.depth)
        homes = {self._home(r.node, r, deeper) for r in function.returns if not _is_none(r.node)}
        return homes.pop() if len(homes) == 1 else None

    def _pool_of(self, node: ast.expr, point: ProgramPoint, *, owned: bool) -> ast.expr | None:
        """The pool that a call builds a client on; with `owned` only if the client closes it."""
        if not isinstance(node, ast.Call):
            return None
        built = self._inference.builders(ProgramPoint(node, point.scope, point.order, point.path))
        if built and all(builder.target.endswith(OWNING) for builder in built.values()):
            return next(iter(arguments_of(node)), None)
        if not built or owned:
            return None
        return next((k.value for k in node.keywords if k.arg in POOL_KEYWORDS), None)


def _passed(parameter: ast.arg, scope: Scope, frame: Frame | None) -> tuple[ast.expr | None, Frame | None]:
    """The argument of a parameter, and the frame of its function; None where they are not known."""
    while frame is not None and frame.scope is not scope:
        frame = frame.outer
    if frame is None or not isinstance(scope.node, FunctionOrLambda):
        return None, None
    if Scopes.receiver(parameter, scope) is not None:
        return frame.receiver, frame
    shifted = Scopes.class_of(scope) is not None
    call = frame.call
    return (argument_of(call, scope.node.args, parameter, shifted=shifted) if call else None), frame


def _is_none(node: ast.AST | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _empties(binding: Binding) -> bool:
    """Whether a binding puts None, or, in a function that is no `__init__`, an empty list or dict."""
    value, scope = binding.expression, binding.scope
    is_empty = isinstance(value, ast.Dict | ast.List) and not getattr(
        value, "elts", getattr(value, "values", None)
    )
    is_begun = scope is None or scope.kind != "function" or getattr(scope.node, "name", "") == "__init__"
    return _is_none(value) or (is_empty and not is_begun)


def _global_of(bindings: Sequence[Binding]) -> tuple[Scope, str] | None:
    """The module and top-level name that all of `bindings` belong to; None where they belong to none, or to several.

    A binding to None (after a failed import, say) does not count beside others.
    """
    given = [b for b in bindings if b.target is not None or not _is_none(b.expression)] or bindings
    places = {_global_of_binding(binding) for binding in given}
    return places.pop() if len(places) == 1 else None


def _global_of_binding(binding: Binding) -> tuple[Scope, str] | None:
    """The module and top-level name of one binding."""
    if binding.scope is None:
        return None
    module = binding.scope.enclosing("module")
    return next(
        ((module, name) for name, held in module.bindings.items() if any(b is binding for b in held)), None
    )


def _first(bindings: Sequence[Binding]) -> ProgramPoint | None:
    """Where the first of these bindings is whose value is not None."""
    for binding in bindings:
        value = binding.expression
        if value is not None and not _is_none(value) and binding.scope is not None:
            return ProgramPoint(value, binding.scope, binding.order, binding.path)
    return None


def _emptying(bindings: Sequence[Binding]) -> frozenset[ast.AST]:
    """The functions, save `__init__`, whose bindings empty a place."""
    functions = (b.scope.node for b in bindings if b.scope and b.scope.kind == "function" and _empties(b))
    return frozenset(f for f in functions if f is not None and getattr(f, "name", "") != "__init__")


def _is_plain(function: ast.AST) -> bool:
    """Whether a function runs only where it is called by name: no coroutine, dunder, decorated or framework method."""
    return (
        isinstance(function, ast.FunctionDef)
        and not function.name.startswith(("__", *RUNNER_METHODS))
        and decorators_of(function) <= {"classmethod", "staticmethod"}
    )
