"""RED303."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from flake8_redis_ssot.analysis.caching import is_cached
from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.hot_paths import Repetition, is_property, why_repeated
from flake8_redis_ssot.analysis.lifetimes import fate_of, lifetimes
from flake8_redis_ssot.analysis.renewal import is_kept
from flake8_redis_ssot.analysis.singletons import is_shared
from flake8_redis_ssot.analysis.turns import loop_around
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.calls import receiver_of
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.frameworks import HOLDING
from flake8_redis_ssot.libraries.standard import CACHES
from flake8_redis_ssot.rule import Construction, Rule, RuleContext, on
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import single
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    last_name,
    names_in,
    unparsed,
)


class PoolPerCall(Rule):
    """A client or pool is built again at every call.

    ## What it does
    Reports a pool, or a client with its own pool, that is built in one of these places:

    - a loop or comprehension
    - code that a web framework, a queue or a signal calls: handlers, views, consumers, dependencies,
      tasks. The command sees what other files hand to the framework
    - a property
    - the `__init__` of a singleton that runs at every call of the class
    - the `__init__` of a class, if code of these kinds makes an object of it, uses that and drops it
    - an accessor: a function without required parameters that is named after the client it returns

    Not reported:

    - a client or pool that is kept in a global, in an attribute or under a key, and built only if it
      is missing there. The condition, exception or early return must be about that very place, or
      about a flag, process or event loop that is recorded beside it. What is kept on `flask.g` or on
      the state of a request lives no longer than that
    - a client entered by `with`
    - an accessor with a decorator that may cache
    - a loop that tries until it succeeds, or whose clients differ

    ## Why is this bad?
    Each client creates a pool, and each pool opens its own connections. The number of connections
    grows with the calls, not with the work.

    Measured: a handler that builds its client opened 20 connections in 20 calls, although it closed
    each. The manager's client opened 1 (`tests/evidence/test_red303.py`).

    ## Example
    ```python
    import redis


    def get_redis():
        return redis.Redis(host="cache")
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    def get_redis():
        return redis_manager.client
    ```

    ## Options
    - `manager`
    - `extend-client-builders`
    - `extend-pool-builders`
    - `allow`

    ## References
    - [redis/redis-py#3433](https://github.com/redis/redis-py/issues/3433)
    """

    code = "RED303"
    name = "pool-per-call"
    since = "0.1.0"
    follows = True

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        known: dict[Scope, Repetition | None] = {}
        for made in (*context.constructions, *context.handed_over):
            if made.brings_pool:
                when = _when(made, context, known)
                if when:
                    may_keep = context.place.is_manager or not (
                        context.boundary.managers or context.boundary.name
                    )
                    instead = "keep one" if may_keep else context.use_instead(made=made)
                    yield self.diagnostic(
                        context,
                        made.range,
                        f"{made.label} makes a new pool {when}; {instead}",
                        symbols=made.symbols,
                    )


def _when(made: Construction, context: RuleContext, known: dict[Scope, Repetition | None]) -> str:
    """How often the pool is made anew, in words; empty where it is not, or is kept."""
    function = function_of(made.point)
    tree: ast.AST = function or context.source.tree
    scope = context.scopes.namespaces[function] if function is not None else context.scopes.module
    loop = loop_around(ancestors(tree, made.node), made.node)
    if loop is not None and not is_kept(made, tree, scope, loop):
        return "in every turn of a loop"
    # what keeps those of one loop may be made anew at every call itself
    why = why_repeated(scope, context.inference)
    if why is None and not _is_optional(made, tree, scope):
        why = _why_callers_repeat(scope, context, known)
    if why is None or is_kept(made, tree, scope, None, context.names):
        return ""
    fate = fate_of(tree, _holder(tree, made.node, made.point, context))
    assert isinstance(function, Function)
    is_given = "returned" in fate.lifetimes or any(unparsed(r.node) in fate.places for r in scope.returns)
    if why.for_result and not is_given:
        return ""
    is_asked_for = why.for_result or is_property(function)
    if is_asked_for and _is_kept_by_callers(function, context):
        return ""
    is_of_request = why.for_result and is_cached(tree, made.node, fate.places, scope)
    return "for every request" if is_of_request else why.phrase


def _holder(tree: ast.AST, node: ast.expr, point: ProgramPoint, context: RuleContext) -> ast.expr:
    """What lives as long as the client `node` that it is made with: `Queue(connection=node)`; else that itself."""
    match ancestors(tree, node)[:2]:
        case [ast.keyword(arg=keyword), ast.Call(func=func) as call] if keyword in HOLDING.values():
            names = context.names.dotted(func, point)
            if any(HOLDING.get(name.partition(".")[0]) == keyword for name in names):
                return call
    return node


def _is_optional(made: Construction, tree: ast.AST, scope: Scope) -> bool:
    """Whether an argument decides if anything is built, and is no part of that: each caller may do without."""
    args = getattr(tree, "args", None)
    given = {argument.arg for argument in single(args)} if isinstance(args, ast.arguments) else set()
    given -= {getattr(receiver_of(scope), "arg", ""), *names_in(made.node)}
    return any(
        isinstance(outer, ast.If | ast.IfExp)
        and inner is not outer.test
        and not given.isdisjoint(names_in(outer.test))
        for inner, outer in pairwise([made.node, *ancestors(tree, made.node)] if given else ())
    )


def _why_callers_repeat(
    scope: Scope, context: RuleContext, known: dict[Scope, Repetition | None]
) -> Repetition | None:
    """Why a function that gives a client to its callers runs over and over: for one that uses it and drops it.

    One that only hands it on stands for its own callers. Of functions that are `known` nothing is asked again.
    """
    came_from: dict[Scope, Scope | None] = {scope: None}
    waiting = [scope]
    for asked in waiting:
        why = known.get(asked)
        for call in _calls_of(asked, context) if asked not in known else ():
            around, node = function_of(call), call.node
            assert isinstance(node, ast.expr)
            if not isinstance(around, Function) or context.settings.is_test(context.path_of(call)):
                continue
            caller = call.scope.enclosing("function")
            found = lifetimes(around, _holder(around, node, call, context))
            goes_on = found == {"returned"} or (
                found == {"stored"} and around.name == "__init__" and not call.path
            )
            if goes_on and not around.decorator_list and caller not in came_from:
                came_from[caller] = asked
                waiting.append(caller)
            often = _how_often(around, node, caller, context) if found == {"used"} else ""
            if often:
                owner = _class_made_by(asked)
                name = unparsed(call.node.func) if owner else getattr(asked.node, "name", "")  # type: ignore[attr-defined]
                phrase = f"at every call of `{name}`, which `{around.name}` ({context.place_of(call)}) makes {often}"
                why = Repetition(phrase, for_result=True)
                break
        if why is not None:
            way: Scope | None = asked
            while way is not None:
                # what an object keeps is not returned, and is kept no longer than the object
                why = replace(why, for_result=why.for_result and _class_made_by(way) is None)
                known[way] = why
                way = came_from[way]
            return why
    known.update(dict.fromkeys(came_from))
    return None


def _calls_of(scope: Scope, context: RuleContext) -> Iterator[ProgramPoint]:
    """The calls of a function that gives something anew each time; of what makes an object, the calls of its class."""
    node, inference = scope.node, context.inference
    owner = _class_made_by(scope)
    if owner is not None:
        for made in _made_alike(owner, inference):
            if not is_shared(inference, made):
                yield from inference.callers(made)
        return
    if not isinstance(node, Function) or not scope.returns:
        return
    if not any(last_name(getattr(d, "func", d)) in CACHES for d in node.decorator_list):
        yield from inference.callers(scope)


def _class_made_by(scope: Scope) -> Scope | None:
    """The class whose objects a function makes: its `__init__` or `__new__`."""
    is_making = getattr(scope.node, "name", "") in ("__init__", "__new__")
    return scope.parent if is_making and scope.parent is not None and scope.parent.kind == "class" else None


def _made_alike(owner: Scope, inference: Inference) -> list[Scope]:
    """A class, and those derived from it that make their objects as it does."""
    found = [owner]
    for one in found:
        below = (b for b in inference.classes.below(one) if not {"__init__", "__new__"} & b.bindings.keys())
        found += [b for b in below if b not in found]
    return found


def _how_often(around: ast.AST, node: ast.expr, caller: Scope, context: RuleContext) -> str:
    """How often a function evaluates an expression, in words; empty where it is not over and over."""
    if loop_around(ancestors(around, node), node) is not None:
        return "in every turn of a loop"
    why = why_repeated(caller, context.inference)
    return "" if why is None or why.for_result else why.phrase


def _is_kept_by_callers(function: Function, context: RuleContext) -> bool:
    """Whether what the function gives is stored somewhere in this file, so that it is made for that."""
    tree = context.source.tree
    for part in _uses(tree).get((function.name, is_property(function)), ()):
        parents = ancestors(tree, part)
        around = next((p for p in parents if isinstance(p, Function)), None)
        if around is None or not (found := lifetimes(around, part)) or found & {"stored", "guarded"}:
            return True
    return False


@memoized
def _uses(tree: ast.Module) -> dict[tuple[str, bool], list[ast.expr]]:
    """The calls of a file by the last name of what is called, and the reads of attributes of `self` (True)."""
    found: dict[tuple[str, bool], list[ast.expr]] = {}
    for part in all_nodes(tree):
        match part:
            case ast.Call(func=func):
                found.setdefault((last_name(func), False), []).append(part)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()):
                found.setdefault((name, True), []).append(part)
    return found
