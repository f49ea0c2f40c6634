"""Strings that are meant as dotted names: of patches, importers and the settings of frameworks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.libraries.frameworks import CELERY_SETTINGS, MOCKS, SETTINGS, TAKERS, TARGETS
from flake8_redis_ssot.semantic.flow import Dotted, Flow, Text
from flake8_redis_ssot.syntax.scopes import Site

DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


def references(site: Site, flow: Flow, *, existing: bool = False) -> Iterator[Text]:
    """The strings of a call or assignment that are meant as dotted names.

    With `existing` only those that must exist: not what a test puts into `sys.modules`, nor what
    a patch creates.
    """
    node = site.node
    if existing and _makes_it_exist(site, flow):
        return
    if isinstance(node, ast.Call):
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if last == "dict" and not isinstance(node.func, ast.Attribute):
            last = ""
        if last in TAKERS and not _is_foreign(node.func, site, flow):
            for argument in [*node.args[:1], *(k.value for k in node.keywords if k.arg in TARGETS)]:
                yield from flow.texts(argument, site)
            if any(_is_sys_modules(argument, site, flow) for argument in node.args[:1]):
                for argument in node.args[1:]:
                    yield from _all_texts(argument)
        elif last in ("setitem", "delitem") and node.args and _is_sys_modules(node.args[0], site, flow):
            for argument in node.args[1:2]:
                yield from flow.texts(argument, site)
        for keyword in node.keywords:
            if keyword.arg in SETTINGS or (keyword.arg in CELERY_SETTINGS and last in ("Celery", "update")):
                yield from _all_texts(keyword.value)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            match target:
                case ast.Name(id=name) if site.scope.kind in ("module", "class") and name in SETTINGS:
                    yield from _all_texts(node.value)
                case ast.Name(id=name) if site.scope.kind == "module" and name in CELERY_SETTINGS:
                    if "celery" in "".join(flow.scopes.modules) or "celery" in flow.scopes.imports:
                        yield from _all_texts(node.value)
                case ast.Attribute(attr=name, value=ast.Attribute(attr="conf") | ast.Name(id="conf")):
                    if name in SETTINGS | CELERY_SETTINGS:
                        yield from _all_texts(node.value)
                case ast.Subscript(value=value, slice=key) if _is_sys_modules(value, site, flow):
                    yield from flow.texts(key, site)


def _is_foreign(func: ast.expr, site: Site, flow: Flow) -> bool:
    """Whether a method named `patch` is that of an HTTP library, or the like."""
    tops = {name.split(".")[0] for name in flow.names.dotted(func, site)}
    return isinstance(func, ast.Attribute) and func.attr == "patch" and bool(tops) and not tops & MOCKS


def _makes_it_exist(site: Site, flow: Flow) -> bool:
    match site.node:
        case ast.Call(args=arguments, keywords=keywords):
            creates = any(
                k.arg in ("create", "raising") and isinstance(k.value, ast.Constant) for k in keywords
            )
            return creates or any(_is_sys_modules(argument, site, flow) for argument in arguments[:1])
        case ast.Assign(targets=targets):
            return any(isinstance(t, ast.Subscript) and _is_sys_modules(t.value, site, flow) for t in targets)
    return False


def _is_sys_modules(node: ast.expr, site: Site, flow: Flow) -> bool:
    """Whether it is `sys.modules`, or its name as `patch.dict` takes it."""
    names = (v.name if isinstance(v, Dotted) else getattr(v, "value", "") for v in flow.values(node, site))
    return "sys.modules" in names


def _all_texts(node: ast.expr) -> Iterator[Text]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield Text(part.value, part)
