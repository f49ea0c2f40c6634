"""Code that runs elsewhere than where it stands: a generator expression runs where it is iterated."""

from __future__ import annotations

import ast
import builtins

from flake8_redis_ssot.libraries.standard import CONSUMING, PASSING_ON
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import last_name, own_nodes


def around(point: ProgramPoint) -> ast.AST:
    """The function in which a point stands, or else the module."""
    found = point.scope.enclosing("function", "module").node
    assert found is not None
    return found


def is_deferred(point: ProgramPoint) -> bool:
    """Whether the code at a point may run elsewhere, in another function than it stands in."""
    return deferring(point) is not None


def deferring(point: ProgramPoint) -> ast.expr | None:
    """The generator expression around a point that may be iterated in another function."""
    scope: Scope | None = point.scope
    while scope is not None and scope.kind not in ("function", "module"):
        if isinstance(scope.node, ast.GeneratorExp) and not is_consumed(around(point), scope.node):
            return scope.node
        scope = scope.parent
    return None


def is_returned(function: ast.AST, node: ast.expr) -> bool:
    """Whether `function` returns the expression `node` itself."""
    return isinstance(ancestors(function, node)[0], ast.Return)


def _is_consuming(func: ast.expr) -> bool:
    """Whether a callee iterates its argument, or enters it, before it returns: `list`, `sum`, `enter_context`.

    A method with the name of a built-in (`x.list(...)`) does not count.
    """
    name = last_name(func)
    is_meant = isinstance(func, ast.Name) or not hasattr(builtins, name)
    return (is_meant and name in CONSUMING) or name == "enter_context"


def is_consumed(function: ast.AST, iterator: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
    """Whether `function` (or a module) surely iterates `iterator` itself, or enters it by `with`.

    It follows the names that the iterator is bound to; `seen` are those followed already.
    """
    inner: ast.AST = iterator
    for parent in ancestors(function, iterator):
        match parent:
            case ast.For(iter=whole) | ast.AsyncFor(iter=whole) if whole is inner:
                return True
            case ast.comprehension(iter=whole) | ast.withitem(context_expr=whole) if whole is inner:
                pass
            case ast.With():
                return isinstance(inner, ast.withitem)
            case ast.GeneratorExp() if isinstance(inner, ast.comprehension):
                pass
            case ast.IfExp() | ast.BoolOp():
                pass
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                return isinstance(inner, ast.comprehension)
            case ast.Starred() | ast.YieldFrom():
                return True
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[whole]):
                return whole is inner
            case ast.Call(func=func, args=args) if inner in args:
                if last_name(func) not in PASSING_ON:
                    return _is_consuming(func)
            case ast.Assign(targets=[ast.Tuple() | ast.List()]):
                return True
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in seen:
                return any(
                    isinstance(use, ast.Name)
                    and use.id == name
                    and isinstance(use.ctx, ast.Load)
                    and is_consumed(function, use, seen | {name})
                    for use in own_nodes(function)
                )
            case _:
                return False
        inner = parent
    return False
