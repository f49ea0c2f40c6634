"""Expressions as text."""

from __future__ import annotations

import ast


def unparsed(node: ast.AST) -> str:
    """The source of `node`, normalised; `...` where it is nested too deeply to be written out."""
    try:
        return ast.unparse(node)
    except RecursionError:
        last = getattr(node, "attr", "")
        return f"....{last}" if last else "..."


def shortened(text: str, width: int = 60) -> str:
    """`text` for a message: its end, where it is long."""
    return text if len(text) < width else "..." + text[3 - width :]
