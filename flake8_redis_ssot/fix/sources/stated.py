"""What annotations state, as text that is equal for equal types."""

from __future__ import annotations

import ast
import re

from flake8_redis_ssot.facts.modules import Modules
from flake8_redis_ssot.libraries.standard import CONTAINERS, VAGUE
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, unparsed


def stated(node: ast.expr | None, module: str, modules: Modules) -> str | None:
    """An annotation as text that is equal for equal types, wherever it stands; None where it states nothing."""
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    if _is_vague(node):
        return None
    copy = ast.parse(unparsed(node), mode="eval")
    return unparsed(_Spelled(modules, module).visit(copy))


def _is_vague(node: ast.expr) -> bool:
    """Whether some part of an annotation can be anything."""
    within = {part.value for part in all_nodes(node) if isinstance(part, ast.Subscript)}
    return any(
        last_name(part) in VAGUE or (last_name(part) in CONTAINERS and part not in within)
        for part in all_nodes(node)
        if isinstance(part, ast.Name | ast.Attribute)
    )


class _Spelled(ast.NodeTransformer):
    """Writes the types of an annotation by their homes, and `Optional` as a union."""

    def __init__(self, modules: Modules, module: str) -> None:
        self.modules = modules
        self.module = module

    def visit_Name(self, node: ast.Name) -> ast.expr:
        facts = self.modules.facts(self.module)
        known = facts.names.get(node.id) if facts is not None else None
        if known is None:
            return node
        return ast.Name(known.target or f"{self.module}.{node.id}", ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        inner = self.visit(node.slice)
        if last_name(node.value) == "Optional":
            return ast.BinOp(inner, ast.BitOr(), ast.Constant(None))
        name = last_name(node.value)
        if name in ("Dict", "List", "Set", "Tuple", "FrozenSet"):
            return ast.Subscript(ast.Name(name.lower(), ast.Load()), inner, ast.Load())
        return ast.Subscript(self.visit(node.value), inner, ast.Load())


def is_none(node: ast.AST | None) -> bool:
    """Whether an expression is None written out."""
    return isinstance(node, ast.Constant) and node.value is None


def is_optional(node: ast.expr | None) -> bool:
    """Whether an annotation says that there may be nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.search(r"\b(?:None|Optional)\b", node.value) is not None
    return node is not None and any(
        is_none(part) or (isinstance(part, ast.Name | ast.Attribute) and last_name(part) == "Optional")
        for part in all_nodes(node)
        if isinstance(part, ast.expr)
    )
