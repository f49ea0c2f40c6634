"""The nodes of a tree, and expressions as text."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from types import UnionType
from typing import Any

from flake8_redis_ssot.syntax.memo import memoized

Function = ast.FunctionDef | ast.AsyncFunctionDef
FunctionOrLambda = Function | ast.Lambda
Loop = ast.For | ast.AsyncFor | ast.While
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_LONG = 60
DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Each node with the one around it, in the order of `ast.walk`, which takes twice as long.

    Contexts are left out: all nodes share them.
    """
    found: dict[ast.AST, ast.AST] = {}
    nodes: list[ast.AST] = [tree]
    for node in nodes:  # more are added while it goes on
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, list):
                inner = [one for one in part if isinstance(one, ast.AST)]
                nodes += inner
                for one in inner:
                    found[one] = node
            elif isinstance(part, ast.AST) and name != "ctx":
                nodes.append(part)
                found[part] = node
    return found


def all_nodes(*trees: ast.AST, closed: Collection[type[ast.AST]] = ()) -> Iterator[ast.AST]:
    """The nodes of trees in the order of `ast.walk`, in under half of its time; contexts, which all nodes share, left out.

    Those of the types `closed` are given, and what is in them is not.
    """
    nodes = list(trees)
    for one in nodes:  # more are added while it goes on
        yield one
        if type(one) in closed:
            continue
        for name in one._fields:
            part = getattr(one, name, None)
            if isinstance(part, ast.AST):
                if name != "ctx":
                    nodes.append(part)
            elif isinstance(part, list) and part:
                if None in part:  # of a default or key that is not there
                    nodes += [inner for inner in part if inner is not None]
                elif isinstance(part[0], ast.AST):
                    nodes += part


def names_bound_in(expression: ast.AST) -> frozenset[str]:
    """The names that an expression binds itself: by comprehensions, as parameters, or by `:=`."""
    return frozenset(
        part.arg if isinstance(part, ast.arg) else part.id
        for part in all_nodes(expression)
        if isinstance(part, ast.arg) or (isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    )


def names_in(*trees: ast.AST) -> set[str]:
    """The names that code reads or binds: `a` of `a.b`."""
    return {part.id for part in all_nodes(*trees) if isinstance(part, ast.Name)}


def attributes_in(*trees: ast.AST) -> set[str]:
    """The attributes that code reads or sets, of whatever: `b` of `a.b`."""
    return {part.attr for part in all_nodes(*trees) if isinstance(part, ast.Attribute)}


def last_name(node: ast.AST | None) -> str:
    """The last part of a dotted name; empty for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def root_of(node: ast.expr) -> ast.expr:
    """What a dotted expression begins with: `a` of `a.b.c`; an expression without dots itself."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def nearest(
    node: ast.AST | None, kinds: UnionType | type[ast.AST], parents: Mapping[ast.AST, ast.AST]
) -> ast.AST | None:
    """The node itself, or the nearest one around it, that is of one of these kinds; None where there is none."""
    while node is not None and not isinstance(node, kinds):
        node = parents.get(node)
    return node


def innermost(node: ast.expr) -> ast.expr:
    """What a chain of attributes, items and calls begins with: `a` of `a.b[0].c()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def block_of(parent: ast.AST | None, statement: ast.AST) -> list[Any]:
    """The block right below `parent` in which a statement stands; empty where there is none."""
    blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
    return next((block for block in blocks if isinstance(block, list) and statement in block), [])


def callee_of(node: ast.expr) -> ast.expr:
    """What is called, of a call; anything else itself: `@cache`, and `@cache()`."""
    return node.func if isinstance(node, ast.Call) else node


def decorators_of(node: ast.AST | None) -> set[str]:
    """The last names of the decorators of a definition; an empty one for what is no name."""
    return {last_name(callee_of(one)) for one in getattr(node, "decorator_list", ())}


def unparsed(node: ast.AST) -> str:
    """The source of `node`, normalised; `...` where it is nested too deeply to be written out."""
    names: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    if (
        isinstance(inner, ast.Name) and len(names) < 100
    ):  # most are dotted names, for which `ast.unparse` takes many times as long
        return ".".join([inner.id, *reversed(names)])
    try:
        try:
            return ast.unparse(node)
        except ValueError:
            import copy  # seldom needed

            return ast.unparse(_WithoutFStrings().visit(copy.deepcopy(node)))
    except RecursionError:
        last = getattr(node, "attr", "")
        return f"....{last}" if last else "..."


class _WithoutFStrings(ast.NodeTransformer):
    """Puts calls in the place of f-strings, which Python 3.11 cannot write where a string in them has to be escaped."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self.visit(value) for value in node.values]
        return ast.Call(ast.Attribute(ast.Constant(""), "join"), [ast.List(parts)], [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        given = [node.value, *([node.format_spec] if node.format_spec is not None else [])]
        name = {ord("r"): "repr", ord("s"): "str", ord("a"): "ascii"}.get(node.conversion)
        if name is not None:
            given[0] = ast.Call(ast.Name(name), given[:1], [])
        return ast.Call(ast.Name("format"), [self.visit(one) for one in given], [])


def shortened(text: str) -> str:
    """`text` for a message: its end, where it is long."""
    return text if len(text) < _LONG else "..." + text[3 - _LONG :]


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function that run when it does: without those of the functions and classes in it."""
    body = getattr(function, "body", [])
    return all_nodes(*(body if isinstance(body, list) else [body]), closed=DEFINITIONS)


def own_yields(node: ast.AST) -> Iterator[ast.Yield | ast.YieldFrom]:
    """Each `yield` and `yield from` of a function, or in the body of a statement: not those of functions in it."""
    return (part for part in own_nodes(node) if isinstance(part, ast.Yield | ast.YieldFrom))


def is_generator(function: ast.AST | None) -> bool:
    """Whether a function, and no lambda, has a `yield` of its own."""
    return isinstance(function, Function) and _yields(function)


@memoized
def _yields(function: Function) -> bool:
    return any(own_yields(function))


@memoized
def ways_out(loop: Loop) -> tuple[ast.Break | ast.Return, ...]:
    """The statements by which a loop is left before its end: a `break` of a loop in it leads out of that one alone."""
    found: list[ast.Break | ast.Return] = []
    stack: list[tuple[ast.AST, bool]] = [(part, True) for part in loop.body]
    while stack:
        node, is_own = stack.pop()
        if isinstance(node, ast.Return) or (is_own and isinstance(node, ast.Break)):
            found.append(node)
        if isinstance(node, Loop):
            stack += [*((part, False) for part in node.body), *((part, is_own) for part in node.orelse)]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            stack += ((part, is_own) for part in ast.iter_child_nodes(node))
    return tuple(found)
