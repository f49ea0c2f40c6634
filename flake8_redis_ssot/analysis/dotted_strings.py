"""Strings that are meant as dotted names: of patches, importers and the settings of frameworks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import QualifiedName, Text
from flake8_redis_ssot.libraries.frameworks import CELERY_SETTINGS, MOCKS, NAME_TAKERS, SETTINGS, TARGETS
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import all_nodes

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
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if last == "dict" and not isinstance(node.func, ast.Attribute):
            last = ""
        if last in NAME_TAKERS and not _is_foreign(node.func, point, inference):
            for argument in [*node.args[:1], *(k.value for k in node.keywords if k.arg in TARGETS)]:
                yield from inference.texts(argument, point)
            if any(_is_sys_modules(argument, point, inference) for argument in node.args[:1]):
                for argument in node.args[1:]:
                    yield from _all_texts(argument)
        elif last in ("setitem", "delitem") and node.args and _is_sys_modules(node.args[0], point, inference):
            for argument in node.args[1:2]:
                yield from inference.texts(argument, point)
        for keyword in node.keywords:
            if keyword.arg in SETTINGS or (keyword.arg in CELERY_SETTINGS and last in ("Celery", "update")):
                yield from _all_texts(keyword.value)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            match target:
                case ast.Name(id=name) if point.scope.kind in ("module", "class") and name in SETTINGS:
                    yield from _all_texts(node.value)
                case ast.Name(id=name) if point.scope.kind == "module" and name in CELERY_SETTINGS:
                    if "celery" in "".join(inference.scopes.modules) or "celery" in inference.scopes.imports:
                        yield from _all_texts(node.value)
                case ast.Attribute(attr=name, value=ast.Attribute(attr="conf") | ast.Name(id="conf")):
                    if name in SETTINGS | CELERY_SETTINGS:
                        yield from _all_texts(node.value)
                case ast.Subscript(value=value, slice=key) if _is_sys_modules(value, point, inference):
                    yield from inference.texts(key, point)


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
    names = (
        v.name if isinstance(v, QualifiedName) else getattr(v, "value", "")
        for v in inference.values(node, point)
    )
    return "sys.modules" in names


def _all_texts(node: ast.expr) -> Iterator[Text]:
    for part in all_nodes(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield Text(part.value, part)
