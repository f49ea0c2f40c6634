"""What is made anew at every call of a function, or in every turn of a loop: nothing keeps it for the next time."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.analysis.caching import is_cached, outlives
from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.constructions import Construction
from flake8_redis_ssot.analysis.lifetimes import fate_of
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.libraries.frameworks import REQUEST_NAMES, REQUEST_OBJECTS, STATES
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Comprehension, Function, Loop, unparsed
from flake8_redis_ssot.syntax.scopes import Scopes


def is_kept(
    made: Construction,
    tree: ast.AST,
    scope: Scope,
    loop: Loop | Comprehension | None,
    names: Names | None = None,
) -> bool:
    """Whether what is made outlives a turn of the `loop`, or else a call of the function; by the `names` of the file also its request."""
    fate = fate_of(tree, made.node)
    kept = frozenset(["entered", "guarded"])
    if loop is not None:
        kept |= {"captured", "stored", "handed", "returned", "yielded"}
    elif not any(outlives(place, scope) for place in fate.places):
        kept |= {"stored"}  # in something of which nothing is known
    places = fate.places
    if names is not None:
        places = frozenset(place for place in places if not _is_of_request(place, made.point, names))
    return bool(fate.lifetimes & kept) or is_cached(tree, made.node, places, scope, loop)


def _is_of_request(place: str, point: ProgramPoint, names: Names) -> bool:
    """Whether a place is gone with the request: on `flask.g`, or on the state of the parameter `request`."""
    holder = getattr(ast.parse(place, mode="eval").body, "value", None)
    if not isinstance(holder, ast.Name | ast.Attribute):
        return False
    if not REQUEST_OBJECTS.isdisjoint(names.dotted(holder, point)):
        return True
    owner = holder.value if isinstance(holder, ast.Attribute) and holder.attr in STATES else holder
    bindings = names.bindings(owner.id, point) if isinstance(owner, ast.Name) else ()
    return any(isinstance(b.value, ast.arg) and b.value.arg in REQUEST_NAMES for b in bindings)


def giving_anew(constructions: Iterable[Construction], scopes: Scopes) -> Iterator[str]:
    """The functions of a module that give nothing but clients or pools made anew at each call."""
    found: dict[Function, list[Construction]] = {}
    for made in constructions:
        function = function_of(made.point)
        # of a decorator it is not known what it keeps
        if isinstance(function, Function) and not function.decorator_list:
            found.setdefault(function, []).append(made)
    for function, several in found.items():
        scope = scopes.namespaces[function]
        if scope.parent is scopes.module and scope.returns:
            new = [one for one in several if one.brings_pool and not is_kept(one, function, scope, None)]
            nodes = {one.node for one in new}
            names = {p for one in new for p in fate_of(function, one.node).places if not outlives(p, scope)}
            given = (point.node for point in scope.returns)
            if all(_awaited(node) in nodes or unparsed(node) in names for node in given):
                yield function.name


def _awaited(node: ast.AST) -> ast.AST:
    return node.value if isinstance(node, ast.Await) else node
