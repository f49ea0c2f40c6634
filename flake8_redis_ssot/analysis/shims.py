"""Modules that do nothing but hand on the manager of their boundary."""

from __future__ import annotations

import ast
from collections.abc import Callable

from flake8_redis_ssot.analysis.forwarders import Forwarders, is_public, is_text, is_text_or_log
from flake8_redis_ssot.facts.model import ShimFacts
from flake8_redis_ssot.facts.modules import exported_names
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.libraries.standard import WARNINGS
from flake8_redis_ssot.source import SourceFile
from flake8_redis_ssot.syntax.nodes import attributes_in, names_in


def shim_facts(source: SourceFile, inference: Inference, owns: Callable[[str], bool]) -> ShimFacts | None:
    """The facts of a module that does nothing but forward; `owns` tells what is the manager's."""
    tree = source.tree
    body = tree.body[1:] if tree.body and is_text(tree.body[0]) else tree.body
    if not all(map(_is_plain, body)):
        return None
    forwarders = Forwarders(inference, owns)
    forwards, others, imported = forwarders.names()
    for value in filter(None, map(_put_in_its_place, body)):
        target = forwarders.target_of(value)
        if target is None:
            return None
        forwards[_ITSELF] = target
    forwarders.inference.release()
    exported = exported_names(tree)
    public = frozenset(n for n in forwards.keys() | others if is_public(n)) if exported is None else exported
    if not public <= forwards.keys():
        return None
    used = names_in(tree)
    if exported is None:
        public |= imported - used  # what is imported and not used is there for others
    public |= {_ITSELF} & forwards.keys()
    if not public or not public <= forwards.keys():
        return None
    words = used | attributes_in(tree)
    return ShimFacts(
        source.range_of(body[0]),
        tuple(sorted(public)),
        tuple(sorted({forwards[name] for name in public})),
        not words.isdisjoint(WARNINGS),
    )


_ITSELF = "__name__"
"""Stands for the whole module, by the key under which it is in `sys.modules`."""


def _put_in_its_place(node: ast.stmt) -> ast.expr | None:
    """What a statement puts in the place of the whole module: `sys.modules[__name__] = value`."""
    match node:
        case ast.Assign(
            targets=[
                ast.Subscript(
                    value=ast.Attribute(attr="modules") | ast.Name(id="modules"),
                    slice=ast.Name(id="__name__"),
                )
            ],
            value=value,
        ):
            return value
    return None


def _is_plain(node: ast.stmt) -> bool:
    """Whether a statement of a module only binds names, logs, or does nothing."""
    match node:
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AnnAssign(target=ast.Name(id="__all__")):
            return isinstance(node.value, ast.List | ast.Tuple) and all(
                isinstance(part, ast.Constant) for part in node.value.elts
            )
        case ast.Assign(targets=targets):
            return all(isinstance(t, ast.Name) for t in targets) or _put_in_its_place(node) is not None
        case ast.AnnAssign(target=target):
            return isinstance(target, ast.Name)
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return all(map(_is_plain, node.orelse))
        case ast.Try():
            handled = (part for handler in node.handlers for part in handler.body)
            return not node.finalbody and all(map(_is_plain, (*node.body, *handled, *node.orelse)))
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
    return isinstance(node, ast.Pass | ast.Raise) or is_text_or_log(node)
