"""Which code runs over and over: loops, request handlers, tasks and accessors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from flake8_redis_ssot.analysis.operations import gives_a_client, words
from flake8_redis_ssot.libraries.frameworks import (
    HTTP_VERBS,
    REQUESTS,
    ROUTES,
    RUN_ONCE,
    TASKS,
    VIEW_SUFFIX,
    VIEWS,
)
from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS
from flake8_redis_ssot.libraries.vocabulary import MAKING

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_handler(function: Function, owner: ast.AST | None) -> bool:
    """Whether a web framework calls the function, a method of the class `owner`, for each request."""
    for decorator in function.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr in HTTP_VERBS:
            if _is_path(decorator):
                return True
        elif _last(call) in ROUTES and isinstance(decorator, ast.Call):
            return True
    if isinstance(owner, ast.ClassDef) and function.name in HTTP_VERBS:
        bases = {_last(base) for base in owner.bases}
        if bases & VIEWS or any(base.endswith(VIEW_SUFFIX) for base in bases):
            return True
    return any(_last(a.annotation) in REQUESTS for a in function.args.args if a.annotation is not None)


def is_task(function: Function, homes: Iterator[str]) -> bool:
    """Whether a queue runs the function for each job; `homes` are what its decorators are imported from."""
    names = {_last(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list}
    return bool(names & TASKS) and not any(home.startswith(RUN_ONCE) for home in homes)


def is_accessor(function: Function, owner: ast.AST | None) -> bool:
    """Whether others call the function, by its name, to get at what is there: it takes nothing and keeps nothing."""
    decorators = {_last(d) for d in function.decorator_list}
    own = 1 if isinstance(owner, ast.ClassDef) and "staticmethod" not in decorators else 0
    args = function.args
    needed = len(args.posonlyargs) + len(args.args) - len(args.defaults) - own
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    return (
        decorators <= BUILT_IN_DECORATORS
        and needed <= 0
        and None not in args.kw_defaults
        and isinstance(owner, ast.Module | ast.ClassDef)
        and all(_last(base) in ("object", "ABC") for base in bases)
        and gives_a_client(function.name)
        and not MAKING & set(words(function.name))
    )


def loop_around(parents: list[ast.AST], node: ast.AST) -> ast.For | ast.AsyncFor | ast.While | None:
    """The innermost loop in whose body `node` runs at every turn with the same names; None where it may be left."""
    inner = node
    for parent in parents:
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return None
        if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and inner in parent.body:
            return None if _may_be_left(parent) or _differs(parent, node) else parent
        inner = parent
    return None


@lru_cache(maxsize=4)
def _may_be_left(loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether the loop ends once it has what it wants, as one that tries again does."""
    return any(isinstance(part, ast.Break | ast.Return) for part in ast.walk(loop))


def _differs(loop: ast.For | ast.AsyncFor | ast.While, node: ast.AST) -> bool:
    """Whether `node` depends on what the loop binds."""
    bound = _bound_in(loop)
    return any(isinstance(n, ast.Name) and n.id in bound for n in ast.walk(node))


@lru_cache(maxsize=4)
def _bound_in(loop: ast.For | ast.AsyncFor | ast.While) -> frozenset[str]:
    """The names that a loop binds, found once for all that is built in it."""
    names = (n for n in ast.walk(loop) if isinstance(n, ast.Name))
    return frozenset(name.id for name in names if not isinstance(name.ctx, ast.Load))


def _is_path(decorator: ast.expr) -> bool:
    given = decorator.args[:1] if isinstance(decorator, ast.Call) else []
    return any(
        isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value[:1] in ("", "/") for a in given
    )


def _last(node: ast.expr | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
