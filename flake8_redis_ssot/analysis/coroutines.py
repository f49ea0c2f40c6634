"""What becomes of a coroutine: awaited somewhere, perhaps, or surely never."""

from __future__ import annotations

import ast

from flake8_redis_ssot.libraries.standard import BUILTINS_TAKING_VALUES, COROUTINE_MEMBERS, TAKING_VALUES
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, all_nodes, last_name

_PLAIN = (
    ast.Constant
    | ast.JoinedStr
    | ast.List
    | ast.Tuple
    | ast.Set
    | ast.Dict
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
)
"""What is surely no coroutine."""


def is_misused(tree: ast.AST, point: ProgramPoint) -> bool:
    """Whether the coroutine that the call at `point` gives is dropped, or used as if it were the answer."""
    node = point.node
    parents = ancestors(tree, node)
    if (target := _assigned_to(node, parents)) is not None:
        uses = _uses(target, point)
        return uses is not None and all(_is_misuse(use, ancestors(tree, use)) for use in uses)
    match parents[0]:
        case ast.NamedExpr(target=ast.Name(id=name)):
            others = _uses(name, point)
            return (
                others is not None
                and _is_misuse(parents[0], parents[1:])
                and all(_is_given_back(use, tree) or _is_misuse(use, ancestors(tree, use)) for use in others)
            )
    return _is_misuse(node, parents)


def gives_what_it_returns(function: Scope) -> bool:
    """Whether a call of a function gives what stands behind its `return`, and nothing else."""
    node = function.node
    return (
        isinstance(node, ast.FunctionDef)
        and bool(function.returns)
        and not function.yields
        and not node.decorator_list
    )


def _uses(name: str, point: ProgramPoint) -> list[ast.Name] | None:
    """Where a local name of the function around is read; None where it is none, or is bound more than once."""
    scope = point.scope.enclosing("function", "class", "module")
    if scope.kind != "function" or scope.node is None or len(scope.bindings.get(name, ())) != 1:
        return None
    return [
        part
        for part in all_nodes(scope.node)
        if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load)
    ]


def _is_given_back(use: ast.Name, tree: ast.AST) -> bool:
    """Whether an `async def` returns what a name holds, as the answer."""
    parents = ancestors(tree, use)
    functions = (p for p in parents if isinstance(p, FunctionOrLambda))
    return isinstance(parents[0], ast.Return) and isinstance(next(functions, None), ast.AsyncFunctionDef)


def _assigned_to(node: ast.AST, parents: list[ast.AST]) -> str | None:
    for parent in parents:
        match parent:
            case ast.BoolOp() if not _is_tested(node, parent):
                node = parent
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is node:
                return name
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is node:
                return name
            case _:
                return None
    return None


def _is_tested(node: ast.AST, parent: ast.BoolOp) -> bool:
    """Whether a plain value is there to be taken instead, which nobody would await."""
    after = parent.values[parent.values.index(node) + 1 :]  # type: ignore[arg-type]
    return any(
        isinstance(part, _PLAIN) and not (isinstance(part, ast.Constant) and part.value is None)
        for part in after
    )


def _is_misuse(node: ast.AST, parents: list[ast.AST]) -> bool:
    """Whether this one use of a coroutine takes it for the answer, or drops it."""
    is_listed = False
    for parent in parents:
        if is_listed:  # what becomes of the list is not followed
            return isinstance(parent, ast.Expr)
        match parent:
            case ast.BoolOp():
                if _is_tested(node, parent):
                    return True
                node = parent
            case ast.IfExp(body=body, orelse=orelse) if node in (body, orelse):
                node = parent
            case ast.ListComp(elt=one) | ast.SetComp(elt=one) | ast.DictComp(value=one) if one is node:
                is_listed = True
            case ast.List() | ast.Tuple() | ast.Set():
                is_listed = True
            case ast.Attribute(attr=name):
                return name not in COROUTINE_MEMBERS
            case ast.Subscript(value=value):
                return value is node
            case ast.For(iter=whole) | ast.AsyncFor(iter=whole):
                return whole is node
            case ast.comprehension(iter=whole, ifs=tests):
                return whole is node or node in tests
            case ast.Call(func=ast.Name(id=name), args=args) if name in BUILTINS_TAKING_VALUES:
                return node in args
            case ast.Call(func=func, args=args):
                return node in args and last_name(func) in TAKING_VALUES
            case ast.Dict(keys=keys, values=values):
                return node in values and keys[values.index(node)] is None
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp():
                return parent.test is node
            case ast.match_case(guard=guard):
                return guard is node
            case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.BinOp() | ast.FormattedValue():
                return True
            case ast.AugAssign() | ast.Match() | ast.Starred() | ast.Slice() | ast.keyword(arg=None):
                return True
            case ast.Assign(targets=[ast.Tuple() | ast.List()]):
                return True
            case _:
                return False
    return False
