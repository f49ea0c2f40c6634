"""Clients that were given a pool: where they are closed, and whether anything closes the pool as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.origins import Origins
from flake8_redis_ssot.analysis.shutdown import Shutdowns
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.builders import Builder
from flake8_redis_ssot.libraries.commands import POOL_ATTRIBUTE
from flake8_redis_ssot.libraries.standard import ENTERING, QUESTIONS
from flake8_redis_ssot.libraries.traits import CLOSING_POOL, LENDING, OWNING, POOL_KEYWORDS
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, last_name, unparsed
from flake8_redis_ssot.syntax.scopes import Scopes

_CLOSING = frozenset(["close", "aclose"])
_ENDING = _CLOSING | {"disconnect", "wait_closed"}
_HARMLESS = QUESTIONS | {"bool", "id", "print", "repr", "setattr", "str", "type"}
"""Built-in functions that close nothing."""
_PER_REQUEST = ("g.", "request.state.", "flask.g.")
"""How expressions begin for what lives only as long as one request."""


@dataclass(frozen=True, slots=True)
class Leak:
    """An expression `node` that closes a `client`, and leaves the `pool` open on which it was `built`."""

    node: ast.expr
    client: ast.expr
    built: ProgramPoint
    pool: ast.expr


class LentPools:
    """Finds the leaks in some `files` (path and symbol table), whose values are followed together."""

    def __init__(self, inference: Inference, files: Sequence[tuple[str, Scopes]]) -> None:
        self._inference = inference
        self._files = files
        modules = {name: scopes.module for _, scopes in files for name in scopes.modules}
        self._origins = Origins(inference, modules)

    def leaks(self) -> Iterator[tuple[str, Leak]]:
        """Each place that closes a client on shutdown, though nothing closes its pool; with the path of its file."""
        found = [
            (path, shutdowns, point, client, built)
            for path, scopes in self._files
            for shutdowns in [Shutdowns(self._inference, scopes.module)]
            for point, client in _closed(scopes)
            if shutdowns.is_one(point)
            for built in self._lent(client, point)
            if self._lives_on(client, point, built, shutdowns)
        ]
        if not found:
            return
        ended = _ClosedPools(self._inference, self._origins, self._files)
        seen = set()
        for path, _, point, client, built in sorted(found, key=lambda one: (one[0], one[2].order)):
            pool = _pool_of(built)
            if pool is not None and point.node not in seen and not ended.may_be_closed(built, pool):
                seen.add(point.node)
                assert isinstance(point.node, ast.expr)
                yield path, Leak(point.node, client, built, pool)

    def _lent(self, client: ast.expr, point: ProgramPoint) -> Iterator[ProgramPoint]:
        """The calls that build the client on a pool of ours which it does not own."""
        for built in self._origins.points(client, point):
            pool = _pool_of(built)
            made = self._inference.builders(built).values()
            if pool is not None and made and all(map(_lends, made)) and self._pools(pool, built):
                yield built

    def _pools(self, pool: ast.expr, point: ProgramPoint) -> frozenset[ast.Call]:
        return _pools(self._inference, self._origins, pool, point)

    def _lives_on(
        self, client: ast.expr, point: ProgramPoint, built: ProgramPoint, shutdowns: Shutdowns, depth: int = 0
    ) -> bool:
        """Whether a client outlives one call: a module or an application keeps it, or an object that has the pool for itself."""
        if depth > 5 or unparsed(client).startswith(_PER_REQUEST):
            return False

        def kept(bindings: Sequence[Binding]) -> bool:
            given = [one for b in bindings for one in self._bound_values(b)]
            return any(self._lives_on(node, at, built, shutdowns, depth + 1) for node, at in given)

        match client:
            case ast.Await(value=inner) | ast.NamedExpr(value=inner) | ast.Subscript(value=inner):
                is_stored = isinstance(client, ast.Subscript) and bool(
                    self._inference.stores.of_item(client.value, client.slice, point)
                )
                return is_stored or self._lives_on(inner, point, built, shutdowns, depth + 1)
            case ast.Name(id=name):
                bindings = self._inference.bindings(name, point)
                module = point.scope.enclosing("module")
                if any(b.target is not None or b in module.bindings.get(name, ()) for b in bindings):
                    return True
                return kept(bindings)
            case ast.Attribute():
                if self._inference.stores.of_attribute(client, point):
                    return True
                for value in self._inference.values(client.value, point):
                    of = value.of if isinstance(value, Instance) else value
                    if isinstance(of, QualifiedName) or not isinstance(value, Instance):
                        return True
                    if isinstance(of, Definition) and (
                        self._has_own_pool(built, of.scope) or self._has_instance_in_module(of.scope)
                    ):
                        return True
                return False
            case ast.Call() if client is built.node:
                return shutdowns.is_lifespan(function_of(point))
            case ast.Call(func=func):
                given = [
                    returned
                    for value in self._inference.values(func, point)
                    if isinstance(value, Definition) and value.scope.kind == "function"
                    for returned in value.scope.returns
                ]
                return any(
                    isinstance(r.node, ast.expr) and self._lives_on(r.node, r, built, shutdowns, depth + 1)
                    for r in given
                )
        return False

    def _bound_values(self, binding: Binding) -> Iterator[tuple[ast.expr, ProgramPoint]]:
        """The expression that a name is bound to; for a parameter, the arguments that the known calls pass."""
        value, scope = binding.value, binding.scope
        if scope is not None and isinstance(value, ast.arg):
            yield from self._origins.arguments(value, scope)
        elif scope is not None and isinstance(value, ast.expr):
            yield value, ProgramPoint(value, scope, binding.order, binding.path)

    def _has_own_pool(self, built: ProgramPoint, class_: Scope) -> bool:
        """Whether the pool of a client, which an object of the class keeps, is built together with it or kept by that object."""
        pool = _pool_of(built)
        made = _pool_points(self._inference, self._origins, pool, built)
        if any(p.scope.enclosing("function", "module").kind == "module" for p in made):
            return False
        match pool:
            case ast.Name(id=name):
                return all(
                    b.scope is not None
                    and b.scope.kind == "function"
                    and not isinstance(b.value, ast.arg)
                    and not b.always
                    for b in self._inference.bindings(name, built)
                )
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                owner = built.scope.enclosing("class")
                by_property = any(isinstance(b.value, Function) for b in owner.bindings.get(name, ()))
                return (name in owner.attributes or by_property) and owner in self._origins.family(class_)
            case ast.Call():
                return True
        return False

    def _has_instance_in_module(self, class_: Scope) -> bool:
        """Whether a top-level name of a file is an object of the class."""
        return any(
            isinstance(value, Instance) and isinstance(value.of, Definition) and value.of.scope is class_
            for _, scopes in self._files
            for bindings in scopes.module.bindings.values()
            for binding in bindings
            if binding.target is None
            for value in self._inference.values_of(binding)
        )


class _ClosedPools:
    """The pools that something closes, or may close."""

    def __init__(self, inference: Inference, origins: Origins, files: Sequence[tuple[str, Scopes]]) -> None:
        self._inference = inference
        self._origins = origins
        self._pools: set[ast.Call] = set()
        self._clients: set[ast.Call] = set()
        self._names: set[str] = set()
        """The last names of unknown objects that something closes."""
        self._anywhere: set[Scope] = set()
        """The modules in which something unknown is disconnected: it may be any of their pools."""
        for _, scopes in files:
            for point in scopes.points((ast.Attribute,)):
                self._by_method(point, scopes)
            for point, entered in _entered(scopes):
                self._pools |= self._origins.of(entered, point)
            for point in scopes.calls:
                self._by_call(point)

    def may_be_closed(self, built: ProgramPoint, pool: ast.expr) -> bool:
        """Whether something may close the pool on which a client is built; also where a budget ran out."""
        pools = [*_pool_points(self._inference, self._origins, pool, built)]
        names = {last_name(pool), *(name for p in pools for name in _assigned_names(p))} - {""}
        return (
            built.node in self._clients
            or any(p.node in self._pools for p in pools)
            or not self._names.isdisjoint(names)
            or any(p.scope.enclosing("module") in self._anywhere for p in (built, *pools))
            or self._origins.is_exhausted
            or self._inference.is_exhausted
        )

    def _by_method(self, point: ProgramPoint, scopes: Scopes) -> None:
        """Note what an attribute such as `pool.disconnect` or `client.connection_pool.disconnect` closes."""
        node = point.node
        assert isinstance(node, ast.Attribute)
        if node.attr not in _ENDING:
            return
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr == POOL_ATTRIBUTE:
            clients = self._origins.points(owner.value, point)
            self._clients.update(c.node for c in clients)  # type: ignore[misc]
            for client in clients:
                self._pools |= _pools(self._inference, self._origins, _pool_of(client), client)
            if not clients:
                self._anywhere.add(scopes.module)
            return
        made = self._origins.points(owner, point)
        closes_pool = _closes_pool(scopes.module.node, node)
        for one in made:
            kinds = {builder.kind for builder in self._inference.builders(one).values()}
            if "pool" in kinds:
                self._pools.add(one.node)  # type: ignore[arg-type]
            elif closes_pool:
                self._clients.add(one.node)  # type: ignore[arg-type]
                self._pools |= _pools(self._inference, self._origins, _pool_of(one), one)
        if not made and not self._is_other(owner, point):
            self._names.add(last_name(owner))
            if node.attr == "disconnect" or closes_pool:
                self._anywhere.add(scopes.module)

    def _is_other(self, owner: ast.expr, point: ProgramPoint) -> bool:
        """Whether an object is known to be something else than a pool or a client."""
        values = self._inference.values(owner, point)
        names = (
            of.name if isinstance(of, QualifiedName) else ""
            for of in (value.of if isinstance(value, Instance) else value for value in values)
        )
        return bool(values) and not any(map(self._inference.names.leads_to_builder, names))

    def _by_call(self, point: ProgramPoint) -> None:
        """Note the pools that a call passes to a client that owns them, or to code that is not known: it may close them."""
        call = point.node
        assert isinstance(call, ast.Call)
        built = self._inference.builders(point)
        if built and not all(builder.target.endswith(OWNING) for builder in built.values()):
            return
        if isinstance(call.func, ast.Name) and call.func.id in _HARMLESS:
            return
        values = self._inference.values(call.func, point)
        if values and all(isinstance(v, Definition) for v in values) and not built:
            return
        for argument in arguments_of(call):
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            if isinstance(inner, ast.Name | ast.Attribute):
                self._pools |= _pools(self._inference, self._origins, inner, point)


def _closed(scopes: Scopes) -> Iterator[tuple[ProgramPoint, ast.expr]]:
    """The places that close something but not its pool, and what they close: by a method, or by the end of a `with`."""
    for point in scopes.points((ast.Attribute,)):
        node = point.node
        assert isinstance(node, ast.Attribute)
        if node.attr in _CLOSING and not _closes_pool(scopes.module.node, node):
            yield point, node.value
    for point, entered in _entered(scopes):
        yield ProgramPoint(entered, point.scope, point.order, point.path), entered


def _entered(scopes: Scopes) -> Iterator[tuple[ProgramPoint, ast.expr]]:
    """What is entered by `with`, or by a call such as `stack.enter_async_context(client)`."""
    for one in scopes.statements:
        if isinstance(one.node, ast.With | ast.AsyncWith):
            point = ProgramPoint(one.node, one.scope, one.order, one.path)
            yield from ((point, item.context_expr) for item in one.node.items)
    for point in scopes.calls:
        assert isinstance(point.node, ast.Call)
        if last_name(point.node.func) in ENTERING and point.node.args:
            yield point, point.node.args[0]


def _closes_pool(tree: ast.AST | None, node: ast.Attribute) -> bool:
    """Whether a method that closes a client is told to close its pool as well."""
    parents = ancestors(tree, node) if tree is not None else []
    call = parents[0] if parents else None
    return isinstance(call, ast.Call) and any(
        k.arg in (None, CLOSING_POOL) and not (isinstance(k.value, ast.Constant) and not k.value.value)
        for k in call.keywords
    )


def _lends(builder: Builder) -> bool:
    """Whether a builder makes a client that leaves a pool open which it was given."""
    return (
        builder.kind == "client"
        and builder.is_class
        and builder.target.startswith(LENDING)
        and not builder.target.endswith(OWNING)
    )


def _pool_of(built: ProgramPoint) -> ast.expr | None:
    """The pool that a call passes to a client by keyword."""
    assert isinstance(built.node, ast.Call)
    return next((k.value for k in built.node.keywords if k.arg in POOL_KEYWORDS), None)


def _pool_points(
    inference: Inference, origins: Origins, node: ast.expr | None, point: ProgramPoint
) -> Iterator[ProgramPoint]:
    """The places that build the pool which an expression is."""
    for made in origins.points(node, point):
        if any(builder.kind == "pool" for builder in inference.builders(made).values()):
            yield made


def _pools(
    inference: Inference, origins: Origins, node: ast.expr | None, point: ProgramPoint
) -> frozenset[ast.Call]:
    """The calls that build the pool which an expression is."""
    return frozenset(
        p.node for p in _pool_points(inference, origins, node, point) if isinstance(p.node, ast.Call)
    )


def _assigned_names(made: ProgramPoint) -> Iterator[str]:
    """The last names of what a pool is assigned to where it is built."""
    tree = made.scope.enclosing("module").node
    for parent in ancestors(tree, made.node) if tree is not None else ():
        match parent:
            case ast.Assign(targets=targets):
                yield from map(last_name, targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                yield last_name(target)
