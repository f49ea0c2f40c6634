"""Strings that are meant as dotted names: of patches, importers and the settings of frameworks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import QualifiedName, Text
from flake8_redis_ssot.libraries.frameworks import (
    CELERY_SETTINGS,
    MOCKS,
    NAME_TAKERS,
    NAMED_BY,
    NAMED_TO,
    NAMED_TO_METHODS,
    SETTINGS,
    TARGETS,
)
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

_LAST_NAMES = frozenset(name.rpartition(".")[2] for name in NAMED_TO)
_ADDING = frozenset(["append", "insert", "extend", "update", "setdefault"])
"""Methods by which a setting gets more."""
_WRITTEN = ast.List | ast.Tuple | ast.Set | ast.Dict | ast.BinOp | ast.Constant
"""How the parts of a setting are written that have names."""

DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


def references(point: ProgramPoint, inference: Inference, *, existing: bool = False) -> Iterator[Text]:
    """The strings of a call or assignment that are meant as dotted names.

    With `existing` only those that must exist: not what a test puts into `sys.modules`, nor what
    a patch creates.
    """
    node = point.node
    if existing and _makes_it_exist(point, inference):
        return
    if isinstance(node, ast.Call):
        last = last_name(node.func)
        if last == "dict" and not isinstance(node.func, ast.Attribute):
            last = ""
        if isinstance(node.func, ast.Name) and last not in NAME_TAKERS:  # by another name
            last = next((n for n in _imported_as(node.func, point, inference) if n in NAME_TAKERS), last)
        if last in NAME_TAKERS and not _is_foreign(node.func, point, inference):
            for argument in [*node.args[:1], *(k.value for k in node.keywords if k.arg in TARGETS)]:
                yield from inference.texts(argument, point)
            if any(_is_sys_modules(argument, point, inference) for argument in node.args[:1]):
                for argument in [*node.args[1:], *(k.value for k in node.keywords if k.arg is None)]:
                    yield from _all_texts(argument)
        elif last in ("setitem", "delitem") and node.args and _is_sys_modules(node.args[0], point, inference):
            for argument in node.args[1:2]:
                yield from inference.texts(argument, point)
        for keyword in node.keywords:
            if keyword.arg in SETTINGS or (keyword.arg in CELERY_SETTINGS and last in ("Celery", "update")):
                yield from _all_texts(keyword.value)
        for part in _naming(node, point, inference):
            yield from _texts_within(part, point, inference)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if _is_setting(target, point, inference):
                yield from _texts_within(node.value, point, inference)
            elif isinstance(target, ast.Subscript) and _is_sys_modules(target.value, point, inference):
                yield from inference.texts(target.slice, point)


def _is_setting(target: ast.expr, point: ProgramPoint, inference: Inference) -> bool:
    """Whether it is a setting of a framework that holds dotted names, or a part of one."""
    match target:
        case ast.Subscript(
            value=ast.Attribute(attr="conf") | ast.Name(id="conf"), slice=ast.Constant(value=name)
        ):
            return name in SETTINGS | CELERY_SETTINGS
        case ast.Subscript(value=whole):
            return _is_setting(whole, point, inference)
        case ast.Name(id=name) if point.scope.kind in ("module", "class") and name in SETTINGS:
            return True
        case ast.Name(id=name) if point.scope.kind == "module" and name in CELERY_SETTINGS:
            return "celery" in "".join(inference.scopes.modules) or "celery" in inference.scopes.imports
        case ast.Attribute(attr=name, value=ast.Attribute(attr="conf") | ast.Name(id="conf")):
            return name in SETTINGS | CELERY_SETTINGS
    return False


def _naming(call: ast.Call, point: ProgramPoint, inference: Inference) -> Iterator[ast.expr]:
    """The arguments of a call that have dotted names in them."""
    func = call.func
    last = last_name(func)
    index = NAMED_TO_METHODS.get(last) if isinstance(func, ast.Attribute) else None
    if last in _LAST_NAMES and not NAMED_TO.isdisjoint(inference.names.dotted(func, point)):
        index = 0
    if index is not None:
        yield from call.args[index : index + 1]
        yield from (k.value for k in call.keywords if k.arg in NAMED_BY)
    elif isinstance(func, ast.Attribute) and last in _ADDING:
        if _is_setting(func.value, point, inference):
            yield from call.args
        elif last == "update" and last_name(func.value) == "conf":
            for keys, values in ((d.keys, d.values) for d in call.args if isinstance(d, ast.Dict)):
                pairs = zip(keys, values, strict=True)
                settings = SETTINGS | CELERY_SETTINGS
                yield from (v for key, v in pairs if isinstance(key, ast.Constant) and key.value in settings)


def _texts_within(node: ast.expr, point: ProgramPoint, inference: Inference) -> Iterator[Text]:
    """All strings of an expression, and of what is written for the names in it; of one that is a string itself that one."""
    yield from inference.texts(node, point)
    if isinstance(node, ast.Constant):
        return
    parts = [node]
    for part in parts:
        yield from _all_texts(part)
        for name in all_nodes(part):
            bound = inference.bindings(name.id, point) if isinstance(name, ast.Name) else ()
            parts += [b.value for b in bound if isinstance(b.value, _WRITTEN) and b.value not in parts]


def _imported_as(name: ast.Name, point: ProgramPoint, inference: Inference) -> Iterator[str]:
    """The last names of what is imported as `name`."""
    return (dotted.rpartition(".")[2] for dotted in inference.names.dotted(name, point))


def _is_foreign(func: ast.expr, point: ProgramPoint, inference: Inference) -> bool:
    """Whether a method named `patch` is that of an HTTP library, or the like."""
    tops = {name.split(".")[0] for name in inference.names.dotted(func, point)}
    return isinstance(func, ast.Attribute) and func.attr == "patch" and bool(tops) and not tops & MOCKS


def _makes_it_exist(point: ProgramPoint, inference: Inference) -> bool:
    match point.node:
        case ast.Call(args=arguments, keywords=keywords):
            creates = any(
                k.arg in ("create", "raising") and isinstance(k.value, ast.Constant) for k in keywords
            )
            return creates or any(_is_sys_modules(argument, point, inference) for argument in arguments[:1])
        case ast.Assign(targets=targets):
            return any(
                isinstance(t, ast.Subscript) and _is_sys_modules(t.value, point, inference) for t in targets
            )
    return False


def _is_sys_modules(node: ast.expr, point: ProgramPoint, inference: Inference) -> bool:
    """Whether it is `sys.modules`, or its name as `patch.dict` takes it."""
    if not inference.scopes_of(point.scope).may_load:
        return False
    names = (
        v.name if isinstance(v, QualifiedName) else getattr(v, "value", "")
        for v in inference.values(node, point)
    )
    return "sys.modules" in names


def _all_texts(node: ast.expr) -> Iterator[Text]:
    for part in all_nodes(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield Text(part.value, part)
