"""RED304."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.analysis.client_calls import function_of, shown
from flake8_redis_ssot.analysis.lifetimes import lifetimes
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.values import Definition, Instance, QualifiedName
from flake8_redis_ssot.libraries.frameworks import APPLICATION_NAMES
from flake8_redis_ssot.libraries.traits import OWNING
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, on
from flake8_redis_ssot.syntax.nodes import last_name, unparsed


class BorrowedPoolOwned(Rule):
    """A client takes ownership of a pool that others use.

    ## What it does
    Reports `from_pool(pool)` if

    - the pool belongs to another module,
    - a module, class, object or web application (`app.state.pool`) keeps the pool, while the client
      belongs to a function, or
    - the pool is also given to another client.

    ## Why is this bad?
    A client made by `from_pool` owns the pool. Closing the client closes the pool for everybody else
    who uses it. The library says that such a pool must not be shared.

    Measured: closing one client from `Redis.from_pool(pool)` closed all 3 connections of the shared
    pool. Another client's waiting `BLPOP` failed with ConnectionError, a subscriber lost its
    subscription, and the `WATCH` of a third one was forgotten, so that its transaction overwrote a
    change. `Redis(connection_pool=pool)` did none of that (`tests/evidence/test_red304.py`).

    ## Example
    ```python
    import redis

    POOL = redis.ConnectionPool(host="cache")


    def name_of(user):
        with redis.Redis.from_pool(POOL) as client:
            return client.get(f"name:{user}")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    def name_of(user):
        return redis_manager.get(f"name:{user}")
    ```

    ## Options
    - `manager`
    - `allow`

    ## References
    - [redis/redis-py#3669](https://github.com/redis/redis-py/issues/3669)
    """

    code = "RED304"
    name = "borrowed-pool-owned"
    since = "0.1.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        for made in context.constructions:
            if all(builder.target.endswith(OWNING) for builder in made.reached.values()):
                pool = _pool(made)
                if pool is not None and _is_shared(pool, made, context):
                    yield self.diagnostic(
                        context,
                        made.range,
                        f"{made.label} owns {shown(pool)}, which others use, and closes it under them; "
                        "hand it over as `connection_pool=`",
                        symbols=made.symbols,
                    )


def _pool(made: Construction) -> ast.expr | None:
    """The pool that a client is given."""
    keyword = next((k.value for k in made.call.keywords if k.arg == "connection_pool"), None)
    owns = any(builder.target.endswith(OWNING) for builder in made.reached.values())
    return made.call.args[0] if owns and made.call.args and keyword is None else keyword


def _is_shared(pool: ast.expr, made: Construction, context: RuleContext) -> bool:
    function = function_of(made.point)
    if any(
        isinstance(v, QualifiedName) and not context.names.is_builder(v.name)
        for v in context.inference.values(pool, made.point)
    ):
        return True
    key = _key(pool, made, context)
    if key is None:
        return False
    others = [(other, _pool(other)) for other in context.constructions if other is not made]
    if any(
        p is not None and _key(p, other, context) == key and _both_run(made, other, context)
        for other, p in others
    ):
        return True
    if function is None or isinstance(function, ast.Lambda):
        return False
    return key[0] != "function" and "stored" not in lifetimes(function, made.call)


def _both_run(one: Construction, other: Construction, context: RuleContext) -> bool:
    """Whether both are made: one of two arms is there for a library that lacks what the other one takes."""
    first, second = sorted((one.point, other.point), key=lambda point: point.order)
    return context.scopes.both_run(first, second)


def _key(pool: ast.expr, made: Construction, context: RuleContext) -> tuple[str, object] | None:
    """The same for one pool, with the kind of what keeps it; None where nothing is known of it."""
    point, values = made.point, context.inference.values
    match pool:
        case ast.Name(id=name):
            bound = context.names.bindings(name, point)
            if bound and all(b in context.scopes.module.bindings.get(name, ()) for b in bound):
                return ("module", name) if len(bound) == 1 or values(pool, point) else None
            if len(bound) == 1 and bound[0].scope is not None and not isinstance(bound[0].value, ast.arg):
                return bound[0].scope.kind, bound[0]
        case ast.Attribute(value=ast.Name() as holder, attr=name) if values(pool, point):
            # of this class, or of an object that others may have as well
            if _is_given(holder.id, made, context):
                of = [v.of if isinstance(v, Instance) else v for v in values(holder, point)]
                owner = next((one.scope for one in of if isinstance(one, Definition)), None)
                return ("class", (owner, name)) if owner is not None else None
        case ast.Subscript(value=ast.Name(id=name) as holder, slice=key) if values(holder, point):
            bound = context.names.bindings(name, point)
            if bound and all(b in context.scopes.module.bindings.get(name, ()) for b in bound):
                return "module", (name, unparsed(key))
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) as holder, slice=key
        ):
            if values(holder, point):
                return "class", (point.scope.enclosing("class"), name, unparsed(key))
    kept = _kept_by_application(pool)
    return ("application", kept) if kept else None


def _is_given(name: str, made: Construction, context: RuleContext) -> bool:
    """Whether a name is a parameter, or of the module: no object that the function makes for itself."""
    bound = context.names.bindings(name, made.point)
    return bool(bound) and all(
        isinstance(b.value, ast.arg) or b in context.scopes.module.bindings.get(name, ()) for b in bound
    )


def _kept_by_application(pool: ast.expr) -> str:
    """Where a web application keeps the pool, from the application on: `state.pool`."""
    parts: list[str] = []
    while isinstance(pool, ast.Attribute | ast.Subscript):
        parts.append(pool.attr if isinstance(pool, ast.Attribute) else unparsed(pool.slice))
        pool = pool.value
        if last_name(pool) in APPLICATION_NAMES:
            return ".".join(reversed(parts))
    return ""
