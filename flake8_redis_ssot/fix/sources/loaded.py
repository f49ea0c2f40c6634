"""Where a file looks into `sys.modules` for modules that have been imported, or puts others there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flake8_redis_ssot.libraries.frameworks import OBJECT_PATCHERS
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name, unparsed

MODULES = frozenset(["sys.modules", "'sys.modules'"])
"""How `sys.modules` is written, to Python or to what patches it."""

_LIKE_MODULE = re.compile(r"[\w.]+\Z")


def texts_of(tree: ast.AST) -> Iterator[ast.Constant]:
    """The strings in a part of the source."""
    for node in all_nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def texts_on_modules(tree: ast.Module) -> tuple[bool, list[tuple[int, str, bool]]]:
    """Whether a file goes through the modules that have been imported; its texts with their lines, and whether it puts a module there."""
    put = set(_put_in_modules(tree))
    texts = ((node, str(node.value)) for node in texts_of(tree))
    told = [
        (node.lineno, text, node in put)
        for node, text in texts
        if _LIKE_MODULE.match(text) or "sys.modules" in text
    ]
    return _goes_through_modules(tree), told


def _goes_through_modules(tree: ast.Module) -> bool:
    """Whether a file goes through the names of the modules that have been imported."""
    for node in all_nodes(tree):
        match node:
            case ast.For(iter=given) | ast.comprehension(iter=given) if "sys.modules" in unparsed(given):
                return True
            case ast.Call(func=ast.Name(), args=[given, *_]) if unparsed(given) == "sys.modules":
                return True
    return False


def begins(text: str, module: str) -> bool:
    """Whether a text is the beginning of a module's name, and more than the package that all modules are in.

    Who goes through all modules of a project would see that one is gone whatever moves.
    """
    return "." in text.strip(".") and module.startswith(text)


def _put_in_modules(tree: ast.Module) -> Iterator[ast.AST]:
    """The names under which a file puts modules of its own into `sys.modules`."""
    for node in all_nodes(tree):
        match node:
            case ast.Subscript(value=value, slice=key, ctx=ast.Store()) if unparsed(value) == "sys.modules":
                yield key
            case ast.Call(args=[given, *more]) if unparsed(given) in MODULES:
                if last_name(node.func) in OBJECT_PATCHERS:
                    yield from (key for one in more for key in (getattr(one, "keys", None) or [one]) if key)


def end_of_path(call: ast.Call) -> str:
    """How the path ends that `spec_from_file_location` is given; empty where that is not written there."""
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "location")]
    texts = [str(one.value) for value in given for one in texts_of(value)]
    return next((text.lstrip("./") for text in reversed(texts) if text.endswith(".py")), "")
