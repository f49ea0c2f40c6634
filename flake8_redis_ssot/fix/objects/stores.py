"""Where the attributes of objects are set and changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.facts.modules import bindings_in
from flake8_redis_ssot.fix.objects.code import Code
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.standard import CHANGING_METHODS
from flake8_redis_ssot.syntax.nodes import DEFINITIONS, Function, all_nodes, last_name


@dataclass(frozen=True, slots=True)
class Store:
    """A place where an attribute of an object gets a value, or one under a key, or is changed (`value` None).

    `changing` is the statement of the class that changes it.
    """

    attribute: str
    value: Code | None
    method: str = ""
    is_item: bool = False
    changing: Code | None = None


def set_in(code: Code, method: str, receivers: set[str] | None = None) -> Iterator[Store]:
    """The attributes that one statement of a class, or a part of a method, sets or changes."""
    node = code.node
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets = [target]
        case ast.AugAssign(target=target):
            targets = [target]
        case ast.Delete(targets=targets):
            pass
        case ast.Call(func=ast.Attribute(value=base)) | ast.withitem(context_expr=base) if is_change(node):
            targets = [base]
    for place in targets:
        inner = _without_keys(place)
        given = code.at(value) if value is not None else None
        is_item = inner is not place
        if receivers is None and isinstance(inner, ast.Name):
            yield Store(inner.id, given, method, is_item)
        elif receivers and isinstance(inner, ast.Attribute) and last_name(inner.value) in receivers:
            yield Store(inner.attr, given, method, is_item)


def set_in_body(code: Code) -> Iterator[Store]:
    """The attributes that one statement in the body of a class sets or changes, no function or class."""
    found = [store for store in set_in(code, "") if store.value is not None]
    yield from found
    if isinstance(code.node, ast.AnnAssign):
        return
    assert isinstance(code.node, ast.stmt)
    changed = {name for name, by in bindings_in([code.node]) if not isinstance(by, Function | ast.ClassDef)}
    for part in all_nodes(code.node, closed=DEFINITIONS):
        changed |= {store.attribute for store in set_in(code.at(part), "")}
    for name in sorted(changed - {store.attribute for store in found}):
        yield Store(name, None, changing=code)  # only under a condition, or to something that is not told


def _without_keys(node: ast.expr) -> ast.expr:
    """What is subscripted in a target."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def is_change(node: ast.AST) -> bool:
    """Whether a call or a `with` changes the object that it is about."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING_METHODS
    return isinstance(node, ast.withitem)
