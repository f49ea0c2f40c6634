"""Whether calling a class gives a new object, or one that is there already: by `__new__`, a metaclass, a decorator."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, QualifiedName, Value
from flake8_redis_ssot.libraries.frameworks import HARMLESS_DECORATORS, PLAIN_METACLASSES
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, all_nodes, decorators_of


def is_shared(inference: Inference, scope: Scope) -> bool:
    """Whether a call may give an object that is there already, or that shares its state with others."""
    node = scope.node
    assert isinstance(node, ast.ClassDef)
    if decorators_of(node) - HARMLESS_DECORATORS or "__dict__" in scope.attributes:
        return True
    for base, values in bases_of(inference, scope):
        if isinstance(base, ast.Call) or any(_is_singleton(v) for v in values):
            return True
    point = inference.definition_point(scope)
    for keyword in node.keywords:
        if keyword.arg == "metaclass" and (point is None or not _is_plain(inference, keyword.value, point)):
            return True
    return any(
        isinstance(b.value, Function) and _keeps_objects(b.value, node.name)
        for b in scope.bindings.get("__new__", ())
    )


def _is_plain(inference: Inference, metaclass: ast.expr, point: ProgramPoint) -> bool:
    """Whether a call of a class with this metaclass makes an object."""
    values = inference.values(metaclass, point)
    if not values:
        return isinstance(metaclass, ast.Name) and metaclass.id == "type"
    return all(
        value.name in PLAIN_METACLASSES
        if isinstance(value, QualifiedName)
        else isinstance(value, Definition) and "__call__" not in value.scope.bindings
        for value in values
    )


def bases_of(inference: Inference, scope: Scope) -> Iterator[tuple[ast.expr, frozenset[Value]]]:
    """The bases that a class is written with, each with what it may be: none for one that `namedtuple` makes."""
    node, point = scope.node, inference.definition_point(scope)
    if isinstance(node, ast.ClassDef) and point is not None:
        for base in node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            yield base, inference.values(base, point)


def _is_singleton(value: Value) -> bool:
    return isinstance(value, QualifiedName) and "singleton" in value.name.rpartition(".")[2].lower()


def _keeps_objects(method: Function, name: str) -> bool:
    """Whether a `__new__` keeps the objects that it makes: on the class, or under a name of the module."""
    own = {name, *(a.arg for a in method.args.args[:1])}
    local = {n.id for n in all_nodes(method) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in all_nodes(method):
        match node:
            case ast.Global():
                return True
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                root: ast.expr = node
                while isinstance(root, ast.Attribute | ast.Subscript):
                    root = root.value
                if not isinstance(root, ast.Name) or root.id in own or root.id not in local:
                    return True
            case ast.Call(func=ast.Attribute(attr="setdefault")):
                return True
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=name), *_]) if name in own:
                return True
    return bool(decorators_of(method) - {"staticmethod"})
